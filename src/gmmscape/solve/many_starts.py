"""Where EM or gradient descent leads from very many starts of the location family, as plain arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gmmscape import engine
from gmmscape.arrays import FloatArray
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve.batch import em_task
from gmmscape.solve.em import EM
from gmmscape.solve.gradient import GradientDescent
from gmmscape.solve.loop import run
from gmmscape.solve.rules import stop_reason


class Crowd(NamedTuple):
    """Where b starts ended.

    Attributes
    ----------
    means : ndarray of shape (b, k, d)
        In local coordinates.
    nll : ndarray of shape (b,)
        Nats per unit mass, per the rows' unit of length.
    step : ndarray of shape (b,)
        Length of the EM step there; infinite where a component has no mass that the rows resolve.
    reasons : tuple of str
        Stop reasons, keys of `STOP_REASONS`.
    """

    means: FloatArray
    nll: FloatArray
    step: FloatArray
    reasons: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.reasons)


def crowd_ends(objective: Objective, starts: FloatArray, solver: EM | GradientDescent) -> Crowd:
    """Run a solver from each start; equal weights.

    Parameters
    ----------
    objective : Objective
        Of the location family, its rows frozen and in memory.
    starts : ndarray of shape (b, k, d)
        Means in local coordinates.
    solver : EM or GradientDescent
        Algorithm with its tolerance and iteration limit.

    Returns
    -------
    Crowd
        In the order of the starts. Bits depend neither on the number of threads nor on which starts go
        together. Ctrl-C is passed on. Cost of an iteration: a pass over the rows for each start.
    """
    b, k, _ = starts.shape
    sigma = _sigma(objective)
    given = (np.full((b, k), 1.0 / k), np.ascontiguousarray(starts), np.full((b, k), sigma**2))
    task = em_task(
        objective,
        objective.family,
        given,
        tol=solver.tol,
        max_iter=solver.max_iter,
        accelerate=isinstance(solver, EM) and solver.accelerate,
        gradient=isinstance(solver, GradientDescent),
    )
    found = None if task is None else objective.rows.em(task)
    if found is None:
        return _one_by_one(objective, starts, solver)
    runs, interrupted = found
    if interrupted:
        raise KeyboardInterrupt
    ends = [_end(objective, solver, one) for one in runs]
    means, nll, step, reasons = zip(*ends, strict=True)
    return Crowd(np.stack(means), np.array(nll), np.array(step), reasons)


def _sigma(objective: Objective) -> float:
    return objective.family.coordinates.sigma


def joined(parts: list[Crowd]) -> Crowd:
    """Return several crowds, one after the other, as one."""
    return Crowd(
        np.concatenate([part.means for part in parts]),
        np.concatenate([part.nll for part in parts]),
        np.concatenate([part.step for part in parts]),
        tuple(reason for part in parts for reason in part.reasons),
    )


def _end(
    objective: Objective, solver: EM | GradientDescent, one: engine.EmRun
) -> tuple[FloatArray, float, float, str]:
    if one.end == "out_of_reach":
        return _by_python(objective, Mixture.location(one.means, _sigma(objective)), solver)
    reason = stop_reason(one.end, starved=one.starved)
    return one.means, one.value, np.inf if one.starved else one.step, reason


def _one_by_one(objective: Objective, starts: FloatArray, solver: EM | GradientDescent) -> Crowd:
    ends = [_by_python(objective, Mixture.location(means, _sigma(objective)), solver) for means in starts]
    means, nll, step, reasons = zip(*ends, strict=True)
    return Crowd(np.stack(means), np.array(nll), np.array(step), reasons)


def _by_python(
    objective: Objective, start: Mixture, solver: EM | GradientDescent
) -> tuple[FloatArray, float, float, str]:
    end = run(solver, objective, start)
    if end.stop_reason == "interrupted":
        raise KeyboardInterrupt
    return end.local.means, end.nll - objective.rows.log_unit, end.gradient_norm, end.stop_reason
