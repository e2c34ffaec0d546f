"""A minimum followed upwards along a path of truths: to a fold, a pitchfork, or the crossing of a defect."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.landscape.association import association
from gmmscape.landscape.branch import Branch, BranchPoint
from gmmscape.landscape.fold import Singular
from gmmscape.landscape.path import TruthPath
from gmmscape.landscape.stars import best_stars
from gmmscape.landscape.structure import decode
from gmmscape.landscape.thresholds import FollowedMinimum
from gmmscape.landscape.tracking import tracked
from gmmscape.measure import Population

#: Newton's corrections of a point near the branch: how many, how short the last (with a fine rule or not),
#: and how far, in sigma, all.
CORRECTIONS, CLOSE, ROUGHLY, LONGEST = 12, 1e-11, 1e-8, 0.5
#: What a change along the path counts in a signature.
FEWER_DIGITS = 0.01
#: A minimum with a curvature, in 1/sigma^2, below this is too flat to follow by arclength.
RESOLVED = 1e-8
#: Accuracy of associations where a crossing is located; of Sobol points, which take over in more than
#: `MOST_AXES` dimensions, whatever is asked.
FINE_RTOL, SOBOL_ERROR, MOST_AXES = 1e-10, 1e-4, 3
#: No association changes by more than this for each sigma that a mean moves.
ASSOCIATION_PER_SIGMA = 1.0
#: Half-width of the difference that gives the slope of the defect, as a share of the bracket.
SLOPE_WIDTH = 1e-5
#: Crossings are located to this share of the bracket, and of the parameter.
LOCATED = 1e-12


class Reading(NamedTuple):
    """A minimum read against the truth of its parameter."""

    defect: float
    position_error: float


class _Crossing(NamedTuple):
    parameter: float
    error: float
    point: FloatArray


def read(landscapes: TruthPath, point: FloatArray, parameter: float) -> Reading:
    """Return defect and largest approximation error of a point."""
    descent = landscapes.descent(parameter)
    truth = descent.measure.truth
    assert truth is not None
    fit = descent.local(landscapes.means(point)).shifted(descent.measure.origin)
    decoding = decode(fit, truth, sigma=descent.sigma)
    return Reading(decoding.defect, float(decoding.errors.max()))


def refined(
    landscapes: TruthPath, point: FloatArray, parameter: float, *, fine: bool = True
) -> FloatArray | None:
    """Return the minimum next to a point by Newton's method; None where there is none or it is far."""
    enough = CLOSE if fine else ROUGHLY
    near = point
    for _ in range(CORRECTIONS):
        at = landscapes.slope(near, parameter, fine=fine)
        try:
            step = np.linalg.solve(at.hessian, -at.gradient)
        except np.linalg.LinAlgError:
            return None
        near = near + step
        if not np.linalg.norm(near - point) <= LONGEST:
            return None
        if np.linalg.norm(step) <= enough:
            return near if np.linalg.eigvalsh(at.hessian)[0] > 0 else None
    return None


def signature(landscapes: TruthPath, point: FloatArray, parameter: float) -> FloatArray | None:
    """Return numbers on which minima agree that a symmetry of the path, or relabelling, maps on each other.

    Curvatures, how fast the gradient changes along the path, and distances between means and to centers.
    None where no minimum is next to the point.
    """
    exact = refined(landscapes, point, parameter, fine=False)
    if exact is None:
        return None
    truth = landscapes.descent(parameter).measure.truth
    assert truth is not None
    means = landscapes.means(exact)
    among = np.linalg.norm(means[:, None] - means[None], axis=-1)[np.triu_indices(len(means), 1)]
    to_centers = np.linalg.norm(means[:, None] - truth.means[None], axis=-1).ravel()
    hessian = landscapes.slope(exact, parameter).hessian
    drift = landscapes.drift(parameter) / landscapes.unit
    # How the gradient changes for means that move with the truth as a whole: where it is does not matter.
    change = landscapes.along_parameter(exact, parameter).gradient + hessian @ np.tile(drift, landscapes.k)
    # Per unit of the parameter; over the bracket it is a number like the others, but a difference quotient,
    # known to fewer digits: where a symmetry holds at one parameter only it differs in the first ones.
    speed = float(np.linalg.norm(change)) * (landscapes.bracket[1] - landscapes.bracket[0]) * FEWER_DIGITS
    curvatures = np.linalg.eigvalsh(hessian)
    distances = np.concatenate([np.sort(among), np.sort(to_centers)]) / landscapes.unit
    return np.concatenate([curvatures, [speed], distances])


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
    start = refined(landscapes, means.ravel() / landscapes.unit, parameter)
    if start is None:
        begun = means.ravel() / landscapes.unit
        return _described(landscapes, [(parameter, begun)], [], "lost", origin, "no isolated minimum there")
    if np.linalg.eigvalsh(landscapes.slope(start, parameter).hessian)[0] < RESOLVED:
        return _described(landscapes, [(parameter, start)], [], "lost", origin, "too flat to be followed")
    readings: list[Reading] = []

    def seen(point: BranchPoint) -> bool:
        reading = read(landscapes, point.point, -point.parameter)
        readings.append(reading)
        watch(-point.parameter, landscapes.means(point.point), reading.defect)
        return level is not None and reading.defect <= level

    track = tracked(Branch(landscapes.reversed(), start, -parameter), seen)
    points = [(-p.parameter, p.point) for p in track.points] or [(parameter, start)]
    if level is not None and readings and readings[-1].defect <= level:
        return _crossed(landscapes, points, readings, level, origin)
    if track.lost is not None:
        return _described(landscapes, points, readings, "lost", origin, track.lost)
    if track.end is None:
        return _described(landscapes, points, readings, "upper end", origin, None)
    end = track.end._replace(parameter=-track.end.parameter)
    return _ended(landscapes, points, readings, end, level, origin)


