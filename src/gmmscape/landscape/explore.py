"""Exploration: candidates and random starts descended, polished and gathered into an atlas."""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from gmmscape import engine
from gmmscape.arrays import FloatArray
from gmmscape.landscape.atlas import SAME_FLAT, Atlas, find_orbit
from gmmscape.landscape.candidates import (
    CandidateOutcome,
    candidates,
    count_candidates,
    starting_means,
)
from gmmscape.landscape.critical_point import CriticalPoint
from gmmscape.landscape.descent import Descent
from gmmscape.landscape.structure import Structure, decode
from gmmscape.matching import match_means
from gmmscape.measure import Sample
from gmmscape.mixture import Mixture
from gmmscape.solve import Solution, asks_to_stop, random_row_means

#: A coarse descent within this many sigma of a known minimum (`SAME_FLAT` of a flat one), at the same value
#: to the accuracy of the coarse rule, has reached it: no need to polish again.
KNOWN = 1e-3
KNOWN_NLL = 1e-5
#: Random starts that run EM together, one a thread.
TOGETHER = 32
#: Up to this many candidates, all are tried; beyond, those of neighbours on a line, up to `MOST_TRIED`.
ALL_TRIED = 100
MOST_TRIED = 3000


class Event(NamedTuple):
    """What the callback of an exploration sees after each start.

    Attributes
    ----------
    done : int
        Starts and candidates done.
    total : int
        Starts and candidates in all.
    found : CriticalPoint or None
        A minimum seen for the first time.
    n_minima : int
        Minima known.
    seconds : float
        Since the exploration began.
    """

    done: int
    total: int
    found: CriticalPoint | None
    n_minima: int
    seconds: float


class Task(NamedTuple):
    """One descent: from a candidate structure, or from the random start of that number."""

    number: int
    structure: Structure | None


class Attempt(NamedTuple):
    """Where one coarse descent ended; for a candidate, whether its coincident configuration is a saddle."""

    task: Task
    end: Solution
    saddle: bool


@dataclass
class _Survey:
    """What an exploration has found so far."""

    descent: Descent
    seed: int
    minima: list[CriticalPoint] = field(default_factory=list)
    outcomes: list[tuple[Structure, str, CriticalPoint | None]] = field(default_factory=list)
    starts: int = 0
    n_candidates: int = 0
    ends: Counter[str] = field(default_factory=Counter)

    def record(self, attempt: Attempt) -> CriticalPoint | None:
        """Take one attempt in; return its minimum if it is new."""
        place, new = self._place(attempt.end)
        structure = attempt.task.structure
        if structure is None:
            self.starts += 1
            self.ends["minimum" if place is not None else _why_not(attempt.end)] += 1
            if place is not None:
                self.minima[place] = replace(self.minima[place], hits=self.minima[place].hits + 1)
        else:
            reached = None if place is None else self.minima[place]
            self.outcomes.append((structure, _outcome(structure, reached, attempt), reached))
        return self.minima[place] if new and place is not None else None

    def _place(self, end: Solution) -> tuple[int | None, bool]:
        if not end.converged:
            return None, False
        for place, known in enumerate(self.minima):
            distance = match_means(end.means, known.means)[1] / known.sigma
            if distance <= (SAME_FLAT if known.flat else KNOWN) and abs(end.nll - known.nll) <= KNOWN_NLL:
                return place, False
        point = self.descent.polish(end)
        if not point.is_minimum:
            return None, False
        point = self.descent.canonical(point)
        place = find_orbit(self.minima, point)
        if place is not None:
            return place, False
        self.minima.append(point)
        return len(self.minima) - 1, True

    def atlas(self, stop_reason: str) -> Atlas:
        """Return what has been found, sorted."""
        minima = sorted(self.minima, key=lambda point: point.nll)
        return Atlas(
            minima=tuple(minima),
            candidates=tuple(
                CandidateOutcome(structure, outcome, None if end is None else find_orbit(minima, end))
                for structure, outcome, end in self.outcomes
            ),
            k=self.descent.k,
            sigma=self.descent.sigma,
            truth=self.descent.measure.truth,
            data=_digest(self.descent),
            seed=self.seed,
            untried=self.n_candidates - len(self.outcomes),
            starts=self.starts,
            ends=dict(self.ends),
            stop_reason=stop_reason,
        )


