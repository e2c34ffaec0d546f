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
class Try:
    """Where a try of the model began.

    Attributes
    ----------
    cost : float
        Passes before it, with products.
    value : float
        Of the objective.
    pace : float
        By which EM made it fall, a pass.
    """

    cost: float
    value: float
    pace: float

    def earns_less(self, cost: float, value: float) -> bool:
        """Whether the passes since then earned less than EM's did."""
        spent = cost - self.cost
        return spent >= EFFORT.solve.products_trial and self.value - value < self.pace * spent


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
    tried : Try or None
        Where it began.
    """

    radius: float
    matrix: FloatArray | None = None
    secants: int = 0
    moved: bool = False
    space: KrylovSpace | None = None
    tried: Try | None = None

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
        elif ratio < TOLERANCES.solve.poor:
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


def pays(family: Family, mixture: Mixture, tol: float, steps: tuple[float, ...], radius: float) -> bool:
    """Say whether plain steps, which shrink as these did, would take more passes than the model.

    Products with a Hessian that is not formed take many passes a step: its region has to be longer than EM's
    way in that time.
    """
    k, d = mixture.means.shape
    effort = EFFORT.solve
    if len(steps) <= effort.shrinking_window:
        return False
    shrinks = float(np.log(steps[-1] / steps[-1 - effort.shrinking_window])) / effort.shrinking_window
    with np.errstate(divide="ignore"):
        remaining = float(np.log(tol / steps[-1])) / shrinks if shrinks < 0 else np.inf
    if not is_formed(family, k, d):
        return remaining > effort.products_price and effort.reach * steps[-1] < radius
    assert family.scores is not None
    return remaining > 3.0 * hessian_passes(family.scores, k, d) + effort.model_price


def begun(values: tuple[float, ...], costs: tuple[float, ...]) -> Try:
    """Return where a try begins after iterations of these values and passes."""
    window = EFFORT.solve.shrinking_window
    pace = (values[-1 - window] - values[-1]) / (costs[-1] - costs[-1 - window])
    return Try(costs[-1], values[-1], pace)


@dataclass(frozen=True)
class Trial:
    """A step of the model: where it leads, and what it needs to be judged."""

    step: FloatArray
    predicted: float
    gradient: FloatArray
    mixture: Mixture | None
    model: QuadraticModel
    cost: float  # passes, of products


def trial_step(
    objective: Objective,
    mixture: Mixture,
    statistics: SufficientStatistics,
    model: QuadraticModel,
    correcting: float | None = None,
) -> Trial:
    """Return the model's step from a mixture, its Hessian formed where need be.

    `correcting` is the length of a step that led there and fell poorly, if one did: this one is shorter.
    """
    family = objective.family
    units = OwnUnits(family, mixture)
    moments = units.moments(statistics)
    gradient = units.gradient(moments)
    radius = model.radius if correcting is None else EFFORT.solve.correction * correcting
    cost = 0.0
    if is_formed(family, *mixture.means.shape):
        if correcting is None and model.worn:
            about, at = objective.on_few(mixture)
            hessian = units.hessian(about.information(at, missing=True))
            if units.gauge is not None:
                hessian += np.outer(units.gauge, units.gauge)
            model = replace(model, matrix=hessian, secants=0, moved=False)
        matrix = model.matrix
        assert matrix is not None
        space = KrylovSpace(lambda v: matrix @ v, gradient, radius, EFFORT.solve.exact_step, len(gradient), 4)
    else:
        space = model.space
        if space is None:
            tolerance = min(EFFORT.solve.rough_step, float(np.sqrt(np.linalg.norm(gradient))))
            about, at = objective.on_few(mixture)
            seen = moments if about is objective else OwnUnits(family, at).moments(about.statistics(at))
            space = KrylovSpace(
                lambda v: units.product(seen, v, about.missing_product(at, units.direction(v))),
                gradient,
                model.radius,
                tolerance,
                EFFORT.solve.products,
            )
            share = len(about.rows) / len(objective.rows)
            model, cost = replace(model, space=space), share * EFFORT.solve.product_cost * len(space.basis)
    step, predicted = space.step(radius)
    there = None
    if np.abs(units.direction(step)).max() <= TOLERANCES.solve.longest_change:
        with suppress(InvalidParameterError):
            there = units.moved(step)
    return Trial(step, predicted, gradient, there, model, cost)
