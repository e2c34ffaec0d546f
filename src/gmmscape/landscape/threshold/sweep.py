"""The search for thresholds: minima looked for along a path of truths, each followed upwards to its end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.landscape.paths.truth_path import TruthPath
from gmmscape.landscape.threshold.branch_points import read
from gmmscape.landscape.threshold.flat import settled
from gmmscape.landscape.threshold.follow import Levels, follow
from gmmscape.landscape.threshold.result import KINDS, FollowedMinimum
from gmmscape.landscape.threshold.same_branch import alike, distances, refined, signature
from gmmscape.landscape.threshold.unstructured import Found, Search, search
from gmmscape.progress import Budget
from gmmscape.threads import limited
from gmmscape.tolerances import TOLERANCES
from gmmscape.work.journal import Journal
from gmmscape.work.kept_file import as_kept
from gmmscape.work.tasks import snapshot


class Plan(NamedTuple):
    """How thorough a search is, and who watches.

    Attributes
    ----------
    n_starts : int
        Random starts at each parameter.
    n_parameters : int
        Places in the bracket that are searched.
    seed : int
        Of the random starts.
    n_jobs : int
        Processes.
    budget : Budget
        Time, and who watches.
    """

    n_starts: int
    n_parameters: int
    seed: int
    n_jobs: int
    budget: Budget


class Sweep:
    """Searches and followings along one path, in a fixed order; whatever was found stays in `followed`.

    Means are in the local coordinates of `landscapes`, in the journal too.

    Parameters
    ----------
    landscapes : TruthPath
        Along the path.
    level : float
        Minima with a larger defect are looked for.
    to_level : bool
        Whether they are followed to the crossing of that level only, and beyond bifurcations; else to their
        bifurcation.
    plan : Plan
        Effort and watch.
    journal : Journal
        Where pieces of work are kept.
    """

    def __init__(
        self, landscapes: TruthPath, level: float, to_level: bool, plan: Plan, journal: Journal
    ) -> None:
        self.landscapes, self.level, self.to_level = landscapes, level, to_level
        self.floor = TOLERANCES.threshold.floor * level if to_level else level
        self.followed: list[FollowedMinimum] = []
        self.searches: dict[float, Search] = {}
        self.plan, self._journal = plan, journal
        self._signatures: dict[tuple[int, float], FloatArray | None] = {}

    @property
    def width(self) -> float:
        """Length of the bracket."""
        low, high = self.landscapes.bracket
        return high - low

    @property
    def largest(self) -> FollowedMinimum | None:
        """The followed minimum whose end is a threshold and lies highest."""
        ends = [minimum for minimum in self.followed if minimum.end in KINDS]
        return max(ends, key=lambda minimum: minimum.parameter) if ends else None

    def search(self, parameters: Iterable[float], extra: Sequence[FloatArray] = ()) -> None:
        """Search at some parameters; results are kept in `searches`."""
        names = {at: f"search {at!r}" for at in parameters}
        missing = [at for at, name in names.items() if name not in self._journal]
        for at, result in zip(missing, self._results(missing, extra), strict=True):
            self._journal.put(names[at], [[list(m) for m in result.minima], result.n_minima, result.n_starts])
            self._saw("search", at, None, None)
        for at, name in names.items():
            with as_kept():
                minima, n_minima, n_starts = self._journal.get(name, list)
                found = tuple(Found(tuple(map(tuple, means)), defect, hits) for means, defect, hits in minima)
                self.searches[at] = Search(found, int(n_minima), int(n_starts))

    def _results(self, parameters: list[float], extra: Sequence[FloatArray]) -> Iterable[Search]:
        plan, level = self.plan, self.floor + TOLERANCES.threshold.margin
        low, _ = self.landscapes.bracket
        # Other random numbers at each parameter, the same whatever was searched before.
        seeds = [[plan.seed, round((at - low) / self.width * 2**32)] for at in parameters]
        tasks = [
            (self.landscapes, at, level, plan.n_starts, seed, extra)
            for at, seed in zip(parameters, seeds, strict=True)
        ]
        if plan.n_jobs == 1 or len(tasks) < 2:
            return (_searched(*task) for task in tasks)
        from joblib import Parallel, delayed

        parallel = Parallel(n_jobs=plan.n_jobs, return_as="generator")
        return parallel(delayed(_searched)(*task) for task in snapshot(tasks))

    def follow_found(self, at: float) -> bool:
        """Follow what a search found and is not known; return whether any of it went above the level."""
        before = len(self.followed)
        for found in self.searches[at].minima:
            self.follow(np.array(found.means), at, "search")
        return any(minimum.end != "below" for minimum in self.followed[before:])

    def above(self, at: float) -> list[Found]:
        """Return the minima above the level itself that a search found.

        Means of flat minima are not known well, nor are their defects: they are polished first.
        """
        return [found for found in self.searches[at].minima if self._is_above(found, at)]

    def _is_above(self, found: Found, at: float) -> bool:
        if found.defect <= self.level + TOLERANCES.threshold.margin:
            return False
        point = np.array(found.means).ravel() / self.landscapes.unit
        if refined(self.landscapes, point, at, fine=False) is not None:
            return True
        polished = settled(self.landscapes, point, at)
        return polished is not None and read(self.landscapes, polished, at).defect > self.level

    def follow(self, means: FloatArray, at: float, origin: str) -> None:
        """Follow one minimum upwards, if it is not known, and what it gives way to."""
        waiting = [(means, at, origin)]
        while waiting:
            means, at, origin = waiting.pop()
            if self._known(means, at):
                continue
            name = f"follow {len(self.followed)}"
            content = self._journal.get(name, lambda now=(means, at, origin): self._one(*now).content())
            with as_kept():
                end = FollowedMinimum.from_content(content)
            self.followed.append(end)
            if self.to_level or end.end == "lost":
                waiting += self._beyond(end)

    def _one(self, means: FloatArray, at: float, origin: str) -> FollowedMinimum:
        def watch(parameter: float, means: FloatArray, defect: float) -> None:
            self._saw("follow", parameter, means, defect)

        levels = Levels(self.level, self.floor) if self.to_level else None
        return follow(self.landscapes, means, at, levels, origin, watch)

    def _beyond(self, end: FollowedMinimum) -> list[tuple[FloatArray, float, str]]:
        """Minima above the level that descents from a minimum's end, just above it, lead to."""
        if end.finish not in ("fold", "pitchfork", "lost"):
            return []
        last, means = float(end.parameters[-1]), end.branch_means[-1]
        at = (
            last
            + (TOLERANCES.threshold.after_lost if end.finish == "lost" else TOLERANCES.threshold.beyond)
            * self.width
        )
        if at >= self.landscapes.bracket[1]:
            return []
        starts = [means]
        if end.finish != "lost":
            point = means.ravel() / self.landscapes.unit
            hessian = self.landscapes.slope(point, last).hessian
            direction = self.landscapes.means(np.linalg.eigh(hessian)[1][:, 0])
            starts = [
                means + side * far * direction for far in TOLERANCES.threshold.beside for side in (-1, 1)
            ]
        found = search(
            self.landscapes.descent(at),
            self.floor + TOLERANCES.threshold.margin,
            0,
            [0],
            starts,
            listed=False,
        )
        return [(np.array(minimum.means), at, end.finish) for minimum in found.minima]

    def _known(self, means: FloatArray, at: float) -> bool:
        """Whether a minimum, or its image under a symmetry of the path, was followed through a parameter."""
        landscapes = self.landscapes
        shape = distances(landscapes, means, at)
        mine: FloatArray | None = None
        for place, minimum in enumerate(self.followed):
            guess = minimum.means_at(at)
            if guess is None:
                continue
            off = float(np.abs(distances(landscapes, guess, at) - shape).max())
            if off > TOLERANCES.threshold.near:
                continue
            if mine is None:
                mine = signature(landscapes, means.ravel() / landscapes.unit, at)
            if (place, at) not in self._signatures:
                point = guess.ravel() / landscapes.unit
                self._signatures[place, at] = signature(landscapes, point, at)
            other = self._signatures[place, at]
            if mine is None or other is None:  # too flat to be told apart but by where the means are
                if mine is other and off <= TOLERANCES.threshold.flat_alike:
                    return True
            elif alike(mine, other):
                return True
        return False

    def _saw(self, stage: str, parameter: float, means: FloatArray | None, defect: float | None) -> None:
        largest = self.largest
        highest = None if largest is None else largest.parameter
        shown = None if means is None else self.landscapes.callers(means)
        self.plan.budget.report(
            stage, len(self.followed), parameter=parameter, means=shown, defect=defect, largest=highest
        )


def _searched(
    landscapes: TruthPath,
    at: float,
    level: float,
    n_starts: int,
    seed: list[int],
    extra: Sequence[FloatArray],
) -> Search:
    with limited(1):
        return search(landscapes.descent(at), level, n_starts, seed, extra)


def above(parameter: float, searched: Iterable[float]) -> list[float]:
    """Return where to search above an end: places on the way to the next parameter that was searched."""
    following = min(at for at in searched if at > parameter)
    return [parameter + share * (following - parameter) for share in TOLERANCES.threshold.above]
