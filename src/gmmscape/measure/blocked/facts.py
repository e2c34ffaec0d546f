"""What is known about rows in blocks after one walk over them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from hashlib import sha256
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import DataError
from gmmscape.measure.blocked.row_blocks import RowBlock, RowBlocks
from gmmscape.measure.source import ArraySource
from gmmscape.measure.summary import RowSummary
from gmmscape.tolerances import TOLERANCES


class Part(NamedTuple):
    """What a block adds to the facts."""

    summary: RowSummary
    squares: float
    unit: float
    drawn: FloatArray
    keys: FloatArray
    digest: bytes


@dataclass(frozen=True)
class Beginning:
    """The middle of the first rows of a block, to count from; None of an empty one."""

    def __call__(self, block: RowBlock, place: int) -> FloatArray | None:
        """Return a value of each column."""
        points, _ = block.counted()
        if not len(points):
            return None
        some = points[: EFFORT.measure.median_rows]
        return np.partition(some, (len(some) - 1) // 2, axis=0)[(len(some) - 1) // 2]


@dataclass(frozen=True)
class FactsTask:
    """What a block adds to the facts.

    Attributes
    ----------
    origin : ndarray of shape (d,)
        What local coordinates count from.
    seed : int
        Of the rows that are drawn.
    digest : bool
        Whether all numbers are hashed.
    """

    origin: FloatArray
    seed: int
    digest: bool

    def __call__(self, block: RowBlock, place: int) -> Part | None:
        """Return that of a block, None of an empty one."""
        points, weights = block.counted()
        if not len(points):
            return None
        if not np.isfinite(points).all():
            bad = np.flatnonzero(~np.isfinite(points).all(axis=1))
            raise DataError(
                f"row {bad[0]} of block {place} has a value that is missing or not finite, as have "
                f"{len(bad)} of its {len(points)} rows: leave such rows out, or fill them in"
            )
        own = weights.own
        unit, squares = 1.0, float(len(points))
        if own is not None:
            whole = bool(np.array_equal(own, np.round(own)) and own.max() < TOLERANCES.measure.largest_whole)
            unit = float(np.gcd.reduce(own.astype(np.int64))) if whole else 0.0
            squares = float(own @ own)
        keys = np.random.default_rng([self.seed, place]).random(len(points))
        chosen = smallest(keys, EFFORT.blocked.pilot_rows)
        summary = RowSummary.of(ArraySource(points, weights), self.origin, keys=False)
        digest = b""
        if self.digest:
            hashed = sha256(np.ascontiguousarray(points).data)
            hashed.update(b"" if own is None else np.ascontiguousarray(own).data)
            digest = hashed.digest()
        return Part(summary, squares, unit, points[chosen], keys[chosen], digest)


@dataclass(frozen=True, eq=False)
class RowFacts:
    """What is known about rows in blocks.

    Attributes
    ----------
    summary : RowSummary
        Number, moments and extent; weights as they were given.
    counted_rows : float
        How many rows they are: see `Weights.counted`.
    equal_weights : bool
        Whether none has a weight of its own.
    pilot : ndarray of shape (p, d)
        Random ones, `EFFORT.blocked.pilot_rows` at most, in the caller's coordinates.
    digest : str
        SHA-256 of the blocks, if it was asked for.
    """

    summary: RowSummary
    counted_rows: float
    equal_weights: bool
    pilot: FloatArray
    digest: str


def facts_of(rows: RowBlocks, seed: int = 0, *, digest: bool = False) -> RowFacts:
    """Return the facts about rows, from the beginning of each block and a walk over all.

    Parameters
    ----------
    rows : RowBlocks
        One row at least.
    seed : int, default=0
        Of the random rows.
    digest : bool, default=False
        Whether to hash all numbers too.

    Returns
    -------
    RowFacts
        Cost: one walk and its beginning; memory for the random rows.

    Raises
    ------
    DataError
        If there are no rows, or values or weights that cannot be used.
    """
    origin = next((found for _, found in rows.results(Beginning()) if found is not None), None)
    if origin is None:
        raise DataError("there is no row of positive weight: pass data with rows")
    task = FactsTask(origin, seed, digest)
    summary: RowSummary | None = None
    squares, units, hashed = 0.0, [], sha256(origin.tobytes())
    drawn, keys = np.empty((0, len(origin))), np.empty(0)
    for _, part in rows.results(task):
        if part is None:
            continue
        summary = part.summary if summary is None else summary.merge(part.summary)
        squares += part.squares
        units.append(part.unit)
        hashed.update(part.digest)
        keys, drawn = np.concatenate([keys, part.keys]), np.concatenate([drawn, part.drawn])
        kept = smallest(keys, EFFORT.blocked.pilot_rows)
        keys, drawn = keys[kept], drawn[kept]
    if summary is None:
        raise DataError("there is no row of positive weight: pass data with rows")
    mass, each_one = summary.mass, summary.mass == summary.n == squares
    unit = float(reduce(np.gcd, np.array(units, dtype=np.int64))) if all(units) else 0.0
    counted = mass / unit if unit else mass**2 / squares
    return RowFacts(summary, counted, each_one, drawn, hashed.hexdigest() if digest else "")


def smallest(keys: FloatArray, n: int) -> IntArray:
    """Return where the n smallest keys stand, in their order there; all where there are no more."""
    if len(keys) <= n:
        return np.arange(len(keys))
    return np.sort(np.argpartition(keys, n)[:n])
