"""Minima too flat for arclength followed upwards by descents: steps along the path, each from the last."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.landscape.paths.truth_path import TruthPath
from gmmscape.landscape.threshold.branch_points import Place, Way, fine_defect, read
from gmmscape.landscape.threshold.crossing import Crossing, crossing
from gmmscape.solve import Newton
from gmmscape.tolerances import TOLERANCES


def stepped(
    landscapes: TruthPath, way: Way, floor: float, watch: Callable[[float, FloatArray, float], None]
) -> Way:
    """Follow a minimum upwards from the last point of a way that was lost.

    Parameters
    ----------
    landscapes : TruthPath
        Along the path.
    way : Way
        One point at least.
    floor : float
        Defect at which to stop.
    watch : callable
        Sees parameter, means and defect of each point; what it raises is passed on.

    Returns
    -------
    Way
        Finished by "floor", "upper end" or, where a descent leads elsewhere, "lost". Cost: a polished descent
        a step, a hundred steps through a bracket.
    """
    low, high = landscapes.bracket
    points, readings = list(way.points), list(way.readings)
    parameter, point = points[-1]
    start = settled(landscapes, point, parameter)
    if start is None:
        return way
    points[-1], readings[-1] = (parameter, start), read(landscapes, start, parameter)
    speed, step = np.zeros_like(start), TOLERANCES.threshold.flat_step * (high - low)
    while readings[-1].defect > floor and parameter < high:
        ahead = min(parameter + step, high)
        found = settled(landscapes, start + (ahead - parameter) * speed, ahead)
        if found is None:
            step *= 0.5
            if step < TOLERANCES.threshold.shortest_flat_step * (high - low):
                return Way(points, readings, "lost", reason=way.reason)
            continue
        speed = (found - start) / (ahead - parameter)
        parameter, start = ahead, found
        points.append((parameter, start))
        readings.append(read(landscapes, start, parameter))
        watch(parameter, landscapes.means(start), readings[-1].defect)
    return Way(points, readings, "floor" if readings[-1].defect <= floor else "upper end")


def settled(landscapes: TruthPath, guess: FloatArray, parameter: float) -> FloatArray | None:
    """Return the minimum that a polished descent from a guess ends in; None where it is far, or none."""
    found = landscapes.descent(parameter).full(Newton(), landscapes.means(guess), None, None)
    point = found.means.ravel() / landscapes.unit
    return (
        point
        if found.is_minimum and np.linalg.norm(point - guess) <= TOLERANCES.threshold.longest_correction
        else None
    )


def flat_crossing(landscapes: TruthPath, ends: tuple[Place, Place], level: float) -> Crossing | None:
    """Return where the defect of a flat minimum falls to a level between two points, by descents."""

    def settle(guess: FloatArray, parameter: float) -> FloatArray | None:
        return settled(landscapes, guess, parameter)

    def uncertainty(point: FloatArray, parameter: float) -> float:
        aside = TOLERANCES.threshold.elsewhere * (-1.0) ** np.arange(len(point))
        again = settled(landscapes, point + aside, parameter)
        if again is None:
            return 1.0
        return abs(fine_defect(landscapes, again, parameter) - fine_defect(landscapes, point, parameter))

    return crossing(landscapes, ends, level, settle, uncertainty, located=TOLERANCES.threshold.flat_located)
