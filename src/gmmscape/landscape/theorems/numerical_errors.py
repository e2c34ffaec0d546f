"""How far each mean of a minimum may be from where the exact one has it."""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray
from gmmscape.exceptions import NotAvailableError
from gmmscape.landscape.falsification.second_opinion import gauss_legendre
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.landscape.points.descent import Descent
from gmmscape.landscape.realisation.flat_minimum import wall_around
from gmmscape.measure import Population
from gmmscape.tolerances import TOLERANCES


def numerical_errors(
    population: Population, descent: Descent, point: CriticalPoint
) -> tuple[FloatArray, bool]:
    """Return an estimate of the numerical error of each mean, and whether a second rule was asked.

    The larger of two: what the gradient that is left, and its error, could move the mean; and what a rule of
    Gauss and Legendre, which shares neither nodes nor code with the first, would move it. Means that coincide
    where float64 does not see whether they split are known to the radius of a sphere on which the NLL is
    higher.

    Parameters
    ----------
    population : Population
        What the NLL is averaged over.
    descent : Descent
        Of its landscape.
    point : CriticalPoint
        A polished minimum.

    Returns
    -------
    errors : ndarray of shape (k,)
        In sigma.
    second : bool
        False where the means span more than three dimensions, which the second rule does not do.
    """
    sigma, k = descent.sigma, descent.k
    local = descent.local_of(point)
    objective = descent.objective(local, TOLERANCES.points.finer * population.rtol)
    at = objective.derivatives(local, hessian=True)
    assert at.hessian is not None
    left = objective.errors(local).gradient * sigma
    errors = displacements(at.hessian * sigma**2, at.gradient.ravel() * sigma, left, k)
    loose = np.isinf(errors)
    radius = _radius(descent, point, loose) if loose.any() else np.inf
    try:
        opinion = gauss_legendre(point.means, population.truth, sigma)
    except NotAvailableError:
        return np.where(loose, radius, errors), False
    moved = displacements(opinion.hessian, opinion.gradient, 0.0, k)
    return np.where(loose, radius, np.maximum(errors, moved)), True


def _radius(descent: Descent, point: CriticalPoint, loose: BoolArray) -> float:
    """How far means that coincide may be from there, in sigma; infinite where that is not known."""
    assert point.decoding is not None
    blocks = [block for block in point.decoding.blocks if loose[list(block.means)].any()]
    covered = {i for block in blocks for i in block.means}
    together = all(
        block.kind == "many-fit-one" and not np.ptp(point.means[list(block.means)], axis=0).any()
        for block in blocks
    )
    if not together or not covered.issuperset(np.flatnonzero(loose).tolist()):
        return np.inf
    wall = wall_around(descent, blocks, point)
    return np.inf if wall is None else wall.radius


def displacements(hessian: FloatArray, gradient: FloatArray, error: float, k: int) -> FloatArray:
    """Return how far a gradient, each entry of which is off by an error at most, could move each mean.

    By modes: along each, the gradient over its curvature. A mode whose curvature has no sign may move the
    means that take part in it anywhere, and others by what they have of one sigma along it.

    Parameters
    ----------
    hessian : ndarray of shape (k*d, k*d)
        With sigma as unit of length.
    gradient : ndarray of shape (k*d,)
        Likewise.
    error : float
        Of each entry of the gradient.
    k : int
        Number of means.

    Returns
    -------
    ndarray of shape (k,)
        In sigma.
    """
    curvatures, modes = np.linalg.eigh(hessian)
    parts = np.abs(modes)
    flat = np.abs(curvatures) <= TOLERANCES.solve.flat
    pulls = np.abs(modes.T @ gradient) + error * parts.sum(axis=0)
    lengths = np.where(flat, 1.0, pulls / np.where(flat, 1.0, np.abs(curvatures)))
    moved = np.linalg.norm((parts @ lengths).reshape(k, -1), axis=1)
    shares = np.linalg.norm(modes.reshape(k, -1, len(curvatures)), axis=1)
    loose = (shares[:, flat] > TOLERANCES.theorems.takes_part).any(axis=1)
    return np.where(loose, np.inf, moved)
