"""Eigenvector following: critical points of a chosen index, and Newton's method on the gradient."""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve.location import LocationState, evaluate, moved
from gmmscape.tolerances import TOLERANCES


def follow(objective: Objective, start: Mixture, index: int) -> Mixture | None:
    """Return a critical point with `index` negative curvatures near a start, or None if none is reached.

    Each step goes uphill along the `index` lowest eigenvectors of the Hessian and downhill along the others
    (Cerjan and Miller, 1981), by Newton's length where that is short.

    Parameters
    ----------
    objective : Objective
        Of the location family.
    start : Mixture
        In local coordinates; weights may differ.
    index : int
        Negative curvatures wanted.

    Returns
    -------
    Mixture or None
        In local coordinates. Cost: some tens of passes with Hessian.
    """
    at = evaluate(objective, start, hessian=True)
    for number in range(EFFORT.points.following_steps):
        if at.lost.any():
            return None
        values, vectors, slope = _spectrum(at)
        if at.gradient_norm <= TOLERANCES.points.followed:
            return at.mixture if np.count_nonzero(values < -TOLERANCES.solve.flat) == index else None
        length = np.abs(slope) / np.maximum(
            np.abs(values),
            TOLERANCES.points.softest if np.linalg.norm(slope) > 1e-3 else TOLERANCES.solve.flat,
        )
        # Strides shorten, so that steps that cross the point from side to side come to an end.
        step = -np.sign(slope) * np.minimum(
            length, TOLERANCES.points.stride * (1.0 - number / EFFORT.points.following_steps)
        )
        step[:index] *= -1.0
        at = evaluate(objective, moved(objective, at.mixture, vectors @ step), hessian=True)
    return None


def polished(objective: Objective, start: Mixture) -> LocationState:
    """Return the critical point of any index next to a start, by Newton's method on the gradient.

    Steps go on while they halve the EM step, and a few more, because gradients are tiny all around a point
    that has only just split off another; curvatures without a sign count as the smallest that has one.
    """
    at = best = evaluate(objective, start, hessian=True)
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
        if at.lost.any() or length == 0.0 or idle == EFFORT.points.idle_steps:
            break
        step *= min(1.0, TOLERANCES.points.stride / length)
        at = evaluate(objective, moved(objective, at.mixture, vectors @ step), hessian=True)
        idle = (
            idle + 1
            if at.gradient_norm > 0.5 * best.gradient_norm
            and best.gradient_norm <= TOLERANCES.points.polished
            else 0
        )
        if at.gradient_norm < best.gradient_norm or best.lost.any():
            best = at
    return at if at.lost.any() else best


def _spectrum(at: LocationState) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Curvatures, their directions, and the slope along them, with sigma as unit of length."""
    assert at.curvature is not None
    values, vectors = np.linalg.eigh(at.curvature)
    return values, vectors, vectors.T @ at.slope
