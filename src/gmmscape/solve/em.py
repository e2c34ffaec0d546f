"""EM, plain or accelerated behind a monotone safeguard."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective, step_norm
from gmmscape.solve.acceleration import extrapolate
from gmmscape.solve.loop import State
from gmmscape.solve.second_order.own_units import OwnUnits
from gmmscape.solve.second_order.quadratic_model import QuadraticModel, Trial, begun, pays, trial_step
from gmmscape.statistics import SufficientStatistics
from gmmscape.tolerances import TOLERANCES


@dataclass(frozen=True)
class EMState(State):
    """State of EM.

    Attributes
    ----------
    statistics : SufficientStatistics
        Of the rows here.
    next_mixture : Mixture
        The M-step from here, already computed.
    trail : tuple of Mixture
        Up to two points before this one, joined by plain EM steps; what acceleration extrapolates.
    steps : tuple of float
        Lengths of the EM steps after each iteration.
    values, costs : tuple of float
        The value after each iteration, and the passes until then, a product being a few.
    model : QuadraticModel or None
        Of the second-order phase; None before it begins.
    resting : int
        Iterations before which it does not begin again.
    radius : float
        Of the region that it begins with.
    ahead : Ahead or None
        A point from which one more step is tried before it is judged.
    cost : float
        Passes that this state took, with products.
    """

    statistics: SufficientStatistics
    next_mixture: Mixture
    trail: tuple[Mixture, ...] = ()
    steps: tuple[float, ...] = ()
    values: tuple[float, ...] = ()
    costs: tuple[float, ...] = ()
    model: QuadraticModel | None = None
    resting: int = 0
    radius: float = TOLERANCES.solve.model_radius
    ahead: Ahead | None = None
    cost: float = 1.0


@dataclass(frozen=True)
class Ahead:
    """A point that a step of the model led to, which fell poorly, and the step."""

    state: EMState
    predicted: float
    length: float


@dataclass(frozen=True)
class EM:
    """Expectation-maximisation, and steps of a quadratic model where it would creep.

    Attributes
    ----------
    tol : float
        Converged when the EM step is no longer than this (docs/words.md#gradient-norm).
    max_iter : int
        Iterations: points that are tried. Each is a pass over the rows, or two where an extrapolation is
        refused; a Hessian, one for several iterations, costs a few more (docs/methods/fits/second_order.md).
    accelerate : bool
        Whether every third iteration tries a squared extrapolation (SQUAREM; Varadhan and Roland, 2008).
        It is kept only if the objective does not rise above the value before it; otherwise the plain step
        is taken. Plain EM is the one whose basins and rates the theory speaks of.
    second_order : bool
        Whether the accelerated steps give way to those of a quadratic model, in a trust region, where they
        would take longer than it.
    """

    tol: float = 1e-8
    max_iter: int = 10_000
    accelerate: bool = True
    second_order: bool = True

    def init(self, objective: Objective, mixture: Mixture) -> EMState:
        """Return the state at the start, its covariances lifted onto the floor."""
        try:
            start = objective.admissible(mixture)
        except InvalidParameterError:  # what is nearest in the family is singular in float64
            return replace(state_at(objective, mixture), ended="degenerate")
        return state_at(objective, start)

    def step(self, objective: Objective, state: EMState) -> EMState:
        """Return the state after one trial, accepted or refused; the value never rises beyond rounding."""
        model = self._model(objective, state)
        if model is None:
            new = replace(
                self._plain(objective, state), model=None, resting=state.resting, radius=state.radius
            )
        else:
            new = self._by_model(objective, state, model)
        total = new.cost + _spent(state)
        return replace(
            new,
            steps=(*state.steps, new.gradient_norm),
            values=(*state.values, new.value),
            costs=(*state.costs, total),
        )

    def done(self, state: EMState) -> str | None:
        """Return a stop reason, or None to go on."""
        if state.ended is not None:
            return state.ended
        return "converged" if state.gradient_norm <= self.tol else None

    def _model(self, objective: Objective, state: EMState) -> QuadraticModel | None:
        """The model, where it pays and is possible: all components have rows, no floor bends the problem.

        Where few rows stand for all it pays at once. For rows with missing values second derivatives cost
        more than they bring.
        """
        done, family = len(state.steps), objective.family
        possible = self.second_order and self.accelerate and objective.differentiable
        possible = possible and not objective.rows.incomplete
        least = EFFORT.solve.second_order_after if objective.stand_in is None else 0
        if not possible or done < max(least, state.resting) or state.starved:
            return None
        if family.floor_active(state.next_mixture):
            return None
        if state.model is not None:
            return state.model
        if objective.stand_in is not None:
            return QuadraticModel(state.radius)
        if pays(family, state.mixture, self.tol, state.steps, state.radius):
            return QuadraticModel(state.radius, tried=begun(state.values, state.costs))
        return None

    def _by_model(self, objective: Objective, state: EMState, model: QuadraticModel) -> EMState:
        tolerance, ahead = TOLERANCES.solve, state.ahead
        at = state if ahead is None else ahead.state
        trial = trial_step(
            objective, at.mixture, at.statistics, model, None if ahead is None else ahead.length
        )
        size = 1.0 + abs(state.value)
        if (
            ahead is None
            and objective.stand_in is not None
            and trial.predicted <= tolerance.unseen_fall * size
        ):
            return self._by_length(objective, state, trial, tolerance.unseen_fall * size)
        if ahead is None and not trial.predicted > tolerance.no_fall * size:
            return self._rested(objective, state, trial.cost)
        model, new = self._tried(objective, trial)
        cost = trial.cost + (trial.mixture is not None)
        length = float(np.linalg.norm(trial.step)) if ahead is None else ahead.length
        predicted = trial.predicted if ahead is None else ahead.predicted
        ratio = -1.0 if new is None else (state.value - new.value) / predicted
        if ahead is None and model.matrix is not None and new is not None and not ratio >= tolerance.poor:
            return replace(state, model=model, ahead=Ahead(new, predicted, length), cost=cost)
        if ahead is not None:
            if new is None or ahead.state.value < new.value:
                new = ahead.state
            # The region does not grow by what took two steps.
            ratio = min((state.value - new.value) / predicted, tolerance.poor)
        inside = ratio > tolerance.poor and length < 0.8 * model.radius
        model = model.judged(ratio, length)
        if new is not None and ratio > tolerance.acceptable:
            state = replace(new, resting=state.resting, steps=state.steps, costs=state.costs)
        elif model.radius < tolerance.least_radius:
            return self._rested(objective, state, cost)
        state = replace(state, model=model, ahead=None, cost=cost)
        return state if inside else self._worthwhile(state, model, _spent(state) + cost)

    def _by_length(self, objective: Objective, state: EMState, trial: Trial, unseen: float) -> EMState:
        """Where a step leads whose fall the value is too coarse to show, if the EM step is shorter there.

        A model of few rows needs such steps: what it leaves of an EM step is a share, not its square.
        """
        model, new = self._tried(objective, trial)
        cost = trial.cost + (trial.mixture is not None)
        if new is None or new.gradient_norm >= state.gradient_norm or new.value > state.value + unseen:
            return self._rested(objective, state, cost)
        return replace(
            new, model=model, resting=state.resting, steps=state.steps, costs=state.costs, cost=cost
        )

    def _tried(self, objective: Objective, trial: Trial) -> tuple[QuadraticModel, EMState | None]:
        """Where a step leads, if anywhere, and the model that has learnt from it."""
        if trial.mixture is None:
            return trial.model, None
        new = state_at(objective, trial.mixture)
        if new.ended is not None:
            return trial.model, None
        there = OwnUnits(objective.family, new.mixture)
        slope = there.gradient(there.moments(new.statistics))
        return trial.model.learnt(trial.step, trial.gradient, slope), new

    def _worthwhile(self, state: EMState, model: QuadraticModel, cost: float) -> EMState:
        """The state; without its model where products with the Hessian earn less than EM did."""
        tried = model.tried
        if model.matrix is not None or model.space is not None or tried is None:
            return state
        if not tried.earns_less(cost, state.value):
            return state
        resting = len(state.steps) + 1 + int(EFFORT.solve.payback * (cost - tried.cost))
        return replace(state, model=None, resting=resting, radius=model.radius)

    def _rested(self, objective: Objective, state: EMState, cost: float) -> EMState:
        """A plain step, the first of several: the model has nothing to say."""
        new = self._plain(objective, state)
        resting = len(state.steps) + 1 + EFFORT.solve.rest
        return replace(
            new, model=None, resting=resting, radius=TOLERANCES.solve.model_radius, cost=new.cost + cost
        )

    def _plain(self, objective: Objective, state: EMState) -> EMState:
        cost = 1.0
        if self.accelerate and len(state.trail) == EFFORT.solve.trail:
            trial = extrapolate(objective, state.trail[0], state.trail[1], state.mixture)
            if trial is not None:
                cost = 2.0
                new = state_at(objective, trial)
                if new.value <= state.value and new.ended is None:
                    return new
        new = state_at(objective, state.next_mixture)
        if new.value > state.value + TOLERANCES.solve.largest_rise * (1.0 + abs(state.value)):
            # Only rounding in a covariance near singularity can do this: refuse the step.
            return replace(state, ended="degenerate")
        return replace(new, trail=(*state.trail[1 - EFFORT.solve.trail :], state.mixture), cost=cost)


def _spent(state: EMState) -> float:
    """Passes until a state; the first is made at the start."""
    return state.costs[-1] if state.costs else 1.0


def state_at(objective: Objective, mixture: Mixture) -> EMState:
    """Return the state at a mixture, which is admissible, without anything that came before: one pass."""
    statistics = objective.statistics(mixture)
    starved = bool(objective.unresolved(statistics.mass).any())
    value = objective.family.penalty(mixture) - statistics.log_likelihood
    try:
        following = objective.update(statistics, mixture)
        collapsed = _collapsed(objective, following)
    except InvalidParameterError:  # the M-step's covariance is singular in float64
        collapsed, following = True, mixture
    if collapsed:
        return EMState(mixture, value, float("inf"), starved, "degenerate", statistics, mixture)
    family = objective.family
    vanished = TOLERANCES.solve.vanished_weight if family.weighted else 0.0
    norm = step_norm(mixture, following, vanished)
    return EMState(mixture, value, norm, starved, None, statistics, following)


def _collapsed(objective: Objective, mixture: Mixture) -> bool:
    """Whether some component is narrower than rounding, of data or its own: its likelihood means nothing."""
    if not objective.family.free_covariances:
        return False
    factors = mixture.parameters.factors
    if mixture.kind.lost_in_rounding(mixture.covariances, factors):
        return True
    narrowness = mixture.kind.inverse_deviations(factors)
    with np.errstate(over="ignore"):  # infinitely narrow is narrower than any
        return bool(np.any(narrowness * np.sqrt(objective.measure.variance) > TOLERANCES.solve.narrowest))