def explore(
    descent: Descent,
    *,
    seed: int,
    n_starts: int,
    use_candidates: bool,
    n_jobs: int,
    max_seconds: float | None,
    callback: Callable[[Event], Any] | None,
    resume: Atlas | None,
) -> Atlas:
    """Descend from every candidate structure and from random starts; see `Landscape.explore`.

    The random start of number i depends on the seed and i alone, and attempts are recorded in order: the
    atlas does not depend on the number of processes.
    """
    from threadpoolctl import threadpool_limits

    # Matrices of k d rows are too small for threads of BLAS, which wait for each other longer than they work.
    with engine.limited(n_jobs), threadpool_limits(1, user_api="blas"):
        return _explore(
            descent, _resumed(descent, seed, resume), n_starts, use_candidates, n_jobs, max_seconds, callback
        )


def _explore(
    descent: Descent,
    survey: _Survey,
    n_starts: int,
    use_candidates: bool,
    n_jobs: int,
    max_seconds: float | None,
    callback: Callable[[Event], Any] | None,
) -> Atlas:
    began = time.monotonic()
    tasks = _tasks(descent, survey, n_starts, use_candidates)
    stop_reason = "completed"
    attempts = _attempts(descent, tasks, survey.seed, n_jobs)
    try:
        for done, attempt in enumerate(attempts, start=1):
            found = survey.record(attempt)
            seconds = time.monotonic() - began
            event = Event(done, len(tasks), found, len(survey.minima), seconds)
            if callback is not None and asks_to_stop(callback(event)):
                stop_reason = "interrupted"
            elif max_seconds is not None and seconds >= max_seconds and done < len(tasks):
                stop_reason = "time_limit"
            if stop_reason != "completed":
                break
    except KeyboardInterrupt:
        stop_reason = "interrupted"
    finally:
        with warnings.catch_warnings():
            # Workers may have finished descents that nobody waits for any more.
            warnings.filterwarnings("ignore", message=".*tasks have been successfully executed")
            attempts.close()
    return survey.atlas(stop_reason)


def _resumed(descent: Descent, seed: int, resume: Atlas | None) -> _Survey:
    if resume is None:
        return _Survey(descent, seed)
    resume.check_same_landscape(descent.k, descent.sigma, descent.measure.truth, _digest(descent))
    outcomes = [
        (c.structure, c.outcome, None if c.minimum is None else resume.minima[c.minimum])
        for c in resume.candidates
    ]
    return _Survey(
        descent=descent,
        seed=resume.seed,
        minima=list(resume.minima),
        outcomes=outcomes,
        starts=resume.starts,
        ends=Counter(resume.ends),
    )


def _digest(descent: Descent) -> str | None:
    return descent.measure.digest if isinstance(descent.measure, Sample) else None


def _tasks(descent: Descent, survey: _Survey, n_starts: int, use_candidates: bool) -> list[Task]:
    tasks = []
    truth = descent.measure.truth
    if truth is not None:
        survey.n_candidates = count_candidates(descent.k, truth.n_components)
    if use_candidates and truth is not None:
        known = {structure.orbit for structure, _, _ in survey.outcomes}
        listed = _listed_candidates(descent.k, truth)
        tasks = [Task(i, s) for i, s in enumerate(listed) if s.orbit not in known]
    return tasks + [Task(i, None) for i in range(survey.starts, n_starts)]


