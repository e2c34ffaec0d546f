"""census: all critical points of a known mixture's landscape on a line, with a proof that these are all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError, NoResultError, NotAvailableError
from gmmscape.landscape.atlas.atlas import Atlas
from gmmscape.landscape.landscape import Landscape
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.landscape.points.descent import Descent
from gmmscape.measure import Population
from gmmscape.mixture import Mixture
from gmmscape.progress import Budget, Callback, Event, Stopped
from gmmscape.proof.census.boxes import hulls
from gmmscape.proof.census.exterior import exterior_reach
from gmmscape.proof.census.result import Census
from gmmscape.proof.census.subdivision import Subdivision
from gmmscape.proof.certificate import Certificate
from gmmscape.proof.certify import certify, problem_of_landscape
from gmmscape.proof.problem import PopulationProblem
from gmmscape.threads import limited
from gmmscape.tolerances import TOLERANCES
from gmmscape.validation import positive_integer, random_state_too
from gmmscape.work.journal import Journal, seed_for
from gmmscape.work.tasks import Task, Tasks


@random_state_too
def census(
    truth: Mixture,
    n_components: int,
    checkpoint: str | Path | None = None,
    *,
    rng: Any = None,
    n_jobs: int = 1,
    max_seconds: float | None = None,
    callback: Callback | None = None,
    verbose: int = 0,
) -> Census:
    """Find all critical points of a known mixture's landscape on a line, and prove that there are no others.

    The landscape is explored, and each point certified as by `certify`. A lemma bounds where the means of
    critical points can be; that region is divided into boxes, of which bounds of the EM step in arithmetic
    with proved errors show that they hold no critical point, until what is left lies in the boxes in which
    the certificates prove that there is exactly one. Weights are 1/k, and sigma is that of the truth.

    Parameters
    ----------
    truth : Mixture
        On a line, of one standard deviation and any weights.
    n_components : int
        Number of fitted means k.
    checkpoint : str or Path, optional
        JSON file that the work is kept in; if it exists, the work goes on from it, without `rng` with its
        seed.
    rng : None, int or numpy.random.Generator, default=None
        Seed of the exploration. What is proved does not depend on it.
    n_jobs : int, default=1
        Processes that explore and certify; -1 for all cores. No number depends on it.
    max_seconds : float, optional
        Time budget.
    callback : callable, optional
        Called with an `Event` after each descent (stage "points"), certificate ("certificates") and group of
        boxes ("boxes"; its detail is the number of boxes left, `left`, and the share of the region's volume
        that is settled, `settled`); returning True stops.
    verbose : int, default=0
        1 prints every two seconds how far it has come.

    Returns
    -------
    Census
        An atlas with its `certificates`, and `complete`: True where it is proved that there are no others.
        Where a curvature is so small that a box in which its point is alone cannot be told from its
        surroundings in float64, it is not, and `undecided` says where others may be. Ctrl-C, the budget and
        the callback end the work with what was found. Cost: ten seconds to a minute of processor
        time for k = 3, most of it for certificates.

    Raises
    ------
    InvalidParameterError
        If a parameter is not usable, or the checkpoint is one of another truth.
    NotAvailableError
        If python-flint is not installed, or the truth is not on a line or has no common sigma.
    NoResultError
        If float64 does not tell the centers apart.
    FormatError
        If the checkpoint is none.

    Examples
    --------
    >>> import gmmscape as gs
    >>> from gmmscape import lab
    >>> found = lab.census(gs.Mixture.location([-2, 2], sigma=1.0), 2, rng=0)
    >>> found.complete, [certificate.index for certificate in found.certificates]
    (True, [0, 1])
    """
    if not isinstance(truth, Mixture):
        raise InvalidParameterError.of("truth", truth, "pass a gmmscape.Mixture")
    if truth.n_features != 1:
        raise NotAvailableError(
            f"a census needs a truth on a line, and this one has {truth.n_features} dimensions"
        )
    if truth.sigma is None:
        raise NotAvailableError("a census needs a truth whose components share one standard deviation")
    k = positive_integer("n_components", n_components)
    if n_jobs != -1:
        n_jobs = positive_integer("n_jobs", n_jobs)
    land = Landscape(Population(truth), k)
    problem = problem_of_landscape(land)
    assert isinstance(problem, PopulationProblem)
    seed = seed_for(checkpoint, rng)
    budget = Budget.of("census", max_seconds, callback, verbose)
    journal = Journal(checkpoint, "census", {**problem.content(), "rng": seed})
    return _Work(land, problem, seed, journal, n_jobs, budget).done()


class _Work:
    """A census under way."""

    def __init__(
        self,
        land: Landscape,
        problem: PopulationProblem,
        seed: int,
        journal: Journal,
        n_jobs: int,
        budget: Budget,
    ) -> None:
        self._land, self._seed, self._n_jobs = land, seed, n_jobs
        self._journal, self._budget = journal, budget
        self._tasks = Tasks(journal, n_jobs, budget)
        self._descent = Descent(land.measure, land.n_components, land.sigma)
        self._division = Subdivision(problem)
        self._stage = 0
        if "boxes" in journal:
            self._division.restore(journal["boxes"])
            self._stage = int(journal["boxes"]["stage"])
        self._found: Atlas | None = None
        self._proved: list[Certificate] = []
        # Means of points that were found, in ascending order.
        self._met: list[FloatArray] = []

    def done(self) -> Census:
        """Return what was found and proved, whatever ended the work."""
        stop_reason = "completed"
        try:
            with limited(1):
                self._explore()
                self._certify_all()
                self._divide()
        except Stopped as stop:
            stop_reason = str(stop)
        except KeyboardInterrupt:
            stop_reason = "interrupted"
        finally:
            self._journal.close()
        return self._told(stop_reason)

    def _explore(self) -> None:
        def watch(event: Event) -> bool:
            return self._budget.asks_to_stop("points", event.done, event.total, event.value)

        if "points" not in self._journal:
            self._found = self._land.explore(
                self._seed, saddles=True, n_jobs=self._n_jobs, max_seconds=self._budget.left, callback=watch
            )
            if self._found.stop_reason != "completed":
                raise Stopped(self._found.stop_reason)
            self._journal.put("points", self._found.to_dict())
        self._found = Atlas.from_dict(self._journal["points"])

    def _certify_all(self) -> None:
        assert self._found is not None
        points = [*self._found.minima, *self._found.saddles]
        self._met += [np.sort(point.means.ravel()) for point in points]
        self._certify(points)

    def _certify(self, points: Sequence[CriticalPoint]) -> list[bool]:
        """Certify points, and say of each whether it is proved to be another than those known."""
        tasks = [
            Task(f"certificate of {point.means.ravel().tolist()}", _certificate, (point, self._land))
            for point in points
        ]
        return [self._is_new(content) for content in self._tasks.run("certificates", tasks)]

    def _is_new(self, content: dict[str, Any] | None) -> bool:
        if content is None:
            return False
        new = Certificate.from_content(content)
        if not all(_differ(new, old) for old in self._proved):
            return False
        self._proved.append(new)
        self._division.know(new)
        return True

    def _divide(self) -> None:
        division, whole = self._division, self._division.volume
        for stage in range(self._stage, EFFORT.census.stages):
            side = EFFORT.census.first_side * self._land.sigma * EFFORT.census.narrower**stage
            while len(division.state.waiting):
                division.step(side)
                left = division.state.left
                settled = 1 - float(left.volumes.sum()) / whole
                self._journal.put("boxes", {**division.content(), "stage": stage})
                self._budget.report("boxes", division.state.looked, None, left=len(left), settled=settled)
                if len(left) > EFFORT.census.most:
                    return
            if not len(division.state.narrow):
                return
            self._look_for_others(side)
            division.again()

    def _look_for_others(self, side: float) -> None:
        """Look for points that the exploration has missed, in the middle of what is left."""
        places = hulls(self._division.state.narrow, side)[: EFFORT.census.looks]
        near: list[CriticalPoint] = []
        for low, high in places:
            point = self._descent.critical((low + high)[:, None] / 2, self._is_met)
            if point is not None and point.converged:
                near.append(point)
                self._met.append(np.sort(point.means.ravel()))
        for point, new in zip(near, self._certify(near), strict=True):
            if new:
                self._add(point)

    def _is_met(self, means: FloatArray) -> bool:
        """Whether a point was met before, whatever came of it."""
        within = TOLERANCES.points.same * self._land.sigma
        return any(np.abs(np.sort(means.ravel()) - known).max() <= within for known in self._met)

    def _add(self, point: CriticalPoint) -> None:
        atlas = self._found
        assert atlas is not None
        minima, saddles = ((point,), ()) if point.is_minimum else ((), (point,))
        alone = replace(
            atlas, minima=minima, saddles=saddles, candidates=(), edges=(), moves=(), starts=0, ends={}
        )
        self._found = atlas.union(alone)
        self._journal.put("points", self._found.to_dict())

    def _told(self, stop_reason: str) -> Census:
        division, k = self._division, self._land.n_components
        atlas = self._found
        if atlas is None:
            atlas = self._land.explore(self._seed, n_starts=0, candidates=False)
        left = division.state.left
        sides = [
            tuple(zip(low.tolist(), high.tolist(), strict=True))
            for low, high in hulls(left, EFFORT.census.first_side * self._land.sigma)
        ]
        matched = _in_order(self._proved, [*atlas.minima, *atlas.saddles])
        return Census.of(
            replace(atlas, stop_reason=stop_reason),
            certificates=tuple(matched),
            complete=not len(left) and len(matched) == len(atlas.minima) + len(atlas.saddles),
            reach=float(exterior_reach(k)),
            boxes=division.state.looked,
            undecided=tuple(sides),
        )


def _certificate(point: CriticalPoint, land: Landscape) -> dict[str, Any] | None:
    try:
        return certify(point, land).content()
    except NoResultError:
        return None


def _differ(one: Certificate, other: Certificate) -> bool:
    """Whether two critical points are proved to be different, and no relabellings of each other.

    Sorting moves no coordinate farther than the coordinates move.
    """
    within = one.tight_radius + other.tight_radius
    pairs = zip(sorted(one.point), sorted(other.point), strict=True)
    return any(abs(x - y) > within for x, y in pairs)


def _in_order(certificates: Sequence[Certificate], points: Sequence[CriticalPoint]) -> list[Certificate]:
    """Return certificates in the order of the points nearest to them."""
    listed = np.array([np.sort(point.means.ravel()) for point in points])

    def place(certificate: Certificate) -> int:
        means = np.sort([float(x) for x in certificate.point])
        return int(np.abs(listed - means).max(axis=1).argmin())

    return sorted(certificates, key=place)
