"""Weights of rows: one number that all share, or one each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.tolerances import TOLERANCES


class Weights:
    """Non-negative weights of n rows; where all are equal, one number is all that is kept.

    Attributes
    ----------
    common : float or None
        The weight that all rows share; None where each has its own.
    """

    def __init__(self, each: FloatArray | None, common: float | None, n: int) -> None:
        self._each, self.common, self._n = each, common, n

    @classmethod
    def equal(cls, n: int, total: float = 1.0) -> Weights:
        """Return equal weights of n rows with this sum."""
        return cls(None, total / n, n)

    @classmethod
    def of(cls, each: FloatArray) -> Weights:
        """Return one weight for each row."""
        return cls(np.ascontiguousarray(each, dtype=np.float64), None, len(each))

    def __len__(self) -> int:
        return self._n

    def __getitem__(self, rows: Any) -> FloatArray:
        return self.each[rows]

    @cached_property
    def each(self) -> FloatArray:
        """One weight a row, shape (n,), not to be written to; of equal ones a view of one number."""
        return np.broadcast_to(np.float64(self.common), (self._n,)) if self._each is None else self._each

    @cached_property
    def counts(self) -> FloatArray | None:
        """How many rows each stands for: multiples of the smallest weight; None where they are none."""
        if self._each is None:
            return np.ones(self._n)
        counts = self._each / self._each.min()
        whole = np.abs(counts - np.round(counts)).max() <= TOLERANCES.measure.whole_weight
        return np.round(counts) if whole else None

    @cached_property
    def counted(self) -> float:
        """How many rows they are, all of positive weight, whatever the unit of the weights.

        Weights that are whole multiples of the smallest are counts of it; of others, Kish's effective number
        is taken, (sum w)^2 / sum w^2.
        """
        if self.counts is not None:
            return float(self.counts.sum())
        return float(self.each.sum() ** 2 / (self.each @ self.each))

    @property
    def own(self) -> FloatArray | None:
        """The weights where rows have weights of their own, else None."""
        return self._each

    def taken(self, rows: Any) -> Weights:
        """Return the weights of some rows, a slice or their numbers."""
        some = self.each[rows]
        return Weights(None, self.common, len(some)) if self._each is None else Weights.of(some)

    @classmethod
    def joined(cls, parts: Sequence[Weights]) -> Weights:
        """Return the weights of the rows of several parts, one part after the other."""
        common = {part.common for part in parts}
        if len(common) == 1 and None not in common:
            return cls(None, parts[0].common, sum(map(len, parts)))
        return cls.of(np.concatenate([part.each for part in parts]))

    def __reduce__(self) -> tuple[Any, ...]:
        return Weights, (self._each, self.common, self._n)
