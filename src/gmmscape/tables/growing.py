"""Rows and the numbers of their lines, as they come: they grow in place, and never stand there twice."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.tables.room import Room


class GrowingRows:
    """Rows of numbers.

    Parameters
    ----------
    width : int
        Columns.
    room : Room
        What they may take.
    """

    def __init__(self, width: int, room: Room) -> None:
        self._width, self._room = width, room
        self._held: FloatArray = np.empty((0, width))
        self._n = 0

    def add(self, rows: FloatArray) -> None:
        """Take rows; raises DataError where there is no room for them."""
        n = self._n + len(rows)
        self._room.check(n * self._width * self._held.itemsize)
        if n > len(self._held):
            self._to(n if self._n == 0 else n + n // EFFORT.measure.growth)
        self._held[self._n : n] = rows
        self._n = n

    def taken(self) -> FloatArray:
        """Return all rows since this was called last."""
        self._to(self._n)
        held, self._held, self._n = self._held, np.empty((0, self._width)), 0
        return held

    def _to(self, n: int) -> None:
        # Nobody else has seen this array. Where it is large, the system moves no number.
        self._held.resize((n, self._width), refcheck=False)


class GrowingLines:
    """Numbers of lines: one range where each follows the one before, else eight bytes a line."""

    def __init__(self) -> None:
        self._held: range | array[int] = range(0)

    def add(self, numbers: Sequence[int]) -> None:
        """Take numbers that rise."""
        if not len(numbers):
            return
        follow = numbers[-1] - numbers[0] == len(numbers) - 1
        held = self._held
        if isinstance(held, range) and follow and (not held or held.stop == numbers[0]):
            self._held = range(held.start if held else numbers[0], numbers[-1] + 1)
            return
        if isinstance(held, range):
            self._held = held = array("q", held)
        held.extend(numbers)

    def taken(self) -> Sequence[int]:
        """Return all numbers since this was called last."""
        held, self._held = self._held, range(0)
        return held
