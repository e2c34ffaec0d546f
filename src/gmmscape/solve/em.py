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
from gmmscape.solve.second_order.quadratic_model import QuadraticModel, pays, trial_step
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
    model : QuadraticModel or None
        Of the second-order phase; None before it begins.
    resting : int
        Iterations before which it does not begin again.
    """

    statistics: SufficientStatistics
    next_mixture: Mixture
    trail: tuple[Mixture, ...] = ()
    steps: tuple[float, ...] = ()
    model: QuadraticModel | None = None
    resting: int = 0


@dataclass(frozen=True)
class EM:
    """Expectation-maximisation, and steps of a quadratic model where it would creep.

    Attributes
    ----------
    tol : float
        Converged when the EM step is no longer than this (docs/words.md#gradient-norm).
    max_iter : int
        Iterations: points that are tried. Each is a pass over the rows, or two where an extrapolation is
        refused; a Hessian, one for several iterations, costs a few more (docs/methods/second_order.md).
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
        return _state(objective, objective.admissible(mixture))

    def step(self, objective: Objective, state: EMState) -> EMState:
        """Return the state after one trial, accepted or refused; the value never rises beyond rounding."""
        model = self._model(objective, state)
        if model is None:
            new = replace(self._plain(objective, state), model=None, resting=state.resting)
        else:
            new = self._by_model(objective, state, model)
        return replace(new, steps=(*state.steps, new.gradient_norm))

    def done(self, state: EMState) -> str | None:
        """Return a stop reason, or None to go on."""
        if state.ended is not None:
            return state.ended
        return "converged" if state.gradient_norm <= self.tol else None

    def _model(self, objective: Objective, state: EMState) -> QuadraticModel | None:
        """The model, where it pays and is possible: all components have rows, no floor bends the problem."""
        done, family = len(state.steps), objective.family
        possible = self.second_order and self.accelerate and family.scores is not None
        if not possible or done < max(EFFORT.solve.second_order_after, state.resting) or state.starved:
            return None
        if family.floor_active(state.next_mixture):
            return None
        if state.model is not None:
            return state.model
        if pays(family, state.mixture, self.tol, state.steps):
            return QuadraticModel(TOLERANCES.solve.model_radius)
        return None

    def _by_model(self, objective: Objective, state: EMState, model: QuadraticModel) -> EMState:
        trial = trial_step(objective, state.mixture, state.statistics, model)
        if not trial.predicted > TOLERANCES.solve.no_fall * (1.0 + abs(state.value)):
            return self._rested(objective, state)
        model, ratio, new = trial.model, -1.0, None
        if trial.mixture is not None:
            new = _state(objective, trial.mixture)
            if new.ended is None:
                ratio = (state.value - new.value) / trial.predicted
                there = OwnUnits(objective.family, new.mixture)
                model = model.learnt(
                    trial.step, trial.gradient, there.gradient(there.moments(new.statistics))
                )
        model = model.judged(ratio, float(np.linalg.norm(trial.step)))
        if new is not None and ratio > TOLERANCES.solve.acceptable:
            return replace(new, model=model)
        if model.radius < TOLERANCES.solve.least_radius:
            return self._rested(objective, state)
        return replace(state, model=model)

    def _rested(self, objective: Objective, state: EMState) -> EMState:
        """A plain step, the first of several: the model has nothing to say."""
        resting = len(state.steps) + 1 + EFFORT.solve.rest
        return replace(self._plain(objective, state), model=None, resting=resting)

    def _plain(self, objective: Objective, state: EMState) -> EMState:
        if self.accelerate and len(state.trail) == EFFORT.solve.trail:
            trial = extrapolate(objective, state.trail[0], state.trail[1], state.mixture)
            if trial is not None:
                new = _state(objective, trial)
                if new.value <= state.value and new.ended is None:
                    return new
        new = _state(objective, state.next_mixture)
        if new.value > state.value + TOLERANCES.solve.largest_rise * (1.0 + abs(state.value)):
            # Only rounding in a covariance near singularity can do this: refuse the step.
            return replace(state, ended="degenerate")
        return replace(new, trail=(*state.trail[1 - EFFORT.solve.trail :], state.mixture))


def _state(objective: Objective, mixture: Mixture) -> EMState:
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
    vanished = TOLERANCES.solve.vanished_weight if family.weighted and family.free_covariances else 0.0
    norm = step_norm(mixture, following, vanished)
    return EMState(mixture, value, norm, starved, None, statistics, following)


def _collapsed(objective: Objective, mixture: Mixture) -> bool:
    """Whether some component is narrower than the rounding of the data: its likelihood means nothing."""
    if not objective.family.free_covariances:
        return False
    narrowness = mixture.kind.inverse_deviations(mixture.parameters.factors)
    return bool(np.any(narrowness * np.sqrt(objective.measure.variance) > TOLERANCES.solve.narrowest))
