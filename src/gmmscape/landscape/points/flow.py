"""Steepest descent from both sides of a saddle, on rules made for where it has come."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve.location import LocationState, evaluate, moved
from gmmscape.tolerances import TOLERANCES

#: Returns the objective with a rule for a mixture at which the slope has this length, or a shorter one.
Near = Callable[[Mixture, float], Objective]


class Side(NamedTuple):
    """A point next to a saddle, in local coordinates, and the length of the slope there.

    Of the slope, and not of the EM step: a mean without mass, in the void between clusters, has no slope to
    speak of, but goes far in one step.
    """

    start: Mixture
    force: float


def sides(near: Near, saddle: Mixture, curvature: float) -> tuple[Side, Side] | None:
    """Return points next to a saddle of index 1, on either side along its unstable direction.

    They are as far from it as the slope there is what the curvature says, so that what has only just split
    off lies beyond them.

    Parameters
    ----------
    near : callable
        Makes objectives of the location family.
    saddle : Mixture
        In local coordinates.
    curvature : float
        The lowest, in 1/sigma^2, as far as it is known: the rule resolves it.

    Returns
    -------
    tuple of two Side, or None
        None where no slope leads down from it on the rule made for it.
    """
    objective = near(saddle, TOLERANCES.points.aside * abs(curvature))
    at = evaluate(objective, saddle, hessian=True)
    assert at.curvature is not None
    values, vectors = np.linalg.eigh(at.curvature)
    if not values[0] < 0:
        return None
    one, other = (_side(objective, saddle, side * vectors[:, 0], values[0]) for side in (-1.0, 1.0))
    return one, other


def _side(objective: Objective, saddle: Mixture, direction: FloatArray, curvature: float) -> Side:
    # On a plateau slopes are below rounding nearby.
    far = min(TOLERANCES.points.farthest_aside, TOLERANCES.points.slope_aside / abs(curvature))
    length = max(TOLERANCES.points.aside, far)
    for halving in range(EFFORT.points.side_halvings + 1):
        start = moved(objective, saddle, length * direction)
        at = evaluate(objective, start, hessian=False)
        downhill = float(at.slope @ direction) < 0.5 * curvature * length
        if downhill or halving == EFFORT.points.side_halvings:
            return Side(start, float(np.linalg.norm(at.slope)))
        length *= 0.5
    raise AssertionError("the last halving returns")


def flowed(near: Near, side: Side, accuracy: float = TOLERANCES.points.flow_error) -> Mixture | None:
    """Return the minimum that steepest descent leads to, or a point in the valley of a flat one.

    Where it leads to a saddle, as among means that coincide, it goes on down from there.

    Parameters
    ----------
    near : callable
        Makes objectives of the location family.
    side : Side
        Where it begins.
    accuracy : float, optional
        Error of a step as a share of it.

    Returns
    -------
    Mixture or None
        In local coordinates; None where a mean is out of reach of the rows, or the way is too long. Cost:
        some tens of passes with Hessian, and a rule for each sigma of the way and each fall of the gradient
        by orders.
    """
    here, force = side
    for _ in range(EFFORT.points.flow_rules):
        at, done = _on_one_rule(near(here, force), here, force, accuracy)
        if at is None:
            return None
        here, force = at.mixture, float(np.linalg.norm(at.slope))
        if done:
            assert at.curvature is not None
            lowest = float(np.linalg.eigvalsh(at.curvature)[0])
            further = sides(near, here, lowest) if lowest < -TOLERANCES.solve.flat else None
            if further is None:
                return here
            here, force = further[0]
    return None


def _on_one_rule(
    objective: Objective, start: Mixture, force: float, accuracy: float
) -> tuple[LocationState | None, bool]:
    """Follow the flow while a rule serves; return where that ends, and whether it is a critical point.

    A rule made for a force serves as long as the gradient is not much weaker, and within a sigma.
    """
    at = evaluate(objective, start, hessian=True)
    least = TOLERANCES.points.flow_fall * min(force, float(np.linalg.norm(at.slope)))
    time = 1.0
    for _ in range(EFFORT.points.flow_steps):
        if at.lost.any():
            return None, True
        assert at.curvature is not None
        values, vectors = np.linalg.eigh(at.curvature)
        slope = vectors.T @ at.slope
        # Stiff directions have more noise of rounding, soft ones less far to go by Newton's model.
        soft = np.abs(values) <= TOLERANCES.solve.flat
        arrived = ~soft & (np.abs(slope) <= TOLERANCES.points.flow_arrived * np.abs(values))
        if np.all(arrived | (np.abs(slope) <= TOLERANCES.points.no_force)):
            return at, True
        far = np.linalg.norm(at.mixture.means - start.means, axis=1).max()
        if far > objective.family.coordinates.sigma or np.linalg.norm(slope) < least:
            return at, False
        at, time = _step(objective, at, (values, vectors, slope), time, accuracy)
    return None, True


def _step(
    objective: Objective,
    at: LocationState,
    spectrum: tuple[FloatArray, FloatArray, FloatArray],
    time: float,
    accuracy: float,
) -> tuple[LocationState, float]:
    """One step of the flow, and the time to try next: an exponential Rosenbrock method of order three.

    In the directions of the Hessian the flow of the quadratic model is exact; what the gradient where it
    ends differs from the model's corrects it, and measures its error (Hochbruck, Ostermann and Schweitzer,
    2009).
    """
    values, vectors, slope = spectrum
    lowest = float(values.min())
    longest = TOLERANCES.points.longest_time
    if lowest < 0:
        longest = min(longest, TOLERANCES.points.growth / -lowest)
    stride, time = TOLERANCES.points.stride, min(time, longest)
    for _ in range(EFFORT.points.flow_tries):
        first = -time * _phi(1, -time * values) * slope
        length = float(np.linalg.norm(first))
        if length > stride:
            time *= max(0.1, 0.9 * stride / length)
            continue
        there = evaluate(objective, moved(objective, at.mixture, vectors @ first), hessian=False)
        rest = slope + values * first - vectors.T @ there.slope
        second = 2.0 * time * _phi(3, -time * values) * rest
        error = float(np.linalg.norm(second)) / (accuracy * length)
        if error <= 1.0:
            step = vectors @ (first + second)
            grown = time * min(5.0, 0.8 / max(error, 1e-3) ** (1 / 3))
            return evaluate(objective, moved(objective, at.mixture, step), hessian=True), grown
        time *= max(0.1, 0.8 / error ** (1 / 3))
    # Too rough for the rule to tell: a short step of steepest descent.
    short = TOLERANCES.points.step_of_last_resort / max(float(np.linalg.norm(slope)), np.finfo(float).tiny)
    step = -short * (vectors @ slope)
    return evaluate(objective, moved(objective, at.mixture, step), hessian=True), short


def _phi(order: int, z: FloatArray) -> FloatArray:
    """The functions ``(exp(z) - 1) / z`` (order 1) and ``(exp(z) - 1 - z - z^2/2) / z^3`` (order 3)."""
    small = np.abs(z) < 0.1
    safe = np.where(small, 1.0, z)
    if order == 1:
        return np.where(z == 0.0, 1.0, np.expm1(z) / np.where(z == 0.0, 1.0, z))
    series = 1 / 6 + z * (1 / 24 + z * (1 / 120 + z * (1 / 720 + z * (1 / 5040 + z / 40320))))
    return np.where(small, series, ((np.expm1(safe) / safe - 1.0) / safe - 0.5) / safe)
