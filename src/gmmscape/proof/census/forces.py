"""Forces: bounds of E[psi_i (x - M)] for all means of many boxes at once, and what they leave of the boxes.

Where the means are critical, that is zero for M = mu_i: an EM step leaves each mean where it is. Lemmas and
proofs: docs/derivations/census.md#forces.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import NoResultError
from gmmscape.proof.balls import Ball, exact, precision, total
from gmmscape.proof.census.exponential import ERROR, UNIT, decaying
from gmmscape.proof.population import left_out, points_of
from gmmscape.proof.problem import PopulationProblem
from gmmscape.proof.trapezoid import chosen_rule


@dataclass(frozen=True)
class Bounds:
    """Bounds of E[psi_i (x - M)] for all means of each box, shape (n, k).

    Attributes
    ----------
    below_low, above_low : ndarray
        For M at the lower end of mean i.
    below_high, above_high : ndarray
        For M at its upper end.
    """

    below_low: FloatArray
    above_low: FloatArray
    below_high: FloatArray
    above_high: FloatArray


@dataclass(frozen=True)
class Narrowed:
    """What is left of some boxes, and whether a finer rule would leave less.

    Attributes
    ----------
    low, high : ndarray of shape (n, k)
        Ends of what is left; no critical point of a box lies outside.
    alive : ndarray of shape (n,)
        Whether anything is left.
    coarse : ndarray of shape (n,)
        Whether the error of the rule is a good part of the width of some bound.
    """

    low: FloatArray
    high: FloatArray
    alive: BoolArray
    coarse: BoolArray


class Forces:
    """One trapezoid rule, and what it proves.

    Parameters
    ----------
    problem : PopulationProblem
        On a line.
    low, high : float
        Between which all means of all boxes lie.
    accuracy : int
        Binary digits that the rule is to be accurate to.

    Raises
    ------
    NoResultError
        If it has too many nodes, or float64 does not hold what it sums.
    """

    def __init__(self, problem: PopulationProblem, low: float, high: float, accuracy: int) -> None:
        bits = EFFORT.proof.first_bits
        self.k = problem.n_components
        with precision(bits):
            turn = (high - low) / problem.sigma**2
            # No extent: what the rule leaves out is bounded here by nothing coarser than below.
            rule = chosen_rule(turn, 0.0, problem.truth_sigma, accuracy)
            places, weights = points_of(problem, rule, bits)
            self.x = np.array([float(x.mid()) for (x,) in places])
            if not all(exact(value) == x for value, (x,) in zip(self.x.tolist(), places, strict=True)):
                raise NoResultError(
                    "not proved: float64 does not tell nodes apart: subtract an offset from centers"
                )
            self.mass = np.array([_nearest(total(row)) for row in weights])
            region = [[exact(low).union(exact(high))]] * self.k
            each = left_out(problem.places(), rule, region, problem.truth_sigma, problem.sigma)
            error = total(w * one.moment(1, 1) for w, one in zip(problem.shares(), each, strict=True))
            if not error.is_finite():
                raise NoResultError("not proved: centers are too many sigma apart for a census")
            # Upward, and more than what underflows.
            self.error = float(error.upper()) * (1 + 2.0**-20) + len(places) * 2.0**-960
        farthest = max(float(self.x[-1]) - low, high - float(self.x[0]))
        self._scale = 1 / (2 * problem.sigma**2)
        exponent = 12 * UNIT * farthest**2 * self._scale + ERROR
        self.rounding = EFFORT.census.safety * (2 * exponent + (self.k + len(places) + 10) * UNIT)

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.x)

    def narrowed(self, low: FloatArray, high: FloatArray) -> Narrowed:
        """Return what is left of boxes, each a row of lowest and one of highest means.

        Parameters
        ----------
        low, high : ndarray of shape (n, k)
            Their ends.

        Returns
        -------
        Narrowed
            Cost: n k times the number of nodes, with two exponentials each.
        """
        size = max(1, EFFORT.census.cells // (self.k * self.n_nodes))
        parts = [
            self._narrowed(low[first : first + size], high[first : first + size])
            for first in range(0, len(low), size)
        ]
        return Narrowed(*(np.concatenate(some) for some in zip(*parts, strict=True)))

    def _narrowed(
        self, low: FloatArray, high: FloatArray
    ) -> tuple[FloatArray, FloatArray, BoolArray, BoolArray]:
        found = self.bounds(low, high)
        # What is not a number drops nothing.
        alive = ~np.any((found.above_low < 0) | (found.below_high > 0), axis=1)
        upper = _crossing(low, high, found.above_low, found.above_high, found.above_high < 0)
        lower = _crossing(low, high, found.below_low, found.below_high, found.below_low > 0)
        slack = EFFORT.census.chord * (np.abs(low) + np.abs(high))
        upper = np.where(found.above_high < 0, upper + slack, high)
        lower = np.where(found.below_low > 0, lower - slack, low)
        # What relabelling makes of it is looked at elsewhere: means ascend.
        lower = np.maximum.accumulate(np.maximum(lower, low), axis=1)
        upper = np.minimum.accumulate(np.minimum(upper, high)[:, ::-1], axis=1)[:, ::-1]
        alive &= ~np.any(lower > upper, axis=1)
        width = found.above_low - found.below_low
        coarse = np.any(self.error * EFFORT.census.coarse > width, axis=1)
        return lower, upper, alive, coarse

    def bounds(self, low: FloatArray, high: FloatArray) -> Bounds:
        """Return bounds of E[psi_i (x - M)] over boxes.

        Parameters
        ----------
        low, high : ndarray of shape (n, k)
            Ends of boxes.

        Returns
        -------
        Bounds
            Proved: errors of the rule and of rounding are in them.
        """
        most, least = self._masses(low, high)
        return Bounds(*self._at(most, least, low), *self._at(most, least, high))

    def _masses(self, low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The most and the least mass times posterior at each node, shape (n, k, nodes), before rounding."""
        below, above = low[:, :, None] - self.x, self.x - high[:, :, None]
        near = np.maximum(np.maximum(below, above), 0.0)
        far = np.maximum(-below, -above)
        near *= near
        far *= far
        nearest = near.min(axis=1, keepdims=True)
        near -= nearest
        far -= nearest
        near *= self._scale
        far *= self._scale
        largest = EFFORT.census.largest_exponent
        large, small = decaying(np.minimum(near, largest)), decaying(np.minimum(far, largest))
        small[far >= largest] = 0.0
        most, least = np.empty_like(large), np.empty_like(small)
        for i in range(self.k):
            others = [j for j in range(self.k) if j != i]
            most[:, i] = large[:, i] / (large[:, i] + small[:, others].sum(axis=1))
            least[:, i] = small[:, i] / (small[:, i] + large[:, others].sum(axis=1))
        most *= self.mass
        least *= self.mass
        return most, least

    def _at(self, most: FloatArray, least: FloatArray, middle: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Bounds below and above for some M of each mean, shape (n, k)."""
        off = self.x - middle[:, :, None]
        right, left = np.maximum(off, 0.0), np.minimum(off, 0.0)
        right_most, right_least = _sums(most, right), _sums(least, right)
        left_most, left_least = _sums(most, left), _sums(least, left)
        wrong = self.rounding * (right_most - left_most) + self.error
        return right_least + left_most - wrong, right_most + left_least + wrong


def _sums(one: FloatArray, other: FloatArray) -> FloatArray:
    return np.einsum("bin,bin->bi", one, other)


def _crossing(
    low: FloatArray, high: FloatArray, at_low: FloatArray, at_high: FloatArray, useful: BoolArray
) -> FloatArray:
    """Where the chord of a falling bound is zero; anything where it is not useful."""
    fall = np.where(useful, at_low - at_high, 1.0)
    return low + (high - low) * np.where(useful, at_low / fall, 0.0)


def _nearest(ball: Ball) -> float:
    """The float nearest to a ball, which it misses by less than two rounding units."""
    found = float(ball.mid())
    if not abs(exact(found) - ball) <= exact(2 * UNIT) * ball:
        raise NoResultError("not proved: centers are too many sigma apart for a census")
    return found
