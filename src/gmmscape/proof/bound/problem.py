"""Problem of a global bound: rows, a fit and its sigma, as plain exact data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError
from gmmscape.threads import cached_property


def _of_weight(name: str, points: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the points of positive weight, and their weights; an error where one is lost in the sum."""
    kept = weights > 0
    if (weights[kept] <= EFFORT.proof.lost_weight * weights.sum()).any():
        raise InvalidParameterError.of(
            name, float(weights[kept].min()), "a weight is lost beside the others in float64: leave it out"
        )
    return points[kept], weights[kept]


@dataclass(frozen=True)
class BoundProblem:
    """Weighted rows and a mixture of components N(mu_j, sigma^2 I); every float is the number that it is.

    Attributes
    ----------
    rows : ndarray of shape (n, d)
        Data.
    row_weights : ndarray of shape (n,)
        Of the rows, positive, up to a common factor.
    means : ndarray of shape (k, d)
        Of the fit.
    weights : ndarray of shape (k,)
        Of its components, positive, up to a common factor.
    sigma : float
        Standard deviation of each component.
    """

    rows: FloatArray
    row_weights: FloatArray
    means: FloatArray
    weights: FloatArray
    sigma: float

    @classmethod
    def of(
        cls,
        rows: FloatArray,
        row_weights: FloatArray | None,
        means: FloatArray,
        weights: FloatArray,
        sigma: float,
    ) -> Self:
        """Return the problem without what has no weight; equal rows are counted."""
        if row_weights is None:
            rows, counts = np.unique(rows, axis=0, return_counts=True)
            row_weights = counts.astype(np.float64)
        rows, row_weights = _of_weight("sample_weight", rows, row_weights)
        means, weights = _of_weight("weights", means, weights)
        if np.all(means == means[0]):
            means, weights = means[:1], np.ones(1)
        return cls(rows, row_weights, means, weights, sigma)

    @property
    def n_features(self) -> int:
        """Dimension d."""
        return int(self.rows.shape[1])

    @property
    def is_single(self) -> bool:
        """Whether the fit is one component, at which D is exactly zero."""
        return len(self.means) == 1

    @cached_property
    def nearest(self) -> FloatArray:
        """Squared distance of each row from the nearest mean, over 2 sigma^2."""
        found = np.full(len(self.rows), np.inf)
        for mean in self.means:
            found = np.minimum(found, (((self.rows - mean) / self.sigma) ** 2).sum(axis=1) / 2)
        return found

    def content(self) -> dict[str, Any]:
        """Return what files hold."""
        return {
            "rows": self.rows.tolist(),
            "row_weights": self.row_weights.tolist(),
            "means": self.means.tolist(),
            "weights": self.weights.tolist(),
            "sigma": self.sigma,
        }

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> Self:
        """Return the problem that `content` described."""
        names = ("rows", "row_weights", "means", "weights")
        rows, row_weights, means, weights = (np.array(content[name], dtype=np.float64) for name in names)
        return cls(rows, row_weights, means, weights, float(content["sigma"]))
