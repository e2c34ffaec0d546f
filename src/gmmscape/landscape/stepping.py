"""Minima too flat for arclength followed upwards by descents: steps along the path, each from the last."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.landscape.crossings import crossing
from gmmscape.landscape.path import TruthPath
from gmmscape.landscape.readings import Place, Reading, described, fine_defect, read
from gmmscape.landscape.signatures import LONGEST
from gmmscape.landscape.thresholds import FollowedMinimum
from gmmscape.solve import Newton

#: Steps along the path: the first, and the shortest, as shares of the bracket.
STEP, SHORTEST = 0.01, 1e-4
#: Crossings of flat minima are located to this share of the bracket; their error shows in descents that begin
#: this far away, in sigma.
LOCATED, ELSEWHERE = 1e-9, 0.01


def stepped(
    landscapes: TruthPath,
    points: list[Place],
    readings: list[Reading],
    level: float,
    origin: str,
    reason: str,
    watch: Callable[[float, FloatArray, float], None],
) -> FollowedMinimum:
    """Follow a minimum upwards from the last of some points to the crossing of a level.

    Parameters
    ----------
    landscapes : TruthPath
        Along the path.
    points : list of Place
        The way so far.
    readings : list of Reading
        Of those points, or of none where there is one.
    level : float
        The defect at whose crossing to stop.
    origin, reason : str
        Where the minimum comes from; why it cannot be followed by arclength.
    watch : callable
        Sees parameter, means and defect of each point; what it raises is passed on.

    Returns
    -------
    FollowedMinimum
        Ended by "crossing", "upper end" or, where a descent leads elsewhere, "lost". Cost: a polished descent
        a step, a hundred steps through a bracket.
    """
    low, high = landscapes.bracket
    parameter, point = points[-1]
    points, readings = points[: len(readings)], list(readings)
    start = settled(landscapes, point, parameter)
    if start is None:
        return described(landscapes, [*points, (parameter, point)], readings, "lost", origin, reason)
    if not readings:
        points, readings = [(parameter, start)], [read(landscapes, start, parameter)]
    speed, step = np.zeros_like(start), STEP * (high - low)
    while readings[-1].defect > level and parameter < high:
        ahead = min(parameter + step, high)
        found = settled(landscapes, start + (ahead - parameter) * speed, ahead)
        if found is None:
            step *= 0.5
            if step < SHORTEST * (high - low):
                return described(landscapes, points, readings, "lost", origin, reason)
            continue
        speed = (found - start) / (ahead - parameter)
        parameter, start = ahead, found
        points.append((parameter, start))
        readings.append(read(landscapes, start, parameter))
        watch(parameter, landscapes.means(start), readings[-1].defect)
    if readings[-1].defect > level:
        return described(landscapes, points, readings, "upper end", origin, None)
    return _crossed(landscapes, points, readings, level, origin)


def settled(landscapes: TruthPath, guess: FloatArray, parameter: float) -> FloatArray | None:
    """Return the minimum that a polished descent from a guess ends in; None where it is far, or none."""
    found = landscapes.descent(parameter).full(Newton(), landscapes.means(guess), None, None)
    point = found.means.ravel() / landscapes.unit
    return point if found.is_minimum and np.linalg.norm(point - guess) <= LONGEST else None


def _crossed(
    landscapes: TruthPath, points: list[Place], readings: list[Reading], level: float, origin: str
) -> FollowedMinimum:
    def settle(guess: FloatArray, parameter: float) -> FloatArray | None:
        return settled(landscapes, guess, parameter)

    def uncertainty(point: FloatArray, parameter: float) -> float:
        aside = ELSEWHERE * (-1.0) ** np.arange(len(point))
        again = settled(landscapes, point + aside, parameter)
        if again is None:
            return 1.0
        return abs(fine_defect(landscapes, again, parameter) - fine_defect(landscapes, point, parameter))

    found = None
    if len(points) > 1:
        ends = (points[-2], points[-1])
        found = crossing(landscapes, ends, level, settle, uncertainty, located=LOCATED)
    if found is None:
        return described(landscapes, points, readings, "lost", origin, "its defect is at the level itself")
    end = (found.parameter, found.point)
    return described(landscapes, [*points[:-1], end], readings[:-1], "crossing", origin, None, found.error)
