"""Rows that occur more than once, found by hashes of which some million are looked at together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT

Keys = NDArray[np.uint64]
#: Hashes and weights of rows, block by block; every call begins anew.
HashedBlocks = Callable[[], Iterator[tuple[Keys, FloatArray]]]


class Duplicates:
    """Which rows are equal to others, and the weight of all that are equal.

    Rows are told apart by 64 bits, so that two different ones among n are taken for equal with a probability
    of n^2 / 2^65, 3e-6 for ten million.

    Parameters
    ----------
    blocks : callable
        Returns an iterator over `row_keys` and weights of the rows, in blocks; called a few times, and once
        more for every million of rows.
    n : int
        Number of rows.

    Attributes
    ----------
    heaviest : float
        The largest weight of a different row; equal rows count as one.
    squares : float
        Sum of the squared weights of the different rows.
    """

    def __init__(self, blocks: HashedBlocks, n: int) -> None:
        bits = max(0, (n - 1).bit_length() - EFFORT.measure.columns_together)
        self._keys = np.concatenate([_repeated_keys(blocks, bits, part) for part in range(1 << bits)])
        self._totals = np.zeros(len(self._keys))
        if len(self._keys):
            for some, own in blocks():
                place, repeated = self._place(some)
                self._totals += np.bincount(place, own * repeated, minlength=len(self._keys))
        self.heaviest = self.squares = 0.0
        for some, own in blocks():
            together = self._together(some, own)
            self.heaviest = max(self.heaviest, float(together.max()))
            self.squares += float(own @ together)

    @property
    def any(self) -> bool:
        """Whether there are equal rows at all."""
        return len(self._keys) > 0

    def group_weights(self, points: FloatArray, weights: FloatArray) -> FloatArray:
        """Return the weight of all rows equal to each of these, shape (m,); local coordinates."""
        return self._together(row_keys(points), weights) if len(self._keys) else weights

    def _together(self, keys: Keys, weights: FloatArray) -> FloatArray:
        if not len(self._keys):
            return weights
        place, repeated = self._place(keys)
        return np.where(repeated, self._totals[place], weights)

    def _place(self, keys: Keys) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        place = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return place, self._keys[place] == keys


def digest(origin: FloatArray, blocks: HashedBlocks) -> str:
    """Return the SHA-256 of the origin, the hashes of the rows and their weights."""
    found = sha256(origin.tobytes())
    for keys, _ in blocks():
        found.update(np.ascontiguousarray(keys).data)
    for _, weights in blocks():
        found.update(np.ascontiguousarray(weights).data)
    return found.hexdigest()


def _repeated_keys(blocks: HashedBlocks, bits: int, part: int) -> Keys:
    """Hashes that occur more than once among those whose first `bits` bits are `part`; sorted."""
    some = np.concatenate([_with_first_bits(keys, bits, part) for keys, _ in blocks()])
    some.sort()
    return np.unique(some[1:][some[1:] == some[:-1]])


def _with_first_bits(keys: Keys, bits: int, part: int) -> Keys:
    return keys[keys >> np.uint64(64 - bits) == part] if bits else keys


def row_keys(points: FloatArray) -> Keys:
    """Return a 64-bit hash of each row; equal rows, 0 and -0 and all NaN included, have equal ones."""
    points = np.ascontiguousarray(points + 0.0)
    missing = np.isnan(points)
    if missing.any():  # bits of NaN differ from one source to another
        points[missing] = np.nan
    bits = points.view(np.uint64)
    keys = np.zeros(len(points), dtype=np.uint64)
    with np.errstate(over="ignore"):
        for column in bits.T:
            # The finaliser of SplitMix64 (Steele, Lea and Flood, 2014) after each column.
            keys = (keys ^ column) + np.uint64(0x9E3779B97F4A7C15)
            keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            keys ^= keys >> np.uint64(31)
    return keys
