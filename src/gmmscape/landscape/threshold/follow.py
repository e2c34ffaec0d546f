"""A minimum followed upwards along a path of truths: to a fold, a pitchfork, or the crossing of a defect."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.landscape.paths.branch import Branch, BranchPoint
from gmmscape.landscape.paths.tracking import tracked
from gmmscape.landscape.paths.truth_path import TruthPath
from gmmscape.landscape.threshold.branch_points import Place, Reading, Way, described, read
from gmmscape.landscape.threshold.crossing import Crossing, crossing
from gmmscape.landscape.threshold.flat import flat_crossing, stepped
from gmmscape.landscape.threshold.result import FollowedMinimum
from gmmscape.landscape.threshold.same_branch import refined
from gmmscape.tolerances import TOLERANCES

FLAT = "too flat to be followed by arclength"


class Levels(NamedTuple):
    """What is asked of a defect.

    Attributes
    ----------
    level : float
        At whose crossing a minimum ends.
    floor : float
        Where it is followed no further: a defect that has fallen below the level may rise again.
    """

    level: float
    floor: float


def follow(
    landscapes: TruthPath,
    means: FloatArray,
    parameter: float,
    levels: Levels | None,
    origin: str,
    watch: Callable[[float, FloatArray, float], None],
) -> FollowedMinimum:
    """Follow a minimum upwards from a parameter; all means are in local coordinates.

    Parameters
    ----------
    landscapes : TruthPath
        Along the path.
    means : ndarray of shape (k, d)
        The minimum at `parameter`.
    parameter : float
        Where to begin.
    levels : Levels or None
        The defect that is asked for; None to go on to the bifurcation.
    origin : str
        Where the minimum comes from.
    watch : callable
        Sees parameter, means and defect of each point; what it raises is passed on.

    Returns
    -------
    FollowedMinimum
        The way and its end. Cost: some hundred evaluations of the Hessian.
    """
    way = _way(landscapes, means.ravel() / landscapes.unit, parameter, levels, watch)
    if levels is None:
        return described(landscapes, way, origin, way.finish, error=way.error)
    if way.finish == "lost":
        way = stepped(landscapes, way, levels.floor, watch)
    return _judged(landscapes, way, levels.level, origin)


def _way(
    landscapes: TruthPath,
    begun: FloatArray,
    parameter: float,
    levels: Levels | None,
    watch: Callable[[float, FloatArray, float], None],
) -> Way:
    """The way that arclength finds."""
    start = refined(landscapes, begun, parameter)
    if (
        start is None
        or np.linalg.eigvalsh(landscapes.slope(start, parameter).hessian)[0] < TOLERANCES.threshold.resolved
    ):
        return Way([(parameter, begun)], [read(landscapes, begun, parameter)], "lost", reason=FLAT)
    readings: list[Reading] = []
    flat: list[bool] = []

    def seen(point: BranchPoint) -> bool:
        reading = read(landscapes, point.point, -point.parameter)
        readings.append(reading)
        flat.append(bool(point.eigenvalues[0] < TOLERANCES.threshold.resolved))
        watch(-point.parameter, landscapes.means(point.point), reading.defect)
        return (levels is not None and reading.defect <= levels.floor) or flat[-2:] == [True, True]

    track = tracked(Branch(landscapes.reversed(), start, -parameter), seen)
    points: list[Place] = [(-p.parameter, p.point) for p in track.points]
    if levels is not None and readings[-1].defect <= levels.floor:
        return Way(points, readings, "floor")
    if track.lost is not None or flat[-2:] == [True, True]:
        return Way(points, readings, "lost", reason=track.lost or FLAT)
    if track.end is None:
        return Way(points, readings, "upper end")
    last = (-track.end.parameter, track.end.point)
    end = read(landscapes, last[1], last[0])
    return Way([*points, last], [*readings, end], track.end.kind, track.end.error)


def _judged(landscapes: TruthPath, way: Way, level: float, origin: str) -> FollowedMinimum:
    """The end of a way: where its defect is above the level for the last time."""
    above = [place for place, reading in enumerate(way.readings) if reading.defect > level]
    if not above:
        return described(landscapes, way, origin, "below")
    i = above[-1]
    if i == len(way.points) - 1:
        return described(landscapes, way, origin, way.finish, error=way.error)
    # Towards a fold the means move like the root of the distance.
    power = 0.5 if way.finish == "fold" and i == len(way.points) - 2 else 1.0
    ends = (way.points[i], way.points[i + 1])
    found = _crossing(landscapes, ends, level, power) or flat_crossing(landscapes, ends, level)
    if found is None:
        return described(
            landscapes, way, origin, "lost", i, reason="no minimum between two points of its way"
        )
    here = (found.parameter, found.point)
    points = [*way.points[: i + 1], here, *way.points[i + 1 :]]
    readings = [
        *way.readings[: i + 1],
        read(landscapes, found.point, found.parameter),
        *way.readings[i + 1 :],
    ]
    passed = way._replace(points=points, readings=readings)
    return described(landscapes, passed, origin, "crossing", i + 1, found.error)


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
        wrong += landscapes.grain  # of the centers, in sigma
        return TOLERANCES.threshold.association_per_sigma * wrong / float(np.linalg.eigvalsh(at.hessian)[0])

    return crossing(
        landscapes,
        ends,
        level,
        settle,
        uncertainty,
        located=TOLERANCES.threshold.crossing_located,
        power=power,
    )
