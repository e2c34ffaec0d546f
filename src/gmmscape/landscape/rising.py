"""A minimum followed upwards along a path of truths: to a fold, a pitchfork, or the crossing of a defect."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.landscape.branch import Branch, BranchPoint
from gmmscape.landscape.crossings import Crossing, crossing
from gmmscape.landscape.fold import Singular
from gmmscape.landscape.path import TruthPath
from gmmscape.landscape.readings import Place, Reading, described, read
from gmmscape.landscape.signatures import refined
from gmmscape.landscape.stepping import stepped
from gmmscape.landscape.thresholds import FollowedMinimum
from gmmscape.landscape.tracking import tracked

#: A minimum with a curvature, in 1/sigma^2, below this is too flat to follow by arclength: rounding decides
#: on the sign. At a bifurcation no two points in a row are.
RESOLVED = 1e-7
#: No association changes by more than this for each sigma that a mean moves.
ASSOCIATION_PER_SIGMA = 1.0
#: Crossings are located to this share of the bracket.
LOCATED = 1e-12
FLAT = "too flat to be followed by arclength"


def follow(
    landscapes: TruthPath,
    means: FloatArray,
    parameter: float,
    level: float | None,
    origin: str,
    watch: Callable[[float, FloatArray, float], None],
) -> FollowedMinimum:
    """Follow a minimum upwards from a parameter.

    Parameters
    ----------
    landscapes : TruthPath
        Along the path.
    means : ndarray of shape (k, d)
        The minimum at `parameter`.
    parameter : float
        Where to begin.
    level : float or None
        Defect at whose crossing to stop; None to go on to the bifurcation.
    origin : str
        Where the minimum comes from.
    watch : callable
        Sees parameter, means and defect of each point; what it raises is passed on.

    Returns
    -------
    FollowedMinimum
        The way and its end. Cost: some hundred evaluations of the Hessian.
    """
    begun = means.ravel() / landscapes.unit
    start = refined(landscapes, begun, parameter)
    if start is None or np.linalg.eigvalsh(landscapes.slope(start, parameter).hessian)[0] < RESOLVED:
        return _otherwise(landscapes, [(parameter, begun)], [], level, origin, FLAT, watch)
    readings: list[Reading] = []
    flat: list[bool] = []

    def seen(point: BranchPoint) -> bool:
        reading = read(landscapes, point.point, -point.parameter)
        readings.append(reading)
        flat.append(bool(point.eigenvalues[0] < RESOLVED))
        watch(-point.parameter, landscapes.means(point.point), reading.defect)
        return (level is not None and reading.defect <= level) or flat[-2:] == [True, True]

    track = tracked(Branch(landscapes.reversed(), start, -parameter), seen)
    points = [(-p.parameter, p.point) for p in track.points] or [(parameter, start)]
    if level is not None and readings and readings[-1].defect <= level:
        return _crossed(landscapes, points, readings, level, origin)
    if track.lost is not None or flat[-2:] == [True, True]:
        reason = track.lost or FLAT
        return _otherwise(landscapes, points, readings, level, origin, reason, watch)
    if track.end is None:
        return described(landscapes, points, readings, "upper end", origin, None)
    end = track.end._replace(parameter=-track.end.parameter)
    return _ended(landscapes, points, readings, end, level, origin)


def _otherwise(
    landscapes: TruthPath,
    points: list[Place],
    readings: list[Reading],
    level: float | None,
    origin: str,
    reason: str,
    watch: Callable[[float, FloatArray, float], None],
) -> FollowedMinimum:
    """What becomes of a minimum that arclength follows no further: descents can still find a crossing."""
    if level is None:
        return described(landscapes, points, readings, "lost", origin, reason)
    return stepped(landscapes, points, readings, level, origin, reason, watch)


def _crossed(
    landscapes: TruthPath, points: list[Place], readings: list[Reading], level: float, origin: str
) -> FollowedMinimum:
    """The end of a minimum whose last point is at or below the level."""
    if len(points) == 1:
        return described(landscapes, points, readings, "lost", origin, "its defect is at the level itself")
    found = _crossing(landscapes, (points[-2], points[-1]), level, 1.0)
    if found is None:
        return described(landscapes, points, readings, "lost", origin, "no minimum between two points")
    end = (found.parameter, found.point)
    return described(landscapes, [*points[:-1], end], readings[:-1], "crossing", origin, None, found.error)


def _ended(
    landscapes: TruthPath,
    points: list[Place],
    readings: list[Reading],
    end: Singular,
    level: float | None,
    origin: str,
) -> FollowedMinimum:
    """The end of a minimum at a bifurcation, or before it where the defect falls to the level on the way."""
    last = (end.parameter, end.point)
    if level is not None and read(landscapes, end.point, end.parameter).defect <= level:
        # Towards a fold the means move like the root of the distance.
        power = 0.5 if end.kind == "fold" else 1.0
        found = _crossing(landscapes, (points[-1], last), level, power)
        if found is not None:
            way = [*points, (found.parameter, found.point)]
            return described(landscapes, way, readings, "crossing", origin, None, found.error)
    return described(landscapes, [*points, last], readings, end.kind, origin, None, end.error)


def _crossing(
    landscapes: TruthPath, ends: tuple[Place, Place], level: float, power: float
) -> Crossing | None:
    def settle(guess: FloatArray, parameter: float) -> FloatArray | None:
        return refined(landscapes, guess, parameter)

    def uncertainty(point: FloatArray, parameter: float) -> float:
        """What the error of the means makes of the defect."""
        objective, local = landscapes.objective(point, parameter, fine=True)
        at = landscapes.slope(point, parameter, fine=True)
        wrong = landscapes.unit * objective.errors(local).gradient + float(np.linalg.norm(at.gradient))
        return ASSOCIATION_PER_SIGMA * wrong / float(np.linalg.eigvalsh(at.hessian)[0])

    return crossing(landscapes, ends, level, settle, uncertainty, located=LOCATED, power=power)
