"""Sample: weighted data as a measure."""

from __future__ import annotations

from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import DataError
from gmmscape.measure.rows import WeightedRows
from gmmscape.mixture import Mixture
from gmmscape.validation import data_matrix, sample_weights


class Sample:
    """Data with weights that sum to one.

    Parameters
    ----------
    X : array_like of shape (n_samples, n_features)
        Rows; never modified.
    sample_weight : array_like of shape (n_samples,), optional
        Non-negative; only ratios matter, and rows of weight zero are left out. Equal weights by default.

    Attributes
    ----------
    origin : ndarray of shape (d,)
        Coordinate-wise median of the rows of positive weight, a value of the data. Computations run in
        coordinates relative to it: subtracting a neighbouring float64 is exact, so shifting the data changes
        no bit of a fit.

    Raises
    ------
    DataError
        If X is not a finite (n, d) matrix or the weights are not usable.

    Examples
    --------
    >>> import gmmscape as gs
    >>> sample = gs.Sample([[0.0], [1.0], [5.0]])
    >>> sample.n_samples, sample.n_features
    (3, 1)
    """

    truth = None

    def __init__(self, X: Any, sample_weight: ArrayLike | None = None) -> None:
        data = data_matrix(X)
        self.n_samples, self.n_features = data.shape
        weights = sample_weights(sample_weight, self.n_samples)
        present = weights > 0
        data, weights = data[present], weights[present]
        middle = (len(data) - 1) // 2
        self.origin = np.partition(data, middle, axis=0)[middle]
        with np.errstate(over="ignore"):
            points = data - self.origin
        self._rows = WeightedRows(points, weights, unit=_spread(points, weights))

    def rows(self, mixture: Mixture, rtol: float | None = None) -> WeightedRows:
        """Return the data in local coordinates; they are the same for every mixture.

        Parameters
        ----------
        mixture : Mixture
            Not used: a population adapts its rule to it.
        rtol : float, optional
            Not used: data have no quadrature error.

        Returns
        -------
        WeightedRows
            Shared, not to be modified.
        """
        return self._rows

    @property
    def points(self) -> FloatArray:
        """The rows of positive weight relative to `origin`, shape (n, d)."""
        return self._rows.points

    @property
    def weights(self) -> FloatArray:
        """The weights of `points`, positive and summing to one."""
        return self._rows.weights

    @cached_property
    def covariance(self) -> FloatArray:
        """Weighted covariance matrix of the data, shape (d, d)."""
        deviation = self.points - self.weights @ self.points
        rooted = deviation * np.sqrt(self.weights)[:, None]
        return rooted.T @ rooted

    @cached_property
    def distinct(self) -> tuple[FloatArray, FloatArray]:
        """The different rows among `points`, shape (m, d), and the sum of the weights of each."""
        points, inverse = np.unique(self.points, axis=0, return_inverse=True)
        weights = np.bincount(inverse.ravel(), weights=self.weights)
        return points, weights.astype(np.float64)

    @cached_property
    def effective_rows(self) -> float:
        """Kish's effective number of different rows, 1 / sum of their squared weights.

        It does not depend on the unit of the weights, and whole weights count as repeated rows do.
        """
        return 1.0 / float((self.distinct[1] ** 2).sum())

    @cached_property
    def digest(self) -> str:
        """SHA-256 of rows and weights, by which results remember the data they belong to."""
        parts = (self.origin, self.points, self.weights)
        return sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest()

    @property
    def variance(self) -> FloatArray:
        """Weighted variance of each column, shape (d,)."""
        return np.diagonal(self.covariance)

    def __repr__(self) -> str:
        return f"Sample(n_samples={self.n_samples}, n_features={self.n_features})"


def _spread(points: FloatArray, weights: FloatArray) -> float:
    """Root of the average variance of the columns; 1 where all rows are equal."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        variance = weights @ (points - weights @ points) ** 2
        extent = np.ptp(points, axis=0)
    varies = extent > 0
    lost = np.flatnonzero(~np.isfinite(variance) | (varies & (variance < np.finfo(np.float64).tiny)))
    if len(lost):
        raise DataError(
            f"X: the variance of column {lost[0]} is not representable in float64 (values spread over "
            f"{extent[lost[0]]:.3g}): rescale the column"
        )
    return float(np.sqrt(variance.mean())) or 1.0
