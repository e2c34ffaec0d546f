"""Where rows come from: a source yields them block by block, or takes some; an array is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.engine import BLOCK_ROWS
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
    """

    def __init__(
        self,
        points: FloatArray,
        weights: Weights,
        present: IntArray | None = None,
        n_given: int | None = None,
        left_out: IntArray | None = None,
    ) -> None:
        self.points, self.weights, self.present = points, weights, present
        self.left_out = np.empty(0, dtype=np.int64) if left_out is None else left_out
        self.n_given = len(points) if n_given is None else n_given

    @classmethod
    def of(
        cls,
        X: Any,
        sample_weight: ArrayLike | None = None,
        *,
        copy: bool = True,
        left_out: Callable[[FloatArray], IntArray] | None = None,
    ) -> Self:
        """Return a user's data, checked, without the rows whose weight is zero.

        Parameters
        ----------
        X : array_like of shape (n, d)
            Never modified.
        sample_weight : array_like of shape (n,), optional
            Brought to the sum one; equal weights by default.
        copy : bool, default=True
            Whether X may be changed afterwards.
        left_out : callable, optional
            Says which of the rows of positive weight are not to be looked at.

        Returns
        -------
        ArraySource
            Of float64 rows.

        Raises
        ------
        DataError
            If X is not a finite (n, d) matrix or the weights are not usable.
        """
        points = data_matrix(X)
        weights = sample_weights(sample_weight, len(points))
        present = None
        if weights.own is not None and not weights.own.all():
            present = np.flatnonzero(weights.own > 0)
        out = np.empty(0, dtype=np.int64)
        if left_out is not None:
            out = left_out(points if present is None else points[present])
        if len(out):
            all_places = np.arange(len(points)) if present is None else present
            kept, places = np.delete(all_places, out), all_places[out]
            own = None if weights.own is None else weights.own[kept]
            return cls(points[kept], sample_weights(own, len(kept)), kept, len(points), places)
        if present is not None:
            return cls(points[present], weights.taken(present), present, len(points))
        if copy and (points is X or points.base is not None):
            points = points.copy()
        return cls(points, weights)

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
