"""Problem: what is proved about, as plain exact data; every float stands for the number that it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gmmscape.proof.balls import Ball, exact, total

Centers = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class PopulationProblem:
    """The NLL of k means with covariances sigma^2 I and weights 1/k against a known truth.

    Attributes
    ----------
    weights : tuple of float
        Of the truth, up to a common factor.
    centers : tuple of tuple of float
        Of the truth, k* of d numbers.
    truth_sigma : float
        Standard deviation of each of its components.
    sigma : float
        Of the fit.
    n_components : int
        Number of fitted means k.
    """

    weights: tuple[float, ...]
    centers: Centers
    truth_sigma: float
    sigma: float
    n_components: int

    @property
    def n_features(self) -> int:
        """Dimension d."""
        return len(self.centers[0])

    @property
    def n_outside(self) -> int:
        """Number of axes orthogonal to the span of the centers, where that is taken for the whole."""
        return 0

    @property
    def spanned(self) -> int | None:
        """Dimension of the span of the centers, where that is taken for the whole."""
        return None

    def shares(self) -> list[Ball]:
        """Return the weights of the truth, which sum to one."""
        weights = [exact(weight) for weight in self.weights]
        whole = total(weights)
        return [weight / whole for weight in weights]

    def places(self) -> list[list[Ball]]:
        """Return the centers of the truth."""
        return [[exact(value) for value in center] for center in self.centers]

    def content(self) -> dict[str, Any]:
        """Return what files hold."""
        return {
            "measure": "population",
            "weights": list(self.weights),
            "centers": [list(center) for center in self.centers],
            "truth_sigma": self.truth_sigma,
            "sigma": self.sigma,
            "n_components": self.n_components,
        }


@dataclass(frozen=True)
class SampleProblem:
    """The NLL of k means with covariances sigma^2 I and weights 1/k of weighted rows.

    Attributes
    ----------
    rows : ndarray of shape (n, d)
        Data.
    weights : ndarray of shape (n,) or None
        Of the rows, up to a common factor; None where they are equal.
    sigma : float
        Of the fit.
    n_components : int
        Number of fitted means k.
    """

    rows: np.ndarray
    weights: np.ndarray | None
    sigma: float
    n_components: int

    @property
    def n_features(self) -> int:
        """Dimension d."""
        return int(self.rows.shape[1])

    @property
    def n_outside(self) -> int:
        """None are left out."""
        return 0

    @property
    def spanned(self) -> int | None:
        """All dimensions count."""
        return None

    def shares(self) -> list[Ball]:
        """Return the weights of the rows, which sum to one."""
        if self.weights is None:
            return [exact(1) / len(self.rows)] * len(self.rows)
        weights = [exact(weight) for weight in self.weights.tolist()]
        whole = total(weights)
        return [weight / whole for weight in weights]

    def content(self) -> dict[str, Any]:
        """Return what files hold."""
        return {
            "measure": "sample",
            "rows": self.rows.tolist(),
            "weights": None if self.weights is None else self.weights.tolist(),
            "sigma": self.sigma,
            "n_components": self.n_components,
        }


Problem = PopulationProblem | SampleProblem
