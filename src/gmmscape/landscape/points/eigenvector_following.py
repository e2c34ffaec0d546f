"""Eigenvector following: critical points of a chosen index, and descents that keep to their basin."""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve.location import LocationState, evaluate, moved
from gmmscape.solve.newton import FLAT, trust_region_step

#: Longest step along one eigenvector while following, and longest step of a descent that keeps to its basin,
#: in sigma.
STRIDE, STROLL = 0.5, 0.1
#: Iterations of a following and of such a descent; Newton steps of a polish.
MOST_STEPS, MOST_STROLLS, MOST_POLISH = 120, 2000, 40
#: Steps of a polish that need not halve the EM step, once it is short.
IDLE = 5
#: Length of the EM step at which a followed point counts as critical; a polished one.
FOLLOWED, POLISHED = 1e-7, 1e-9
#: Curvatures, in 1/sigma^2, taken for no smaller than this while steps are still long.
SOFTEST = 1e-3


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
    for number in range(MOST_STEPS):
        if at.lost.any():
            return None
        values, vectors, slope = _spectrum(at)
        if at.gradient_norm <= FOLLOWED:
            return at.mixture if np.count_nonzero(values < -FLAT) == index else None
        length = np.abs(slope) / np.maximum(np.abs(values), SOFTEST if at.gradient_norm > 1e-3 else FLAT)
        # Strides shorten, so that steps that cross the point from side to side come to an end.
        step = -np.sign(slope) * np.minimum(length, STRIDE * (1.0 - number / MOST_STEPS))
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
    for _ in range(MOST_POLISH):
        values, vectors, slope = _spectrum(at)
        safe = np.where(np.abs(values) > FLAT, values, np.where(values < 0, -FLAT, FLAT))
        step = -slope / safe
        length = float(np.linalg.norm(step))
        if at.lost.any() or length == 0.0 or idle == IDLE:
            break
        step *= min(1.0, STRIDE / length)
        at = evaluate(objective, moved(objective, at.mixture, vectors @ step), hessian=True)
        idle = (
            idle + 1 if at.gradient_norm > 0.5 * best.gradient_norm and best.gradient_norm <= POLISHED else 0
        )
        if at.gradient_norm < best.gradient_norm or best.lost.any():
            best = at
    return at if at.lost.any() else best


def strolled(objective: Objective, start: Mixture) -> Mixture:
    """Return where the way down from a start leads, in steps too short to leave its basin."""
    at = evaluate(objective, start, hessian=True)
    for _ in range(MOST_STROLLS):
        if at.lost.any() or at.gradient_norm <= FOLLOWED:
            break
        assert at.curvature is not None
        step, _ = trust_region_step(at.slope, at.curvature, STROLL)
        at = evaluate(objective, moved(objective, at.mixture, step), hessian=True)
    return at.mixture


def _spectrum(at: LocationState) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Curvatures, their directions, and the slope along them, with sigma as unit of length."""
    assert at.curvature is not None
    values, vectors = np.linalg.eigh(at.curvature)
    return values, vectors, vectors.T @ at.slope
