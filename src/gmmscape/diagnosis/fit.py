"""Data in, a fit that is not stuck out: starts, EM, and the way out of bad optima."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from gmmscape.diagnosis.examine import Examination, examine, unexamined
from gmmscape.diagnosis.result import Diagnosis
from gmmscape.diagnosis.verdict import diagnosis_of, diagnosis_of_result
from gmmscape.effort import EFFORT
from gmmscape.families import Family
from gmmscape.measure import Sample
from gmmscape.mixture import Mixture
from gmmscape.moves.mixture_problem import MixtureProblem
from gmmscape.objective import Objective, SampleObjective
from gmmscape.progress import Budget
from gmmscape.results.records import Record
from gmmscape.solve import CUT_SHORT, EM, Memory, Solution, descend_all, pass_size, start_around
from gmmscape.threads import limited
from gmmscape.tolerances import TOLERANCES


@dataclass(frozen=True)
class FitPlan:
    """How to fit.

    Attributes
    ----------
    n_components : int
        Number of components.
    solver : EM
        Of the starts, of the polish and of the last run.
    init_params : str
        Where starts come from; a name in `INIT_PARAMS`.
    n_init : int
        Number of starts; start i depends on the seed and i alone.
    seed : int
        Of the starts and of the search.
    escape : bool
        Whether bad optima are left.
    take_nested : bool
        Whether gains by nested components are taken.
    pursue : {"evidence", "likelihood"}
        What moves are made for.
    n_jobs : int or None
        Threads at most; None for all.
    start : Mixture or None
        Where to begin instead, in local coordinates.
    defer : bool
        Whether diagnoses are computed when they are asked for; the sample then has to keep its rows.
    keep : bool
        Whether a fit that stops early may be gone on with: it then remembers what that takes, and what begins
        after EM waits until that has converged.
    resume : Memory or None
        Of a run that is gone on with, from `start`.
    """

    n_components: int
    solver: EM
    init_params: str
    n_init: int
    seed: int
    escape: bool
    take_nested: bool
    pursue: str
    n_jobs: int | None
    start: Mixture | None
    defer: bool = False
    keep: bool = False
    resume: Memory | None = None

    @property
    def done(self) -> int:
        """Iterations of EM before this fit."""
        return 0 if self.resume is None else self.resume.n_iter


@dataclass(frozen=True, eq=False)
class Fit(Record):
    """A fit with its diagnoses.

    Attributes
    ----------
    solution : Solution
        The fit; `n_iter` and `history` are those of the whole way, from the start over the moves.
    diagnosis : Diagnosis
        Of the fit.
    em_diagnosis : Diagnosis or None
        Of what EM alone ended in; None where no moves were tried.
    """

    format: ClassVar[str] = "gmmscape-diagnosed-fit"

    solution: Solution
    diagnosis: Diagnosis
    em_diagnosis: Diagnosis | None

    @property
    def fitted_part(self) -> Any:
        """The solution."""
        return self.solution

    def __str__(self) -> str:
        return f"{self.solution}\n\n{self.diagnosis}"


def fit_mixture(sample: Sample, family: Family, plan: FitPlan, total: float, budget: Budget) -> Fit:
    """Fit a mixture to a sample.

    Parameters
    ----------
    sample : Sample
        The data.
    family : Family
        What is free, and the floor.
    plan : FitPlan
        How to fit.
    total : float
        Rows that count.
    budget : Budget
        Time and callback.

    Returns
    -------
    Fit
        Best fit in hand; also where Ctrl-C ended the work.
    """
    with limited(plan.n_jobs):
        return _fit(sample, family, plan, total, budget)


def _fit(sample: Sample, family: Family, plan: FitPlan, total: float, budget: Budget) -> Fit:
    """The best of the searches that begin at each start which is better than all before it.

    A search from a better start may end lower than one from a worse: with these, more starts are never worse.
    """
    records = _records(_solutions(sample, family, plan, budget))
    objective = Objective.near(sample, family, records[-1].local)
    if not plan.escape or records[-1].stop_reason in CUT_SHORT or _stopped_early(records[-1], plan):
        _, diagnosis = _diagnoses(unexamined(objective, records[-1]), total, plan, searched=False)
        return Fit(records[-1], diagnosis, None)
    found: list[tuple[Solution, Examination]] = []
    for start in reversed(records):  # the best first: it is what there is when time runs out
        found.append((start, _examined(objective, start, plan, budget)))
        if found[-1][1].escape.cut_short:
            break
    start, examination = min(found, key=lambda one: one[1].final.value)
    try:
        em_diagnosis, diagnosis = _diagnoses(examination, total, plan, searched=True)
    except KeyboardInterrupt:  # while it was looked at: what is in hand is kept, with what is known at once
        examination = examination.ended("interrupted")
        em_diagnosis, diagnosis = _diagnoses(examination, total, plan, searched=True)
    return Fit(_whole_way(start, examination), diagnosis, em_diagnosis)


def _stopped_early(solution: Solution, plan: FitPlan) -> bool:
    """Whether the iterations ran out before a search has ground to stand on: EM has hardly begun.

    What may be gone on with is waited for, until EM has converged: the end then does not depend on where it
    was interrupted.
    """
    if solution.stop_reason not in ("max_iter", "plateau") or solution.n_iter < plan.solver.max_iter:
        return False
    hardly = solution.n_iter < EFFORT.diagnosis.beginning_iterations
    return plan.keep or (hardly and solution.gradient_norm > TOLERANCES.diagnosis.begun)


def _diagnoses(
    examination: Examination, total: float, plan: FitPlan, *, searched: bool
) -> tuple[Diagnosis, Diagnosis]:
    """The diagnoses of what EM alone found and of the fit."""

    def before() -> Diagnosis:
        with limited(plan.n_jobs):
            return diagnosis_of(examination, total)

    def after() -> Diagnosis:
        with limited(plan.n_jobs):
            return diagnosis_of_result(examination, of_em, searched=searched)

    of_em = Diagnosis.later(before) if plan.defer else before()
    return of_em, Diagnosis.later(after) if plan.defer else after()


def _examined(objective: SampleObjective, start: Solution, plan: FitPlan, budget: Budget) -> Examination:
    unbounded = plan.pursue == "likelihood" or plan.take_nested  # the highest is asked for
    effort = None if unbounded else _effort(objective, start, plan.done)
    problem = MixtureProblem(
        objective, take_nested=plan.take_nested, seed=plan.seed, pursue=plan.pursue, effort=effort
    )
    eager = pass_size(objective, start.local) > EFFORT.diagnosis.eager_pass
    return examine(objective, start.local, problem, plan.solver, budget, eager=eager)


def _effort(objective: SampleObjective, start: Solution, done: int) -> float:
    """What a search may cost, as the tally counts: as much as the EM before it, or more where it is quick."""
    one, begun = pass_size(objective, start.local), done + start.n_iter + 1
    work = start.local.kind.work(start.local.n_features)
    passes = min(EFFORT.diagnosis.times_em * begun, max(EFFORT.diagnosis.search_passes / work, begun))
    return max(EFFORT.diagnosis.quick_search, one * passes)


def _records(solutions: Sequence[Solution]) -> list[Solution]:
    """Those that EM took lower than all before; collapsed ones only where all are."""
    records: list[Solution] = []
    for one in solutions:
        rank = (one.stop_reason == "degenerate", one.value)
        if not records or rank < (records[-1].stop_reason == "degenerate", records[-1].value):
            records.append(one)
    cut_short = [one.stop_reason for one in solutions if one.stop_reason in CUT_SHORT]
    if cut_short:
        records[-1] = replace(records[-1], stop_reason=cut_short[0])
    return records


def _solutions(sample: Sample, family: Family, plan: FitPlan, budget: Budget) -> list[Solution]:
    if plan.start is not None:
        starts = [plan.start]
    else:
        init = _init_params(sample, plan, budget)
        starts = [
            start_around(sample, family, plan.n_components, init, np.random.default_rng([plan.seed, i]))
            for i in range(plan.n_init)
        ]

    def watch(ended: int, iterations: int, nll: float) -> bool:
        return budget.asks_to_stop("em", ended, len(starts), nll, iteration=iterations)

    objective = Objective.near(sample, family, starts[0])
    solver = (
        _begun(plan)
        if plan.escape and pass_size(objective, starts[0]) > EFFORT.diagnosis.eager_pass
        else plan.solver
    )
    return descend_all(
        solver,
        objective,
        starts,
        max_seconds=budget.left,
        watch=watch,
        each_iteration=budget.each_iteration,
        keep=plan.keep,
        resume=plan.resume,
    )


def _init_params(sample: Sample, plan: FitPlan, budget: Budget) -> str:
    """Where starts come from: from random rows where k-means would take longer than all the time there is."""
    k, rows = plan.n_components, min(len(sample), EFFORT.solve.start_rows)
    work = plan.n_init * rows * sample.n_features * k * (2.0 + np.log(k))  # of k-means++
    if budget.max_seconds is None or work <= EFFORT.solve.kmeans_rate * budget.max_seconds:
        return plan.init_params
    return "random_from_data"


def _begun(plan: FitPlan) -> EM:
    """The solver that only begins: bad optima show long before EM has converged in them."""
    solver, left = plan.solver, max(0, EFFORT.diagnosis.beginning_iterations - plan.done)
    return replace(
        solver,
        tol=max(solver.tol, TOLERANCES.diagnosis.begun),
        max_iter=min(solver.max_iter, left),
    )


def _whole_way(start: Solution, examination: Examination) -> Solution:
    """The best fit with the iterations and the falling history of the way that led to it."""
    history, n_iter = list(start.history), start.n_iter
    escape = examination.escape
    moves_at, by_moves = [], [escape.way[i] for i in escape.by_moves]
    for part in examination.way:
        # A run that begins where the last one ended continues it; after a move only its end counts.
        continues = part.history[0] <= history[-1]
        if any(part is moved for moved in by_moves):
            moves_at.append(len(history))
            continues &= len(part.history) > 1
        history += part.history[1:] if continues else [part.value]
        n_iter += part.n_iter
    final = examination.final
    history[-1] = final.value  # the same point, evaluated once more
    reason = examination.stop_reason if escape.cut_short else final.stop_reason
    return replace(final, n_iter=n_iter, history=tuple(history), moves_at=tuple(moves_at), stop_reason=reason)
