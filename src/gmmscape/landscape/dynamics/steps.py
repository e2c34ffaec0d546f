"""The steps of EM, of the gradient flow and of Newton's method from one start, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.landscape.dynamics.ground import Ground, Rules
from gmmscape.landscape.freedom.local import Local
from gmmscape.landscape.freedom.newton import newton
from gmmscape.mixture import Mixture
from gmmscape.solve import EM, Newton, stop_reason
from gmmscape.solve.location import evaluate, moved
from gmmscape.tolerances import TOLERANCES


class Seen(NamedTuple):
    """Where a trajectory stands.

    Attributes
    ----------
    time : float
        Iterations done, or the time of the flow.
    mixture : Mixture
        In local coordinates.
    nll : float
        Nats per unit mass, without a prior's penalty.
    step : float
        Length of the EM step from here.
    reason : str or None
        Why it ends here; None where it goes on.
    """

    time: float
    mixture: Mixture
    nll: float
    step: float
    reason: str | None


#: The steps of a method from a start in local coordinates, on rules made for where they stand.
Steps = Iterator[Seen]


def em_steps(ground: Ground, rules: Rules, start: Mixture, tol: float, most: int) -> Steps:
    """Yield the start, and where each step of plain EM leads."""
    solver = EM(tol=tol, max_iter=most, accelerate=False)
    # Plain EM does not look at the record of all its steps, which grows.
    return _by_solver(solver, rules, start, lambda new: replace(new, steps=(), values=(), costs=()))


def newton_steps(ground: Ground, rules: Rules, start: Mixture, tol: float, most: int) -> Steps:
    """Yield the start, and where each step of Newton's method in a trust region leads that is accepted."""
    if ground.flat_metric:
        return _by_solver(Newton(tol=tol, max_iter=most), rules, start, lambda new: new)
    return _by_free_newton(ground, rules, start, tol, most)


def _by_solver(solver: Any, rules: Rules, start: Mixture, kept: Callable[[Any], Any]) -> Steps:
    state, last = solver.init(rules.objective, start), None
    for n in range(solver.max_iter + 1):
        reason = solver.done(state) or ("max_iter" if n == solver.max_iter else None)
        reason = None if reason is None else stop_reason(reason, starved=state.starved)
        if state.mixture is not last or reason is not None:
            yield _seen(rules, float(n), state.mixture, state.value, state.gradient_norm, reason)
        if reason is not None:
            return
        last = state.mixture
        state = kept(solver.step(rules.objective, state))
        if rules.renewed(state.mixture):
            fresh = solver.init(rules.objective, state.mixture)
            state = replace(fresh, radius=state.radius) if isinstance(solver, Newton) else fresh


def _seen(rules: Rules, time: float, mixture: Mixture, value: float, step: float, reason: str | None) -> Seen:
    objective = rules.objective
    nll = value - objective.family.penalty(mixture) + objective.rows.log_unit
    return Seen(time, mixture, nll, step, reason)


def _by_free_newton(ground: Ground, rules: Rules, start: Mixture, tol: float, most: int) -> Steps:
    """The same where more is free: the trust region begins anew with each rule."""
    done, local = 0, start
    while True:
        passed = list[tuple[int, Local]]()

        def go_on(n: int, at: Local, passed: list[tuple[int, Local]] = passed) -> bool:
            if not passed or at is not passed[-1][1]:
                passed.append((n, at))
            return not rules.away(at.mixture)

        found = newton(rules.objective, ground.freedom, local, tol=tol, max_iter=most - done, go_on=go_on)
        goes_on = found.stop_reason == "interrupted"
        if not goes_on and (not passed or passed[-1][1] is not found.at):
            passed.append((found.n_iter, found.at))
        # The place that the rule does not reach is looked at again on the next one.
        for n, at in passed[:-1] if goes_on else passed:
            length = EM(accelerate=False).init(rules.objective, at.mixture).gradient_norm
            reason = None if goes_on or at is not found.at else found.stop_reason
            yield _seen(rules, float(done + n), at.mixture, at.value, length, reason)
        if not goes_on:
            return
        done, local = done + found.n_iter, found.at.mixture
        rules.renewed(local)


def flow_steps(rules: Rules, start: Mixture, tol: float, most: float) -> Steps:
    """Yield the start, and where each step of the integrator of steepest descent leads.

    In units of sigma the coordinates x follow ``dx/dt = -sigma grad L``, t counting in sigma^2. An implicit
    method of order five with the exact Hessian (Radau IIA; Hairer and Wanner, 1996), because the flow is
    stiff: curvatures differ by orders.
    """
    from scipy.integrate import Radau

    def at(x: FloatArray, hessian: bool) -> Any:
        return evaluate(rules.objective, moved(rules.objective, start, x), hessian=hessian)

    begun = at(np.zeros(rules.objective.family.n_parameters(*start.means.shape)), False)
    solver = Radau(
        lambda _, x: -at(x, False).slope,
        0.0,
        np.zeros_like(begun.slope),
        most,
        rtol=TOLERANCES.dynamics.flow_relative,
        atol=TOLERANCES.dynamics.flow_absolute,
        jac=lambda _, x: -at(x, True).curvature,
    )
    state = begun
    while True:
        reason = state.ended or ("converged" if state.gradient_norm <= tol else None)
        if reason is None and solver.status != "running":
            reason = "max_time" if solver.status == "finished" else "degenerate"
        reason = None if reason is None else stop_reason(reason, starved=state.starved)
        yield _seen(rules, float(solver.t), state.mixture, state.value, state.gradient_norm, reason)
        if reason is not None:
            return
        solver.step()
        rules.renewed(moved(rules.objective, start, solver.y))
        state = at(solver.y, False)
