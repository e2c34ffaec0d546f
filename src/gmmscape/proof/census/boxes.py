"""Boxes: a stack of boxes of means that may hold critical points, as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Boxes:
    """Some boxes.

    Attributes
    ----------
    low, high : ndarray of shape (n, k)
        Their ends.
    rule : ndarray of shape (n,)
        Number of the rule that each is looked at with.
    """

    low: FloatArray
    high: FloatArray
    rule: IntArray

    def __len__(self) -> int:
        return len(self.low)

    @classmethod
    def none(cls, k: int) -> Self:
        """Return no boxes of k means."""
        return cls(np.empty((0, k)), np.empty((0, k)), np.empty(0, dtype=np.intp))

    @classmethod
    def one(cls, low: float, high: float, k: int) -> Self:
        """Return the box of k means that all lie between two numbers."""
        return cls(np.full((1, k), low), np.full((1, k), high), np.zeros(1, dtype=np.intp))

    @property
    def widths(self) -> FloatArray:
        """Longest side of each."""
        return (self.high - self.low).max(axis=1)

    @property
    def volumes(self) -> FloatArray:
        """Product of the sides of each."""
        return (self.high - self.low).prod(axis=1)

    def where(self, chosen: BoolArray | IntArray) -> Boxes:
        """Return those that a mask or some places choose."""
        return Boxes(self.low[chosen], self.high[chosen], self.rule[chosen])

    def halves(self) -> Boxes:
        """Return the halves of each along its longest side."""
        rows, axis = np.arange(len(self)), (self.high - self.low).argmax(axis=1)
        middle = (self.low[rows, axis] + self.high[rows, axis]) / 2
        low, high = self.low.copy(), self.high.copy()
        low[rows, axis], high[rows, axis] = middle, middle
        return joined([Boxes(self.low, high, self.rule), Boxes(low, self.high, self.rule)])

    def finer(self) -> Boxes:
        """Return the same boxes, to be looked at with the next rule."""
        return Boxes(self.low, self.high, self.rule + 1)

    def content(self) -> dict[str, Any]:
        """Return what files hold."""
        return {"low": self.low.tolist(), "high": self.high.tolist(), "rule": self.rule.tolist()}

    @classmethod
    def of_content(cls, content: Mapping[str, Any], k: int) -> Self:
        """Return the boxes that files hold."""
        low, high = (np.array(content[name], dtype=np.float64).reshape(-1, k) for name in ("low", "high"))
        return cls(low, high, np.array(content["rule"], dtype=np.intp))


def joined(some: Sequence[Boxes]) -> Boxes:
    """Return all boxes of several."""
    return Boxes(
        np.concatenate([boxes.low for boxes in some]),
        np.concatenate([boxes.high for boxes in some]),
        np.concatenate([boxes.rule for boxes in some]),
    )


def hulls(boxes: Boxes, apart: float) -> list[tuple[FloatArray, FloatArray]]:
    """Return few boxes that hold all: those that are no farther apart go into one.

    Parameters
    ----------
    boxes : Boxes
        Any number.
    apart : float
        Boxes with no longer gap along any axis share a hull.

    Returns
    -------
    list of tuple of ndarray
        Ends of each hull.
    """
    lows, highs = boxes.low, boxes.high
    found: list[tuple[FloatArray, FloatArray]] = []
    while len(lows):
        low, high, near = lows[0], highs[0], np.zeros(len(lows), dtype=bool)
        while True:
            closer = ((lows <= high + apart) & (highs >= low - apart)).all(axis=1)
            low, high = lows[closer].min(axis=0), highs[closer].max(axis=0)
            if (closer == near).all():
                break
            near = closer
        found.append((low, high))
        lows, highs = lows[~near], highs[~near]
    return found
