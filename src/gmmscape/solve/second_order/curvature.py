"""The certificate of a critical point: its gradient, its smallest curvature, and how far the optimum is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.covariances import hessian_passes
from gmmscape.effort import EFFORT
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve.second_order.krylov import KrylovSpace
from gmmscape.solve.second_order.own_units import OwnUnits
from gmmscape.tolerances import TOLERANCES


class Curvature(NamedTuple):
    """Second derivatives of NLL and penalty at a mixture, in own units (docs/mathematics.md#own-units).

    There they are relative to the information of complete data: one less the rates at which EM shrinks small
    deviations, near 1 where the labels are as good as known and near 0 on a plateau or ridge.

    Attributes
    ----------
    smallest : float
        Of all directions that change the density.
    error : float
        How much smaller it may be: 0 where the Hessian was formed, else the residual of Lanczos' method.
    falling : int
        Directions in which the value falls: the index of a saddle, zero at a minimum. At least so many where
        the Hessian was only multiplied with.
    gradient : float
        Length of the gradient, about that of the EM step.
    distance : float
        Nats per unit mass by which the nearest minimum is lower, by the quadratic model; infinite where that
        has none.
    direction : ndarray of shape (m,)
        Of the smallest curvature, of length one; of two ways the one that leads down.
    """

    smallest: float
    error: float
    falling: int
    gradient: float
    distance: float
    direction: FloatArray


def curvature(objective: Objective, mixture: Mixture, seed: int = 0) -> Curvature | None:
    """Return the curvature at a mixture in local coordinates.

    Parameters
    ----------
    objective : Objective
        With its rows frozen.
    mixture : Mixture
        A critical point, or near one.
    seed : int, default=0
        Of the direction that Lanczos' method begins with, where there are more than
        ``EFFORT.solve.largest_hessian`` coordinates.

    Returns
    -------
    Curvature or None
        None where a component has no rows, the family has no coordinates, or values are missing in more than
        few rows of few coordinates, which only NumPy can do. Cost: a pass with Hessian and
        O(m^3) for m coordinates, or ``EFFORT.solve.products`` products, about two passes each.
    """
    family = objective.family
    if not objective.differentiable or np.any(mixture.weights <= 0):
        return None
    units = OwnUnits(family, mixture)
    rows = objective.rows
    if rows.incomplete and len(rows) * units.k * units.size**2 > EFFORT.solve.incomplete_hessian:
        return None
    if rows.incomplete or units.size <= EFFORT.solve.largest_hessian:
        return _exact(objective, mixture, units)
    return _by_products(objective, mixture, units, seed)


def price(objective: Objective, mixture: Mixture) -> float:
    """Return how many passes `curvature` takes, about."""
    family = objective.family
    if family.scores is None or not objective.differentiable:
        return 0.0
    k, d = mixture.means.shape
    if OwnUnits(family, mixture).size <= EFFORT.solve.largest_hessian:
        return 2.0 + hessian_passes(family.scores, k, d)
    return 2.0 * EFFORT.solve.products


def _falling(values: FloatArray, slope: FloatArray) -> int:
    """How many are below zero by more than the way to the critical point may change them by."""
    doubt = max(TOLERANCES.solve.flat, TOLERANCES.solve.bend * float(np.linalg.norm(slope)))
    return int(np.count_nonzero(values < -doubt))


def _exact(objective: Objective, mixture: Mixture, units: OwnUnits) -> Curvature:
    found = objective.information(mixture, missing=True)
    slope = units.gradient(found.moments)[units.free]
    hessian = units.hessian(found)[np.ix_(units.free, units.free)]
    if units.gauge is not None:
        hessian += np.outer(units.gauge, units.gauge)
    values, vectors = np.linalg.eigh(hessian)
    along = vectors.T @ slope
    distance = float("inf") if values[0] <= TOLERANCES.solve.flat else float(0.5 * (along**2 / values).sum())
    falling = _falling(values, slope)
    direction = np.zeros(units.size)
    direction[units.free] = vectors[:, 0] * (-1.0 if along[0] > 0 else 1.0)
    return Curvature(float(values[0]), 0.0, falling, float(np.linalg.norm(slope)), distance, direction)


def _by_products(objective: Objective, mixture: Mixture, units: OwnUnits, seed: int) -> Curvature:
    moments = objective.information(mixture, missing=False).moments
    slope = units.gradient(moments)

    def product(vector: FloatArray) -> FloatArray:
        return units.product(moments, vector, objective.missing_product(mixture, units.direction(vector)))

    start = np.where(units.free, np.random.default_rng([seed, 6]).standard_normal(units.size), 0.0)
    space = KrylovSpace(product, start, 1.0, 0.0, EFFORT.solve.products)
    values, vectors = np.linalg.eigh(space.tridiagonal)
    direction = vectors[:, 0] @ space.basis
    residual = float(np.linalg.norm(product(direction) - values[0] * direction))
    falling = _falling(values, slope)
    along = space.basis @ slope
    distance = float("inf")
    if values[0] - residual > TOLERANCES.solve.flat:
        # What the space does not span is at most as flat as the flattest direction.
        inner = float((np.square(vectors.T @ along) / values).sum())
        rest = float(max(0.0, slope @ slope - along @ along)) / (values[0] - residual)
        distance = 0.5 * (inner + rest)
    if direction @ slope > 0:
        direction = -direction
    return Curvature(float(values[0]), residual, falling, float(np.linalg.norm(slope)), distance, direction)