def _listed_candidates(k: int, truth: Mixture) -> list[Structure]:
    """The candidates worth a descent: all if they are few, else those of neighbours on the line.

    On a line no other structure can be realised: the odds of two means of equal weight are monotone in x,
    so one that wins at two centers against another wins between them too.
    """
    k_star = truth.n_components
    if count_candidates(k, k_star) <= ALL_TRIED:
        return candidates(k, k_star)
    if truth.n_features > 1 or count_candidates(k, k_star, contiguous=True) > MOST_TRIED:
        return []
    place = np.argsort(truth.means[:, 0], kind="stable").tolist()
    return [
        Structure.of([(b.means, [place[s] for s in b.centers]) for b in structure.blocks])
        for structure in candidates(k, k_star, contiguous=True)
    ]


def _attempts(descent: Descent, tasks: list[Task], seed: int, n_jobs: int) -> Generator[Attempt, None, None]:
    if n_jobs == 1:
        for task, means in _with_starts(descent, tasks, seed, n_jobs):
            yield attempt_one(descent, task, means)
        return
    from joblib import Parallel, delayed

    parallel = Parallel(n_jobs=n_jobs, return_as="generator", batch_size="auto")
    yield from parallel(
        delayed(attempt_one)(descent, task, means)
        for task, means in _with_starts(descent, tasks, seed, n_jobs)
    )


def _with_starts(
    descent: Descent, tasks: list[Task], seed: int, n_jobs: int
) -> Generator[tuple[Task, FloatArray], None, None]:
    """Each task with the means that Newton begins from: a candidate's, or EM's end from a random start."""
    truth = descent.measure.truth
    random = [task for task in tasks if task.structure is None]
    for task in tasks:
        if task.structure is not None:
            assert truth is not None
            yield task, starting_means(task.structure, truth, descent.sigma)
    for first in range(0, len(random), TOGETHER):
        some = random[first : first + TOGETHER]
        starts = [_random_means(descent, np.random.default_rng([seed, task.number])) for task in some]
        with engine.limited(n_jobs):  # joblib may ask for tasks from a thread of its own
            ends = descent.rough(starts)
        yield from zip(some, ends, strict=True)


def attempt_one(descent: Descent, task: Task, means: FloatArray) -> Attempt:
    """Descend from one start, coarsely; polishing is left to who knows what is new."""
    end = descent.coarse(means)
    if task.structure is None:
        return Attempt(task, end, saddle=False)
    truth = descent.measure.truth
    assert truth is not None
    if decode(end, truth, sigma=descent.sigma).structure.orbit == task.structure.orbit:
        return Attempt(task, end, saddle=False)
    return Attempt(task, end, _coincident_saddle(descent, task.structure, truth))


def _random_means(descent: Descent, rng: np.random.Generator) -> FloatArray:
    truth = descent.measure.truth
    if truth is not None:
        return truth.sample(descent.k, rng)[0]
    assert isinstance(descent.measure, Sample)
    return random_row_means(descent.measure, descent.k, rng)


def _coincident_saddle(descent: Descent, structure: Structure, truth: Mixture) -> bool:
    """Whether the candidate exists with the means of each many-fit-one block in one place."""
    groups = [list(block.means) for block in structure.blocks]
    if all(len(group) == 1 for group in groups):
        return False
    point = descent.coincident(starting_means(structure, truth, descent.sigma), groups)
    return (
        point.converged
        and point.structure is not None
        and point.structure.structure.orbit == structure.orbit
        and point.index > 0
    )


def _outcome(structure: Structure, reached: CriticalPoint | None, attempt: Attempt) -> str:
    if reached is None:
        return "saddle" if attempt.saddle else "unresolved"
    assert reached.structure is not None
    if reached.structure.is_structured and reached.structure.structure.orbit == structure.orbit:
        return "flat" if reached.flat else "realised"
    return "saddle" if attempt.saddle else "dissolved"


def _why_not(end: Solution) -> str:
    return "not a minimum" if end.converged else end.stop_reason
