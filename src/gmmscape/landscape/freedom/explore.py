"""Exploration: candidates and random starts descended, saddles searched, gathered into a `FreeAtlas`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gmmscape.effort import EFFORT
from gmmscape.landscape.freedom.atlas import FreeAtlas
from gmmscape.landscape.freedom.descent import FreeDescent
from gmmscape.landscape.freedom.saddle_search import followed, trails
from gmmscape.landscape.freedom.starts import of_structure, structures_of
from gmmscape.landscape.freedom.survey import Survey
from gmmscape.progress import Budget, Stopped


class Plan(NamedTuple):
    """What an exploration is to do; see `FreeLandscape.explore`."""

    n_starts: int
    candidates: bool
    saddles: bool


def explore(descent: FreeDescent, *, seed: int, plan: Plan, budget: Budget) -> FreeAtlas:
    """Descend from every candidate structure and from random starts, and search for saddles.

    Where time is limited, candidates and starts have half of it, and followings most of the rest; what is
    left is for descents from saddles, and then for starts that were left out. What is found depends on the
    seed alone.
    """
    search = _Search(descent, seed, plan, budget)
    stop_reason = "completed"
    try:
        search.descend(until=EFFORT.atlas.shares_with_saddles[1] if plan.saddles else None)
        if plan.saddles:
            search.follow(until=EFFORT.atlas.share_of_followings)
            search.descend(until=None)
    except Stopped as stop:
        stop_reason = str(stop)
    except KeyboardInterrupt:
        stop_reason = "interrupted"
    return search.survey.atlas(
        seed=seed, starts=search.done, candidates=search.tried, stop_reason=stop_reason
    )


class _Search:
    """An exploration at work, and how far it has come."""

    def __init__(self, descent: FreeDescent, seed: int, plan: Plan, budget: Budget) -> None:
        self.survey = Survey(descent)
        self.tried = self.done = 0
        self._descent, self._seed, self._plan, self._budget = descent, seed, plan, budget
        self._structures = structures_of(descent) if plan.candidates else []
        self._rng = np.random.default_rng([seed, 1])

    def descend(self, until: float | None) -> None:
        """Descend from what is left of candidates and random starts, up to a share of the time.

        The two share it: after each candidate as many random starts are descended as there are to one.
        """
        n, wanted = len(self._structures), self._plan.n_starts
        while (self.tried < n or self.done < wanted) and not self._budget.is_past(until):
            if self.tried < n:
                start = of_structure(self._descent, self._structures[self.tried], self._rng)
                self.survey.record(self._descent.coarse(start), hit=False)
                self.tried += 1
                self._report("candidates", self.tried, n)
            if self.done < wanted and (self.done * max(n, 1) <= self.tried * wanted or self.tried == n):
                self._random_starts(range(self.done, min(self.done + EFFORT.freedom.starts_together, wanted)))

    def _random_starts(self, numbers: range) -> None:
        seeded = (np.random.default_rng([self._seed, 0, i]) for i in numbers)
        for end in self._descent.rough([self._descent.random_start(rng) for rng in seeded]):
            self.survey.record(self._descent.coarse(end), hit=True)
            self.done += 1
            last = self.done == self._plan.n_starts and self.tried == len(self._structures)
            self._report("starts", self.done, self._plan.n_starts, last=last and not self._plan.saddles)

    def follow(self, until: float) -> None:
        """Rounds of followings, until one finds nothing, or there were enough.

        Where known passes leave minima apart, a few rounds more look beside all points again.
        """
        survey, found, idle = self.survey, True, 0
        while survey.rounds < EFFORT.atlas.saddle_rounds and not self._budget.is_past(until):
            idle = 0 if found else idle + 1
            if idle and (idle > EFFORT.freedom.idle_rounds or not survey.in_pieces):
                return
            minima = sorted(survey.minima, key=lambda point: point.value)
            fresh = survey.points() if idle else survey.fresh()
            ways = trails(self._descent, minima, fresh, self._seed, survey.rounds)
            found = False
            for number, way in enumerate(ways, 1):
                found |= survey.record_critical(followed(self._descent, way)) is not None
                self._report("saddles", number, len(ways))
                if self._budget.is_past(until):
                    break
            survey.rounds += 1
            for new in survey.connected():
                found |= new is not None
                self._report("saddles", len(ways), len(ways))

    def _report(self, stage: str, done: int, total: int, *, last: bool = False) -> None:
        found = {"minima": len(self.survey.minima), "saddles": len(self.survey.saddles)}
        self._budget.report(stage, done, total, last=last, **found)
