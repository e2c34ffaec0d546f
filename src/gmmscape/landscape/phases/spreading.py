"""Minima on a grid of truths: found cell by cell, spread, checked, and followed between cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.landscape.paths.truth_path import fitted_sigma
from gmmscape.landscape.phases.cells import (
    UNSTRUCTURED,
    PhaseMinimum,
    checked,
    minima_of,
    partners,
    settled,
    tried,
)
from gmmscape.landscape.phases.crossings import Crossing, Edge, Followed, followed, threshold_crossed
from gmmscape.matching import match_means
from gmmscape.mixture import Mixture
from gmmscape.tolerances import TOLERANCES
from gmmscape.work.kept_file import as_kept
from gmmscape.work.tasks import Task, Tasks


class Grid(NamedTuple):
    """A grid of truths, cells numbered row by row."""

    path: Callable[[float, float], Mixture]
    xs: FloatArray
    ys: FloatArray
    k: int
    sigma: float | None
    truths: list[Mixture]

    def fitted(self, cell: int) -> float:
        """Return the standard deviation of the fit in a cell."""
        return fitted_sigma(self.truths[cell], self.sigma)

    def at(self, cell: int) -> tuple[int, int]:
        """Return row and column of a cell."""
        return divmod(cell, len(self.xs))

    def neighbours(self, cell: int) -> list[int]:
        """Return the cells beside a cell in its row and column."""
        (row, column), nx, ny = self.at(cell), len(self.xs), len(self.ys)
        steps = [(0, -1), (0, 1), (-1, 0), (1, 0)]
        near = [(row + a, column + b) for a, b in steps]
        return [r * nx + c for r, c in near if 0 <= r < ny and 0 <= c < nx]

    def place(self, cell: int) -> tuple[float, float]:
        """Return the parameters of a cell."""
        row, column = self.at(cell)
        return float(self.xs[column]), float(self.ys[row])

    def edge(self, here: int, there: int) -> Edge:
        """Return the line from one cell to another."""
        return Edge(self.path, self.place(here), self.place(there))

    def reach(self, here: int, there: int) -> float:
        """Return the largest distance of the means of partners in two cells."""
        moved = np.linalg.norm(self.truths[here].means - self.truths[there].means, axis=1).max()
        return float(TOLERANCES.phases.partner_reach * self.fitted(here) + moved)


class Spreading:
    """The work on a grid, stage by stage; what tasks there are depends on results alone.

    Parameters
    ----------
    grid : Grid
        Of truths.
    tasks : Tasks
        What runs them.
    seed : int
        Of all that is random.
    share : float
        Of the cells that a round of checks looks at.
    n_starts : int
        Random starts in such a cell.
    """

    def __init__(self, grid: Grid, tasks: Tasks, seed: int, share: float, n_starts: int) -> None:
        self.grid, self.tasks, self.seed = grid, tasks, seed
        self._share, self._n_starts = share, n_starts
        self.cells: list[list[PhaseMinimum]] = [[] for _ in grid.truths]
        self.checks: list[tuple[int, int]] = []
        self.births: list[Crossing] = []
        self.thresholds: list[Crossing] = []
        self.lost = self.supplied = 0
        self._round = 0
        #: Minima by cell and place that have been tried in, or followed to, a neighbouring cell.
        self._tried: set[tuple[int, int, int]] = set()
        self._followed: set[tuple[int, int, int]] = set()
        #: The partner of a minimum that following found, where the distance alone did not tell.
        self._landed: dict[tuple[int, int, int], int] = {}

    def fill(self) -> None:
        """Find the minima of all cells."""
        self._rows()
        self._spread()
        while len(self.checks) < EFFORT.phases.most_checks and self._check():
            self._spread()

    def locate_births(self) -> None:
        """Follow each minimum without partner towards the neighbouring cell."""
        while self._follow():
            self._spread()

    def locate_thresholds(self) -> None:
        """Locate where minima stop being structured between two cells."""
        jobs = []
        for here, there in self._edges():
            for i, j in self._pairs(here, there):
                one, other = self.cells[here][i], self.cells[there][j]
                if one.kind != UNSTRUCTURED and other.kind == UNSTRUCTURED:
                    jobs.append((here, there, i, one, other))
        work = [
            Task(
                f"threshold {h} {t} {i}",
                threshold_crossed,
                (self.grid.edge(h, t), one, other, self.grid.sigma),
            )
            for h, t, i, one, other in jobs
        ]
        for (here, there, _, one, _), result in zip(jobs, self.tasks.run("thresholds", work), strict=True):
            if result is not None:
                self.thresholds.append(self._crossing(here, there, one, _followed(result)))

    def _rows(self) -> None:
        grid, nx = self.grid, len(self.grid.xs)
        work = []
        for row in range(len(grid.ys)):
            cells = range(row * nx, (row + 1) * nx)
            problems = [(grid.truths[cell], grid.fitted(cell)) for cell in cells]
            work.append(Task(f"row {row}", row_of, (problems, grid.k)))
        for row, result in enumerate(self.tasks.run("cells", work)):
            for column, minima in enumerate(result):
                self.cells[row * nx + column] = _minima(minima)

    def _spread(self) -> None:
        """Try minima in the neighbouring cells that lack them, until that finds nothing new."""
        while jobs := self._untried():
            self._round += 1
            work = [
                Task(f"round {self._round} cell {cell}", tried, self._problem(cell, starts))
                for cell, starts in jobs.items()
            ]
            for cell, result in zip(jobs, self.tasks.run("neighbours", work), strict=True):
                self.cells[cell] += _minima(result)

    def _untried(self) -> dict[int, list[FloatArray]]:
        jobs: dict[int, list[FloatArray]] = {}
        for here, there in self._edges():
            for i in self._alone(here, there):
                if (here, i, there) not in self._tried:
                    self._tried.add((here, i, there))
                    jobs.setdefault(there, []).append(self.cells[here][i].array)
        return dict(sorted(jobs.items()))

    def _check(self) -> bool:
        """Check some cells by random starts; return whether one lacked a minimum."""
        n = int(np.ceil(self._share * len(self.cells)))
        order = np.random.default_rng([self.seed, 1]).permutation(len(self.cells)).tolist()
        before = sum(cells for cells, _ in self.checks)
        chosen = sorted(order[before : before + n])
        if not chosen:
            return False
        work = [
            Task(f"check {cell}", checked, self._problem(cell, [self.seed, 2, cell], self._n_starts))
            for cell in chosen
        ]
        wrong = done = 0
        try:
            for cell, result in zip(chosen, self.tasks.run("checks", work), strict=True):
                done += 1
                wrong += bool(result)
                self.cells[cell] += _minima(result)
        finally:
            self.checks.append((done, wrong))
        return wrong > 0

    def _follow(self) -> bool:
        """Follow minima that have not been followed yet; return whether a cell had lacked one."""
        jobs = []
        for here, there in self._edges():
            for i in self._alone(here, there):
                if (here, i, there) not in self._followed:
                    self._followed.add((here, i, there))
                    jobs.append((here, i, there))
        work = [
            Task(f"birth {h} {i} {t}", followed, (self.grid.edge(h, t), self.cells[h][i], self.grid.sigma))
            for h, i, t in jobs
        ]
        supplied = self.supplied
        for job, result in zip(jobs, self.tasks.run("births", work), strict=True):
            self._ended(job, _followed(result))
        return self.supplied > supplied

    def _ended(self, job: tuple[int, int, int], end: Followed) -> None:
        here, i, there = job
        if end.event == "lost":
            self.lost += 1
        elif end.event != "persists":
            self.births.append(self._crossing(here, there, self.cells[here][i], end))
        else:
            means = np.array(end.means)
            new = settled(*self._problem(there, means))
            self.supplied += len(new)
            self.cells[there] += new
            gaps = [match_means(means, other.array)[1] for other in self.cells[there]]
            if gaps and min(gaps) <= TOLERANCES.phases.landed * self.grid.fitted(there):
                self._landed[job] = int(np.argmin(gaps))
            else:
                self.lost += 1

    def _problem(self, cell: int, *more: Any) -> tuple[Any, ...]:
        grid = self.grid
        return (grid.truths[cell], grid.k, grid.fitted(cell), list(self.cells[cell]), *more)

    def _edges(self) -> Iterator[tuple[int, int]]:
        """Each cell with each of its neighbours."""
        for here in range(len(self.cells)):
            for there in self.grid.neighbours(here):
                yield here, there

    def _alone(self, here: int, there: int) -> list[int]:
        """Places of the minima of one cell that have no partner in another."""
        found, _ = partners(self.cells[here], self.cells[there], self.grid.reach(here, there))
        return [i for i, partner in enumerate(found) if partner is None]

    def _pairs(self, here: int, there: int) -> Iterator[tuple[int, int]]:
        """Partners in two cells."""
        found, _ = partners(self.cells[here], self.cells[there], self.grid.reach(here, there))
        for i, partner in enumerate(found):
            j = self._landed.get((here, i, there)) if partner is None else partner
            if j is not None:
                yield i, j

    def _crossing(self, here: int, there: int, minimum: PhaseMinimum, end: Followed) -> Crossing:
        x, y = self.grid.edge(here, there).place(end.share)
        (a, b), (c, d) = self.grid.place(here), self.grid.place(there)
        length = abs(a - c) + abs(b - d)
        cells = (self.grid.at(here), self.grid.at(there))
        means = tuple(tuple(map(float, mean)) for mean in end.means)
        return Crossing(x, y, end.event, minimum.kind, length * end.error, cells, means)


def _minima(content: Any) -> list[PhaseMinimum]:
    """The minima of a cell, as a checkpoint keeps them."""
    with as_kept():
        return [PhaseMinimum.of(minimum) for minimum in content]


def _followed(content: Any) -> Followed:
    """How a minimum fared, as a checkpoint keeps it."""
    with as_kept():
        event, share, error, means = content
        places = tuple(tuple(map(float, mean)) for mean in means)
        return Followed(str(event), float(share), float(error), places)


def row_of(problems: list[tuple[Mixture, float]], k: int) -> list[list[PhaseMinimum]]:
    """Return the minima of the cells of a row."""
    return [minima_of(truth, k, sigma) for truth, sigma in problems]
