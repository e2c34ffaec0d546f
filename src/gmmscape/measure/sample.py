"""Sample: weighted data as a measure."""

from __future__ import annotations

from collections import deque
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.exceptions import DataError
from gmmscape.measure.coordinates import Centred
from gmmscape.measure.duplicates import Duplicates
from gmmscape.measure.rows import WeightedRows
from gmmscape.mixture import Mixture
from gmmscape.statistics import SufficientStatistics, merge_in_order
from gmmscape.validation import data_matrix, sample_weights

#: Rows whose median is taken as the origin.
MEDIAN_ROWS = 65_536


#: Responsibilities below this are left out where rows are counted.
TRACE = 1e-9


class Sample(Centred):
    """Data with weights that sum to one.

    Parameters
    ----------
    X : array_like of shape (n_samples, n_features)
        Rows; never modified.
    sample_weight : array_like of shape (n_samples,), optional
        Non-negative; only ratios matter, and rows of weight zero are left out. Equal weights by default.
    copy : bool, default=True
        Whether to copy the rows. False saves the memory; X must then not change while the sample is used.

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
    >>> from gmmscape import lab
    >>> sample = lab.Sample([[0.0], [1.0], [5.0]])
    >>> sample.n_samples, sample.n_features
    (3, 1)
    """

    truth = None

    def __init__(self, X: Any, sample_weight: ArrayLike | None = None, *, copy: bool = True) -> None:
        data = data_matrix(X)
        self.n_samples, self.n_features = data.shape
        weights = sample_weights(sample_weight, self.n_samples)
        self._present: IntArray | None = None
        if weights.common is None and not weights.each.all():
            self._present = np.flatnonzero(weights.each > 0)
            data, weights = data[self._present], weights.taken(self._present)
        elif copy and (data is X or data.base is not None):
            data = data.copy()
        self.origin = _middle(data)
        self.equal_weights = weights.common is not None
        self._rows = WeightedRows(data, weights, unit=1.0, origin=self.origin)
        self._rows.unit = _spread(self._rows, self.covariance)
        #: Mixtures whose rows were counted last: a diagnosis asks several times for the same ones.
        self._counted: deque[tuple[Mixture, FloatArray]] = deque(maxlen=4)

    def __len__(self) -> int:
        return len(self._rows)

    def local(self, rows: Any) -> FloatArray:
        """Return some rows of positive weight relative to `origin`, shape (m, d).

        Parameters
        ----------
        rows : slice or ndarray of int
            Which rows.

        Returns
        -------
        ndarray of shape (m, d)
            New; the difference to a nearby origin is exact.
        """
        return self._rows.local(rows)

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

    def places(self, rows: IntArray) -> IntArray:
        """Return where rows of positive weight stand in the data as they came.

        Parameters
        ----------
        rows : ndarray of int
            Which rows, as `local` takes them.

        Returns
        -------
        ndarray of int
            Indices into the data.
        """
        return rows if self._present is None else self._present[rows]

    @property
    def points(self) -> FloatArray:
        """The rows of positive weight relative to `origin`, shape (n, d); a new array each time."""
        return self._rows.local(slice(None))

    @property
    def weights(self) -> FloatArray:
        """The weights of `points`, positive and summing to one."""
        return self._rows.weights

    @cached_property
    def covariance(self) -> FloatArray:
        """Weighted covariance matrix of the data, shape (d, d)."""
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            parts = [_moments(points, weights) for _, points, weights in self._rows.blocks()]
            total = merge_in_order(parts)
        assert total.scatter is not None
        return total.scatter / total.mass[0]

    @cached_property
    def duplicates(self) -> Duplicates:
        """Which rows are equal to others."""
        return Duplicates(self._rows)

    @cached_property
    def effective_rows(self) -> float:
        """Kish's effective number of different rows, 1 / sum of their squared weights.

        It does not depend on the unit of the weights, and whole weights count as repeated rows do.
        """
        squares = 0.0
        for _, points, weights in self._rows.blocks():
            squares += float(weights @ self.duplicates.group_weights(points, weights))
        return 1.0 / squares

    @cached_property
    def heaviest_row(self) -> float:
        """The largest weight of a different row; equal rows count as one."""
        return max(
            float(self.duplicates.group_weights(points, weights).max())
            for _, points, weights in self._rows.blocks()
        )

    def effective_rows_each(self, mixture: Mixture) -> FloatArray:
        """Return how many different rows each component of a mixture rests on.

        Parameters
        ----------
        mixture : Mixture
            In local coordinates.

        Returns
        -------
        ndarray of shape (k,)
            Kish's effective number, (sum r)^2 / sum r^2, with r the weight of a different row times its
            responsibility; 0 without rows. Cost of a pass, except for the mixtures asked for last.
        """
        for known, rows in self._counted:
            if known == mixture:
                return rows
        first, second = np.zeros(mixture.n_components), np.zeros(mixture.n_components)
        for place in self._rows.stretches():
            weights = self._rows.weights[place]
            found = self._rows.coverage(mixture, TRACE, place)
            heavier = weights * self.duplicates.group_weights(self._rows.local(place), weights)
            first += _sums(weights[found.row] * found.posterior, found.ends)
            second += _sums(heavier[found.row] * found.posterior**2, found.ends)
        rows = np.divide(first**2, second, out=np.zeros_like(first), where=second > 0)
        self._counted.append((mixture, rows))
        return rows

    @cached_property
    def digest(self) -> str:
        """SHA-256 of rows and weights, by which results remember the data they belong to."""
        found = sha256(self.origin.tobytes())
        for _, points, _ in self._rows.blocks():
            found.update(points.tobytes())
        for _, _, weights in self._rows.blocks():
            found.update(weights.tobytes())
        return found.hexdigest()

    @property
    def variance(self) -> FloatArray:
        """Weighted variance of each column, shape (d,)."""
        return np.diagonal(self.covariance)

    def __repr__(self) -> str:
        return f"Sample(n_samples={self.n_samples}, n_features={self.n_features})"


