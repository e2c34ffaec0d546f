"""EM from one start or many without coming back to Python between iterations, by the native engine.

A pass over few rows takes less time than the Python around it; and starts that do not wait for each other are
what threads are for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import takewhile
from typing import Any, NamedTuple

import numpy as np

from gmmscape import engine
from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.families import Family
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.progress import Event
from gmmscape.solve.acceleration import own_units
from gmmscape.solve.em import EM
from gmmscape.solve.loop import run
from gmmscape.solve.memory import Memory
from gmmscape.solve.result import Solution
from gmmscape.solve.rules import stop_reason
from gmmscape.tolerances import TOLERANCES

#: Called now and then with the number of starts that have ended, the iterations of all, and the value of the
#: start that moved last; returning True stops.
Watch = Callable[[int, int, float], bool]


class Patience(NamedTuple):
    """When EM is given up.

    Attributes
    ----------
    target : float
        Value to be reached.
    screen : int
        Iterations before anything is said.
    outlook : int
        Iterations that are expected to go on at the last one's pace.
    """

    target: float = np.inf
    screen: int = 0
    outlook: int = 0


#: Ends that nobody estimates the error of: it is not asked for, or there is no time to.
UNESTIMATED = ("given_up", "time_limit", "not_begun")
#: Never gives up.
PATIENT = Patience()


def descend(
    solver: EM,
    objective: Objective,
    start: Mixture,
    *,
    patience: Patience = PATIENT,
    max_seconds: float | None = None,
    watch: Watch | None = None,
) -> Solution:
    """Return where EM leads from one start; see `descend_all`."""
    return descend_all(solver, objective, [start], patience=patience, max_seconds=max_seconds, watch=watch)[0]


def descend_all(
    solver: EM,
    objective: Objective,
    starts: Sequence[Mixture],
    *,
    patience: Patience = PATIENT,
    max_seconds: float | None = None,
    watch: Watch | None = None,
    each_iteration: bool = False,
    keep: bool = False,
    resume: Memory | None = None,
) -> list[Solution]:
    """Return where EM leads from each start; starts share the threads out among them.

    Parameters
    ----------
    solver : EM
        Algorithm with its tolerance and iteration limit.
    objective : Objective
        With its rows frozen.
    starts : sequence of Mixture
        Of one shape, in local coordinates.
    patience : Patience, optional
        When a start is given up.
    max_seconds : float, optional
        For all of them together.
    watch : callable, optional
        See `Watch`.
    each_iteration : bool, default=False
        Whether `watch` is to see each iteration, which takes longer.
    keep : bool, default=False
        Whether solutions remember what it takes to go on.
    resume : Memory, optional
        Where there is one start: of a solution on the same rows, from which it goes on as if that run had not
        stopped. Iterations, and the history, are those from there on.

    Returns
    -------
    list of Solution
        In the order of the starts, without those that were not begun when time
        ran out or Ctrl-C was pressed; one at least. A start that was given up ends with "max_iter", its
        error not estimated: infinite.
    """
    kept = _Kept(keep, resume)
    if objective.rows.in_memory() is not None and not each_iteration:
        found = _natively(solver, objective, starts, patience, max_seconds, watch, kept)
        if found is not None:
            return found
    solutions: list[Solution] = []
    began = time.monotonic()
    for start in starts:
        left = None if max_seconds is None else max(0.0, max_seconds - (time.monotonic() - began))
        solutions.append(_alone(solver, objective, start, patience, left, len(solutions), watch, kept))
        if solutions[-1].stop_reason in ("interrupted", "time_limit"):
            break
    return solutions


class _Kept(NamedTuple):
    """Whether solutions remember what it takes to go on; and what is gone on from."""

    keep: bool = False
    resume: Memory | None = None

    def memory(self, run: engine.EmRun) -> Memory | None:
        """What a run of the native loop remembers."""
        before = 0 if self.resume is None else self.resume.n_iter
        return Memory(run.memory, True, before + len(run.history) - 1) if self.keep else None


#: Most runs are not gone on with.
NOTHING_KEPT = _Kept()


def _alone(
    solver: EM,
    objective: Objective,
    start: Mixture,
    patience: Patience,
    max_seconds: float | None,
    number: int,
    watch: Watch | None,
    kept: _Kept,
) -> Solution:
    """One start of several, each iteration of which is seen."""
    found = None
    if objective.rows.in_memory() is not None:

        def seen(ended: int, iterations: int, value: float) -> bool:
            return watch is not None and watch(number, iterations, value)

        found = _run(solver, objective, [start], patience, max_seconds, seen, each_iteration=True, kept=kept)
    if found is None or found.runs[0].end == "out_of_reach":
        return _by_python(solver, objective, start, patience, max_seconds, number, watch, kept)
    end = _solution(objective, start, found.runs[0], "time_limit", kept)
    return _interrupted(end) if found.interrupted else end


def _interrupted(end: Solution) -> Solution:
    """An end that Ctrl-C came after, marked so; a collapsed one is none to go on with."""
    if end.stop_reason == "degenerate":
        raise KeyboardInterrupt
    return replace(end, stop_reason="interrupted")


class RoughEnds(NamedTuple):
    """Ends of EM, and whether Ctrl-C was pressed before all were there."""

    mixtures: list[Mixture]
    interrupted: bool


def ends_of_all(
    solver: EM,
    objective: Objective,
    starts: Sequence[Mixture],
    *,
    max_seconds: float | None = None,
    watch: Watch | None = None,
) -> RoughEnds:
    """Return where EM ends from each start, in local coordinates, and nothing else.

    For starts that are many and rough: `descend_all` also estimates the error of each value. Where time runs
    out, `watch` stops it or Ctrl-C is pressed, the ends of the first starts, up to the first that was cut
    short.
    """
    found = None
    if objective.rows.in_memory() is not None:
        found = _run(solver, objective, starts, PATIENT, max_seconds, watch)
    if found is None:
        return _ends_by_python(solver, objective, starts, max_seconds, watch)
    runs, interrupted = found
    ended = takewhile(
        lambda pair: pair[1].end not in ("time_limit", "interrupted", "not_begun"),
        zip(starts, runs, strict=True),
    )
    mixtures = [
        Mixture(one.weights, one.means, one.covariances, start.covariance_type) for start, one in ended
    ]
    return RoughEnds(mixtures, interrupted)


def _ends_by_python(
    solver: EM,
    objective: Objective,
    starts: Sequence[Mixture],
    max_seconds: float | None,
    watch: Watch | None,
) -> RoughEnds:
    stopped = False

    def watched(ended: int, iterations: int, nll: float) -> bool:
        nonlocal stopped
        stopped = watch is not None and watch(ended, iterations, nll)
        return stopped

    ends: list[Mixture] = []
    began = time.monotonic()
    for number, start in enumerate(starts):
        left = None if max_seconds is None else max(0.0, max_seconds - (time.monotonic() - began))
        solution = _by_python(solver, objective, start, PATIENT, left, number, watched)
        if solution.stop_reason == "interrupted" and not stopped:
            return RoughEnds(ends, True)
        if solution.stop_reason in ("interrupted", "time_limit"):
            break
        ends.append(solution.local)
    return RoughEnds(ends, False)


def _natively(
    solver: EM,
    objective: Objective,
    starts: Sequence[Mixture],
    patience: Patience,
    max_seconds: float | None,
    watch: Watch | None,
    kept: _Kept,
) -> list[Solution] | None:
    """All starts in the native loop; None where that cannot do it."""
    found = _run(solver, objective, starts, patience, max_seconds, watch, kept=kept)
    if found is None:
        return None
    runs, interrupted = found
    cut_short = "interrupted" if interrupted else "time_limit"
    solutions = []
    for start, one in zip(starts, runs, strict=True):
        if one.end == "out_of_reach":
            solutions.append(_by_python(solver, objective, start, patience, max_seconds, 0, watch, kept))
        elif one.end != "not_begun" or not solutions:
            solutions.append(_solution(objective, start, one, cut_short, kept))
    last = solutions[-1]
    # However short the work was, it is seen once; what has collapsed by then stays no fit.
    if watch is not None and watch(len(runs), sum(s.n_iter for s in solutions), last.value):
        solutions[-1] = last if last.stop_reason == "degenerate" else replace(last, stop_reason="interrupted")
    # Ctrl-C counts also where all had ended when it came.
    if interrupted and all(one.stop_reason != "interrupted" for one in solutions):
        solutions[-1] = _interrupted(last)
    return solutions


def _run(
    solver: EM,
    objective: Objective,
    starts: Sequence[Mixture],
    patience: Patience,
    max_seconds: float | None,
    watch: Watch | None,
    each_iteration: bool = False,
    kept: _Kept = NOTHING_KEPT,
) -> engine.EmRuns | None:
    stacked = (
        np.stack([start.weights for start in starts]),
        np.stack([start.means for start in starts]),
        np.stack([start.covariances for start in starts]),
    )
    task = em_task(
        objective,
        objective.family,
        stacked,
        tol=solver.tol,
        max_iter=solver.max_iter,
        accelerate=solver.accelerate,
        second_order=second_order_of(solver),
        target=patience.target - objective.rows.log_unit,
        screen=patience.screen,
        outlook=patience.outlook,
        max_seconds=max_seconds,
        watch=None if watch is None else partial(_seen, watch, objective.rows.log_unit),
        each_iteration=each_iteration and watch is not None,
        keep=kept.keep,
        resume=None if kept.resume is None else kept.resume.of_loop(native=True),
    )
    return None if task is None else objective.rows.em(task)


def second_order_of(solver: EM) -> engine.SecondOrder | None:
    """Return when a solver takes steps of a quadratic model, as the native loop needs it."""
    if not (solver.second_order and solver.accelerate):
        return None
    effort, tolerance = EFFORT.solve, TOLERANCES.solve
    return engine.SecondOrder(
        after=effort.second_order_after,
        window=effort.shrinking_window,
        largest=effort.largest_hessian,
        dearest=effort.dearest_hessian,
        price=effort.model_price,
        products_price=effort.products_price,
        product_cost=effort.product_cost,
        secants=effort.secants,
        products=effort.products,
        rough=effort.rough_step,
        exact=effort.exact_step,
        correction=effort.correction,
        reach=effort.reach,
        trial=effort.products_trial,
        payback=effort.payback,
        rest=effort.rest,
        radius=tolerance.model_radius,
        least_radius=tolerance.least_radius,
        longest=tolerance.longest_change,
        acceptable=tolerance.acceptable,
        poor=tolerance.poor,
        no_fall=tolerance.no_fall,
    )


def truncation() -> engine.Truncation:
    """Return when passes are truncated, as the native loop needs it (docs/methods/fits/truncated.md)."""
    effort, tolerance = EFFORT.truncation, TOLERANCES.solve
    return engine.Truncation(
        least_components=effort.least_components,
        block_rows=effort.block_rows,
        wide_block_rows=effort.wide_block_rows,
        left_out=tolerance.left_out,
        light=tolerance.light,
        pays=effort.pays,
        sample_rows=effort.sample_rows,
        sample_blocks=effort.sample_blocks,
        sample_components=effort.sample_components,
        sorting=effort.sorting,
        shortest_wait=effort.shortest_wait,
        longest_wait=effort.longest_wait,
        most_bytes=effort.most_bytes,
    )


def _seen(watch: Watch, log_unit: float, ended: int, iterations: int, value: float) -> bool:
    return watch(ended, iterations, value + log_unit)


def pass_size(objective: Objective, mixture: Mixture) -> int:
    """Return rows times components times columns, or their square for matrices: what a pass costs."""
    k, d = mixture.means.shape
    return len(objective.rows) * k * mixture.kind.work(d)


def em_task(
    objective: Objective,
    family: Family,
    starts: tuple[FloatArray, FloatArray, FloatArray],
    *,
    priors: FloatArray | None = None,
    **options: Any,
) -> engine.EmTask | None:
    """Return the task of running EM of a family from starts, or None where engines have no loop for it.

    `priors` (b,) are masses of the family's prior where starts differ in it; `options` are fields of
    `engine.EmTask`; the rest is as the objective says.
    """
    measure = objective.measure
    native = family.native(measure.n_features)
    if native is None:
        return None
    weights, means, covariances = (np.ascontiguousarray(part) for part in starts)
    resolution = options.pop("resolution", objective.rows.resolution)
    if native.free_weights or not native.means_only:
        # A weight that has gone to zero does so at a steady rate, for ever.
        resolution = max(resolution, TOLERANCES.solve.vanished_weight)
    prior = native.prior
    if prior is not None:
        mass = prior.mass if priors is None else priors
        options["prior_mass"] = np.ascontiguousarray(np.broadcast_to(mass, len(weights)), dtype=np.float64)
        options["prior_scale"] = np.ascontiguousarray(prior.scale)
    return engine.EmTask(
        kind=native.kind,
        means_only=native.means_only,
        free_weights=native.free_weights,
        weights=weights,
        means=means,
        covariances=covariances,
        floor=native.floor,
        spread=np.sqrt(measure.variance),
        scale=np.ascontiguousarray(own_units(objective, family.kind)),
        unit=objective.rows.unit,
        narrowest=TOLERANCES.solve.narrowest,
        largest_rise=TOLERANCES.solve.largest_rise,
        resolution=resolution,
        truncation=truncation(),
        **options,
    )


def _solution(
    objective: Objective, start: Mixture, found: engine.EmRun, cut_short: str, kept: _Kept
) -> Solution:
    log_unit = objective.rows.log_unit
    if found.end == "not_begun":
        penalty = objective.family.penalty(start)
        value = objective.rows.nll(start) + penalty
        mixture, history, starved = start, (value,), False
    else:
        mixture = Mixture(found.weights, found.means, found.covariances, start.covariance_type)
        history = tuple((found.history + log_unit).tolist())
        value, starved = found.value + log_unit, found.starved
        penalty = objective.family.penalty(mixture)
    reason = {"not_begun": cut_short, "given_up": "max_iter"}.get(found.end, found.end)
    return Solution(
        local=mixture,
        origin=objective.measure.origin,
        nll=value - penalty,
        penalty=penalty,
        error=float("inf") if found.end in UNESTIMATED else objective.errors(mixture).nll,
        gradient_norm=float("inf") if starved else found.step,
        stop_reason=stop_reason(reason, starved=starved),
        n_iter=len(history) - 1,
        history=history,
        floor_active=objective.family.floor_active(mixture),
        family=objective.family.name,
        background=objective.background_beside(mixture),
        held=objective.held,
        memory=kept.memory(found),
    )


def _by_python(
    solver: EM,
    objective: Objective,
    start: Mixture,
    patience: Patience,
    max_seconds: float | None,
    number: int,
    watch: Watch | None,
    kept: _Kept = NOTHING_KEPT,
) -> Solution:
    last, given_up = np.inf, False

    def callback(seen: Event) -> bool:
        nonlocal last, given_up
        value = float("inf") if seen.value is None else seen.value
        fall, last = last - value, value
        # A refused step of the model says nothing of the pace.
        slow = value - patience.outlook * fall > patience.target
        given_up = seen.done >= patience.screen and fall > 0.0 and slow
        return given_up or (watch is not None and watch(number, seen.done, value))

    found = run(
        solver,
        objective,
        start,
        max_seconds=max_seconds,
        callback=callback,
        keep=kept.keep,
        resume=kept.resume,
    )
    if given_up and found.stop_reason == "interrupted":
        return replace(found, stop_reason="max_iter", error=float("inf"))
    return found
