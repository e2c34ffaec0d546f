"""What a cover proves, in ball arithmetic: every cell's bound computed anew.

Lemmas and proofs: docs/derivations/global_bound.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from time import process_time
from typing import NamedTuple, Self

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.progress import Budget
from gmmscape.proof.balls import Ball, exact, largest, matrix, power, precision, total
from gmmscape.proof.bound.cells import Numbers
from gmmscape.proof.bound.cover import Cover
from gmmscape.proof.bound.problem import BoundProblem
from gmmscape.proof.bound.ratio import Peak
from gmmscape.threads import cached_property


class ProvedRatio:
    """S = 1 + D of a problem in balls; lengths are in sigma.

    Parameters
    ----------
    problem : BoundProblem
        Rows and fit.
    """

    def __init__(self, problem: BoundProblem) -> None:
        self.problem = problem
        self.sigma = exact(problem.sigma)
        self.rows = [[exact(x) / self.sigma for x in row] for row in problem.rows.tolist()]
        means = [[exact(x) / self.sigma for x in mean] for mean in problem.means.tolist()]
        shares, masses = _shares(problem.weights), _shares(problem.row_weights)
        self.factors = [
            mass / total(share * _bell(row, mean) for share, mean in zip(shares, means, strict=True))
            for row, mass in zip(self.rows, masses, strict=True)
        ]
        self._columns: dict[tuple[int, float], list[Ball]] = {}

    def _column(self, axis: int, place: float) -> list[Ball]:
        """Return exp(-(x - theta)^2 / 2) along an axis, of each row."""
        key = (axis, place)
        if key not in self._columns:
            theta = exact(place) / self.sigma
            self._columns[key] = [(-power(row[axis] - theta, 2) / 2).exp() for row in self.rows]
        return self._columns[key]

    def values(self, places: FloatArray) -> list[Ball]:
        """Return S at many places, which share coordinates: exponentials are those of each axis."""
        found: list[Ball] = [None] * len(places)
        groups: dict[tuple[float, ...], list[int]] = {}
        for i, place in enumerate(places.tolist()):
            groups.setdefault(tuple(place[:-1]), []).append(i)
        last = places.shape[1] - 1
        columns = {x: matrix([[e] for e in self._column(last, x)]) for x in set(places[:, last].tolist())}
        for shared, members in groups.items():
            terms = self.factors
            for axis, place in enumerate(shared):
                terms = [a * b for a, b in zip(terms, self._column(axis, place), strict=True)]
            row = matrix([terms])
            for i in members:
                found[i] = (row * columns[float(places[i, last])])[0, 0]
        return found

    @cached_property
    def slope_at_mean(self) -> list[Fraction]:
        """The gradient of S at the mean of a single component, in S per length: exact."""
        weights = [Fraction(w) for w in self.problem.row_weights.tolist()]
        mean = [Fraction(x) for x in self.problem.means[0].tolist()]
        square, whole = Fraction(self.problem.sigma) ** 2, sum(weights, Fraction(0))
        rows = self.problem.rows.tolist()
        return [
            sum(w * (Fraction(row[a]) - mean[a]) for w, row in zip(weights, rows, strict=True))
            / whole
            / square
            for a in range(self.problem.n_features)
        ]


class ProvedPeak:
    """S, gradient and Hessian at a peak, and the bound they give in cells where S is concave.

    Parameters
    ----------
    ratio : ProvedRatio
        Of the problem.
    place : ndarray of shape (d,)
        The peak.
    is_mean : bool
        Whether it is the mean of a single component, where S is one and its gradient exact.
    """

    def __init__(self, ratio: ProvedRatio, place: FloatArray, is_mean: bool) -> None:
        self.ratio, self.place = ratio, [exact(x) / ratio.sigma for x in place.tolist()]
        d = len(self.place)
        gradient, second = [exact(0)] * d, [[exact(0)] * d for _ in range(d)]
        value = exact(0)
        for row, factor in zip(ratio.rows, ratio.factors, strict=True):
            y = [x - p for x, p in zip(row, self.place, strict=True)]
            term = factor * _bell(row, self.place)
            value += term
            for a in range(d):
                gradient[a] += term * y[a]
                for b in range(d):
                    second[a][b] += term * y[a] * y[b]
        self.value = exact(1) if is_mean else value
        if is_mean:
            gradient = [exact(slope) * ratio.sigma for slope in ratio.slope_at_mean]
        self.square_slope = total(g * g for g in gradient)
        #: Minus the Hessian, over S.
        self.bending = [[(value * (a == b) - second[a][b]) / value for b in range(d)] for a in range(d)]

    def excess(self, low: Sequence[float], high: Sequence[float], bend: float) -> Ball | None:
        """Bound by how much S exceeds `value` in a cell; None where it may bend less than `bend` S."""
        sigma, d = self.ratio.sigma, len(self.place)
        ends = [(exact(a) / sigma, exact(b) / sigma) for a, b in zip(low, high, strict=True)]
        reach = total(
            power(abs(a - p).max(abs(b - p)), 2) for (a, b), p in zip(ends, self.place, strict=True)
        ).sqrt()
        spans = [(a.min(p), b.max(p)) for (a, b), p in zip(ends, self.place, strict=True)]
        third = exact(0)
        for row, factor in zip(self.ratio.rows, self.ratio.factors, strict=True):
            near, far = exact(0), exact(0)
            for x, (a, b) in zip(row, spans, strict=True):
                near += power((a - x).max(x - b).nonnegative_part(), 2)
                far += power(abs(a - x).max(abs(b - x)), 2)
            length = far.sqrt()
            third += factor * (-near / 2).exp() * (length * far - 3 * length).max(exact(2))
        taken = third / self.value * reach / 3 + exact(bend)
        left = [[self.bending[a][b] - (taken if a == b else 0) for b in range(d)] for a in range(d)]
        if not (bend > 0 and _is_positive(left)):
            return None
        return self.square_slope / (2 * exact(bend) * self.value)


class Seconds(NamedTuple):
    """About how long the proof of a cell takes, by what bounds it."""

    corners: float
    peak: float

    @classmethod
    def of(cls, problem: BoundProblem) -> Self:
        """Return what some cells take here."""
        with precision(EFFORT.proof.bound_bits):
            ratio, place = ProvedRatio(problem), problem.rows[0]
            peak = ProvedPeak(ratio, place, is_mean=False)
            began = process_time()
            peak.excess(place.tolist(), (place + problem.sigma).tolist(), 1.0)
            between = process_time()
            some = np.indices((EFFORT.proof.timed,) * problem.n_features).reshape(problem.n_features, -1).T
            ratio.values(place + problem.sigma * some)
            return cls((process_time() - between) / len(some), between - began)


class Proved(NamedTuple):
    """What a cover proves of S.

    Attributes
    ----------
    value : Ball
        At the highest peak.
    bound : Ball
        Over all cells but those bounded by the mean of a single component.
    excess : Ball
        By how much S exceeds one in those.
    """

    value: Ball
    bound: Ball
    excess: Ball


def proved_by(problem: BoundProblem, cover: Cover, budget: Budget) -> Proved:
    """Return what a cover proves; cells whose concavity is not proved are handed to their corners."""
    whole = cover.n_cells
    ratio, grid = ProvedRatio(problem), cover.grid
    peaks: dict[int, ProvedPeak] = {}
    bounds, excesses, kept = [], [], []
    for done, (level, number, index, bend) in enumerate(cover.by_peak):
        budget.asks_to_stop("proof", done, whole)
        is_mean = problem.is_single and index == 0
        if index not in peaks:
            peaks[index] = ProvedPeak(ratio, cover.peaks[index].place, is_mean)
        cell = np.array(number)
        low, high = grid.places(level, cell).tolist(), grid.places(level, cell + 1).tolist()
        excess = peaks[index].excess(low, high, bend)
        if excess is None:
            cover.settle(level, cell[None])
            cover.stop_reason = "unproved"
            continue
        kept.append((level, number, index, bend))
        if is_mean:
            excesses.append(excess)
        else:
            bounds.append(peaks[index].value + excess)
    cover.by_peak = kept
    done = len(kept)
    for level, cells in cover.by_corners.items():
        budget.asks_to_stop("proof", done, whole)
        bounds.append(_corner_bound(ratio, cover, level, cells))
        done += len(cells)
    value = ratio.values(highest(cover.peaks).place[None])[0]
    return Proved(value, largest(bounds), largest(excesses))


def highest(peaks: Sequence[Peak]) -> Peak:
    """Return the highest of some peaks."""
    return max(peaks, key=lambda peak: peak.log_value)


def _corner_bound(ratio: ProvedRatio, cover: Cover, level: int, cells: Numbers) -> Ball:
    """Bound S in cells of one level by their corners."""
    corners, _ = cover.grid.corners_of(cells)
    half = exact(cover.grid.side_at(level)) / ratio.sigma / 2
    growth = (cover.grid.n_features * half * half / 2).exp()
    return largest(ratio.values(cover.grid.places(level, corners))) * growth


def _shares(weights: FloatArray) -> list[Ball]:
    found = [exact(weight) for weight in weights.tolist()]
    whole = total(found)
    return [weight / whole for weight in found]


def _bell(one: Sequence[Ball], other: Sequence[Ball]) -> Ball:
    return (-total(power(a - b, 2) for a, b in zip(one, other, strict=True)) / 2).exp()


def _is_positive(table: list[list[Ball]]) -> bool:
    """Say whether a symmetric matrix is proved to be positive definite, by its pivots."""
    left = table
    while left:
        pivot = left[0][0]
        if not pivot > 0:
            return False
        left = [
            [left[i][j] - left[i][0] * left[0][j] / pivot for j in range(1, len(left))]
            for i in range(1, len(left))
        ]
    return True
