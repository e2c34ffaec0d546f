"""Cells: cubes that a root cube is halved into along each axis, with corners that are exact floats."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, frexp, ldexp

import numpy as np
from numpy.typing import NDArray

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import DataError

#: Numbers of cells or corners along each axis.
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Grid:
    """A root cube about some rows, and how often it can be halved.

    Attributes
    ----------
    corner : tuple of float
        Its lowest corner, a multiple of the side of the smallest cells.
    side : float
        Its side, a power of two.
    deepest : int
        How often it can be halved before corners are no exact floats.
    """

    corner: tuple[float, ...]
    side: float
    deepest: int

    @classmethod
    def about(cls, rows: FloatArray, smallest: float) -> Grid:
        """Return the grid whose root holds all rows and is not smaller than a length.

        Raises
        ------
        DataError
            If cells cannot be much smaller than that.
        """
        low, high = rows.min(axis=0), rows.max(axis=0)
        side = ldexp(1.0, frexp(max(float((high - low).max()), smallest))[1] + 1)
        unit = side / 2
        corner = tuple(floor(float(x) / unit) * unit for x in low)
        reach = max(map(abs, corner)) + side
        deepest = EFFORT.proof.exact_digits - frexp(reach / side)[1]
        if not (deepest > 0 and ldexp(side, -deepest) <= smallest * EFFORT.proof.finest_cell):
            raise DataError(
                "X has values that float64 does not tell apart to a small part of sigma: subtract an offset "
                "from rows and means, or pass a larger sigma"
            )
        return cls(corner, side, deepest)

    @property
    def n_features(self) -> int:
        """Dimension d."""
        return len(self.corner)

    def side_at(self, level: int) -> float:
        """Return the side of cells of a level."""
        return ldexp(self.side, -level)

    def places(self, level: int, numbers: Numbers) -> FloatArray:
        """Return the places of corners, exactly."""
        return np.array(self.corner) + numbers * self.side_at(level)

    def halved(self, cells: Numbers) -> Numbers:
        """Return the cells of the next level within some cells."""
        return (2 * cells[:, None, :] + self.corners).reshape(-1, self.n_features)

    @property
    def corners(self) -> Numbers:
        """The 2^d corners of a cell, from its lowest."""
        d = self.n_features
        return np.array([[i >> a & 1 for a in range(d)] for i in range(2**d)], dtype=np.int64)

    def corners_of(self, cells: Numbers) -> tuple[Numbers, Numbers]:
        """Return the corners of some cells, each once, and which are those of each cell, (c, 2^d)."""
        every = (cells[:, None, :] + self.corners).reshape(-1, self.n_features)
        once, which = np.unique(every, axis=0, return_inverse=True)
        return once, which.reshape(len(cells), -1)

    def meeting(self, level: int, cells: Numbers, low: FloatArray, high: FloatArray) -> Numbers:
        """Return the cells that meet a box."""
        meets = (self.places(level, cells) <= high) & (self.places(level, cells + 1) >= low)
        return cells[meets.all(axis=1)]
