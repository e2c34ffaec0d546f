"""Where a solver leads from very many starts of the location family, as plain arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gmmscape import engine
from gmmscape.arrays import FloatArray
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve.batch import em_task
from gmmscape.solve.em import EM
from gmmscape.solve.gradient import GradientDescent, GradientFlow
from gmmscape.solve.loop import run
from gmmscape.solve.newton import Newton
from gmmscape.solve.rules import stop_reason

Wanderer = EM | GradientDescent | Newton


class Crowd(NamedTuple):
    """Where b starts ended.

    Attributes
    ----------
    means : ndarray of shape (b, k, d)
        In local coordinates.
    weights : ndarray of shape (b, k)
        Weights.
    nll : ndarray of shape (b,)
        Nats per unit mass, per the rows' unit of length.
    step : ndarray of shape (b,)
        Length of the EM step there; infinite where a component has no mass that the rows resolve.
    reasons : tuple of str
        Stop reasons, keys of `STOP_REASONS`.
    """

    means: FloatArray
    weights: FloatArray
    nll: FloatArray
    step: FloatArray
    reasons: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.reasons)


def crowd_ends(
    objective: Objective, starts: FloatArray, solver: Wanderer, weights: FloatArray | None = None
) -> Crowd:
    """Run a solver from each start.

    Parameters
    ----------
    objective : Objective
        Of the location family, its rows frozen and in memory.
    starts : ndarray of shape (b, k, d)
        Means in local coordinates.
    solver : EM, GradientDescent or Newton
        Algorithm with its tolerance and iteration limit. There is a native loop for all but Newton.
    weights : ndarray of shape (b, k), optional
        Weights to begin with; equal ones by default.

    Returns
    -------
    Crowd
        In the order of the starts. Bits depend neither on the number of threads nor on which starts go
        together. Ctrl-C is passed on. Cost of an iteration: a pass over the rows for each start.
    """
    b, k, _ = starts.shape
    sigma = _sigma(objective)
    shares = np.full((b, k), 1.0 / k) if weights is None else weights
    task = None
    if not isinstance(solver, Newton):
        task = em_task(
            objective,
            objective.family,
            (shares, np.ascontiguousarray(starts), np.full((b, k), sigma**2)),
            tol=solver.tol,
            max_iter=solver.max_iter,
            accelerate=isinstance(solver, EM) and solver.accelerate,
            gradient=isinstance(solver, GradientDescent),
            flow_step=solver.step_length if isinstance(solver, GradientFlow) else 0.0,
        )
    found = None if task is None else objective.rows.em(task)
    if found is None:
        pairs = zip(starts, shares, strict=True)
        ends = [_by_python(objective, Mixture.location(m, sigma, w), solver) for m, w in pairs]
        return _crowd(ends)
    runs, interrupted = found
    if interrupted:
        raise KeyboardInterrupt
    return _crowd([_end(objective, solver, one) for one in runs])


End = tuple[FloatArray, FloatArray, float, float, str]


def _crowd(ends: list[End]) -> Crowd:
    means, weights, nll, step, reasons = zip(*ends, strict=True)
    return Crowd(np.stack(means), np.stack(weights), np.array(nll), np.array(step), reasons)


def _sigma(objective: Objective) -> float:
    return objective.family.coordinates.sigma


def joined(parts: list[Crowd]) -> Crowd:
    """Return several crowds, one after the other, as one."""
    return Crowd(
        np.concatenate([part.means for part in parts]),
        np.concatenate([part.weights for part in parts]),
        np.concatenate([part.nll for part in parts]),
        np.concatenate([part.step for part in parts]),
        tuple(reason for part in parts for reason in part.reasons),
    )


def _end(objective: Objective, solver: Wanderer, one: engine.EmRun) -> End:
    if one.end == "out_of_reach":
        start = Mixture.location(one.means, _sigma(objective), one.weights)
        return _by_python(objective, start, solver)
    reason = stop_reason(one.end, starved=one.starved)
    return one.means, one.weights, one.value, np.inf if one.starved else one.step, reason


def _by_python(objective: Objective, start: Mixture, solver: Wanderer) -> End:
    end = run(solver, objective, start)
    if end.stop_reason == "interrupted":
        raise KeyboardInterrupt
    nll = end.nll - objective.rows.log_unit
    return end.local.means, end.local.weights, nll, end.gradient_norm, end.stop_reason
