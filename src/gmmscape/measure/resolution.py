"""What columns can tell apart, and how often the same row is repeated: data as they are written down.

Rounded values lie on a grid, so that rows may be equal without being one observation twice; elsewhere equal
rows are repetitions, which tell nothing new.
"""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.effort import EFFORT
from gmmscape.tolerances import TOLERANCES


def grid_step(values: FloatArray, rows: float) -> float:
    """Return the step of the grid that a column lies on, or 0 where it lies on none.

    A grid has fewer places between the smallest and the largest value than there are rows, which the values
    stand for: repeated values are to be expected then. Cost O(n log n).
    """
    different = np.unique(values)
    if not 1 < len(different) < TOLERANCES.measure.grid_share * rows:
        return 0.0
    step = rounding_step(different)
    return 0.0 if different[-1] - different[0] > step * rows else step


def rounding_step(different: FloatArray) -> float:
    """Return the step that all of some ascending values are apart by multiples of, or 0 if there is none."""
    if len(different) < 2:
        return 0.0
    gaps = np.diff(different)
    with np.errstate(over="ignore", invalid="ignore"):  # of gaps of all sizes, which no grid has
        places = gaps / gaps.min()
        rounded = np.abs(places - np.round(places)).max() <= TOLERANCES.measure.grid_error
    return float(gaps.min()) if rounded else 0.0


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
    # What is missing is equal to what is missing, and next to nothing.
    rows = np.where(missing, 2.0 * highest - lowest + np.maximum(1.0, np.abs(highest)), points)
    if on_grid:
        rows = np.round((points - lowest) / np.where(steps > 0, steps, 1.0))
        rows[missing] = -2.0
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
