"""Steepest descent from both sides of a saddle, on rules made for where it has come."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.landscape.points.ground import Ground, S
from gmmscape.mixture import Mixture
from gmmscape.tolerances import TOLERANCES

#: Returns the ground with a rule for a mixture at which the slope has this length, or a shorter one.
Near = Callable[[Mixture, float], Ground[S]]


class Arrived(NamedTuple):
    """Where a steepest descent arrived, or None and why nowhere: a component lost, or "max_iter"."""

    mixture: Mixture | None
    reason: str


class Side(NamedTuple):
    """A point next to a saddle, in local coordinates, and the length of the slope there.

    Of the slope, and not of the EM step: a mean without mass, in the void between clusters, has no slope to
    speak of, but goes far in one step.
    """

    start: Mixture
    force: float


def sides(near: Near[S], saddle: Mixture, curvature: float) -> tuple[Side, Side] | None:
    """Return points next to a saddle of index 1, on either side along its unstable direction.

    They are as far from it as the slope there is what the curvature says, so that what has only just split
    off lies beyond them.

    Parameters
    ----------
    near : callable
        Makes the ground.
    saddle : Mixture
        In local coordinates.
    curvature : float
        The lowest, in the units of steps, as far as it is known: the rule resolves it.

    Returns
    -------
    tuple of two Side, or None
        None where no slope leads down from it on the rule made for it.
    """
    ground = near(saddle, TOLERANCES.points.aside * abs(curvature))
    at = ground.at(saddle, hessian=True)
    assert at.curvature is not None
    values, vectors = np.linalg.eigh(at.curvature)
    if not values[0] < 0:
        return None
    one, other = (_side(ground, at, side * vectors[:, 0], values[0]) for side in (-1.0, 1.0))
    return one, other


def _side(ground: Ground[S], saddle: S, direction: FloatArray, curvature: float) -> Side:
    # On a plateau slopes are below rounding nearby.
    far = min(TOLERANCES.points.farthest_aside, TOLERANCES.points.slope_aside / abs(curvature))
    length = max(TOLERANCES.points.aside, far)
    for halving in range(EFFORT.points.side_halvings + 1):
        at = ground.stepped(saddle, length * direction, hessian=False)
        downhill = at is not None and float(at.slope @ direction) < 0.5 * curvature * length
        if at is not None and (downhill or halving == EFFORT.points.side_halvings):
            return Side(at.mixture, float(np.linalg.norm(at.slope)))
        length *= 0.5
    return Side(saddle.mixture, float(np.linalg.norm(saddle.slope)))


def flowed(near: Near[S], side: Side, accuracy: float = TOLERANCES.points.flow_error) -> Arrived:
    """Return the minimum that steepest descent leads to, or a point in the valley of a flat one.

    Where it leads to a saddle, as among means that coincide, it goes on down from there.

    Parameters
    ----------
    near : callable
        Makes the ground.
    side : Side
        Where it begins.
    accuracy : float, optional
        Error of a step as a share of it.

    Returns
    -------
    Arrived
        In local coordinates; none where a component is out of reach of the rows, or the way is too long.
        Cost: some tens of passes with Hessian, and a rule for each unit of the way and each fall of the
        gradient by orders.
    """
    here, force = side
    for _ in range(EFFORT.points.flow_rules):
        at, reason = _on_one_rule(near(here, force), here, force, accuracy)
        if at is None:
            return Arrived(None, reason)
        here, force = at.mixture, float(np.linalg.norm(at.slope))
        if reason == "converged":
            assert at.curvature is not None
            lowest = float(np.linalg.eigvalsh(at.curvature)[0])
            further = sides(near, here, lowest) if lowest < -TOLERANCES.solve.flat else None
            if further is None:
                return Arrived(here, reason)
            here, force = further[0]
    return Arrived(None, "max_iter")


def _on_one_rule(ground: Ground[S], start: Mixture, force: float, accuracy: float) -> tuple[S | None, str]:
    """Follow the flow while a rule serves; return where that ends, and why.

    "converged" at a critical point, "rule" where another rule is needed: one made for a force serves as long
    as the gradient is not much weaker, and within a unit. No spot where a component is lost.
    """
    at: S | None = ground.at(start, hessian=True)
    assert at is not None
    least = TOLERANCES.points.flow_fall * min(force, float(np.linalg.norm(at.slope)))
    time = 1.0
    for _ in range(EFFORT.points.flow_steps):
        if at is None or at.gone is not None:
            return None, "degenerate" if at is None else at.gone or ""
        assert at.curvature is not None
        values, vectors = np.linalg.eigh(at.curvature)
        slope = vectors.T @ at.slope
        # Stiff directions have more noise of rounding, soft ones less far to go by Newton's model.
        soft = np.abs(values) <= TOLERANCES.solve.flat
        arrived = ~soft & (np.abs(slope) <= TOLERANCES.points.flow_arrived * np.abs(values))
        if np.all(arrived | (np.abs(slope) <= ground.no_force)):
            return at, "converged"
        if ground.apart(at.mixture, start) > 1.0 or np.linalg.norm(slope) < least:
            return at, "rule"
        at, time = _step(ground, at, (values, vectors, slope), time, accuracy)
    return None, "max_iter"


def _step(
    ground: Ground[S],
    at: S,
    spectrum: tuple[FloatArray, FloatArray, FloatArray],
    time: float,
    accuracy: float,
) -> tuple[S | None, float]:
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
        there = ground.stepped(at, vectors @ first, hessian=False)
        if there is None:
            time *= 0.1
            continue
        slope_there = vectors.T @ there.slope
        # Where there is no force, a change of it is rounding, which would hold up the other directions.
        still = np.maximum(np.abs(slope), np.abs(slope_there)) <= ground.no_force
        rest = np.where(still, 0.0, slope + values * first - slope_there)
        second = 2.0 * time * _phi(3, -time * values) * rest
        error = float(np.linalg.norm(second)) / (accuracy * length)
        if error <= 1.0:
            step = vectors @ (first + second)
            grown = time * min(5.0, 0.8 / max(error, 1e-3) ** (1 / 3))
            return ground.stepped(at, step, hessian=True), grown
        time *= max(0.1, 0.8 / error ** (1 / 3))
    # Too rough for the rule to tell: a short step of steepest descent.
    short = TOLERANCES.points.step_of_last_resort / max(float(np.linalg.norm(slope)), np.finfo(float).tiny)
    step = -short * (vectors @ slope)
    return ground.stepped(at, step, hessian=True), short


def _phi(order: int, z: FloatArray) -> FloatArray:
    """The functions ``(exp(z) - 1) / z`` (order 1) and ``(exp(z) - 1 - z - z^2/2) / z^3`` (order 3)."""
    small = np.abs(z) < 0.1
    safe = np.where(small, 1.0, z)
    if order == 1:
        return np.where(z == 0.0, 1.0, np.expm1(z) / np.where(z == 0.0, 1.0, z))
    series = 1 / 6 + z * (1 / 24 + z * (1 / 120 + z * (1 / 720 + z * (1 / 5040 + z / 40320))))
    return np.where(small, series, ((np.expm1(safe) / safe - 1.0) / safe - 0.5) / safe)
