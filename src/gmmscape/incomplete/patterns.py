"""Which columns are observed, and which rows have just these."""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np

from gmmscape.arrays import BoolArray, IntArray


class Patterns(NamedTuple):
    """Rows by the columns that are observed in them.

    Attributes
    ----------
    observed : ndarray of bool, shape (p, d)
        The different patterns, in an order that depends on nothing but them.
    rows : list of ndarray of int
        Rows of each pattern, ascending; together every row once.
    """

    observed: BoolArray
    rows: list[IntArray]

    @classmethod
    def of(cls, X: Any) -> Self:
        """Return the patterns of rows (n, d) in which NaN stands for what is missing."""
        observed = ~np.isnan(X)
        packed = np.packbits(observed, axis=1)
        padded = np.zeros((len(packed), -(-packed.shape[1] // 8) * 8), dtype=np.uint8)
        padded[:, : packed.shape[1]] = packed
        words = padded.view(">u8").astype(np.uint64)
        first: Any
        if words.shape[1] == 1:
            _, first, own = np.unique(words[:, 0], return_index=True, return_inverse=True)
        else:
            _, first, own = np.unique(words, axis=0, return_index=True, return_inverse=True)
        own = own.reshape(-1)
        order = np.argsort(own, kind="stable")
        ends = np.cumsum(np.bincount(own, minlength=len(first)))[:-1]
        return cls(observed[first], np.split(order, ends))

    def __len__(self) -> int:
        return len(self.rows)
