"""Blocks that this process reads, the next one while the last one is computed with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import DataError
from gmmscape.measure.blocked.row_blocks import BlockTask, RowBlock, RowBlocks

Result = TypeVar("Result")


class BlockSource(Protocol):
    """What gives blocks of rows, from the first to the last, as often as it is asked."""

    @property
    def n_features(self) -> int:
        """Number of columns."""
        ...

    @property
    def names(self) -> tuple[str, ...] | None:
        """Names of the columns, where they have some."""
        ...

    def blocks(self) -> Iterator[RowBlock]:
        """Yield all rows."""
        ...


class LocalBlocks(RowBlocks):
    """Blocks of a source, read one ahead: two are in memory at a time, and what the source needs for a third.

    Parameters
    ----------
    source : BlockSource
        Where the rows are.
    """

    def __init__(self, source: BlockSource) -> None:
        self.source = source

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return self.source.n_features

    @property
    def names(self) -> tuple[str, ...] | None:
        """Names of the columns, where they have some."""
        return self.source.names

    def results(self, task: BlockTask[Result]) -> Iterator[tuple[int, Result]]:
        """Yield the number of rows of each block and what a task makes of it."""
        for place, block in enumerate(_ahead(self.source.blocks())):
            yield len(block.points), task(block, place)


class ArrayBlocks:
    """Blocks that are in memory already.

    Parameters
    ----------
    blocks : sequence of array_like of shape (m, d)
        In their order; some may be empty.
    weights : sequence of array_like of shape (m,), optional
        Of the rows of each.

    Raises
    ------
    DataError
        If there is no block, or they differ in their columns, or have values that are not finite.
    """

    names: tuple[str, ...] | None = None

    def __init__(self, blocks: Sequence[ArrayLike], weights: Sequence[ArrayLike] | None = None) -> None:
        arrays = [np.asarray(block, dtype=np.float64, order="C") for block in blocks]
        if not arrays or any(array.ndim != 2 for array in arrays):
            raise DataError("blocks: pass one (m, d) matrix at least, and no arrays of other dimensions")
        if len({array.shape[1] for array in arrays}) > 1:
            raise DataError(
                f"blocks have {sorted({array.shape[1] for array in arrays})} columns: pass the same in each"
            )
        own: list[FloatArray | None] = [None] * len(arrays)
        if weights is not None:
            own = [np.asarray(each, dtype=np.float64) for each in weights]
            if [len(each) for each in own if each is not None] != [len(array) for array in arrays]:
                raise DataError("weights: pass as many for each block as it has rows")
        self._blocks = [RowBlock(*both) for both in zip(arrays, own, strict=True)]

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return self._blocks[0].points.shape[1]

    def blocks(self) -> Iterator[RowBlock]:
        """Yield all rows."""
        yield from self._blocks


def _ahead(blocks: Iterator[RowBlock]) -> Iterator[RowBlock]:
    """Yield blocks, each read while its reader computes with the one before it."""
    end: Any = object()
    with ThreadPoolExecutor(1, thread_name_prefix="gmmscape-read") as reader:
        coming = reader.submit(next, blocks, end)
        while (block := coming.result()) is not end:
            coming = reader.submit(next, blocks, end)
            yield block
