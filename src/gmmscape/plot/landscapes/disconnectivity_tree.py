"""The tree of a disconnectivity graph: which minima a rising level joins, and where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray


class Join(NamedTuple):
    """Two sets of minima that become connected at a height.

    Attributes
    ----------
    height : float
        NLL or KL of the pass, nats.
    left : tuple of int
        The set that holds the lower minimum.
    right : tuple of int
        The other one.
    """

    height: float
    left: tuple[int, ...]
    right: tuple[int, ...]


def joins(levels: Sequence[float], passes: Sequence[tuple[float, int, int]]) -> list[Join]:
    """Return the joins, lowest first: of all passes between two sets only the lowest counts."""
    sets: dict[int, tuple[int, ...]] = {i: (i,) for i in range(len(levels))}
    found = []
    for height, i, j in sorted(passes):
        one, other = sorted((sets[i], sets[j]), key=lambda members: min(levels[m] for m in members))
        if one == other:
            continue
        found.append(Join(float(height), one, other))
        union = one + other
        sets.update(dict.fromkeys(union, union))
    return found


def relabellings(passes: Sequence[tuple[float, int, int]]) -> dict[int, float]:
    """Return the lowest pass from each minimum to another labelling of itself."""
    lowest: dict[int, float] = {}
    for height, i, j in passes:
        if i == j:
            lowest[i] = min(height, lowest.get(i, float("inf")))
    return lowest


def compressed(levels: Sequence[float]) -> tuple[FloatArray, FloatArray]:
    """Return distinct levels and their places on a scale that shows every gap.

    A gap takes a length of ``1 + log10(gap / smallest gap)``: order is kept and nothing vanishes, but
    lengths of different gaps cannot be compared. Levels closer than 1e-9 of the whole are one.
    """
    ordered = np.unique(np.asarray(levels, dtype=np.float64))
    keep = np.concatenate([[True], np.diff(ordered) > 1e-9 * max(float(np.ptp(ordered)), 1e-300)])
    ordered = ordered[keep]
    if len(ordered) < 2:
        return np.array([ordered[0], ordered[0] + 1.0]), np.array([0.0, 1.0])
    gaps = np.diff(ordered)
    return ordered, np.concatenate([[0.0], np.cumsum(1.0 + np.log10(gaps / gaps.min()))])
