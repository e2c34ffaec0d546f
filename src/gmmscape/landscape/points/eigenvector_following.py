"""Eigenvector following: critical points of a chosen index, and Newton's method on the gradient."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.landscape.points.ground import Ground, S, Spot
from gmmscape.mixture import Mixture
from gmmscape.tolerances import TOLERANCES


class Followed(NamedTuple):
    """Where a following ended: a critical point, or None with the reason why not.

    The reason is "converged", "other index" for a critical point of another index than the one wanted,
    "nowhere" where the iterations ran out, or why a component was lost.
    """

    mixture: Mixture | None
    reason: str


def follow(ground: Ground[S], start: Mixture, index: int) -> Followed:
    """Return a critical point with `index` negative curvatures near a start, if one is reached.

    Each step goes uphill along the `index` lowest eigenvectors of the Hessian and downhill along the others
    (Cerjan and Miller, 1981), by Newton's length where that is short.

    Parameters
    ----------
    ground : Ground
        The rule that serves start and way.
    start : Mixture
        In local coordinates; weights may differ.
    index : int
        Negative curvatures wanted.

    Returns
    -------
    Followed
        In local coordinates. Cost: some tens of passes with Hessian.
    """
    at: S | None = ground.at(start, hessian=True)
    for number in range(EFFORT.points.following_steps):
        if at is None or at.gone is not None:
            return Followed(None, "degenerate" if at is None else at.gone or "")
        values, vectors, slope = _spectrum(at)
        if at.gradient_norm <= TOLERANCES.points.followed:
            met = np.count_nonzero(values < -TOLERANCES.solve.flat) == index
            return Followed(at.mixture, "converged") if met else Followed(None, "other index")
        length = np.abs(slope) / np.maximum(
            np.abs(values),
            TOLERANCES.points.softest if np.linalg.norm(slope) > 1e-3 else TOLERANCES.solve.flat,
        )
        # Strides shorten, so that steps that cross the point from side to side come to an end.
        step = -np.sign(slope) * np.minimum(
            length, TOLERANCES.points.stride * (1.0 - number / EFFORT.points.following_steps)
        )
        step[:index] *= -1.0
        at = ground.stepped(at, vectors @ step, hessian=True)
    return Followed(None, "nowhere")


def polished(ground: Ground[S], start: Mixture) -> S:
    """Return the critical point of any index next to a start, by Newton's method on the gradient.

    Steps go on while they halve the EM step, and a few more, because gradients are tiny all around a point
    that has only just split off another; curvatures without a sign count as the smallest that has one.
    """
    at = best = ground.at(start, hessian=True)
    idle = 0
    for _ in range(EFFORT.points.polishing_steps):
        values, vectors, slope = _spectrum(at)
        safe = np.where(
            np.abs(values) > TOLERANCES.solve.flat,
            values,
            np.where(values < 0, -TOLERANCES.solve.flat, TOLERANCES.solve.flat),
        )
        step = -slope / safe
        length = float(np.linalg.norm(step))
        if at.gone is not None or length == 0.0 or idle == EFFORT.points.idle_steps:
            break
        step *= min(1.0, TOLERANCES.points.stride / length)
        further = ground.stepped(at, vectors @ step, hessian=True)
        if further is None:
            break
        at = further
        idle = (
            idle + 1
            if at.gradient_norm > 0.5 * best.gradient_norm
            and best.gradient_norm <= TOLERANCES.points.polished
            else 0
        )
        if at.gradient_norm < best.gradient_norm or best.gone is not None:
            best = at
    return at if at.gone is not None else best


def _spectrum(at: Spot) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Curvatures, their directions, and the slope along them, in the units of steps."""
    assert at.curvature is not None
    values, vectors = np.linalg.eigh(at.curvature)
    return values, vectors, vectors.T @ at.slope
