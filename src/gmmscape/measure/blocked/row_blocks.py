"""RowBlocks: rows in blocks, wherever they are; what is computed of them is computed block by block."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import NamedTuple, Protocol, TypeVar

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import DataError
from gmmscape.weights import Weights

Result = TypeVar("Result", covariant=True)


class RowBlock(NamedTuple):
    """Some rows.

    Attributes
    ----------
    points : ndarray of shape (m, d)
        Finite, in the caller's coordinates; m may be zero.
    weights : ndarray of shape (m,) or None
        As they were given, not brought to any sum; None where rows have none, which count as one each.
    """

    points: FloatArray
    weights: FloatArray | None = None

    def counted(self, share: float = 1.0) -> tuple[FloatArray, Weights]:
        """Return the rows of positive weight, and their weights times a number.

        Raises
        ------
        DataError
            If a weight is negative or not finite.
        """
        if self.weights is None:
            return self.points, Weights(None, share, len(self.points))
        weights = np.asarray(self.weights, dtype=np.float64)
        if not np.isfinite(weights).all() or weights.min(initial=0.0) < 0.0:
            raise DataError("the weights of some rows are negative or not finite: correct them")
        own = weights > 0.0
        if own.all():
            return self.points, Weights.of(weights * share)
        return self.points[own], Weights.of(weights[own] * share)


class BlockTask(Protocol[Result]):
    """What is computed of a block; it may be sent to another process, so that it holds plain data alone."""

    def __call__(self, block: RowBlock, place: int) -> Result:
        """Return what is computed of a block, which stands at this place among all."""
        ...


class RowBlocks(ABC):
    """Rows in blocks of a fixed order, which are never all in memory.

    Bits of what is computed depend on the blocks and their order alone: not on where they are, on how many
    processes or threads compute, nor on who is done first.
    """

    @property
    @abstractmethod
    def n_features(self) -> int:
        """Number of columns."""

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...] | None:
        """Names of the columns, where they have some."""

    @abstractmethod
    def results(self, task: BlockTask[Result]) -> Iterator[tuple[int, Result]]:
        """Yield the number of rows of each block and what a task makes of it, in the order of the blocks."""
