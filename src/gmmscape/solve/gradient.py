"""Gradient descent and gradient flow for the location family."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve.location import LocationState, evaluate, moved


@dataclass(frozen=True)
class GradientDescent:
    """Plain gradient descent with the step sigma^2.

    No curvature exceeds 1/sigma^2, because the Hessian is at most diag(E psi_i)/sigma^2 in the means and
    diag(pi_i)/sigma^2 in sigma times the log weights; so this step descends monotonically, and no larger
    constant step does so for every mixture.

    Attributes
    ----------
    tol : float
        Converged when the EM step is no longer than this.
    max_iter : int
        Iterations.
    """

    tol: float = 1e-8
    max_iter: int = 100_000

    def init(self, objective: Objective, mixture: Mixture) -> LocationState:
        """Return the state at the start."""
        return evaluate(objective, mixture, hessian=False)

    def step(self, objective: Objective, state: LocationState) -> LocationState:
        """Return the state one gradient step later."""
        change = np.where(state.free, -state.slope, 0.0)
        return evaluate(objective, moved(objective, state.mixture, change), hessian=False)

    def done(self, state: LocationState) -> str | None:
        """Return a stop reason, or None to go on."""
        if state.ended is not None:
            return state.ended
        return "converged" if state.gradient_norm <= self.tol else None


@dataclass(frozen=True)
class GradientFlow(GradientDescent):
    """The flow of steepest descent, by the classical method of Runge and Kutta with a constant step.

    No curvature exceeds 1/sigma^2, so that steps of up to 2.7 sigma^2 do not grow; the error of a step falls
    like its fifth power, that of the way like its fourth.

    Attributes
    ----------
    tol : float
        Converged when the EM step is no longer than this.
    max_iter : int
        Steps.
    step_length : float
        Time of a step, in sigma^2.
    """

    step_length: float = 1.0

    def step(self, objective: Objective, state: LocationState) -> LocationState:
        """Return the state one step of the flow later."""
        h = self.step_length

        def after(change: FloatArray) -> LocationState:
            kept = np.where(state.free, change, 0.0)
            return evaluate(objective, moved(objective, state.mixture, kept), hessian=False)

        second = after(-0.5 * h * state.slope)
        third = after(-0.5 * h * second.slope)
        fourth = after(-h * third.slope)
        return after(-h / 6.0 * (state.slope + 2.0 * second.slope + 2.0 * third.slope + fourth.slope))
