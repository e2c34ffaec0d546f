"""local_optima: the distinct optima that EM reaches from random starts."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.diagnosis.assess import check_n_jobs
from gmmscape.diagnosis.clusters import Clusters, clusters
from gmmscape.diagnosis.component_kinds import association_on_sample
from gmmscape.diagnosis.findings import set_aside
from gmmscape.exceptions import NoResultError
from gmmscape.families import Family, check_room, known_family, shape_in
from gmmscape.measure import Sample
from gmmscape.mixture import Mixture
from gmmscape.moves.mixture_problem import MixtureProblem
from gmmscape.moves.restarts import FINISH, Restarts, StartPlan, left_when_shaken, restarted
from gmmscape.moves.search import search
from gmmscape.objective import Objective
from gmmscape.optima.decoding import decoded_on_sample
from gmmscape.optima.result import LocalOptima, LocalOptimum
from gmmscape.optima.same_optimum import grouped, matched
from gmmscape.progress import Budget, Callback
from gmmscape.solve import AUTO, INIT_PARAMS, Regularity, descend, mixture_around
from gmmscape.structure.intervals import share_interval
from gmmscape.threads import limited
from gmmscape.tolerances import TOLERANCES
from gmmscape.validation import (
    choice,
    generator,
    positive_integer,
    random_state_too,
)
from gmmscape.work.journal import Journal, kept_seed

#: States of a group of ends; where there is none of the first, the next one is listed.
STATES = ("converged", "not converged", "saddle", "degenerate")


@random_state_too
def local_optima(
    X: Any,
    n_components: int,
    covariance_type: str = "full",
    *,
    n_starts: int = 100,
    sample_weight: ArrayLike | None = None,
    rng: Any = None,
    init_params: str = "k-means++",
    escape: bool = True,
    reg_covar: float = 0.0,
    covariance_floor: float | None = None,
    covariance_prior: float | str = AUTO,
    n_jobs: int | None = None,
    max_seconds: float | None = None,
    verbose: int = 0,
    callback: Callback | None = None,
    checkpoint: str | Path | None = None,
) -> LocalOptima:
    """Find the local optima of a data set's likelihood that EM reaches from random starts.

    EM runs from each start to convergence: plain until its steps are short, so that shares are those of its
    basins, then accelerated. Ends count as one optimum if their NLLs agree within 0.02 nats in total
    and do not rise by more halfway between them. From the best end moves are tried as `repair` does; a better
    fit that they lead to is listed with no hits: starts alone may all end in bad optima. Each is read as
    `diagnose` reads it, against the clusters of the best one as if these were true: the blocks of the theory
    (one-fits-many, many-fit-one), seen on data.

    Parameters
    ----------
    X : array_like of shape (n_samples, n_features)
        Data.
    n_components : int
        Number of components.
    covariance_type : str, default="full"
        What is free: "full", "tied", "diag", "spherical", or another of mclust's families.
    n_starts : int, default=100
        Number of starts; start i depends on `rng` and i alone.
    sample_weight : array_like of shape (n_samples,), optional
        Non-negative weights of the rows; equal by default.
    rng : None, int or numpy.random.Generator, default=None
        Source of randomness of the starts (SPEC 7).
    init_params : {"kmeans", "k-means++", "random", "random_from_data"}, default="k-means++"
        Where starting means come from; shares are those of this kind of start.
    escape : bool, default=True
        Whether a better fit than the starts found is looked for by moves.
    reg_covar : float, default=0.0
        Least variance, in squared units of the data.
    covariance_floor : float, optional
        Least variance as a share of the data's. None beside a prior, else 1e-6.
    covariance_prior : "auto" or float, default="auto"
        How many rows of the components' pooled covariance each covariance is given beside its own
        (docs/mathematics.md#prior). "auto" asks the data; 0 is maximum likelihood.
    n_jobs : int, optional
        Threads at most; None or -1 for all cores. The result does not depend on it.
    max_seconds : float, optional
        Time budget.
    verbose : int, default=0
        1 prints every two seconds how far it has come.
    callback : callable, optional
        Called with an `Event` as the work goes on, of stage "em" and then "moves"; returning True stops it.
    checkpoint : str or Path, optional
        JSON file that the ends of starts are kept in; if it exists, the work goes on from it, without `rng`
        with its seed.

    Returns
    -------
    LocalOptima
        Prints as a table; `optima`, best first, `replicated`, `unseen`. Ends with a collapsed component are
        counted apart (`degenerate`), those on saddles or plateaus, or that have not converged and lie near no
        optimum, in `unsettled`. Either are listed only where there is nothing else, and marked.

    Raises
    ------
    DataError
        If the data cannot be used, or have fewer rows than components.
    InvalidParameterError
        If an option cannot be used.
    NoResultError
        If the budget ran out, or the callback stopped, before one start was done.

    Notes
    -----
    Ctrl-C, the end of the budget and the callback end the work with the starts that were done, in their
    order (Ctrl-C before the first is passed on). Cost: an EM run for each start, O(n k d^2) an iteration; a
    pass for each end; a search from the best.

    Examples
    --------
    >>> import numpy as np, gmmscape as gs
    >>> X = np.random.default_rng(0).normal([[0.0], [9.0], [30.0]], 1.0, (3, 200)).reshape(-1, 1)
    >>> found = gs.local_optima(X, 3, "spherical", n_starts=50, rng=0, init_params="random_from_data")
    >>> sorted(found.best.mixture.means.ravel().round().tolist())
    [0.0, 9.0, 30.0]
    """
    covariance_type = known_family("covariance_type", covariance_type)
    choice("init_params", init_params, INIT_PARAMS)
    check_n_jobs(n_jobs)
    kept = kept_seed(checkpoint) if rng is None else None
    seed = int(generator(rng).integers(2**63)) if kept is None else kept
    plan = StartPlan(
        positive_integer("n_components", n_components),
        init_params,
        positive_integer("n_starts", n_starts),
        seed,
    )
    regularity = Regularity.of(covariance_prior, reg_covar, covariance_floor)
    budget = Budget.of("local_optima", max_seconds, callback, verbose)
    n, d = shape_in(X)
    check_room(covariance_type, plan.n_components, d, search=bool(escape), n=n)
    sample = Sample(X, sample_weight, copy=False, wild="aside")
    for finding in set_aside(sample):
        warnings.warn(str(finding), UserWarning, stacklevel=3)
    # Ends that are kept have one prior, however long the runs are that find them.
    seconds = budget.max_seconds if checkpoint is None else None
    family = regularity.family(sample, covariance_type, plan.n_components, seconds)
    one = mixture_around(sample, family, np.zeros((1, sample.n_features)))
    with limited(n_jobs):
        journal = None if checkpoint is None else _journal(checkpoint, sample, plan, family, regularity)
        found = restarted(Objective.near(sample, family, one), plan, budget, journal)
        if not found.ends:
            raise _nothing(found)
        done = len(found.ends)
        if escape and found.stop_reason == "completed":
            found = _with_better(found, seed, budget)
        total = sample.counted_rows
        try:
            return _result(found, done, plan, total, regularity)
        except KeyboardInterrupt:  # while they were read: they are told without it
            return _result(replace(found, stop_reason="interrupted"), done, plan, total, regularity)


def _journal(
    checkpoint: str | Path, sample: Sample, plan: StartPlan, family: Family, regularity: Regularity
) -> Journal:
    """Where ends are kept; what they depend on must be the same for them to be of use."""
    facts = {
        "data": sample.digest,
        "n_components": plan.n_components,
        "covariance_type": family.name,
        "init_params": plan.init_params,
        "reg_covar": regularity.reg_covar,
        "covariance_floor": regularity.covariance_floor,
        "covariance_prior": regularity.prior_rows,
        "rng": plan.seed,
    }
    return Journal(checkpoint, "local_optima", facts)


def _nothing(found: Restarts) -> BaseException:
    """What to raise where no start was done."""
    if found.stop_reason == "interrupted" and not found.asked:
        return KeyboardInterrupt()
    remedy = "raise max_seconds" if found.stop_reason == "time_limit" else "let the callback go on for longer"
    return NoResultError(f"no start was done before the work was ended ({found.stop_reason}): {remedy}")


def _with_better(found: Restarts, seed: int, budget: Budget) -> Restarts:
    """The ends and, where moves lead to a better fit from the best of them, that as well."""
    best = min(
        (i for i, end in enumerate(found.ends) if end.converged and not found.degenerate[i]),
        key=lambda i: found.ends[i].value,
        default=None,
    )
    if best is None:
        return found
    problem = MixtureProblem(found.objective, take_nested=False, seed=seed)
    reached = search(problem, found.ends[best], budget)
    more = replace(found, ends=[*found.ends], degenerate=[*found.degenerate], stop_reason=reached.stop_reason)
    if found.ends[best].value - reached.fit.value > problem.same:
        more.add(descend(FINISH, found.objective, reached.fit.local))
    return more


def _result(found: Restarts, n: int, plan: StartPlan, total: float, regularity: Regularity) -> LocalOptima:
    """Sum up; the first n ends are those of starts."""
    groups = _groups(found)
    state = next(state for state in STATES if groups[state])
    listed = groups[state]
    best = found.ends[listed[0][0]].local
    best = best.permuted(np.lexsort(best.means.T[::-1]))
    # There is no time for small fits once it has run out: components are then read against components.
    alone = Clusters(best, np.ones(best.n_components, dtype=bool))
    read = clusters(found.objective, best) if found.stop_reason == "completed" else alone
    itself = association_on_sample(found.objective, read.mixture, read.mixture)
    hits = {name: sum(i < n for group in some for i in group) for name, some in groups.items()}
    return LocalOptima(
        optima=tuple(
            _optimum(found, n, group, best, read, itself, listed[0], total, state) for group in listed
        ),
        n_starts=n,
        degenerate=hits["degenerate"],
        unsettled=hits["not converged"] + hits["saddle"],
        n_components=plan.n_components,
        covariance_type=found.objective.family.name,
        reg_covar=regularity.reg_covar,
        covariance_floor=regularity.covariance_floor,
        covariance_prior=found.objective.family.prior,
        init_params=plan.init_params,
        total=total,
        seed=plan.seed,
        stop_reason=found.stop_reason,
    )


def _groups(found: Restarts) -> dict[str, list[list[int]]]:
    """Places of the ends, those of one optimum together, by state."""
    objective = found.objective
    same = TOLERANCES.moves.same / objective.measure.effective_rows
    ends = [(end.local, end.value) for end in found.ends]

    def places(keep: Callable[[int], bool], known: Sequence[list[int]] = ()) -> list[list[int]]:
        chosen = [i for group in known for i in group]
        chosen += [i for i in range(len(ends)) if keep(i)]
        renumbered = {i: place for place, i in enumerate(chosen)}
        groups = grouped(
            objective, [ends[i] for i in chosen], same, [[renumbered[i] for i in group] for group in known]
        )
        return [[chosen[place] for place in group] for group in groups]

    settled = [end.converged and not bad for end, bad in zip(found.ends, found.degenerate, strict=True)]
    optima = places(lambda i: settled[i])
    left = left_when_shaken(found, [group[0] for group in optima], same)
    saddles = [group for group, falls in zip(optima, left, strict=True) if falls]
    optima = [group for group, falls in zip(optima, left, strict=True) if not falls]
    # An end that has not converged belongs to an optimum that it has nearly reached, or to none.
    joined = places(lambda i: not settled[i] and not found.degenerate[i], optima)
    return {
        "converged": [group for group in joined if settled[group[0]]],
        "not converged": [group for group in joined if not settled[group[0]]],
        "saddle": saddles,
        "degenerate": places(lambda i: found.degenerate[i]),
    }


def _optimum(
    found: Restarts,
    n: int,
    group: list[int],
    best: Mixture,
    read: Clusters,
    itself: FloatArray,
    first: list[int],
    total: float,
    state: str,
) -> LocalOptimum:
    objective, end, hits = found.objective, found.ends[group[0]], sum(i < n for i in group)
    scale = np.sqrt(objective.measure.variance)
    local = matched(end.local, best, np.where(scale > 0, scale, 1.0))
    decoding, components = decoded_on_sample(objective, local, read, best=group is first, itself=itself)
    return LocalOptimum(
        mixture=objective.measure.callers_mixture(local),
        nll=end.nll,
        gap=max(0.0, end.value - found.ends[first[0]].value) * total,
        hits=hits,
        share=hits / n,
        share_interval=share_interval(hits, n),
        decoding=decoding,
        components=components,
        state=state,
    )
