"""One fit examined: polished, shaken off a saddle, searched for better ones, finished."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from gmmscape.arrays import BoolArray, IntArray
from gmmscape.diagnosis.clusters import Clusters, clusters
from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError
from gmmscape.mixture import Mixture
from gmmscape.moves.degeneracy import collapsed, on_floor
from gmmscape.moves.mixture_problem import MixtureProblem
from gmmscape.moves.nesting import close_pairs
from gmmscape.moves.restarts import SHAKEN, shaken
from gmmscape.moves.search import Escape, search
from gmmscape.moves.splits import SplitProposals
from gmmscape.objective import SampleObjective, step_norm
from gmmscape.progress import Budget, Stopped
from gmmscape.solve import EM, Solution, descend, pass_size
from gmmscape.statistics import SufficientStatistics
from gmmscape.threads import cached_property
from gmmscape.tolerances import TOLERANCES


@dataclass(frozen=True, eq=False)
class Examination:
    """What was found about a fit; mixtures in local coordinates.

    Attributes
    ----------
    objective : SampleObjective
        Of the sample and the family.
    given : Mixture
        The fit as it came.
    value_before : float
        NLL and penalty there, nats per unit mass.
    gradient_norm : float
        Length of the EM step from there; infinite where a component has no rows.
    polished : Solution
        Where EM leads from there.
    saddle : bool
        Whether that is no minimum: shaken, or with coincident components drawn apart, EM leaves it.
    escape : Escape
        The search that followed.
    final : Solution
        Best fit in hand, never worse than the given one.
    way : tuple of Solution
        The EM runs that led from the given fit to it.
    proposed : SplitProposals or None
        Splits of its components, where the search ended with some.
    lost : tuple of int
        Components that EM would take from the given fit into a collapse: it was kept as it came.
    hurried : bool
        Whether the budget is of a few passes only, or used up by EM of long passes.
    passes : float
        How many passes over all rows it cost as much as.
    """

    objective: SampleObjective
    given: Mixture
    value_before: float
    gradient_norm: float
    polished: Solution
    saddle: bool
    escape: Escape
    final: Solution
    way: tuple[Solution, ...]
    proposed: SplitProposals | None = None
    lost: tuple[int, ...] = ()
    hurried: bool = False
    passes: float = 0.0

    def broken(self, mixture: Mixture) -> BoolArray:
        """Say which components are collapsed; in a hurry, only those on a floor."""
        return (on_floor if self.hurried else collapsed)(self.objective, mixture)

    @property
    def stop_reason(self) -> str:
        """What ended the examination: "completed", "effort_limit", "time_limit" or "interrupted"."""
        return self.escape.stop_reason

    def ended(self, stop_reason: str) -> Examination:
        """Return the same, ended by something else."""
        return replace(self, escape=replace(self.escape, stop_reason=stop_reason))

    @property
    def polish_gain(self) -> float:
        """What EM brought, nats per unit mass; never negative, and zero where it is less than rounding."""
        gain = self.value_before - self.polished.value
        return gain if gain > TOLERANCES.diagnosis.polish_rounding * (1.0 + abs(self.value_before)) else 0.0

    @property
    def searched(self) -> bool:
        """Whether moves were looked for, as far as the effort went."""
        return self.escape.rounds > 0 and not self.escape.cut_short

    @cached_property
    def looked_at(self) -> bool:
        """Whether enough was tried, or found, to say what components are, and there was time to look."""
        if self.escape.cut_short:
            found = bool(self.escape.taken) or self.saddle
            return found and pass_size(self.objective, self.final.local) <= EFFORT.diagnosis.curvature_pass
        return self.searched and self.affordable(0) and self.clusters is not None and self.affordable(0)

    def affordable(self, passes: int) -> bool:
        """Say whether there is time for so many passes more."""
        left = self.objective.rows.tally.left
        seconds = passes * pass_size(self.objective, self.final.local) / EFFORT.diagnosis.pass_rate
        return left is None or (left > 0.0 and seconds <= left)

    @cached_property
    def clusters(self) -> Clusters:
        """What the best fit speaks of; its components, where nothing was looked for."""
        local = self.final.local
        if self.searched:
            return clusters(self.objective, local, proposed=self.proposed)
        return Clusters(local, np.ones(local.n_components, dtype=bool))

    @property
    def begun_early(self) -> bool:
        """Whether moves began before EM had converged."""
        return self.escape.rounds > 0 and self.polished.n_iter == 0 and not self.polished.converged

    @property
    def escape_gain(self) -> float:
        """What moves brought beyond that."""
        return max(0.0, min(self.polished.value, self.value_before) - self.final.value)


def examine(
    objective: SampleObjective,
    given: Mixture,
    problem: MixtureProblem,
    finish: EM,
    budget: Budget,
    *,
    eager: bool = False,
) -> Examination:
    """Examine a fit.

    Parameters
    ----------
    objective : SampleObjective
        Of a sample and a family with free covariances.
    given : Mixture
        The fit, in local coordinates.
    problem : MixtureProblem
        How moves are proposed and judged.
    finish : EM
        Polishes the fit before the search and the best one after it.
    budget : Budget
        Time and callback.
    eager : bool, default=False
        Whether moves begin at once, and EM converges after them: for fits that are not converged, of very
        many rows. `polished` is then the fit as it came.

    Returns
    -------
    Examination
        Also where the budget or Ctrl-C ended it early.
    """
    tally = objective.rows.tally
    tally.until, begun = budget.until, tally.done
    began = time.monotonic()
    statistics = objective.statistics(given)
    one_pass = time.monotonic() - began
    value_before = objective.rows.nll_of(statistics) + objective.family.penalty(given)
    norm = _gradient_norm(objective, given, statistics)
    if budget.left == 0.0:
        polished = _not_polished(objective, given, value_before, norm)
    else:
        polished = _em(problem, given, EM(tol=finish.tol, max_iter=0) if eager else finish, budget)
    ended = polished.stop_reason
    lost = np.zeros(given.n_components, dtype=bool)
    hurried = budget.max_seconds is not None and _takes_all(objective, given, one_pass, budget)
    if not hurried:
        lost = collapsed(objective, polished.local) & ~collapsed(objective, given)
    if lost.any():
        polished, eager = _as_it_came(objective, given, value_before, norm, polished), True
        active = objective.family.floor_active(given)
        polished = replace(
            polished, stop_reason="max_iter", n_iter=0, history=(value_before,), floor_active=active
        )
    found = _Found(polished, Escape(polished), [polished])
    try:
        if ended in ("interrupted", "time_limit"):
            raise Stopped(ended)
        _improve(found, objective, polished, problem, finish, budget, eager)
    except Stopped as stop:
        found.escape.stop_reason = str(stop)
    except KeyboardInterrupt:
        found.escape.stop_reason = "interrupted"
    best = found.best
    if best.value > value_before:
        # The floor of this examination is above what came in: the fit as it is stays the best.
        best = _as_it_came(objective, given, value_before, norm, polished)
    return Examination(
        objective,
        given,
        value_before,
        norm,
        polished,
        found.saddle,
        found.escape,
        best,
        tuple(found.way),
        _proposed(problem, best),
        tuple(np.flatnonzero(lost).tolist()),
        hurried,
        tally.passes(len(objective.rows), given, begun),
    )


def _proposed(problem: MixtureProblem, best: Solution) -> SplitProposals | None:
    """The splits that were proposed last, if they are those of the best fit."""
    if problem.proposed is None:
        return None
    fit, found = problem.proposed
    same = bool((fit.local.weights > 0).all()) and abs(fit.value - best.value) <= problem.same
    return found if same else None


def unexamined(objective: SampleObjective, solution: Solution) -> Examination:
    """Return the examination of a fit that nothing was tried on."""
    ended = solution.stop_reason if solution.stop_reason in ("interrupted", "time_limit") else "completed"
    dear = pass_size(objective, solution.local) > EFFORT.diagnosis.eager_pass
    return Examination(
        objective,
        solution.local,
        solution.value,
        solution.gradient_norm,
        solution,
        False,
        Escape(solution, stop_reason=ended),
        solution,
        (),
        hurried=dear and ended == "time_limit",
    )


@dataclass
class _Found:
    """What is in hand at any moment, so that an interruption loses nothing."""

    best: Solution
    escape: Escape
    way: list[Solution]
    saddle: bool = False


def _improve(
    found: _Found,
    objective: SampleObjective,
    polished: Solution,
    problem: MixtureProblem,
    finish: EM,
    budget: Budget,
    eager: bool,
) -> None:
    left = None if eager else _shaken_off(problem, polished, budget)
    if left is not None:
        found.best, found.saddle = left, True
        found.way.append(left)
    movable = objective.family.movable(polished.local.n_components)
    single = _consolidated(found.best, movable)
    found.escape = search(problem, single, budget, settled=not eager)
    if found.escape.way:
        found.saddle |= single is not found.best
        found.best = _filled(found.escape.fit, polished.local, movable)
        found.way += found.escape.way
    if (found.best is not polished or eager) and not found.escape.cut_short:
        budget.report("finish", found.escape.tried, value=found.best.value, round=found.escape.rounds)
        # What settled the fit counts: no fit has more iterations than EM alone would have.
        left = replace(finish, max_iter=max(0, finish.max_iter - found.best.n_iter))
        finished = _em(problem, found.best.local, left, budget)
        sound = not (collapsed(objective, finished.local) & ~collapsed(objective, found.best.local)).any()
        if finished.value <= found.best.value and sound:
            found.best = finished
            found.way.append(finished)
        if finished.stop_reason in ("interrupted", "time_limit"):
            raise Stopped(finished.stop_reason)


def _takes_all(objective: SampleObjective, given: Mixture, one_pass: float, budget: Budget) -> bool:
    """Whether a few passes take all the time there is; those that list what components cover take longer."""
    max_seconds = budget.max_seconds
    assert max_seconds is not None
    if budget.left == 0.0 and pass_size(objective, given) > EFFORT.diagnosis.eager_pass:
        return True
    if EFFORT.diagnosis.enough_passes * one_pass > max_seconds:
        return True
    some, began = min(len(objective.rows), EFFORT.diagnosis.timed_rows), time.monotonic()
    objective.rows.coverage(given, TOLERANCES.measure.trace, slice(0, some))
    each = (time.monotonic() - began) * len(objective.rows) / some
    return EFFORT.diagnosis.enough_passes * each > max_seconds


def _gradient_norm(objective: SampleObjective, mixture: Mixture, statistics: SufficientStatistics) -> float:
    """Length of the EM step, infinite where a component has no rows or the step is not to be had."""
    if objective.unresolved(statistics.mass).any():
        return float("inf")
    try:
        return step_norm(mixture, objective.update(statistics, mixture))
    except InvalidParameterError:
        return float("inf")


def _not_polished(objective: SampleObjective, given: Mixture, value: float, norm: float) -> Solution:
    """The fit as it came, where there was no time for more."""
    penalty = objective.family.penalty(given)
    return Solution(
        local=given,
        origin=objective.measure.origin,
        nll=value - penalty,
        penalty=penalty,
        error=float("inf"),
        gradient_norm=norm,
        stop_reason="time_limit",
        n_iter=0,
        history=(value,),
        floor_active=objective.family.floor_active(given),
        family=objective.family.name,
        background=objective.background_beside(given),
        held=objective.held,
    )


def _as_it_came(
    objective: SampleObjective, given: Mixture, value: float, norm: float, polished: Solution
) -> Solution:
    """The fit before EM, as where EM led to."""
    penalty = objective.family.penalty(given)
    return replace(polished, local=given, nll=value - penalty, penalty=penalty, gradient_norm=norm)


def _em(problem: MixtureProblem, start: Mixture, finish: EM, budget: Budget) -> Solution:
    def watch(ended: int, iterations: int, nll: float) -> bool:
        return budget.asks_to_stop("polish", 0, value=nll, iteration=iterations)

    def led() -> Solution:
        return descend(finish, problem.objective, start, max_seconds=budget.left, watch=watch)

    return problem.descents.one("polish", led)


def _shaken_off(problem: MixtureProblem, solution: Solution, budget: Budget) -> Solution | None:
    """Where EM leads from a point close by, if that is below; None at a minimum."""
    objective = problem.objective
    start = shaken(solution.local, np.random.default_rng(problem.seed))
    target = solution.value - problem.same

    def watch(ended: int, iterations: int, nll: float) -> bool:
        budget.check()
        return nll < target

    left = problem.descents.one(
        "shaken",
        lambda: descend(SHAKEN, objective, start, watch=watch),
        whole=lambda end: end.value < target or end.stop_reason != "interrupted",
    )
    if left.value >= target:
        if left.stop_reason == "interrupted":
            raise Stopped("interrupted")
        return None
    # It was stopped because it had gone far enough, by nobody else.
    return problem.settled(replace(left, stop_reason="max_iter"), budget.check)


def _consolidated(solution: Solution, movable: BoolArray) -> Solution:
    """The same density with coincident components joined in the first of them, the others left empty.

    A search can then fill the empty ones. Returns the solution itself where no components coincide.
    """
    mixture = solution.local
    weights = mixture.weights.copy()
    for i, j in _coincident(mixture):
        if weights[i] > 0 and weights[j] > 0 and movable[i] and movable[j]:
            weights[i] += weights[j]
            weights[j] = 0.0
    if np.array_equal(weights, mixture.weights):
        return solution
    joined = Mixture(weights / weights.sum(), mixture.means, mixture.covariances, mixture.covariance_type)
    return replace(solution, local=joined)


def _coincident(mixture: Mixture) -> IntArray:
    """Pairs of components that an EM step could not tell apart, smaller index first, shape (p, 2)."""
    pairs = close_pairs(mixture, TOLERANCES.diagnosis.coincident)
    if mixture.kind.shared or len(pairs) == 0:
        return pairs
    flat = mixture.covariances.reshape(mixture.n_components, -1)
    scale = np.abs(flat).max(axis=1)[pairs].min(axis=1)
    gaps = np.abs(flat[pairs[:, 0]] - flat[pairs[:, 1]]).max(axis=1)
    return pairs[gaps <= TOLERANCES.diagnosis.coincident * scale]


def _filled(solution: Solution, before: Mixture, movable: BoolArray) -> Solution:
    """The same density without components that the search emptied and found no use for.

    They become copies of the heaviest ones, as they were when they came.
    """
    mixture = solution.local
    weights, means, covariances = mixture.weights.copy(), mixture.means.copy(), mixture.covariances.copy()
    for empty in np.flatnonzero((weights == 0) & (before.weights > 0) & movable):
        host = int(np.argmax(weights * movable))
        weights[[host, empty]] = 0.5 * weights[host]
        means[empty] = means[host]
        if not mixture.kind.shared:
            covariances[empty] = covariances[host]
    if np.array_equal(weights, mixture.weights):
        return solution
    return replace(solution, local=Mixture(weights, means, covariances, mixture.covariance_type))