def _crossed(
    landscapes: TruthPath,
    points: list[tuple[float, FloatArray]],
    readings: list[Reading],
    level: float,
    origin: str,
) -> FollowedMinimum:
    """The end of a minimum whose last point is at or below the level."""
    if len(points) == 1:
        return _described(landscapes, points, readings, "lost", origin, "its defect is at the level itself")
    found = _crossing(landscapes, points[-2], points[-1], level, 1.0)
    if found is None:
        return _described(landscapes, points, readings, "lost", origin, "no minimum between two points")
    end = (found.parameter, found.point)
    return _described(landscapes, [*points[:-1], end], readings[:-1], "crossing", origin, None, found.error)


def _ended(
    landscapes: TruthPath,
    points: list[tuple[float, FloatArray]],
    readings: list[Reading],
    end: Singular,
    level: float | None,
    origin: str,
) -> FollowedMinimum:
    """The end of a minimum at a bifurcation, or before it where the defect falls to the level on the way."""
    last = (end.parameter, end.point)
    if level is not None and read(landscapes, end.point, end.parameter).defect <= level:
        # Towards a fold the means move like the root of the distance.
        found = _crossing(landscapes, points[-1], last, level, 0.5 if end.kind == "fold" else 1.0)
        if found is not None:
            crossing = (found.parameter, found.point)
            return _described(
                landscapes, [*points, crossing], readings, "crossing", origin, None, found.error
            )
    return _described(landscapes, [*points, last], readings, end.kind, origin, None, end.error)


def _crossing(
    landscapes: TruthPath,
    before: tuple[float, FloatArray],
    after: tuple[float, FloatArray],
    level: float,
    power: float,
) -> _Crossing | None:
    """Return where the defect falls to a level between two points of a branch of minima."""
    from scipy.optimize import brentq

    (low, start), (high, stop) = before, after

    def point(parameter: float) -> FloatArray:
        left = min(max((high - parameter) / (high - low), 0.0), 1.0)
        found = refined(landscapes, stop + left**power * (start - stop), parameter)
        if found is None:
            raise _NoMinimumError
        return found

    def excess(parameter: float) -> float:
        return fine_defect(landscapes, point(parameter), parameter) - level

    try:
        width = landscapes.bracket[1] - landscapes.bracket[0]
        top = high if power == 1.0 else high - LOCATED * width
        parameter = float(brentq(excess, low, top, xtol=LOCATED * width, rtol=1e-14))
        at = point(parameter)
        step = min(SLOPE_WIDTH * width, 0.5 * (high - low))
        ends = max(low, parameter - step), min(top, parameter + step)
        slope = (excess(ends[1]) - excess(ends[0])) / (ends[1] - ends[0])
    except (_NoMinimumError, ValueError):  # no change of sign: the two readings were not as fine
        return None
    error = _defect_error(landscapes, at, parameter) / max(abs(slope), 1e-300) + 2 * LOCATED * width
    return _Crossing(parameter, error, at)


class _NoMinimumError(Exception):
    """Between two points of a branch Newton's method found no minimum."""


def fine_defect(landscapes: TruthPath, point: FloatArray, parameter: float) -> float:
    """Return the defect of a point by a quadrature as fine as crossings are located with."""
    descent = landscapes.descent(parameter)
    truth = descent.measure.truth
    assert truth is not None
    fit = descent.local(landscapes.means(point)).shifted(descent.measure.origin)
    return best_stars(association(fit, truth, FINE_RTOL))[1]


def _defect_error(landscapes: TruthPath, point: FloatArray, parameter: float) -> float:
    """Return the error of a defect: that of the quadrature, and what the error of the means makes of it."""
    objective, local = landscapes.objective(point, parameter, fine=True)
    at = landscapes.slope(point, parameter, fine=True)
    wrong = landscapes.unit * objective.errors(local).gradient + float(np.linalg.norm(at.gradient))
    moved = wrong / max(float(np.linalg.eigvalsh(at.hessian)[0]), 1e-300)
    span = min(landscapes.n_features, max(landscapes.k - 1, 1))
    truth = landscapes.descent(parameter).measure
    assert isinstance(truth, Population)
    if truth.truth.sigma is None:
        span = landscapes.n_features
    return (FINE_RTOL if span <= MOST_AXES else SOBOL_ERROR) + ASSOCIATION_PER_SIGMA * moved


def _described(
    landscapes: TruthPath,
    points: list[tuple[float, FloatArray]],
    readings: list[Reading],
    end: str,
    origin: str,
    reason: str | None,
    error: float = 0.0,
) -> FollowedMinimum:
    """The last of the points is the end; those before it have their readings."""
    way = points if len(readings) == len(points) else points[: len(readings)]
    parameter, point = points[-1]
    last = read(landscapes, point, parameter)
    return FollowedMinimum(
        end=end,
        parameter=parameter,
        error=error,
        means=landscapes.means(point),
        defect=last.defect,
        position_error=last.position_error,
        origin=origin,
        reason=reason,
        parameters=np.array([at for at, _ in way]),
        branch_means=np.array([landscapes.means(p) for _, p in way]).reshape(
            len(way), landscapes.k, landscapes.n_features
        ),
        defects=np.array([reading.defect for reading in readings]),
        position_errors=np.array([reading.position_error for reading in readings]),
    )
