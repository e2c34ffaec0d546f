"""Rows so far from all others that no covariance, scale or floor may depend on them.

Wrong units, typing errors, codes for missing values.
"""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.effort import EFFORT
from gmmscape.tolerances import TOLERANCES


def wild_rows(points: FloatArray) -> IntArray:
    """Return the rows that are to be set aside, shape (m,).

    In some column they are a hundred times as far from the median as 95 of 100 rows are, of those off it.
    More than one in a hundred are no accident but a cluster, and stay. Cost O(n d).
    """
    n = len(points)
    some = points[:: -(-n // EFFORT.measure.reach_rows)]
    with np.errstate(over="ignore", invalid="ignore"):
        middle, reach = np.array([_middle_and_reach(x[~np.isnan(x)]) for x in some.T]).T
        limit = np.where(reach > 0, TOLERANCES.measure.wild * reach, np.inf)
        low, high = np.fmin.reduce(points), np.fmax.reduce(points)
        suspect = np.flatnonzero((high - middle > limit) | (middle - low > limit))
        wild = (np.abs(points[:, suspect] - middle[suspect]) > limit[suspect]).any(axis=1)
    found = np.flatnonzero(wild)
    return found if len(found) <= max(1, n // 100) else found[:0]


def _middle_and_reach(values: FloatArray) -> tuple[float, float]:
    """Median of a column, and how far its rows reach from it; without values no reach."""
    if not len(values):
        return 0.0, 0.0
    middle = float(np.median(values))
    off = np.abs(values - middle)
    inner = off
    if np.count_nonzero(off) < TOLERANCES.measure.mostly_off * len(off):
        own = off[off > 0]  # of mostly one value, the others say how far rows reach
        inner = own if len(own) >= TOLERANCES.measure.fewest_off else off
    return middle, float(np.partition(inner, _inner(len(inner)))[_inner(len(inner))])


def _inner(n: int) -> int:
    """Place of the reach among n ascending distances: without the outermost 5 %, and one row at least."""
    return max(0, int(TOLERANCES.measure.inner_share * (n - 1)) - 1)
