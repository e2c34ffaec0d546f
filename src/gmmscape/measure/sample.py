"""Sample: weighted data as a measure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.exceptions import DataError
from gmmscape.given_rows import column_names
from gmmscape.incomplete import OneGaussian
from gmmscape.measure.background_rows import rows_before
from gmmscape.measure.coordinates import Centred
from gmmscape.measure.duplicates import Duplicates, Keys, digest, row_keys
from gmmscape.measure.resolution import grid_step, repetition
from gmmscape.measure.rows import WeightedRows
from gmmscape.measure.source import ArraySource
from gmmscape.measure.summary import RowSummary
from gmmscape.measure.wild_rows import wild_rows
from gmmscape.mixture import Mixture
from gmmscape.mixture.background import Background, background_of, checked_background
from gmmscape.threads import cached_property
from gmmscape.tolerances import TOLERANCES


class Sample(Centred):
    """Data with weights that sum to one.

    Parameters
    ----------
    X : array_like of shape (n_samples, n_features)
        Rows; never modified. NaN stands for a value that is missing (docs/methods/fits/missing.md); rows
        without any value are set aside.
    sample_weight : array_like of shape (n_samples,), optional
        Non-negative; only ratios matter, and rows of weight zero are left out. Equal weights by default.
    copy : bool, default=True
        Whether to copy the rows. False saves the memory; X must then not change while the sample is used.
    wild : {"kept", "aside"}, default="kept"
        What becomes of rows a hundred times as far off as the others: `set_aside` tells which they are.
    background : {"box", "hull"}, float or Background, optional
        Uniform density beside the components of all mixtures: over the box or hull of the rows, of a volume,
        or as it was on other rows.
    names : sequence of str, optional
        Of the columns, for messages; a table brings its own.

    Attributes
    ----------
    background : Background or None
        Its region; its weight is that of a fit, and zero here.
    origin : ndarray of shape (d,)
        Coordinate-wise median of the rows of positive weight, a value of the data. Computations run in
        coordinates relative to it: subtracting a neighbouring float64 is exact, so shifting the data changes
        no bit of a fit.

    Raises
    ------
    DataError
        If X is no (n, d) matrix of finite numbers and NaN, has a column without any value, or the weights are
        not usable.

    Examples
    --------
    >>> from gmmscape import lab
    >>> sample = lab.Sample([[0.0], [1.0], [5.0]])
    >>> sample.n_samples, sample.n_features
    (3, 1)
    """

    truth = None

    def __init__(
        self,
        X: Any,
        sample_weight: ArrayLike | None = None,
        *,
        copy: bool = True,
        wild: str = "kept",
        background: str | float | Background | None = None,
        names: Sequence[str] | None = None,
    ) -> None:
        aside = wild_rows if wild == "aside" else None
        self._source = ArraySource.of(X, sample_weight, copy=copy, left_out=aside, names=names)
        self.n_samples = self._source.n_given
        self._summary = RowSummary.of(self._source, keys=False)
        self.n_features, self.origin = self._source.n_features, self._summary.origin
        points, self._weights = self._source.in_memory()
        weights = self._weights
        self.equal_weights = weights.common is not None
        self.incomplete = self._source.incomplete
        self.background = (
            background
            if isinstance(background, Background)
            else background_of(checked_background(background), points)
        )
        self._rows = rows_before(
            self.background,
            points,
            weights,
            unit=self._summary.unit(column_names(X) if names is None else names),
            origin=self.origin,
            incomplete=self.incomplete,
        )
        #: Mixtures whose rows were counted last: a diagnosis asks several times for the same ones.
        self._counted: deque[tuple[Mixture, FloatArray]] = deque(maxlen=4)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def local_background(self) -> Background | None:
        """The background with its region in local coordinates."""
        return None if self.background is None else self.background.moved(-self.origin)

    def background_beside(self, local: Mixture) -> Background | None:
        """Return the background with the weight that it has beside a mixture.

        Parameters
        ----------
        local : Mixture
            In local coordinates.

        Returns
        -------
        Background or None
            None where there is none.
        """
        if self.background is None:
            return None
        return self.background.of_weight(self._rows.background_weight(local))

    def callers_mixture(self, local: Mixture) -> Mixture:
        """Return a mixture in the caller's coordinates, beside the background if there is one.

        Parameters
        ----------
        local : Mixture
            Relative to `origin`.

        Returns
        -------
        Mixture
            Its weights leave the background's.
        """
        return super().callers_mixture(local).beside(self.background_beside(local))

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

    def filled(self, rows: Any) -> FloatArray:
        """Return some rows relative to `origin`, shape (m, d), without gaps: where fits begin.

        Parameters
        ----------
        rows : slice or ndarray of int
            Which rows.

        Returns
        -------
        ndarray of shape (m, d)
            What is missing has its expectation under a single Gaussian fitted to all rows, given what is
            observed of the row.
        """
        return self.local(rows) if self._filled is None else self._filled[rows]

    @cached_property
    def _filled(self) -> FloatArray | None:
        if not self.incomplete:
            return None
        moments = self._summary.moments
        return OneGaussian(moments.mean[0], self.covariance).completed(self.points)

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
        return self._source.places(rows)

    @property
    def set_aside(self) -> IntArray:
        """Where rows that are not looked at, being wild or without any value, stand in the data."""
        return self._source.left_out

    @property
    def without_value(self) -> IntArray:
        """Which of these have no value at all."""
        return self._source.without_value

    @property
    def points(self) -> FloatArray:
        """The rows of positive weight relative to `origin`, shape (n, d); a new array each time.

        NaN stands for what is missing.
        """
        return self._rows.local(slice(None))

    def given_rows(self) -> tuple[FloatArray, FloatArray | None]:
        """Return the rows of positive weight as they were given.

        Returns
        -------
        tuple of ndarray
            Rows of shape (n, d), not a copy, and their weights of shape (n,); None for equal ones.
        """
        points, weights = self._source.in_memory()
        return points, None if self.equal_weights else np.asarray(weights[:])

    @property
    def weights(self) -> FloatArray:
        """The weights of `points`, positive and summing to one."""
        return self._rows.weights

    @property
    def covariance(self) -> FloatArray:
        """Weighted covariance matrix of the data, shape (d, d); of incomplete ones the most likely."""
        return self._summary.covariance

    @cached_property
    def duplicates(self) -> Duplicates:
        """Which rows are equal to others."""
        return Duplicates(self._hashed, len(self))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of rows and weights, by which results remember the data they belong to."""
        return digest(self.origin, self._hashed)

    def _hashed(self) -> Iterator[tuple[Keys, FloatArray]]:
        """Hashes and weights of the rows, made anew in each walk: nothing of their number is kept."""
        for points, weights in self._source.blocks():
            yield row_keys(points - self.origin), weights.each

    @cached_property
    def _counts(self) -> FloatArray | None:
        """How many rows each stands for; None where weights are no counts."""
        return self._weights.counts

    @property
    def counts(self) -> FloatArray | None:
        """How many rows each stands for, shape (n,); None where weights are no counts."""
        return self._counts

    @cached_property
    def counted_rows(self) -> float:
        """How many rows the data are, whatever the unit of their weights: see `Weights.counted`."""
        return self._weights.counted

    @property
    def weights_of_one(self) -> FloatArray:
        """Weight of each of the rows that one stands for: its own; that of one where weights are counts.

        Not to be written to.
        """
        unit = self._weights.unit
        return self.weights if unit is None else np.broadcast_to(np.float64(unit), (len(self),))

    @property
    def n_varying(self) -> int:
        """Number of columns with more than one value, at least 1: the others ask for no rows."""
        return max(1, int(np.count_nonzero(self.variance)))

    @cached_property
    def steps(self) -> FloatArray:
        """Steps of the grids that columns of rounded values lie on, 0 for others, shape (d,)."""
        return np.array([grid_step(partial(self._column, j), len(self)) for j in range(self.n_features)])

    def _column(self, j: int) -> Iterator[tuple[FloatArray, FloatArray]]:
        """The values of a column that are there, and how many rows each stands for, in stretches."""
        for place in self._rows.stretches():
            values = self._rows.local_column(place, j)
            counts = np.ones(len(values)) if self._counts is None else self._counts[place]
            seen = ~np.isnan(values)
            yield values[seen], counts[seen]

    @cached_property
    def repetition(self) -> float:
        """How many rows say the same as one, at least 1: see `gmmscape.measure.resolution.repetition`."""
        counts = np.ones(len(self)) if self._counts is None else self._counts
        if counts.max() == 1.0 and not self.duplicates.any:
            return 1.0
        return repetition(self.points, counts)

    @property
    def effective_rows(self) -> float:
        """How many independent rows the data are worth: those that count, over how often they are repeated.

        It does not depend on the unit of the weights, and whole weights count as repeated rows do. Rounded
        values, and some that many rows have, are no repetitions.
        """
        return self.counted_rows / self.repetition

    @property
    def heaviest_row(self) -> float:
        """The largest weight of what counts as one row."""
        unit = self._weights.unit
        return self.repetition * (float(self.weights.max()) if unit is None else unit)

    def effective_rows_each(self, mixture: Mixture) -> FloatArray:
        """Return how many independent rows each component of a mixture rests on.

        Parameters
        ----------
        mixture : Mixture
            In local coordinates.

        Returns
        -------
        ndarray of shape (k,)
            Kish's effective number, (sum r)^2 / sum r^2, with r the weight of a row times its
            responsibility, over how often rows are repeated; 0 without rows. Cost of a pass, except for the
            mixtures asked for last.
        """
        for known, rows in self._counted:
            if known == mixture:
                return rows
        first, second = np.zeros(mixture.n_components), np.zeros(mixture.n_components)
        for place in self._rows.stretches():
            weights = self._rows.weights[place]
            found = self._rows.coverage(mixture, TOLERANCES.measure.trace, place)
            heavier = weights * self.weights_of_one[place]
            first += _sums(weights[found.row] * found.posterior, found.ends)
            second += _sums(heavier[found.row] * found.posterior**2, found.ends)
        rows = np.divide(first**2, self.repetition * second, out=np.zeros_like(first), where=second > 0)
        self._counted.append((mixture, rows))
        return rows

    @property
    def variance(self) -> FloatArray:
        """Weighted variance of each column, shape (d,)."""
        return np.diagonal(self.covariance)

    def __repr__(self) -> str:
        return f"Sample(n_samples={self.n_samples}, n_features={self.n_features})"


def check_complete(measure: Any, what: str) -> None:
    """Raise DataError, which says for what, where a measure is a sample with missing values."""
    if isinstance(measure, Sample) and measure.incomplete:
        rows = int(np.isnan(measure.points).any(axis=1).sum())
        raise DataError(
            f"X has missing values in {rows} of {len(measure)} rows, which {what}: complete these rows, as "
            "by a mixture's `impute`, or drop them"
        )


def _sums(values: FloatArray, ends: IntArray) -> FloatArray:
    """Sums of values from each end to the next."""
    return np.array([values[a:b].sum() for a, b in pairwise(ends)])
