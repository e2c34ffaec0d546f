"""The degree of a point whose curvatures vanish to rounding: what it counts for in the count law.

Where means coincide with second moments of sigma^2, whether they split is beyond float64. The gradient on a
small sphere tells what the point and all that may have split off it count for together: the degree of a map
does not change unless a zero crosses the sphere.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.tolerances import TOLERANCES


def measured_degree(objective: Objective, local: Mixture) -> int | None:
    """Return the degree of the gradient on a small sphere around a critical point, or None if it is unclear.

    The stiff directions are relaxed (splitting lemma): they give the sign (-1)^index. In the m soft ones the
    slope along the radius is looked at: outward everywhere, the degree is 1, inward everywhere (-1)^m; where
    m is 1 and it is outward on one side only, 0. Two and three are looked at in some directions, not in all.

    Parameters
    ----------
    objective : Objective
        Of the location family, with a fine rule.
    local : Mixture
        The point, in local coordinates.

    Returns
    -------
    int or None
        None without soft directions, with more than three, or where slopes differ in sign or have none. Cost:
        some hundred passes with Hessian at most.
    """
    sigma = objective.family.coordinates.sigma
    hessian = objective.derivatives(local, hessian=True).hessian
    assert hessian is not None
    values, vectors = np.linalg.eigh(sigma**2 * hessian)
    soft = np.abs(values) <= TOLERANCES.points.degree_soft
    m = int(np.count_nonzero(soft))
    if m == 0 or m > EFFORT.points.most_soft:
        return None
    sign = (-1) ** int(np.count_nonzero(values[~soft] < 0))
    slopes = []
    for direction in _directions(m):
        slope = _slope(objective, local, vectors[:, soft] @ direction, vectors[:, ~soft])
        if abs(slope) < TOLERANCES.points.least_slope * TOLERANCES.points.degree_radius:
            return None
        slopes.append(slope > 0)
    if all(slopes):
        return sign
    if not any(slopes):
        return sign * (-1) ** m
    return 0 if m == 1 else None


def _directions(m: int) -> FloatArray:
    if m == 2:
        angles = 2 * np.pi * np.arange(EFFORT.points.sphere_angles) / EFFORT.points.sphere_angles
        return np.stack([np.cos(angles), np.sin(angles)], axis=1)
    found = np.array([signs for signs in product((-1.0, 0.0, 1.0), repeat=m) if any(signs)])
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def _slope(objective: Objective, local: Mixture, outward: FloatArray, stiff: FloatArray) -> float:
    """Slope along the radius, at the radius, where the slope in the stiff directions vanishes."""
    sigma = objective.family.coordinates.sigma
    offset = TOLERANCES.points.degree_radius * outward
    for _ in range(EFFORT.points.relaxing_steps):
        at = objective.derivatives(
            local.relocated(local.means + sigma * offset.reshape(local.means.shape)), hessian=True
        )
        assert at.hessian is not None
        gradient, hessian = sigma * at.gradient.ravel(), sigma**2 * at.hessian
        offset = offset - stiff @ np.linalg.solve(stiff.T @ hessian @ stiff, stiff.T @ gradient)
    at = objective.derivatives(local.relocated(local.means + sigma * offset.reshape(local.means.shape)))
    return float(sigma * at.gradient.ravel() @ outward)
