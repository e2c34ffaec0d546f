"""Exploration: candidates and random starts descended, polished and gathered into an atlas."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gmmscape.landscape.atlas import Atlas, CandidateOutcome, find_orbit
from gmmscape.landscape.candidates import MOST, candidates, count_candidates, starting_means
from gmmscape.landscape.critical_point import CriticalPoint
from gmmscape.landscape.structure import Structure, decode
from gmmscape.mixture import Mixture, match_means
from gmmscape.solve import Solution, random_row_means

if TYPE_CHECKING:
    from gmmscape.landscape.landscape import Landscape

FloatArray = NDArray[np.float64]

#: A coarse descent within this many sigma of a known minimum has reached it: no need to polish again.
KNOWN = 1e-3


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
    """Where one coarse descent ended, and for a candidate whether its coincident configuration is a saddle."""

    task: Task
    end: Solution
    saddle: bool


@dataclass
class _Survey:
    """What an exploration has found so far."""

    landscape: Landscape
    seed: int
    minima: list[CriticalPoint] = field(default_factory=list)
    outcomes: list[tuple[Structure, str, CriticalPoint | None]] = field(default_factory=list)
    starts: int = 0
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
            distance = match_means(end.means, known.means)[1]
            if not known.flat and distance <= KNOWN * known.sigma:
                return place, False
        point = self.landscape.polish(end)
        if not point.is_minimum:
            return None, False
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
            k=self.landscape.n_components,
            sigma=self.landscape.sigma,
            truth=self.landscape.measure.truth,
            seed=self.seed,
            starts=self.starts,
            ends=dict(self.ends),
            stop_reason=stop_reason,
        )


def explore(
    landscape: Landscape,
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
    began = time.monotonic()
    survey = _resumed(landscape, seed, resume)
    tasks = _tasks(landscape, survey, n_starts, use_candidates)
    stop_reason = "completed"
    attempts = _attempts(landscape, tasks, survey.seed, n_jobs)
    try:
        for done, attempt in enumerate(attempts, start=1):
            found = survey.record(attempt)
            seconds = time.monotonic() - began
            event = Event(done, len(tasks), found, len(survey.minima), seconds)
            if callback is not None and callback(event) is True:
                stop_reason = "interrupted"
            elif max_seconds is not None and seconds >= max_seconds and done < len(tasks):
                stop_reason = "time_limit"
            if stop_reason != "completed":
                break
    except KeyboardInterrupt:
        stop_reason = "interrupted"
    finally:
        attempts.close()
    return survey.atlas(stop_reason)


def _resumed(landscape: Landscape, seed: int, resume: Atlas | None) -> _Survey:
    if resume is None:
        return _Survey(landscape, seed)
    resume.check_same_landscape(landscape.n_components, landscape.sigma, landscape.measure.truth)
    outcomes = [
        (c.structure, c.outcome, None if c.minimum is None else resume.minima[c.minimum])
        for c in resume.candidates
    ]
    return _Survey(
        landscape, resume.seed, list(resume.minima), outcomes, resume.starts, Counter(resume.ends)
    )


def _tasks(landscape: Landscape, survey: _Survey, n_starts: int, use_candidates: bool) -> list[Task]:
    tasks = []
    truth = landscape.measure.truth
    if use_candidates and truth is not None:
        known = {structure.orbit for structure, _, _ in survey.outcomes}
        # Blocks of neighbours only, where all structures are too many: the others rarely exist on a line.
        many = count_candidates(landscape.n_components, truth.n_components) > MOST
        listed = candidates(landscape.n_components, truth.n_components, contiguous=many)
        tasks = [Task(i, s) for i, s in enumerate(listed) if s.orbit not in known]
    return tasks + [Task(i, None) for i in range(survey.starts, n_starts)]


def _attempts(landscape: Landscape, tasks: list[Task], seed: int, n_jobs: int) -> Iterator[Attempt]:
    if n_jobs == 1:
        for task in tasks:
            yield attempt_one(landscape, task, seed)
        return
    from joblib import Parallel, delayed

    parallel = Parallel(n_jobs=n_jobs, return_as="generator", batch_size="auto")
    yield from parallel(delayed(attempt_one)(landscape, task, seed) for task in tasks)


def attempt_one(landscape: Landscape, task: Task, seed: int) -> Attempt:
    """Descend from one start, coarsely; polishing is left to who knows what is new."""
    if task.structure is None:
        means = _random_means(landscape, np.random.default_rng([seed, task.number]))
        return Attempt(task, landscape.coarse_descent(means), saddle=False)
    truth = landscape.measure.truth
    assert truth is not None
    end = landscape.coarse_descent(starting_means(task.structure, truth, landscape.sigma))
    if decode(end, truth, sigma=landscape.sigma).structure.orbit == task.structure.orbit:
        return Attempt(task, end, saddle=False)
    return Attempt(task, end, _coincident_saddle(landscape, task.structure, truth))


def _random_means(landscape: Landscape, rng: np.random.Generator) -> FloatArray:
    truth = landscape.measure.truth
    if truth is not None:
        return truth.sample(landscape.n_components, rng)[0]
    return random_row_means(landscape.measure, landscape.n_components, rng)


def _coincident_saddle(landscape: Landscape, structure: Structure, truth: Mixture) -> bool:
    """Whether the candidate exists with the means of each many-fit-one block in one place."""
    groups = [list(block.means) for block in structure.blocks]
    if all(len(group) == 1 for group in groups):
        return False
    point = landscape.coincident_point(starting_means(structure, truth, landscape.sigma), groups)
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
