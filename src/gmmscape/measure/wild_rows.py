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
    middle = np.median(some, axis=0)
    off = np.abs(some - middle)
    reach = np.partition(off, _inner(len(some)), axis=0)[_inner(len(some))]
    for column in np.flatnonzero(np.count_nonzero(off, axis=0) < TOLERANCES.measure.mostly_off * len(some)):
        own = off[off[:, column] > 0, column]  # of mostly one value, the others say how far rows reach
        if len(own) >= TOLERANCES.measure.fewest_off:
            reach[column] = np.partition(own, _inner(len(own)))[_inner(len(own))]
    limit = np.where(reach > 0, TOLERANCES.measure.wild * reach, np.inf)
    with np.errstate(over="ignore"):
        low, high = points.min(axis=0), points.max(axis=0)
        suspect = np.flatnonzero((high - middle > limit) | (middle - low > limit))
        wild = (np.abs(points[:, suspect] - middle[suspect]) > limit[suspect]).any(axis=1)
    found = np.flatnonzero(wild)
    return found if len(found) <= max(1, n // 100) else found[:0]


def _inner(n: int) -> int:
    """Place of the reach among n ascending distances: without the outermost 5 %, and one row at least."""
    return max(0, int(TOLERANCES.measure.inner_share * (n - 1)) - 1)
