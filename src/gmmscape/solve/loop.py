"""The one loop that runs every solver: budgets, history, callbacks, interruption."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.progress import Budget, Callback
from gmmscape.solve.memory import Memory
from gmmscape.solve.result import Solution
from gmmscape.solve.rules import stop_reason


@dataclass(frozen=True)
class State:
    """What every solver's state has: where it is, and how long the EM step from there is.

    Attributes
    ----------
    mixture : Mixture
        Local coordinates.
    value : float
        NLL and penalty there, per the rows' unit of length: decisions do not depend on the user's units.
    gradient_norm : float
        Over the components that the rows resolve.
    starved : bool
        Whether some component is below the rows' resolution.
    ended : str or None
        A stop reason that the solver itself has established.
    """

    mixture: Mixture
    value: float
    gradient_norm: float
    starved: bool
    ended: str | None


class Solver(Protocol):
    """An algorithm as pure functions of an explicit state."""

    @property
    def tol(self) -> float:
        """Length of the EM step at which it is converged."""
        ...

    @property
    def max_iter(self) -> int:
        """Largest number of steps."""
        ...

    def init(self, objective: Objective, mixture: Mixture) -> Any:
        """Return the state at the start."""
        ...

    def step(self, objective: Objective, state: Any) -> Any:
        """Return the state one iteration later."""
        ...

    def done(self, state: Any) -> str | None:
        """Return a stop reason, or None to go on."""
        ...


def run(
    solver: Solver,
    objective: Objective,
    start: Mixture,
    *,
    max_seconds: float | None = None,
    callback: Callback | None = None,
    keep: bool = False,
    resume: Memory | None = None,
) -> Solution:
    """Run a solver until it is done or a budget is used up.

    Parameters
    ----------
    solver : Solver
        Algorithm with its tolerance and iteration limit.
    objective : Objective
        With its rows frozen; mixtures in local coordinates.
    start : Mixture
        Where to begin, in local coordinates.
    max_seconds : float, optional
        Time budget, checked between iterations.
    callback : callable, optional
        Called with an `Event` after each iteration, `done` counting them and its detail being the
        gradient_norm; returning True stops.
    keep : bool, default=False
        Whether the solution remembers what it takes to go on.
    resume : Memory, optional
        Of a solution on the same rows: where to go on, if it is one of this loop; `start` is not used then.

    Returns
    -------
    Solution
        Of the last point, relative to the measure's origin; where time ran out the error is infinite, because
        there was none to estimate it. Ctrl-C ends the loop with
        ``stop_reason="interrupted"`` and the last point.
    """
    budget = Budget("descend", max_seconds, callback)
    known = None if resume is None else resume.of_loop(native=False)
    state = solver.init(objective, start) if known is None else known
    history, before = [state.value], 0 if resume is None else resume.n_iter
    reason: str | None = None
    try:
        while (reason := solver.done(state)) is None:
            if len(history) > solver.max_iter:
                reason = "max_iter"
                break
            if budget.left == 0.0:
                reason = "time_limit"
                break
            state = solver.step(objective, state)
            history.append(state.value)
            if budget.asks_to_stop(
                "iterations",
                len(history) - 1,
                solver.max_iter,
                state.value + objective.rows.log_unit,
                gradient_norm=state.gradient_norm,
            ):
                reason = "interrupted"
                break
    except KeyboardInterrupt:
        reason = "interrupted"
    penalty = objective.family.penalty(state.mixture)
    return Solution(
        local=state.mixture,
        origin=objective.measure.origin,
        nll=state.value - penalty + objective.rows.log_unit,
        penalty=penalty,
        error=np.inf if reason == "time_limit" else objective.errors(state.mixture).nll,
        gradient_norm=np.inf if state.starved else state.gradient_norm,
        stop_reason=stop_reason(reason, starved=state.starved),
        n_iter=len(history) - 1,
        history=tuple(value + objective.rows.log_unit for value in history),
        floor_active=objective.family.floor_active(state.mixture),
        family=objective.family.name,
        background=objective.background_beside(state.mixture),
        held=objective.held,
        memory=Memory(state, False, len(history) - 1 + before) if keep else None,
    )
