"""A mixture of each covariance type."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import gmmscape as gs

Array = NDArray[np.float64]
WEIGHTS = [0.5, 0.375, 0.125]
MEANS = np.array([[0.0, 0.0], [3.0, 4.0], [-6.0, 8.0]])
COVARIANCES = {
    "full": np.array([[[2.0, 0.5], [0.5, 1.0]], [[1.0, -0.25], [-0.25, 4.0]], [[9.0, 0.0], [0.0, 0.5]]]),
    "tied": np.array([[2.0, 0.5], [0.5, 1.0]]),
    "diag": np.array([[2.0, 1.0], [1.0, 4.0], [9.0, 0.5]]),
    "spherical": np.array([2.0, 1.0, 9.0]),
}


def example(kind: str) -> gs.Mixture:
    return gs.Mixture(WEIGHTS, MEANS, COVARIANCES[kind], kind)


def as_matrices(kind: str) -> list[Array]:
    """Return the covariance matrix of each component of the example, written out."""
    c = COVARIANCES[kind]
    return {
        "full": lambda: list(c),
        "tied": lambda: [c, c, c],
        "diag": lambda: [np.diag(row) for row in c],
        "spherical": lambda: [np.diag([v, v]) for v in c],
    }[kind]()
