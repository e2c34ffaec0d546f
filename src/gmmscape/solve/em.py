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
from gmmscape.statistics import SufficientStatistics
from gmmscape.tolerances import TOLERANCES


@dataclass(frozen=True)
class EMState(State):
    """State of EM.

    Attributes
    ----------
    next_mixture : Mixture
        The M-step from here, already computed.
    trail : tuple of Mixture
        Up to two points before this one, joined by plain EM steps; what acceleration extrapolates.
    """

    next_mixture: Mixture
    trail: tuple[Mixture, ...]


@dataclass(frozen=True)
class EM:
    """Expectation-maximisation.

    Attributes
    ----------
    tol : float
        Converged when the EM step is no longer than this (docs/words.md#gradient-norm).
    max_iter : int
        Iterations, each of one pass over the rows (two where an extrapolation is refused).
    accelerate : bool
        Whether every third iteration tries a squared extrapolation (SQUAREM; Varadhan and Roland, 2008).
        It is kept only if the objective does not rise above the value before it; otherwise the plain step
        is taken. Plain EM is the one whose basins and rates the theory speaks of.
    """

    tol: float = 1e-8
    max_iter: int = 10_000
    accelerate: bool = True
    second_order: bool = True

    def init(self, objective: Objective, mixture: Mixture) -> EMState:
        """Return the state at the start, its covariances lifted onto the floor."""
        mixture = objective.admissible(mixture)
        return self._state(objective, mixture, objective.statistics(mixture), ())

    def step(self, objective: Objective, state: EMState) -> EMState:
        """Return the state after one accepted step; the objective never rises beyond rounding."""
        if self.accelerate and len(state.trail) == EFFORT.solve.trail:
            accepted = self._extrapolated(objective, state)
            if accepted is not None:
                return accepted
        trail = (*state.trail[1 - EFFORT.solve.trail :], state.mixture)
        new = self._state(objective, state.next_mixture, objective.statistics(state.next_mixture), trail)
        if new.value > state.value + TOLERANCES.solve.largest_rise * (1.0 + abs(state.value)):
            # Only rounding in a covariance near singularity can do this: refuse the step.
            return replace(state, ended="degenerate")
        return new

    def done(self, state: EMState) -> str | None:
        """Return a stop reason, or None to go on."""
        if state.ended is not None:
            return state.ended
        return "converged" if state.gradient_norm <= self.tol else None

    def _extrapolated(self, objective: Objective, state: EMState) -> EMState | None:
        trial = extrapolate(objective, state.trail[0], state.trail[1], state.mixture)
        if trial is None:
            return None
        new = self._state(objective, trial, objective.statistics(trial), ())
        return new if new.value <= state.value and new.ended is None else None

    def _state(
        self,
        objective: Objective,
        mixture: Mixture,
        statistics: SufficientStatistics,
        trail: tuple[Mixture, ...],
    ) -> EMState:
        starved = bool(objective.unresolved(statistics.mass).any())
        value = objective.family.penalty(mixture) - statistics.log_likelihood
        try:
            following = objective.update(statistics, mixture)
            collapsed = _collapsed(objective, following)
        except InvalidParameterError:  # the M-step's covariance is singular in float64
            collapsed, following = True, mixture
        if collapsed:
            return EMState(mixture, value, float("inf"), starved, "degenerate", mixture, trail)
        norm = step_norm(mixture, following)
        return EMState(mixture, value, norm, starved, None, following, trail)


def _collapsed(objective: Objective, mixture: Mixture) -> bool:
    """Whether some component is narrower than the rounding of the data: its likelihood means nothing."""
    if not objective.family.free_covariances:
        return False
    narrowness = mixture.kind.inverse_deviations(mixture.parameters.factors)
    return bool(np.any(narrowness * np.sqrt(objective.measure.variance) > TOLERANCES.solve.narrowest))
