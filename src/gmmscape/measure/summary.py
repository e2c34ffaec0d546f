"""What is known about the rows of a source after one walk over its blocks; parts of it may be merged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.engine import extent
from gmmscape.exceptions import DataError, InvalidParameterError, NotAvailableError
from gmmscape.given_rows import called
from gmmscape.incomplete import one_gaussian
from gmmscape.measure.duplicates import Duplicates, Keys, digest, row_keys
from gmmscape.measure.source import RowSource
from gmmscape.statistics import MergeInOrder, SufficientStatistics
from gmmscape.threads import cached_property
from gmmscape.weights import Weights


def middle_of(source: RowSource) -> FloatArray:
    """Return the coordinate-wise (lower) median of the rows, or of evenly spaced ones among very many.

    It is a value of the data. It takes a reading of its own, of `EFFORT.measure.median_rows` at most, before
    the walk that counts from it.
    """
    step = -(-len(source) // EFFORT.measure.median_rows)
    some = source.take(slice(0, len(source), step)).points
    middle = (len(some) - 1) // 2
    found = np.partition(some, middle, axis=0)[middle]
    missing = np.isnan(some).any(axis=0)
    for column in np.flatnonzero(missing):
        values = some[~np.isnan(some[:, column]), column]
        if not len(values):
            values = np.concatenate([block.points[:, column] for block in source.blocks()])
            values = values[~np.isnan(values)]
        found[column] = np.sort(values)[(len(values) - 1) // 2]
    return found


@dataclass(frozen=True, eq=False)
class RowKeys:
    """A hash of each row and its weight, in the order of the rows: by them rows are told apart.

    Attributes
    ----------
    keys : ndarray of shape (n,)
        `row_keys` of the rows in local coordinates.
    weights : Weights
        Of the rows.
    """

    keys: Keys
    weights: Weights

    @classmethod
    def joined(cls, parts: list[RowKeys]) -> RowKeys:
        """Return those of the rows of several parts, one part after the other."""
        return cls(
            np.concatenate([part.keys for part in parts]), Weights.joined([part.weights for part in parts])
        )

    @cached_property
    def duplicates(self) -> Duplicates:
        """Which rows are equal to others."""
        return Duplicates(self.blocks, len(self.keys))

    def blocks(self) -> Iterator[tuple[Keys, FloatArray]]:
        """Yield keys and weights, a stretch of the rows at a time."""
        for start in range(0, len(self.keys), EFFORT.measure.stretch):
            place = slice(start, start + EFFORT.measure.stretch)
            yield self.keys[place], self.weights[place]


@dataclass(frozen=True, eq=False)
class RowSummary:
    """Rows of a source, summed up: made in one walk, to be sent and merged.

    Parts of the data that different workers have walked make the summary of all when they are merged in the
    order of their rows. Weights need not sum to one: shares are of their sum.

    Attributes
    ----------
    n : int
        Number of rows.
    origin : ndarray of shape (d,)
        Where local coordinates count from; the same for parts that are to be merged.
    lowest, highest : ndarray of shape (d,)
        Of the values of each column, in the caller's coordinates.
    moments : SufficientStatistics
        Mass, mean and scatter of all rows, in local coordinates.
    keys : RowKeys or None
        What tells the rows apart, 8 or 16 bytes a row; None where the walk did not ask for it.
    """

    n: int
    origin: FloatArray
    lowest: FloatArray
    highest: FloatArray
    moments: SufficientStatistics
    keys: RowKeys | None

    @classmethod
    def of(cls, source: RowSource, origin: FloatArray | None = None, *, keys: bool = True) -> RowSummary:
        """Return the summary of a source.

        Parameters
        ----------
        source : RowSource
            At least one row.
        origin : ndarray of shape (d,), optional
            By default `middle_of` the source; parts that are to be merged need that of the whole.
        keys : bool, default=True
            Whether to tell rows apart: without it, `duplicates` and what follows from them are not
            available, and the memory does not depend on the number of rows.

        Returns
        -------
        RowSummary
            In one walk of cost O(n d^2).
        """
        origin = middle_of(source) if origin is None else origin
        if source.incomplete:
            return cls._of_incomplete(source, origin, keys=keys)
        lowest, highest = np.full(len(origin), np.inf), np.full(len(origin), -np.inf)
        n, moments, parts = 0, MergeInOrder(), []
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            for points, weights in source.blocks():
                local = points - origin
                n += len(points)
                low, high = extent(points)
                np.minimum(lowest, low, out=lowest)
                np.maximum(highest, high, out=highest)
                moments.add(_moments(local, weights.each))
                if keys:
                    parts.append(RowKeys(row_keys(local), weights))
        return cls(n, origin, lowest, highest, moments.total(), RowKeys.joined(parts) if keys else None)

    @classmethod
    def _of_incomplete(cls, source: RowSource, origin: FloatArray, *, keys: bool) -> RowSummary:
        """The same of rows with missing values: mean and covariance are the most likely of a Gaussian."""
        blocks = list(source.blocks())
        local = np.concatenate([points - origin for points, _ in blocks])
        weights = Weights.joined([own for _, own in blocks])
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            found = one_gaussian(local, weights.each)
        mass = float(weights.each.sum())
        moments = SufficientStatistics(
            mass=np.array([mass]),
            mean=found.mean[None],
            scatter=mass * found.covariance,
            kind="tied",
            log_likelihood=0.0,
            weight=mass,
        )
        lowest, highest = np.fmin.reduce(local) + origin, np.fmax.reduce(local) + origin
        own_keys = RowKeys(row_keys(local), weights) if keys else None
        return cls(len(local), origin, lowest, highest, moments, own_keys)

    def merge(self, other: RowSummary) -> RowSummary:
        """Return the summary of these rows and then the others, which count from the same origin."""
        if not np.array_equal(self.origin, other.origin):
            raise InvalidParameterError.of("other", other.origin, "make both summaries from the same origin")
        keys = [summary.keys for summary in (self, other) if summary.keys is not None]
        return replace(
            self,
            n=self.n + other.n,
            lowest=np.minimum(self.lowest, other.lowest),
            highest=np.maximum(self.highest, other.highest),
            moments=self.moments.merge(other.moments),
            keys=RowKeys.joined(keys) if len(keys) == 2 else None,
        )

    @property
    def mass(self) -> float:
        """Sum of the weights."""
        return float(self.moments.mass[0])

    @cached_property
    def covariance(self) -> FloatArray:
        """Weighted covariance matrix, shape (d, d)."""
        assert self.moments.scatter is not None
        return self.moments.scatter / self.moments.mass[0]

    @property
    def extent(self) -> FloatArray:
        """Highest less lowest value of each column, shape (d,); infinite where that overflows."""
        with np.errstate(over="ignore"):
            return self.highest - self.lowest

    def unit(self, names: Sequence[str] | None = None) -> float:
        """Return the root of the average variance of the columns; 1 where all rows are equal.

        Parameters
        ----------
        names : sequence of str, optional
            Of the columns, for errors.

        Raises
        ------
        DataError
            If float64 has no room for the variance of a column, or for squared distances between rows.
        """
        variance, extent = np.diagonal(self.covariance), self.extent
        lost = np.flatnonzero(
            ~np.isfinite(variance) | ((extent > 0) & (variance < np.finfo(np.float64).tiny))
        )
        if len(lost):
            raise DataError(
                f"X: the variance of column {called(lost[0], names)} is not representable in float64 "
                f"(values spread over {extent[lost[0]]:.3g}): rescale the column"
            )
        with np.errstate(over="ignore"):
            squared = 8.0 * np.square(extent).sum()  # |a|^2 + |b|^2 - 2ab, on the way to a distance
        if not np.isfinite(squared):
            widest = int(np.argmax(extent))
            raise DataError(
                f"X: squared distances of rows are not representable in float64 (values of column "
                f"{called(widest, names)} spread over {extent[widest]:.3g}): rescale the columns"
            )
        return float(np.sqrt(variance.mean())) or 1.0

    @property
    def duplicates(self) -> Duplicates:
        """Which rows are equal to others."""
        return self._told_apart.duplicates

    @property
    def heaviest_row(self) -> float:
        """The largest share of a different row in the mass; equal rows count as one."""
        return self.duplicates.heaviest / self.mass

    @property
    def effective_rows(self) -> float:
        """Kish's effective number of different rows, the squared mass over the sum of their squared weights.

        It does not depend on the unit of the weights, and whole weights count as repeated rows do.
        """
        return self.mass**2 / self.duplicates.squares

    @property
    def digest(self) -> str:
        """SHA-256 of rows and weights, the same however the rows were split among parts."""
        return digest(self.origin, self._told_apart.blocks)

    @property
    def _told_apart(self) -> RowKeys:
        if self.keys is None:
            raise NotAvailableError("this summary was made without keys: make it with keys=True")
        return self.keys


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
