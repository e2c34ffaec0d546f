"""The second-order phase of EM: steps of a quadratic model where plain steps would creep.

The same as ``src/native/second_order.hpp``, for rows that only Python walks.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.covariances import SCORES, hessian_passes
from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError
from gmmscape.families import Family
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve.second_order.krylov import KrylovSpace
from gmmscape.solve.second_order.own_units import OwnUnits
from gmmscape.statistics import SufficientStatistics
from gmmscape.tolerances import TOLERANCES


@dataclass(frozen=True)
class QuadraticModel:
    """A model of the objective about a point, and the region in which it is trusted.

    Attributes
    ----------
    radius : float
        Of the region, in own units.
    matrix : ndarray of shape (m, m) or None
        The exact Hessian at some point, changed by secants since; None where it is not formed or not known.
    secants : int
        How many.
    moved : bool
        Whether a step was accepted since the Hessian was formed.
    space : KrylovSpace or None
        Products with the Hessian at the present point.
    """

    radius: float
    matrix: FloatArray | None = None
    secants: int = 0
    moved: bool = False
    space: KrylovSpace | None = None

    @property
    def worn(self) -> bool:
        """Whether the Hessian is to be formed anew."""
        return self.matrix is None or (self.moved and self.secants >= EFFORT.solve.secants)

    def learnt(self, step: FloatArray, before: FloatArray, after: FloatArray) -> QuadraticModel:
        """Return the model that has the slope seen after a step, by the least change (Powell's update)."""
        if self.matrix is None:
            return self
        rest = after - before - self.matrix @ step
        squared = step @ step
        outer = np.outer(rest, step)
        change = (outer + outer.T) / squared - (rest @ step) / squared * np.outer(step / squared, step)
        return replace(self, matrix=self.matrix + change, secants=self.secants + 1)

    def judged(self, ratio: float, length: float) -> QuadraticModel:
        """Return the model after a step whose fall was this share of the predicted one."""
        if not ratio > TOLERANCES.solve.acceptable:
            return replace(self, radius=0.25 * length)
        radius = self.radius
        if ratio > 0.75 and length > 0.8 * radius:
            radius *= 2.0
        elif ratio < 0.25:
            radius = 0.25 * length
        return replace(self, radius=radius, moved=True, space=None)


def is_formed(family: Family, k: int, d: int) -> bool:
    """Say whether the Hessian is formed; else it is only multiplied with."""
    assert family.scores is not None
    scores = SCORES[family.scores]
    q = scores.size(d)
    size = k * (1 + d) + q if scores.shared else k * (1 + d + q)
    effort = EFFORT.solve
    few = size <= effort.largest_hessian
    return few and hessian_passes(family.scores, k, d) <= effort.dearest_hessian


def pays(family: Family, mixture: Mixture, tol: float, steps: tuple[float, ...]) -> bool:
    """Say whether plain steps, which shrink as these did, would take more passes than the model.

    Products with a Hessian that is not formed cost many passes a step: they are tried where EM creeps all the
    same.
    """
    k, d = mixture.means.shape
    if not is_formed(family, k, d):
        return len(steps) >= EFFORT.solve.products_after
    window = EFFORT.solve.shrinking_window
    if len(steps) <= window:
        return False
    shrinks = float(np.log(steps[-1] / steps[-1 - window])) / window
    with np.errstate(divide="ignore"):
        remaining = float(np.log(tol / steps[-1])) / shrinks if shrinks < 0 else np.inf
    assert family.scores is not None
    return remaining > 3.0 * hessian_passes(family.scores, k, d) + EFFORT.solve.model_price


@dataclass(frozen=True)
class Trial:
    """A step of the model: where it leads, and what it needs to be judged."""

    step: FloatArray
    predicted: float
    gradient: FloatArray
    mixture: Mixture | None
    model: QuadraticModel


def trial_step(
    objective: Objective, mixture: Mixture, statistics: SufficientStatistics, model: QuadraticModel
) -> Trial:
    """Return the model's step from a mixture, its Hessian formed where need be."""
    family = objective.family
    units = OwnUnits(family, mixture)
    moments = units.moments(statistics)
    gradient = units.gradient(moments)
    if is_formed(family, *mixture.means.shape):
        if model.worn:
            hessian = units.hessian(objective.information(mixture, missing=True))
            if units.gauge is not None:
                hessian += np.outer(units.gauge, units.gauge)
            model = replace(model, matrix=hessian, secants=0, moved=False)
        matrix = model.matrix
        assert matrix is not None
        space = KrylovSpace(
            lambda v: matrix @ v, gradient, model.radius, EFFORT.solve.exact_step, len(gradient), 4
        )
    else:
        space = model.space
        if space is None:
            tolerance = min(EFFORT.solve.rough_step, float(np.sqrt(np.linalg.norm(gradient))))
            space = KrylovSpace(
                lambda v: units.product(moments, v, objective.missing_product(mixture, units.direction(v))),
                gradient,
                model.radius,
                tolerance,
                EFFORT.solve.products,
            )
            model = replace(model, space=space)
    step, predicted = space.step(model.radius)
    there = None
    if np.abs(units.direction(step)).max() <= TOLERANCES.solve.longest_change:
        with suppress(InvalidParameterError):
            there = units.moved(step)
    return Trial(step, predicted, gradient, there, model)
