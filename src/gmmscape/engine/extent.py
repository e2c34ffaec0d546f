"""Extents: the lowest and the highest value of each column."""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.engine.reference import blocks


def extent(X: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the lowest and the highest value of each column of an (n, d) array, in one reading.

    One row at least; NaN where a column has one. NumPy is far faster along contiguous numbers,
    so that few columns are turned, some rows at a time.
    """
    if X.shape[1] > EFFORT.measure.turned_columns:
        return X.min(axis=0), X.max(axis=0)
    ends = []
    for block in blocks(len(X)):
        turned = np.ascontiguousarray(X[block].T)
        ends.append((turned.min(axis=1), turned.max(axis=1)))
    lowest, highest = zip(*ends, strict=True)
    return np.minimum.reduce(lowest), np.maximum.reduce(highest)
