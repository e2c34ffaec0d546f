"""Where rows come from: a source yields them block by block, or takes some; an array is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.engine import BLOCK_ROWS
from gmmscape.exceptions import DataError
from gmmscape.given_rows import called, column_names
from gmmscape.validation import data_matrix, sample_weights
from gmmscape.weights import Weights


class Block(NamedTuple):
    """Some rows of a source with their weights.

    Attributes
    ----------
    points : ndarray of shape (m, d)
        As they come, in the caller's coordinates; not to be written to.
    weights : Weights
        Of these rows.
    """

    points: FloatArray
    weights: Weights


class RowSource(Protocol):
    """Rows of positive weight in a fixed order, wherever they are kept.

    What is computed from a source is computed from its blocks; whoever holds rows in an array offers it by
    `in_memory`, and native loops then walk that.
    """

    @property
    def n_features(self) -> int:
        """Number of columns."""
        ...

    @property
    def incomplete(self) -> bool:
        """Whether NaN stands for missing values in some rows."""
        ...

    def __len__(self) -> int:
        """Number of rows."""
        ...

    def blocks(self) -> Iterator[Block]:
        """Yield all rows in their order; sums have the same bits where the blocks are the same."""
        ...

    def take(self, rows: Any) -> Block:
        """Return some rows, a slice or their numbers in ascending order."""
        ...

    def in_memory(self) -> Block | None:
        """Return all rows as one block where they are in memory, else None."""
        ...


class ArraySource:
    """Rows of an array.

    Parameters
    ----------
    points : ndarray of shape (n, d)
        Finite float64; not copied.
    weights : Weights
        Positive.
    present : ndarray of int, optional
        Where the rows stand in the data as they came, if some are left out.
    n_given : int, optional
        Number of rows of the data as they came, if some are left out.
    left_out : ndarray of int, optional
        Places of rows of positive weight that are not looked at.
    without_value : ndarray of int, optional
        Those of them of which nothing is observed.
    incomplete : bool, default=False
        Whether NaN stands for missing values in some of them.
    """

    def __init__(
        self,
        points: FloatArray,
        weights: Weights,
        present: IntArray | None = None,
        n_given: int | None = None,
        left_out: IntArray | None = None,
        without_value: IntArray | None = None,
        *,
        incomplete: bool = False,
    ) -> None:
        self.incomplete = incomplete
        self.points, self.weights, self.present = points, weights, present
        self.left_out = np.empty(0, dtype=np.int64) if left_out is None else left_out
        self.without_value = np.empty(0, dtype=np.int64) if without_value is None else without_value
        self.n_given = len(points) if n_given is None else n_given

    @classmethod
    def of(
        cls,
        X: Any,
        sample_weight: ArrayLike | None = None,
        *,
        copy: bool = True,
        left_out: Callable[[FloatArray], IntArray] | None = None,
        names: Sequence[str] | None = None,
        every_column: bool = True,
    ) -> Self:
        """Return a user's data, checked, without the rows whose weight is zero or that have no value.

        Parameters
        ----------
        X : array_like of shape (n, d)
            Never modified; NaN stands for what is missing.
        sample_weight : array_like of shape (n,), optional
            Brought to the sum one; equal weights by default.
        copy : bool, default=True
            Whether X may be changed afterwards.
        left_out : callable, optional
            Says which of the rows of positive weight are not to be looked at.
        names : sequence of str, optional
            Of the columns, for messages; a table brings its own.
        every_column : bool, default=True
            Whether each column has to have a value; else some value is enough.

        Returns
        -------
        ArraySource
            Of float64 rows.

        Raises
        ------
        DataError
            If X is no (n, d) matrix of finite numbers and NaN, has a column without any value, or the weights
            are not usable.
        """
        points = data_matrix(X, missing=True)
        weights = sample_weights(sample_weight, len(points))
        present = None
        if weights.own is not None and not weights.own.all():
            present = np.flatnonzero(weights.own > 0)
        some = points if present is None else points[present]
        out = blank = np.empty(0, dtype=np.int64)
        incomplete = bool(np.isnan(some).any())
        if incomplete:
            out = blank = _without_value(some, column_names(X) if names is None else names, every_column)
        if left_out is not None:
            out = np.union1d(out, left_out(some))
        if len(out):
            all_places = np.arange(len(points)) if present is None else present
            kept, places = np.delete(all_places, out), all_places[out]
            some, left = points[kept], weights.taken(kept).normalised()
            incomplete = incomplete and bool(np.isnan(some).any())
            return cls(some, left, kept, len(points), places, all_places[blank], incomplete=incomplete)
        if present is not None:
            return cls(some, weights.taken(present), present, len(points), incomplete=incomplete)
        if copy and (points is X or points.base is not None):
            points = points.copy()
        return cls(points, weights, incomplete=incomplete)

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return self.points.shape[1]

    def __len__(self) -> int:
        return len(self.points)

    def blocks(self) -> Iterator[Block]:
        """Yield all rows, a few thousand at a time."""
        for start in range(0, len(self), BLOCK_ROWS):
            yield self.take(slice(start, min(start + BLOCK_ROWS, len(self))))

    def take(self, rows: Any) -> Block:
        """Return some rows, a slice or their numbers."""
        return Block(self.points[rows], self.weights.taken(rows))

    def in_memory(self) -> Block:
        """Return all rows."""
        return Block(self.points, self.weights)

    def places(self, rows: IntArray) -> IntArray:
        """Return where rows stand in the data as they came."""
        return rows if self.present is None else self.present[rows]


def _without_value(points: FloatArray, names: Sequence[str] | None, every_column: bool) -> IntArray:
    """Rows of which nothing is observed; DataError where that is so of a column, or of all."""
    observed = ~np.isnan(points)
    empty = np.flatnonzero(~observed.any(axis=0))
    if len(empty) and (every_column or len(empty) == points.shape[1]):
        listed = ", ".join(called(i, names) for i in empty[:10])
        raise DataError(
            f"X has no value in {'column' if len(empty) == 1 else 'columns'} {listed}: leave "
            f"{'it' if len(empty) == 1 else 'them'} out"
        )
    return np.flatnonzero(~observed.any(axis=1))
