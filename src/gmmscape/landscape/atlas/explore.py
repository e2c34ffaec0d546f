"""Exploration: candidates and random starts descended, polished and gathered into an atlas."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.landscape.atlas.atlas import Atlas
from gmmscape.landscape.atlas.builder import Attempt, Survey, Task, attempt_of, digest_of, end_of, kept
from gmmscape.landscape.atlas.groupings import groupings, ringing
from gmmscape.landscape.atlas.moves import moved_places
from gmmscape.landscape.atlas.saddle_search import Trail, followed, trails, trails_beside
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.landscape.points.descent import Descent
from gmmscape.landscape.realisation.realise import candidate_places, coincident_point
from gmmscape.mixture import Mixture
from gmmscape.progress import Budget, Stopped
from gmmscape.solve import stored
from gmmscape.structure.candidates import (
    candidates,
    count_candidates,
)
from gmmscape.structure.structure import Structure, decode
from gmmscape.threads import limited
from gmmscape.work import tasks as work_tasks
from gmmscape.work.journal import Journal
from gmmscape.work.kept_file import as_kept
from gmmscape.work.tasks import Tasks, closed, snapshot


class Plan(NamedTuple):
    """What an exploration is to do; see `Landscape.explore`."""

    n_starts: int
    candidates: bool
    saddles: bool
    n_jobs: int


def explore(
    descent: Descent,
    *,
    seed: int,
    plan: Plan,
    resume: Atlas | None,
    checkpoint: str | Path | None,
    budget: Budget,
) -> Atlas:
    """Descend from every candidate structure and from random starts; see `Landscape.explore`.

    What is tried depends on the seed and on what was found before, and is recorded in order: the atlas does
    not depend on the number of processes.
    """
    from threadpoolctl import threadpool_limits

    # Matrices of k d rows are too small for threads of BLAS, which wait for each other longer than they work.
    with limited(plan.n_jobs), threadpool_limits(1, user_api="blas"):
        survey = _resumed(descent, seed, resume)
        journal = Journal(checkpoint, "explore", _facts(survey, plan))
        return _explore(survey, plan, Tasks(journal, plan.n_jobs, budget))


def _facts(survey: Survey, plan: Plan) -> dict[str, Any]:
    """What must be the same for descents to be of use: all that they depend on."""
    descent = survey.descent
    truth = descent.measure.truth
    return {
        "truth": None if truth is None else truth.to_dict(),
        "data": digest_of(descent),
        "n_components": descent.k,
        "sigma": descent.sigma,
        "weights": descent.weights,
        "candidates": plan.candidates,
        "done before": [survey.starts, len(survey.outcomes), survey.rounds],
        "rng": survey.seed,
    }


def _explore(survey: Survey, plan: Plan, work: Tasks) -> Atlas:
    stop_reason = "completed"
    try:
        if work.budget.max_seconds is None:
            moves = _moves_wanted(survey, plan)
            _descend(survey, plan, work, _tasks(survey, plan), last=not (plan.saddles or moves))
            if moves:
                _move(survey, plan, work)
            if plan.saddles:
                _search_saddles(survey, work)
        else:
            _explore_by_turns(survey, plan, work)
    except Stopped as stop:
        stop_reason = str(stop)
    except KeyboardInterrupt:
        stop_reason = "interrupted"
    finally:
        work.close()
    return survey.atlas(stop_reason)


def _told(survey: Survey, found: CriticalPoint | None) -> dict[str, Any]:
    """What the callback is told beside the number of descents."""
    return {"minima": len(survey.minima), "saddles": len(survey.saddles), "found": found}


def _explore_by_turns(survey: Survey, plan: Plan, work: Tasks) -> None:
    """Give candidates, random starts and saddles shares of the time; what is left of them goes on then."""
    shares = EFFORT.atlas.shares_with_saddles if plan.saddles else EFFORT.atlas.shares_of_descents
    first, second, third = shares
    tasks = _tasks(survey, plan)
    structured, starts = (
        [task for task in tasks if (task.structure is None) is random] for random in (False, True)
    )
    left = []
    for some, share in ((structured, first), (starts, second)):
        done = _descend(survey, plan, work, some, until=share)
        left.append(some[done:])
        work.budget.check()
    if _moves_wanted(survey, plan):
        _move(survey, plan, work, until=third)
        work.budget.check()
    if plan.saddles:
        _search_saddles(survey, work, until=EFFORT.atlas.share_of_followings)
    if any(left):
        _descend(survey, plan, work, [*left[1], *left[0]], last=True)


def _descend(
    survey: Survey,
    plan: Plan,
    work: Tasks,
    tasks: list[Task],
    *,
    until: float | None = None,
    last: bool = False,
) -> int:
    """Run descents, up to a share of the time where one is given; return how many were run."""
    by_name = {task.name: task for task in tasks}
    found: CriticalPoint | None = None
    done = 0

    def descended(missing: list[work_tasks.Task]) -> Generator[Any, None, None]:
        wanted = [by_name[task.name] for task in missing]
        attempts = _attempts(survey.descent, wanted, survey.seed, plan.n_jobs)
        with closed(attempts):
            yield from map(kept, attempts)

    results = work.run(
        "descents",
        [work_tasks.Task(task.name, attempt_one, ()) for task in tasks],
        compute=descended,
        detail=lambda _: _told(survey, found),
        last=last,
    )
    with closed(results):
        for task, result in zip(tasks, results, strict=True):
            with as_kept():
                attempt = attempt_of(survey.descent, task, result)
            found = survey.record(attempt)
            done += 1
            if work.budget.is_past(until):
                break
    for point in survey.closed():
        work.budget.report("descents", done, len(tasks), last=True, **_told(survey, point))
    return done


def _moves_wanted(survey: Survey, plan: Plan) -> bool:
    """Whether structures are to be tried, and none can be listed."""
    truth = survey.descent.measure.truth
    return plan.candidates and (truth is None or not listed_candidates(survey.descent.k, truth))


def _move(survey: Survey, plan: Plan, work: Tasks, until: float | None = None) -> None:
    """Move means about in the minima known, the lowest first, and in those that this leads to."""
    k = survey.descent.k
    most = math.ceil(EFFORT.atlas.moves_per_start * plan.n_starts / max(1, k * (k - 1)))
    while len(survey.moves) < most and not work.budget.is_past(until):
        place = survey.unmoved()
        if place is None:
            break
        where = moved_places(survey.descent, survey.minima[place])
        name = f"move in minimum {place} after {survey.starts} starts"
        tasks = [
            work_tasks.Task(f"{name}: {number}", _moved, (survey.descent, places))
            for number, places in enumerate(where)
        ]
        reached = _reached(survey, work, tasks, until)
        if reached is None:
            break
        survey.moves[place] = {one for one in reached if one != place}


def _reached(
    survey: Survey, work: Tasks, tasks: list[work_tasks.Task], until: float | None
) -> list[int] | None:
    """The places of the minima that moves lead to, which are taken in; None where time is up."""
    found: CriticalPoint | None = None
    reached = []
    with closed(work.run("moves", tasks, detail=lambda _: _told(survey, found))) as ends:
        for end in ends:
            with as_kept():
                reached_end = end_of(survey.descent, end)
            place, new = survey.place(reached_end)
            found = survey.minima[-1] if new else None
            if place is not None:
                reached.append(place)
            if work.budget.is_past(until):
                return None
    return reached


def _moved(descent: Descent, places: FloatArray) -> dict[str, Any]:
    return stored(descent.coarse(places))


def _search_saddles(survey: Survey, work: Tasks, until: float | None = None) -> None:
    """Rounds of followings, until nothing speaks for another one, or there were enough.

    Followings end at a share of the time, so that descents from saddles are left some.
    """
    while survey.rounds < EFFORT.atlas.saddle_rounds and not work.budget.is_past(until):
        wanted, fresh = _wanted(survey), survey.fresh()
        if wanted:
            ways = trails(survey.descent, survey.originals(), wanted, survey.seed, survey.rounds)
        elif fresh and not survey.descent.free_weights:
            # The alarms do not see pairs that are missing together; they lie beside what was found.
            ways = trails_beside(survey.descent, fresh, survey.seed, survey.rounds)
        else:
            return
        if work.budget.max_seconds is not None:  # passes first, which there may be no time for later
            ways.sort(key=lambda way: way.uphill != 1 or len(way.sizes) < survey.descent.k)
        _search(survey, work, ways, whole=not wanted, until=until)


def _search(survey: Survey, work: Tasks, ways: list[Trail], *, whole: bool, until: float | None) -> None:
    """One round: followings, images, and the edges of what was found."""
    known = len(survey.minima) + len(survey.saddles)
    name = f"round {survey.rounds} after {survey.starts} starts"
    tasks = [
        work_tasks.Task(f"{name}: {number}", _followed, (survey.descent, trail))
        for number, trail in enumerate(ways)
    ]
    survey.looked_beside()
    _follow(survey, work, tasks, whole=whole, until=until)
    for point in survey.closed():
        work.budget.report("saddles", len(tasks), len(tasks), **_told(survey, point))
    survey.fruitful = len(survey.minima) + len(survey.saddles) > known
    survey.rounds += 1
    for point in survey.connected():
        work.budget.report("saddles", len(tasks), len(tasks), **_told(survey, point))


def _follow(
    survey: Survey, work: Tasks, tasks: list[work_tasks.Task], *, whole: bool, until: float | None
) -> None:
    """Take in where the followings of a round end, up to the last point that was missing, or of all."""
    found: CriticalPoint | None = None
    with closed(work.run("saddles", tasks, detail=lambda _: _told(survey, found))) as ends:
        for places in ends:
            with as_kept():
                point = None if places is None else _places(survey, places)
            found = None if point is None else survey.record_critical(point)
            if work.budget.is_past(until):
                return
            if found is None or whole or survey.rounds == 0:
                continue
            if survey.count == 1 and not _wanted(survey):
                return


def _places(survey: Survey, content: list[list[float]]) -> FloatArray:
    """The places of all means that `_followed` has written."""
    found = np.array(content, dtype=np.float64)
    d = survey.descent.measure.n_features
    fit = found.ndim == 2 and len(found) == survey.descent.k and found.shape[1] >= d
    if not fit or not np.isfinite(found).all():
        raise ValueError(f"{content} are no places of {survey.descent.k} means in {d} dimensions")
    return found


def _followed(descent: Descent, trail: Trail) -> list[list[float]] | None:
    places = followed(descent, trail)
    return None if places is None else places.tolist()


def _wanted(survey: Survey) -> list[tuple[int, ...]]:
    """The groupings to search: all at first, then those whose count says that a point is missing."""
    k = survey.descent.k
    if survey.descent.free_weights:  # coincident means are continua, and no law counts
        return [(1,) * k] if survey.rounds == 0 or survey.fruitful else []
    every = groupings(k)
    if survey.rounds == 0:
        return every
    if survey.count != 1 and k > EFFORT.atlas.all_groupings:
        return every
    apart = every[-1:] if survey.count != 1 else []
    return ringing(survey.descent, [*survey.minima, *survey.saddles]) + apart


def _resumed(descent: Descent, seed: int, resume: Atlas | None) -> Survey:
    if resume is None:
        return Survey(descent, seed)
    same = (descent.k, descent.sigma, descent.measure.truth, digest_of(descent))
    resume.check_same_landscape(*same, weights=descent.weights)
    # An atlas of a sample does not say what it was decoded against: that is done anew.
    minima, saddles = (_decoded(descent, points) for points in (resume.minima, resume.saddles))
    outcomes = [
        (c.structure, c.outcome, None if c.minimum is None else minima[c.minimum]) for c in resume.candidates
    ]
    return Survey(
        descent=descent,
        seed=resume.seed,
        minima=minima,
        outcomes=outcomes,
        saddles=saddles,
        edges={edge.saddle: edge for edge in resume.edges},
        starts=resume.starts,
        rounds=resume.rounds,
        moves={place: set(reached) for place, reached in resume.moves},
        ends=Counter(resume.ends),
    )


def _decoded(descent: Descent, points: Sequence[CriticalPoint]) -> list[CriticalPoint]:
    if descent.measure.truth is not None:
        return list(points)
    reference = descent.reference
    return [
        replace(
            point,
            decoding=None if reference is None else decode(point.mixture, reference, sigma=descent.sigma),
        )
        for point in points
    ]


def _tasks(survey: Survey, plan: Plan) -> list[Task]:
    """Candidates, then random starts, that are still to be done."""
    descent, tasks = survey.descent, []
    truth = descent.measure.truth
    if truth is not None:
        survey.n_candidates = count_candidates(descent.k, truth.n_components)
    if plan.candidates and truth is not None:
        known = {structure.orbit for structure, _, _ in survey.outcomes}
        listed = listed_candidates(descent.k, truth)
        tasks = [Task(i, s) for i, s in enumerate(listed) if s.orbit not in known]
    return tasks + [Task(i, None) for i in range(survey.starts, plan.n_starts)]


def listed_candidates(k: int, truth: Mixture) -> list[Structure]:
    """The candidates worth a descent: all if they are few, else those of neighbours on the line.

    On a line no other structure can be realised: the odds of two means of equal weight are monotone in x,
    so one that wins at two centers against another wins between them too.
    """
    k_star = truth.n_components
    if count_candidates(k, k_star) <= EFFORT.atlas.all_candidates:
        return candidates(k, k_star)
    if (
        truth.n_features > 1
        or count_candidates(k, k_star, contiguous=True) > EFFORT.atlas.neighbour_candidates
    ):
        return []
    place = np.argsort(truth.means[:, 0], kind="stable").tolist()
    return [
        Structure.of([(b.means, [place[s] for s in b.centers]) for b in structure.blocks])
        for structure in candidates(k, k_star, contiguous=True)
    ]


def _attempts(descent: Descent, tasks: list[Task], seed: int, n_jobs: int) -> Generator[Attempt, None, None]:
    if n_jobs == 1:
        for task, places in _with_starts(descent, tasks, seed, n_jobs):
            yield attempt_one(descent, task, places)
        return
    from joblib import Parallel, delayed

    parallel, sent = Parallel(n_jobs=n_jobs, return_as="generator", batch_size="auto"), snapshot(descent)
    yield from parallel(
        delayed(attempt_one)(sent, task, places)
        for task, places in _with_starts(descent, tasks, seed, n_jobs)
    )


def _with_starts(
    descent: Descent, tasks: list[Task], seed: int, n_jobs: int
) -> Generator[tuple[Task, FloatArray], None, None]:
    """Each task with the places that Newton begins from: a candidate's, or EM's end from a random start."""
    truth = descent.measure.truth
    random = [task for task in tasks if task.structure is None]
    for task in tasks:
        if task.structure is not None:
            assert truth is not None
            yield task, candidate_places(descent, task.structure, truth)
    for first in range(0, len(random), EFFORT.atlas.starts_together):
        some = random[first : first + EFFORT.atlas.starts_together]
        generators = [np.random.default_rng([seed, task.number]) for task in some]
        starts = [descent.begun(descent.random_means(descent.k, rng)) for rng in generators]
        with limited(n_jobs):  # joblib may ask for tasks from a thread of its own
            ends = descent.rough(starts)
        yield from zip(some, ends, strict=True)


def attempt_one(descent: Descent, task: Task, places: FloatArray) -> Attempt:
    """Descend from one start, coarsely; polishing is left to who knows what is new."""
    end = descent.coarse(places)
    if task.structure is None:
        return Attempt(task, end, saddle=False)
    truth = descent.measure.truth
    assert truth is not None
    if decode(end, truth, sigma=descent.sigma).structure.orbit == task.structure.orbit:
        return Attempt(task, end, saddle=False)
    together = coincident_point(descent, task.structure, truth)
    return Attempt(task, end, saddle=together is not None and together.index > 0)
