"""Rows that occur more than once, found by hashes of which some million are looked at together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.measure.rows import WeightedRows

Keys = NDArray[np.uint64]


class Duplicates:
    """Which rows are equal to others, and the weight of all that are equal.

    Rows are told apart by 64 bits, so that two different ones among n are taken for equal with a probability
    of n^2 / 2^65, 3e-6 for ten million.

    Parameters
    ----------
    rows : WeightedRows
        The rows.
    """

    def __init__(self, rows: WeightedRows) -> None:
        bits = max(0, (len(rows) - 1).bit_length() - EFFORT.measure.columns_together)
        self._keys = np.concatenate([_repeated_keys(rows, bits, part) for part in range(1 << bits)])
        self._totals = np.zeros(len(self._keys))
        if len(self._keys):
            for _, points, weights in rows.blocks():
                place, repeated = self._place(points)
                self._totals += np.bincount(place, weights * repeated, minlength=len(self._keys))

    def group_weights(self, points: FloatArray, weights: FloatArray) -> FloatArray:
        """Return the weight of all rows equal to each of these, shape (m,); local coordinates."""
        if not len(self._keys):
            return weights
        place, repeated = self._place(points)
        return np.where(repeated, self._totals[place], weights)

    def _place(self, points: FloatArray) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        keys = row_keys(points)
        place = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return place, self._keys[place] == keys


def _repeated_keys(rows: WeightedRows, bits: int, part: int) -> Keys:
    """Hashes that occur more than once among those whose first `bits` bits are `part`; sorted."""
    some = []
    for _, points, _ in rows.blocks():
        keys = row_keys(points)
        some.append(keys[keys >> np.uint64(64 - bits) == part] if bits else keys)
    keys = np.sort(np.concatenate(some))
    return np.unique(keys[1:][keys[1:] == keys[:-1]])


def row_keys(points: FloatArray) -> Keys:
    """Return a 64-bit hash of each row; equal rows, 0 and -0 included, have equal ones."""
    bits = np.ascontiguousarray(points + 0.0).view(np.uint64)
    keys = np.zeros(len(points), dtype=np.uint64)
    with np.errstate(over="ignore"):
        for column in bits.T:
            # The finaliser of SplitMix64 (Steele, Lea and Flood, 2014) after each column.
            keys = (keys ^ column) + np.uint64(0x9E3779B97F4A7C15)
            keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            keys ^= keys >> np.uint64(31)
    return keys