def _middle(data: FloatArray) -> FloatArray:
    """Coordinate-wise (lower) median of the rows, or of evenly spaced ones among very many: a data value."""
    some = data[:: -(-len(data) // MEDIAN_ROWS)]
    middle = (len(some) - 1) // 2
    return np.partition(some, middle, axis=0)[middle]


def _sums(values: FloatArray, ends: IntArray) -> FloatArray:
    """Sums of values from each end to the next."""
    return np.array([values[a:b].sum() for a, b in pairwise(ends)])


def _moments(points: FloatArray, weights: FloatArray) -> SufficientStatistics:
    """Mean and scatter of a block of rows."""
    mass = float(weights.sum())
    mean = weights @ points / mass
    rooted = (points - mean) * np.sqrt(weights)[:, None]
    return SufficientStatistics(
        mass=np.array([mass]),
        mean=mean[None],
        scatter=rooted.T @ rooted,
        kind="tied",
        log_likelihood=0.0,
        weight=mass,
    )


def _spread(rows: WeightedRows, covariance: FloatArray) -> float:
    """Root of the average variance of the columns; 1 where all rows are equal."""
    variance = np.diagonal(covariance)
    with np.errstate(over="ignore"):
        extent = rows.data.max(axis=0) - rows.data.min(axis=0)
    varies = extent > 0
    lost = np.flatnonzero(~np.isfinite(variance) | (varies & (variance < np.finfo(np.float64).tiny)))
    if len(lost):
        raise DataError(
            f"X: the variance of column {lost[0]} is not representable in float64 (values spread over "
            f"{extent[lost[0]]:.3g}): rescale the column"
        )
    return float(np.sqrt(variance.mean())) or 1.0
