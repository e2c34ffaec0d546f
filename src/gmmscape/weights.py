"""Weights of rows: one number that all share, or one each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.threads import cached_property
from gmmscape.tolerances import TOLERANCES


class Weights:
    """Non-negative weights of n rows; where all are equal, one number is all that is kept.

    Attributes
    ----------
    common : float or None
        The weight that all rows share; None where each has its own.
    """

    def __init__(
        self, each: FloatArray | None, common: float | None, n: int, unit: float | None = None
    ) -> None:
        self._each, self.common, self._n, self._unit = each, common, n, unit

    @classmethod
    def equal(cls, n: int, total: float = 1.0) -> Weights:
        """Return equal weights of n rows with this sum."""
        return cls(None, total / n, n)

    @classmethod
    def of(cls, each: FloatArray, unit: float | None = None) -> Weights:
        """Return one weight for each row; with what one row weighs, where that is known."""
        return cls(np.ascontiguousarray(each, dtype=np.float64), None, len(each), unit)

    @classmethod
    def given(cls, each: FloatArray) -> Weights:
        """Return weights as a user gave them, brought to the sum one; whole numbers are counts."""
        some, unit = each[each > 0], None
        if np.array_equal(some, np.round(some)) and some.max() < TOLERANCES.measure.largest_whole:
            unit = float(np.gcd.reduce(some.astype(np.int64)))
        return cls.of(each, unit).normalised()

    def normalised(self) -> Weights:
        """Return them with the sum one."""
        if self._each is None:
            return Weights.equal(self._n)
        largest = self._each.max()
        each = self._each / largest
        total = each.sum()
        return Weights.of(each / total, None if self._unit is None else self._unit / largest / total)

    def __len__(self) -> int:
        return self._n

    def __getitem__(self, rows: Any) -> FloatArray:
        return self.each[rows]

    @cached_property
    def each(self) -> FloatArray:
        """One weight a row, shape (n,), not to be written to; of equal ones a view of one number."""
        return np.broadcast_to(np.float64(self.common), (self._n,)) if self._each is None else self._each

    @cached_property
    def unit(self) -> float | None:
        """What one row weighs, where weights are counts of rows; None where they are none.

        That is the largest number of which all are whole multiples: any, of weights that were given as whole
        numbers, or where it is the smallest weight; of others one that makes no count large, since all
        numbers of a few decimals have one.
        """
        if self._each is None:
            return self.common
        return _unit(self._each) if self._unit is None else self._unit

    @cached_property
    def counts(self) -> FloatArray | None:
        """How many rows each stands for, not to be written to; None where they are no counts."""
        if self._each is None:
            return np.broadcast_to(np.float64(1.0), (self._n,))
        return None if self.unit is None else np.round(self._each / self.unit)

    @cached_property
    def counted(self) -> float:
        """How many rows they are, all of positive weight, whatever the unit of the weights.

        The sum of the counts, where they are counts; of others, Kish's effective number is taken,
        (sum w)^2 / sum w^2.
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
        return Weights(None, self.common, len(some)) if self._each is None else Weights.of(some, self._unit)

    @classmethod
    def joined(cls, parts: Sequence[Weights]) -> Weights:
        """Return the weights of the rows of several parts, one part after the other."""
        common = {part.common for part in parts}
        if len(common) == 1 and None not in common:
            return cls(None, parts[0].common, sum(map(len, parts)))
        units = {part._unit for part in parts}
        return cls.of(np.concatenate([part.each for part in parts]), units.pop() if len(units) == 1 else None)

    def __reduce__(self) -> tuple[Any, ...]:
        return Weights, (self._each, self.common, self._n, self._unit)


def _unit(each: FloatArray) -> float | None:
    """The largest number of which all are whole multiples, by Euclid's algorithm; see `Weights.unit`."""
    smallest = unit = float(each.min())
    largest, error = float(each.max()), TOLERANCES.measure.whole_weight
    if float(each.sum()) * np.finfo(np.float64).eps > smallest:
        return None  # all numbers of that size are whole
    while True:
        counts = each / unit
        rest = np.abs(counts - np.round(counts))
        if rest.max() <= error:
            return smallest / round(smallest / unit)
        unit *= float(rest[rest > error].min())
        if largest / unit > TOLERANCES.measure.largest_count:
            return None
