"""Cover: branch and bound for the largest S, in float64; what it finds is proved afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log1p

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.progress import Budget, Stopped
from gmmscape.proof.bound.cells import Grid, Numbers
from gmmscape.proof.bound.problem import BoundProblem
from gmmscape.proof.bound.ratio import Peak, Ratio


@dataclass
class Cover:
    """Cells that cover the box of the rows, each with the form that bounds S in it.

    Attributes
    ----------
    grid : Grid
        Root and halvings.
    by_corners : dict of int to ndarray of shape (c, d)
        Cells bounded by their corners, by level.
    by_peak : list of (int, tuple of int, int, float)
        Level and number of a cell, which peak bounds it, and a bound of minus the Hessian from below there,
        in S of the peak per sigma^2.
    peaks : list of Peak
        Local maxima, the highest first.
    stop_reason : str
        "completed" where the wanted tolerance was reached; "time_limit", "interrupted", "max_cells", or
        "unproved" where rounding kept a cell from being proved.
    """

    grid: Grid
    by_corners: dict[int, Numbers] = field(default_factory=dict)
    by_peak: list[tuple[int, tuple[int, ...], int, float]] = field(default_factory=list)
    peaks: list[Peak] = field(default_factory=list)
    stop_reason: str = "completed"

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return len(self.by_peak) + sum(map(len, self.by_corners.values()))

    def proof(self, n_cells: int, by_corners: float, by_peak: float) -> float:
        """Return about how many seconds the proof of so many cells takes, given those of one of each kind."""
        return by_corners * (n_cells - len(self.by_peak)) + by_peak * len(self.by_peak)

    def growth_at(self, level: int, sigma: float) -> float:
        """Return by how much log S may be higher in a cell than at its corners."""
        return self.grid.n_features * (self.grid.side_at(level) / sigma) ** 2 / 8

    def settle(self, level: int, cells: Numbers) -> None:
        """Take cells that are bounded by their corners."""
        if len(cells):
            self.by_corners[level] = np.concatenate([self.by_corners.get(level, cells[:0]), cells])


def cover_of(
    problem: BoundProblem, tol: float, budget: Budget, seconds: tuple[float, float] | None = None
) -> Cover:
    """Return a cover whose bound of S exceeds the largest known value by at most a factor 1 + tol.

    Parameters
    ----------
    problem : BoundProblem
        Rows and fit.
    tol : float
        Relative tolerance of S.
    budget : Budget
        Where it is used up, the cells that are left are bounded by their corners as they are.
    seconds : tuple of float, optional
        That the proof of a cell takes afterwards, by its corners and by a peak: cells are halved no more
        where that would be too long.

    Returns
    -------
    Cover
        Of the box of the rows.
    """
    search = _Search(problem, tol)
    cover = search.cover
    level, cells = 0, np.zeros((1, problem.n_features), dtype=np.int64)
    try:
        while len(cells):
            budget.report("cells", cover.n_cells, cover.n_cells + len(cells), lower=search.lower)
            left = search.look(level, cells)
            more = cover.n_cells + 2**problem.n_features * len(left)
            if (
                seconds
                and len(left)
                and budget.left is not None
                and cover.proof(more, *seconds) > budget.left
            ):
                cover.settle(level, left)
                cover.stop_reason = "time_limit"
                break
            if level == cover.grid.deepest or more > EFFORT.proof.most_cells:
                cover.settle(level, left)
                cover.stop_reason = "max_cells"
                break
            level, cells = level + 1, cover.grid.halved(left)
            cells = cover.grid.meeting(level, cells, search.low, search.high)
    except Stopped as stopped:
        cover.stop_reason = str(stopped)
        cover.settle(level, cells)
    except KeyboardInterrupt:
        cover.stop_reason = "interrupted"
        cover.settle(level, cells)
    return cover


class _Search:
    """What is known while cells are halved."""

    def __init__(self, problem: BoundProblem, tol: float) -> None:
        self.problem, self.tol = problem, tol
        self.ratio = Ratio(problem)
        self.low, self.high = problem.rows.min(axis=0), problem.rows.max(axis=0)
        self.cover = Cover(Grid.about(problem.rows, problem.sigma))
        for mean in problem.means:
            self._climb(mean)
        if problem.is_single:
            # D is exactly zero there: a fit that is the best of all is proved to be so without rounding.
            value, slope, second = self.ratio.at(problem.means[0])
            bend = float(np.linalg.eigvalsh(np.eye(problem.n_features) - second)[0])
            self.cover.peaks.insert(0, Peak(problem.means[0], value, float(np.linalg.norm(slope)), bend))

    @property
    def lower(self) -> float:
        """Log of the largest value known."""
        return max(0.0, *(peak.log_value for peak in self.cover.peaks))

    @property
    def target(self) -> float:
        """Log of the bound that is wanted."""
        noise = EFFORT.proof.single_optimum
        if self.at_mean and self.lower <= noise:
            return -noise
        return self.lower + log1p(self.tol)

    @property
    def at_mean(self) -> bool:
        """Whether the first peak is the mean of the one component, where D is zero and its slope harmless."""
        return self.problem.is_single and self.cover.peaks[0].slope <= EFFORT.proof.flat_slope

    def _climb(self, place: FloatArray) -> None:
        """Add the maximum above a place, unless it is known."""
        peak = self.ratio.climbed(place)
        near = EFFORT.proof.same_peak * self.problem.sigma
        if all(np.linalg.norm(peak.place - other.place) > near for other in self.cover.peaks):
            self.cover.peaks.append(peak)

    def look(self, level: int, cells: Numbers) -> Numbers:
        """Settle the cells that a form bounds; return the others."""
        grid = self.cover.grid
        corners, which = grid.corners_of(cells)
        values = self.ratio.log_values(grid.places(level, corners))
        highest = values[which].max(axis=1)
        growth = self.cover.growth_at(level, self.problem.sigma)
        left = highest + growth > self.target
        self._climb_from(grid.places(level, corners)[which[left]], values[which[left]])
        done = highest + growth <= self.target
        self.cover.settle(level, cells[done])
        return self._by_peaks(level, cells[~done])

    def _climb_from(self, places: FloatArray, values: FloatArray) -> None:
        """Climb from the highest corners of the cells that are left."""
        best = values.argmax(axis=1)
        order = np.argsort(-values[np.arange(len(values)), best])
        tried: list[FloatArray] = []
        for cell in order.tolist():
            start = places[cell, best[cell]]
            if all(np.linalg.norm(start - other) > self.problem.sigma for other in tried):
                tried.append(start)
                self._climb(start)
            if len(tried) == EFFORT.proof.climbs:
                break

    def _by_peaks(self, level: int, cells: Numbers) -> Numbers:
        """Settle the cells near a peak in which S is concave; return the others."""
        grid, sigma = self.cover.grid, self.problem.sigma
        for number, peak in enumerate(self.cover.peaks):
            if not (len(cells) and peak.bend > 0 and self._may_bound(number, peak, np.inf)):
                continue
            low, high = grid.places(level, cells), grid.places(level, cells + 1)
            far = np.maximum(np.abs(low - peak.place), np.abs(high - peak.place)) / sigma
            reach = np.sqrt((far**2).sum(axis=1))
            # A third derivative is at least 2 S here.
            near = np.flatnonzero(2 * reach < 3 * peak.bend)
            if not len(near):
                continue
            spans = np.minimum(low[near], peak.place), np.maximum(high[near], peak.place)
            third = self.ratio.third_bounds(*spans, peak.log_value)
            bend = (peak.bend - third * reach[near] / 3) * EFFORT.proof.kept_bend
            good = np.array([self._may_bound(number, peak, b) for b in bend], dtype=bool)
            for i, b in zip(near[good].tolist(), bend[good].tolist(), strict=True):
                self.cover.by_peak.append((level, tuple(cells[i].tolist()), number, b))
            cells = np.delete(cells, near[good], axis=0)
        return cells

    def _may_bound(self, number: int, peak: Peak, bend: float) -> bool:
        """Say whether a peak's bound is low enough where S bends so much, and rounding leaves it that."""
        if not bend > EFFORT.proof.least_cell_bend:
            return False
        if number == 0 and self.at_mean:
            return True
        return bool(peak.log_value + log1p(peak.slope**2 / (2 * bend)) <= max(self.target, 0.0))
