"""Subdivision: boxes are narrowed, halved and dropped until only known critical points are left."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import ceil, inf, log, nextafter
from typing import Any, NamedTuple

import numpy as np

from gmmscape.arrays import BoolArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import NoResultError
from gmmscape.proof.balls import float_ends
from gmmscape.proof.census.boxes import Boxes, joined
from gmmscape.proof.census.exterior import exterior_reach
from gmmscape.proof.census.forces import Forces
from gmmscape.proof.certificate import Certificate
from gmmscape.proof.problem import PopulationProblem


class State(NamedTuple):
    """Where a subdivision stands; one object, so that an interruption leaves it whole.

    Attributes
    ----------
    waiting : Boxes
        To be looked at; the last ones first.
    narrow : Boxes
        Narrower than wanted at the moment, and not known to be without a critical point.
    looked : int
        Boxes looked at.
    """

    waiting: Boxes
    narrow: Boxes
    looked: int

    @property
    def left(self) -> Boxes:
        """What may hold critical points that are not known."""
        return joined([self.waiting, self.narrow])


class Subdivision:
    """All boxes of ascending means that may hold critical points which are not known.

    Parameters
    ----------
    problem : PopulationProblem
        On a line.

    Attributes
    ----------
    state : State
        What is left.
    """

    def __init__(self, problem: PopulationProblem) -> None:
        self._problem = problem
        self.k = problem.n_components
        self.low, self.high = region(problem)
        self._accuracies = (*EFFORT.census.bits, finest(problem))
        self._rules: dict[int, Forces] = {}
        self._known_low, self._known_high = np.empty((0, self.k)), np.empty((0, self.k))
        self.state = State(Boxes.one(self.low, self.high, self.k), Boxes.none(self.k), 0)

    def know(self, certificate: Certificate) -> None:
        """Take the box of a certificate for settled: it holds that critical point alone."""
        low, high = inner_ends(certificate)
        self._known_low = np.vstack([self._known_low, low])
        self._known_high = np.vstack([self._known_high, high])

    @property
    def volume(self) -> float:
        """Volume of the whole region."""
        return (self.high - self.low) ** self.k

    def again(self) -> None:
        """Go on with the narrow boxes."""
        self.state = State(self.state.left, Boxes.none(self.k), self.state.looked)

    def step(self, least: float) -> None:
        """Look at some boxes; those that get narrower than `least` are kept as narrow."""
        waiting, narrow, looked = self.state
        number = waiting.rule[-1]
        chosen = np.flatnonzero(waiting.rule == number)[-EFFORT.census.boxes :]
        boxes = waiting.where(chosen)
        found = self._rule(int(number)).narrowed(boxes.low, boxes.high)
        left = Boxes(found.low, found.high, boxes.rule).where(found.alive)
        before, coarse = boxes.volumes[found.alive], found.coarse[found.alive]
        new = ~self._is_known(left)
        left, before, coarse = left.where(new), before[new], coarse[new]
        small = left.widths < least
        again = (left.volumes < EFFORT.census.shrunk * before) & ~small
        finer = ~again & coarse & (number + 1 < len(self._accuracies))
        split = ~again & ~finer & ~small
        stay = np.ones(len(waiting), dtype=bool)
        stay[chosen] = False
        parts = [left.where(split).halves(), left.where(finer).finer(), left.where(again)]
        self.state = State(
            joined([waiting.where(stay), *parts]),
            joined([narrow, left.where(small & ~finer)]),
            looked + len(boxes),
        )

    def content(self) -> dict[str, Any]:
        """Return what a checkpoint holds."""
        waiting, narrow, looked = self.state
        return {"waiting": waiting.content(), "narrow": narrow.content(), "looked": looked}

    def restore(self, content: Mapping[str, Any]) -> None:
        """Go on from what a checkpoint holds."""
        waiting, narrow = (Boxes.of_content(content[name], self.k) for name in ("waiting", "narrow"))
        self.state = State(waiting, narrow, int(content["looked"]))

    def _rule(self, number: int) -> Forces:
        """The rule of a number; the finest before it where float64 is no match for that."""
        number = min(number, len(self._accuracies) - 1)
        if number not in self._rules:
            try:
                found = Forces(self._problem, self.low, self.high, self._accuracies[number])
            except NoResultError:
                if number == 0:
                    raise
                self._accuracies = self._accuracies[:number]
                return self._rule(number)
            self._rules[number] = found
        return self._rules[number]

    def _is_known(self, boxes: Boxes) -> BoolArray:
        """Whether each lies in the box of a certificate."""
        above = np.greater_equal(boxes.low[:, None], self._known_low)
        below = np.less_equal(boxes.high[:, None], self._known_high)
        return np.any(np.all(above & below, axis=2), axis=1)


def region(problem: PopulationProblem) -> tuple[float, float]:
    """Return floats between which all means of every critical point lie, by the exterior lemma."""
    reach = exterior_reach(problem.n_components) * Fraction(problem.sigma)
    centers = [Fraction(c) for (c,) in problem.centers]
    return float_ends(min(centers) - reach, max(centers) + reach)


def finest(problem: PopulationProblem) -> int:
    """Return the accuracy of the last rule, in bits: well below the mass in the widest gap of the truth."""
    centers = sorted(c for (c,) in problem.centers)
    widest = max(np.diff(centers), default=0.0) / problem.truth_sigma
    return EFFORT.census.last_bits + ceil(widest**2 / (8 * log(2)))


def inner_ends(certificate: Certificate) -> tuple[list[float], list[float]]:
    """Return the largest box of floats within the box of a certificate."""
    low = [float(a) if Fraction(float(a)) >= a else nextafter(float(a), inf) for a, _ in certificate.box]
    high = [float(b) if Fraction(float(b)) <= b else nextafter(float(b), -inf) for _, b in certificate.box]
    return low, high
