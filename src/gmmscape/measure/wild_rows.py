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

    In some column they are ten thousand times as far from the median as 95 of 100 rows are. More than one in
    a hundred are no accident but a cluster, and stay. Cost O(n d).
    """
    n = len(points)
    some = points[:: -(-n // EFFORT.measure.reach_rows)]
    middle = np.median(some, axis=0)
    # Without the outermost 5 %, and one row at least, what is left says how far rows reach.
    inner = max(0, int(TOLERANCES.measure.inner_share * (len(some) - 1)) - 1)
    reach = np.partition(np.abs(some - middle), inner, axis=0)[inner]
    limit = np.where(reach > 0, TOLERANCES.measure.wild * reach, np.inf)
    with np.errstate(over="ignore"):
        low, high = points.min(axis=0), points.max(axis=0)
        suspect = np.flatnonzero((high - middle > limit) | (middle - low > limit))
        wild = (np.abs(points[:, suspect] - middle[suspect]) > limit[suspect]).any(axis=1)
    found = np.flatnonzero(wild)
    return found if len(found) <= max(1, n // 100) else found[:0]
