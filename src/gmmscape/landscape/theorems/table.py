"""theorem_table: minima of one truth or of many, beside what a user's theorem claims of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.exceptions import InvalidParameterError
from gmmscape.landscape.atlas.explore import listed_candidates
from gmmscape.landscape.theorems.claims import Bound, Claims, Condition
from gmmscape.landscape.theorems.found import FoundTruth, bound_of
from gmmscape.landscape.theorems.quantities import TruthQuantities
from gmmscape.landscape.theorems.result import TheoremTable
from gmmscape.landscape.theorems.search import searched
from gmmscape.measure import Population
from gmmscape.mixture import Mixture
from gmmscape.progress import Budget, Callback, Event, Stopped
from gmmscape.results.fields import plain, restored
from gmmscape.threads import limited
from gmmscape.validation import finite_array, positive_integer, random_state_too
from gmmscape.work.journal import Journal, seed_for
from gmmscape.work.kept_file import as_kept
from gmmscape.work.tasks import Task, Tasks, closed

Truth = Mixture | Population
REMEDY = "pass Mixtures (or Populations of them) whose components share one standard deviation"


class _Member(NamedTuple):
    """A truth of the family, with the parameter that made it."""

    parameter: float | None
    population: Population


@random_state_too
def theorem_table(
    truths: Truth | Sequence[Truth] | Callable[[float], Truth],
    n_components: int,
    *,
    condition: Condition | None = None,
    bounds: Bound | Mapping[str, Bound] | None = None,
    parameters: ArrayLike | None = None,
    n_starts: int = 16,
    rng: Any = None,
    n_jobs: int = 1,
    max_seconds: float | None = None,
    callback: Callback | None = None,
    checkpoint: str | Path | None = None,
    verbose: int = 0,
) -> TheoremTable:
    """Put a theorem about the form of minima beside the minima that a search finds.

    The theorem: where the condition holds, every local minimum is a union of blocks, and each fitted mean is
    within the bound of its block's place, the weighted average of the centers (one-fits-many) or the center.
    Each truth is explored; each minimum is read by association and, where it has no structure, by position;
    errors are measured, and their numerical errors estimated and checked by a second rule of integration.
    Fitted weights are equal, and the fitted standard deviation is the truth's.

    Parameters
    ----------
    truths : Mixture, Population, sequence of these, or callable
        One truth, some, or a function from a parameter to a truth. Components of a truth share one standard
        deviation.
    n_components : int
        Number of fitted means k.
    condition : callable, optional
        Called with `TruthQuantities` (separation, diameter, k, k_star, d, sigma, weights, truth); returns
        True or False, or a margin, which holds from 0 on. By default the theorem is claimed of all truths.
        Truths where it fails are searched too, to see how much of it is needed.
    bounds : callable or dict of str to callable, optional
        Called with `BlockQuantities`, which add the block (kind, n_means, n_centers, centers, block_weight,
        block_diameter, block_separation); returns how far its means may be from their place, in sigma;
        infinite where nothing is claimed. One function for all, or one for each of the kinds "one-fits-many",
        "many-fit-one" and "exact".
    parameters : array_like of shape (n,), optional
        Of a function: where it is called.
    n_starts : int, default=16
        Random starts at each truth, besides the candidate structures.
    rng : None, int or numpy.random.Generator, default=None
        Seed of the random starts. A truth's depend on it alone, wherever the truth stands.
    n_jobs : int, default=1
        Processes, a truth each; -1 for all cores. The table does not depend on it.
    max_seconds : float, optional
        Time budget; with one process it ends the search of a truth too.
    callback : callable, optional
        Called with an `Event` (stage "truths") after each truth, with separation, minima and what was `found`
        in its detail; with one process, during its search too, with descents and minima. Returning True
        stops.
    checkpoint : str or Path, optional
        JSON file that searched truths are kept in; if it exists, the work goes on from it, without `rng` with
        its seed. Truths may be added, and condition and bounds changed: they cost no search.
    verbose : int, default=0
        1 prints every two seconds how far it has come.

    Returns
    -------
    TheoremTable
        With `rows`, `exceeded`, `unstructured`, `within_from`, `judged` (the same minima under another
        theorem), `to_frame`, `to_json` and `plot`. Ctrl-C, the budget and the callback end the search with
        what was found. Cost: half a second a truth on a line and in the plane with few means; in space
        a minute and more.

    Raises
    ------
    InvalidParameterError
        If a parameter is not usable, condition or bound raises or returns something else, or the checkpoint
        is one of another computation.
    FormatError
        If the checkpoint is none.

    Examples
    --------
    >>> import gmmscape as gs
    >>> from gmmscape import lab
    >>> table = lab.theorem_table(
    ...     lambda D: gs.Mixture.location([-D, 0, D], sigma=1.0),
    ...     3,
    ...     parameters=[9, 12],
    ...     condition=lambda q: q.separation >= 4 * q.k_star**0.5,
    ...     bounds=lambda q: 0.5 if q.kind == "many-fit-one" else 3 / q.block_separation**2,
    ...     rng=0,
    ... )
    >>> [(truth.holds, len(truth.minima)) for truth in table.truths]
    [(True, 1), (True, 3)]
    >>> len(table.exceeded), round(table.largest_ratio, 3)
    (0, 0.614)
    """
    k = positive_integer("n_components", n_components)
    claims = Claims.of(condition, bounds)
    family = _family(truths, parameters)
    n_starts = positive_integer("n_starts", n_starts, minimum=0)
    if n_jobs != -1:
        n_jobs = positive_integer("n_jobs", n_jobs)
    _ask_early(family, k, claims)
    budget = Budget.of("theorem_table", max_seconds, callback, verbose)
    seed = seed_for(checkpoint, rng)
    journal = Journal(checkpoint, budget.task, {"n_components": k, "n_starts": n_starts, "rng": seed})
    tasks = _tasks(family, k, n_starts, seed)
    found, reason = _carried_out(Tasks(journal, n_jobs, budget), tasks, n_jobs)
    judged = tuple(
        truth._replace(parameter=member.parameter).judged(claims, k)
        for member, truth in zip(family, found, strict=False)
    )
    return TheoremTable(judged, k, len(family), n_starts, seed, reason)


def _family(truths: Any, parameters: ArrayLike | None) -> list[_Member]:
    if callable(truths):
        if parameters is None:
            raise InvalidParameterError.of("parameters", None, "pass numbers to call the function with")
        values = finite_array("parameters", parameters, ndim=(1,)).tolist()
        family = [_Member(value, _population("truths", truths(value))) for value in values]
    else:
        if parameters is not None:
            raise InvalidParameterError(
                "parameters are of use where truths is a function: pass lambda t: Mixture(...), or leave "
                "parameters out"
            )
        if isinstance(truths, Mixture | Population) or not np.iterable(truths):
            truths = [truths]
        family = [_Member(None, _population("truths", truth)) for truth in truths]
    if not family:
        raise InvalidParameterError("truths is empty: pass one truth at least")
    return family


def _population(name: str, truth: Any) -> Population:
    population = Population(truth) if isinstance(truth, Mixture) else truth
    if not isinstance(population, Population) or population.truth.sigma is None:
        raise InvalidParameterError.of(name, truth, REMEDY)
    return population


def _ask_early(family: list[_Member], k: int, claims: Claims) -> None:
    """Ask the condition of all truths, and bounds of their candidates: what is broken shows before hours."""
    for _, population in family:
        truth = population.truth
        quantities = TruthQuantities.of(truth, k)
        holds, _ = claims.of_truth(quantities)
        bound = bound_of(claims, quantities, claimed=holds is not False)
        for structure in listed_candidates(k, truth) if claims.bounds else ():
            for block in structure.blocks:
                bound(block)


def _tasks(family: list[_Member], k: int, n_starts: int, seed: int) -> list[Task]:
    """A task for each truth, named by the truth, so that a checkpoint serves other families with it too."""
    seen: Counter[str] = Counter()
    tasks = []
    for _, population in family:
        truth = population.truth
        digest = sha256(f"{population.rtol!r} {population.rule}".encode())
        for array in (truth.means, truth.weights, truth.covariances):
            digest.update(f"{array.shape}".encode() + np.ascontiguousarray(array).tobytes())
        name = digest.hexdigest()
        seen[name] += 1
        tasks.append(Task(f"truth {name} {seen[name]}", _done, (population, k, n_starts, seed)))
    return tasks


def _done(population: Population, k: int, n_starts: int, seed: int) -> dict[str, Any]:
    """One truth searched, in values of JSON."""
    from threadpoolctl import threadpool_limits

    with limited(1), threadpool_limits(1, user_api="blas"):
        return plain(searched(population, k, n_starts, seed))


def _carried_out(work: Tasks, tasks: list[Task], n_jobs: int) -> tuple[list[FoundTruth], str]:
    """The truths that were searched, in order, the last perhaps in part, and why the work ended."""
    found: list[FoundTruth] = []
    begun: list[FoundTruth] = []

    def told(_: Any) -> dict[str, Any]:
        last = found[-1]
        return {"separation": last.separation, "minima": len(last.minima), "found": last}

    def watched(missing: list[Task]) -> Generator[dict[str, Any], None, None]:
        for task in missing:
            truth = _watched(work.budget, task, len(found), len(tasks))
            if truth.stop_reason != "completed":
                begun.append(truth)
                raise Stopped(truth.stop_reason)
            yield plain(truth)

    try:
        compute = watched if n_jobs == 1 else None
        with closed(work.run("truths", tasks, compute=compute, detail=told, last=True)) as results:
            for one in results:
                with as_kept():  # not extend: what was done before Ctrl-C counts
                    found.append(restored(FoundTruth, one))
    except Stopped as stop:
        return found + begun, str(stop)
    except KeyboardInterrupt:
        return found, "interrupted"
    finally:
        work.close()
    return found, "completed"


def _watched(budget: Budget, task: Task, done: int, total: int) -> FoundTruth:
    """One truth searched in this process, its descents told."""
    population, k, n_starts, seed = task.arguments

    def told(event: Event) -> bool:
        minima = event.detail.get("minima", 0)
        asked = budget.asks_to_stop("truths", done, total, descents=event.done, minima=minima)
        return asked or budget.left == 0.0

    # No time limit inside: with one, an exploration takes its starts in another order.
    truth = searched(population, k, n_starts, seed, told)
    stopped = truth.stop_reason != "completed" and budget.left == 0.0
    return truth._replace(stop_reason="time_limit") if stopped else truth
