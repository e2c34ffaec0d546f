"""What columns can tell apart, and how often the same row is repeated: data as they are written down.

Rounded values lie on a grid, so that rows may be equal without being one observation twice; elsewhere equal
rows are repetitions, which tell nothing new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.effort import EFFORT
from gmmscape.tolerances import TOLERANCES

#: Values of a column and how many rows each stands for, block by block; every call begins anew.
Column = Callable[[], Iterator[tuple[FloatArray, FloatArray]]]


def grid_step(column: Column, n: int) -> float:
    """Return the step of the grid that a column lies on, or 0 where it lies on none.

    A grid has fewer places between the smallest and the largest value than there are rows, which the values
    stand for: repeated values are to be expected then.

    Parameters
    ----------
    column : callable
        Returns an iterator over the values of the column and how many rows each stands for, in blocks.
    n : int
        Number of values.

    Returns
    -------
    float
        In time O(n log n); of very many values, a part at a time is sorted.
    """
    rows = sum(float(counts.sum()) for _, counts in column())
    number, gap, lowest, highest = 0, np.inf, np.nan, np.nan
    for different in ascending(column, n):
        lowest = different[0] if number == 0 else lowest
        gaps = np.diff(different, prepend=highest) if number else np.diff(different)
        gap, highest, number = min(gap, gaps.min(initial=np.inf)), different[-1], number + len(different)
        del different, gaps  # before the next are made
        if number >= TOLERANCES.measure.grid_share * rows:
            return 0.0
    if number < 2 or highest - lowest > gap * rows:
        return 0.0
    at = lowest
    for different in ascending(column, n):
        if not _multiples(np.diff(different, prepend=at), gap):
            return 0.0
        at = different[-1]
    return float(gap)


def ascending(column: Column, n: int) -> Iterator[FloatArray]:
    """Yield the different values of a column of n, in ascending order, about a million at a time."""
    parts = -(-n // (1 << EFFORT.measure.columns_together))
    if parts == 1:
        edges = np.empty(0)
    else:
        step = max(1, n // EFFORT.measure.median_rows)
        some = np.concatenate([values[::step].copy() for values, _ in column()])
        edges = np.unique(np.quantile(some, np.arange(1, parts) / parts))
    room = np.empty(min(n, 4 << EFFORT.measure.columns_together))
    for low, high in pairwise([-np.inf, *edges, np.inf]):
        size = 0
        for values, _ in column():
            own = values[(values >= low) & (values < high)]
            if size + len(own) > len(room):  # many rows have the same values
                different = _sorted_in_place(room[:size])
                size = len(different)
                room = np.concatenate([different, np.empty(max(len(room) - size, len(own)))])
            room[size : size + len(own)] = own
            size += len(own)
        if size:
            yield _sorted_in_place(room[:size])


def _sorted_in_place(values: FloatArray) -> FloatArray:
    """The different ones of values, which are sorted; nothing else of their number is made."""
    values.sort()
    first = np.ones(len(values), dtype=bool)
    np.not_equal(values[1:], values[:-1], out=first[1:])
    return values[first]


def in_one(values: FloatArray) -> Column:
    """Return a column whose values are at hand, each that of one row."""
    return lambda: iter([(values, np.ones(len(values)))])


def rounding_step(different: FloatArray) -> float:
    """Return the step that all of some ascending values are apart by multiples of, or 0 if there is none."""
    if len(different) < 2:
        return 0.0
    gaps = np.diff(different)
    return float(gaps.min()) if _multiples(gaps, gaps.min()) else 0.0


def _multiples(gaps: FloatArray, step: float) -> bool:
    with np.errstate(over="ignore", invalid="ignore"):  # of gaps of all sizes, which no grid has
        places = gaps / step
        told = places.max() < TOLERANCES.measure.largest_whole  # all larger numbers of float64 are whole
        return bool(told and np.abs(places - np.round(places)).max() <= TOLERANCES.measure.grid_error)


def repetition(points: FloatArray, counts: FloatArray) -> float:
    """Return how many rows say the same as one, at least 1.

    Parameters
    ----------
    points : ndarray of shape (n, d)
        Rows.
    counts : ndarray of shape (n,)
        How many rows each stands for.

    Returns
    -------
    float
        The average number of equal rows, beyond what is to be expected where all columns are rounded,
        however finely: as many as there are next to them. A few values that are much more frequent than the
        rest, such as zeros, are no repetitions. Cost O(n d log n).
    """
    lowest, highest = np.fmin.reduce(points), np.fmax.reduce(points)
    varying = highest > lowest
    missing = np.isnan(points)
    steps = np.array(
        [rounding_step(np.unique(x[~gone])) for x, gone in zip(points.T, missing.T, strict=True)]
    )
    on_grid = bool((steps[varying] > 0).all())
    # What is missing is equal to what is missing, and next to nothing. Data are copied once only.
    if on_grid:
        rows = points - lowest
        rows /= np.where(steps > 0, steps, 1.0)
        np.round(rows, out=rows)
        rows[missing] = -2.0
    else:
        rows = np.where(missing, 2.0 * highest - lowest + np.maximum(1.0, np.abs(highest)), points)
    del points
    different, own = np.unique(rows, axis=0, return_inverse=True)
    number = np.bincount(own.reshape(-1), counts, minlength=len(different)).astype(np.float64)
    excess = number - 1.0
    if on_grid and varying.any():
        # Of many different rows, evenly spaced ones tell.
        some = np.arange(0, len(different), -(-len(different) // EFFORT.measure.neighbours_looked_at))
        beside = _beside(different, number, some, np.flatnonzero(varying))
        excess = excess[some] - beside
    usual = TOLERANCES.measure.frequent * (max(0.0, float(np.median(excess))) + 1.0)
    return 1.0 + max(0.0, float(excess[excess <= usual].mean()))


def _beside(different: FloatArray, number: FloatArray, some: IntArray, columns: IntArray) -> FloatArray:
    """Average number of rows one step away from some rows, along each column and both ways."""
    moved = np.repeat(different[some][None], 2 * len(columns), axis=0)
    for number_of, column in enumerate(columns):
        moved[2 * number_of, :, column] -= 1.0
        moved[2 * number_of + 1, :, column] += 1.0
    n = len(different)
    every = np.concatenate([different, moved.reshape(-1, different.shape[1])])
    _, place = np.unique(every, axis=0, return_inverse=True)
    place = place.reshape(-1)
    count = np.zeros(place.max() + 1)
    count[place[:n]] = number
    return count[place[n:]].reshape(len(moved), -1).sum(axis=0) / len(moved)
