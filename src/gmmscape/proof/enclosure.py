"""Enclosures of value, gradient, Hessian and third derivatives of the NLL over boxes of means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Protocol

from gmmscape.proof.balls import (
    Ball,
    BallMatrix,
    around,
    exact,
    flint,
    largest,
    matrix,
    power,
    precision,
    total,
)
from gmmscape.proof.problem import PopulationProblem, Problem, SampleProblem
from gmmscape.proof.sums import Moments, Place, Posteriors, moments, third_moments
from gmmscape.proof.trapezoid import LeftOut, Rule, chosen_rule, nodes

#: Third derivatives on a line, entry [i][j, l].
Third = list[BallMatrix]


@dataclass(frozen=True)
class Enclosure:
    """What is known of the objective at all means of a box.

    Attributes
    ----------
    nll : Ball
        Nats per unit mass.
    gradient : list of Ball
        In the means, k d numbers.
    hessian : BallMatrix or None
        In the means.
    associations : BallMatrix or None
        A_is, of shape (k, k*); None for a sample.
    """

    nll: Ball
    gradient: list[Ball]
    hessian: BallMatrix | None
    associations: BallMatrix | None


class Encloser(Protocol):
    """What encloses the objective of one problem."""

    def at(self, means: Sequence[Ball], *, hessian: bool = False) -> Enclosure:
        """Return what is known over a box of means, k d balls."""
        ...

    def third(self, means: Sequence[Ball]) -> Third | None:
        """Return third derivatives over a box; None where they are not made."""
        ...


def _enclosed(found: Moments, sigma: Ball, left_out: _Errors | None) -> Enclosure:
    """Return the enclosure that sums and the errors of their rule make."""
    size = len(found.first)
    k = found.shares.nrows()
    d = size // k
    s2 = sigma**2
    errors = left_out or _Errors.none()
    gradient = [-around(value, errors.first) / s2 for value in found.first]
    hessian = None
    if found.pair is not None and found.own is not None:
        rows = []
        for i in range(size):
            row = []
            for j in range(size):
                entry = around(found.pair[i, j], errors.pair) / s2**2
                if i // d == j // d:
                    entry -= around(found.own[i, j], errors.own) / s2**2
                if i == j:
                    share = total(found.shares[i // d, s] for s in range(found.shares.ncols()))
                    entry += around(share, errors.share) / s2
                row.append(entry)
            rows.append(row)
        hessian = matrix(rows)
    nll = -around(found.log_density, errors.log_density)
    return Enclosure(nll, gradient, hessian, None)


@dataclass(frozen=True)
class _Errors:
    """Errors of a rule for each kind of sum, all components of the truth together."""

    log_density: Ball
    share: Ball
    first: Ball
    own: Ball
    pair: Ball

    @classmethod
    def none(cls) -> _Errors:
        zero = flint().arb(0)
        return cls(zero, zero, zero, zero, zero)


def boxes(means: Sequence[Ball], d: int) -> list[Place]:
    """Return k d balls as k places."""
    return [means[i : i + d] for i in range(0, len(means), d)]


@dataclass(frozen=True)
class PopulationEncloser:
    """The objective against a known truth on a line or in the plane, by trapezoid rules.

    Attributes
    ----------
    problem : PopulationProblem
        Truth and fit.
    rule : Rule
        Nodes.
    bits : int
        Binary digits of the arithmetic.
    """

    problem: PopulationProblem
    rule: Rule
    bits: int

    @classmethod
    def near(
        cls, problem: PopulationProblem, means: Sequence[float], accuracy: int, bits: int
    ) -> PopulationEncloser:
        """Return the encloser whose rule is accurate to 2^-accuracy at some means and beside them."""
        d = problem.n_features
        places = [means[i : i + d] for i in range(0, len(means), d)]
        turn = max(
            max(max(axis) - min(axis) for axis in zip(*points, strict=True)) / width**2
            for points, width in ((places, problem.sigma), (problem.centers, problem.truth_sigma))
        )
        rule = chosen_rule(turn, problem.truth_sigma, accuracy)
        return cls(problem, rule, bits)

    def at(self, means: Sequence[Ball], *, hessian: bool = False) -> Enclosure:
        """Return what is known over a box of means."""
        problem = self.problem
        with precision(self.bits):
            places, weights = points_of(problem, self.rule, self.bits)
            sigma = exact(problem.sigma)
            shown = boxes(means, problem.n_features)
            found = moments(places, weights, shown, sigma, second=hessian)
            shares = problem.shares()
            each = self._left_out(shown)
            errors = _Errors(
                total(
                    w * one.logarithm(exact(1) / problem.n_components)
                    for w, one in zip(shares, each, strict=True)
                ),
                *(
                    total(w * one.moment(m, p) for w, one in zip(shares, each, strict=True))
                    for m, p in ((1, 0), (1, 1), (1, 2), (2, 2))
                ),
            )
            known = _enclosed(found, sigma, errors)
            associations = [
                [around(found.shares[i, s] / shares[s], each[s].moment(1, 0)) for s in range(len(shares))]
                for i in range(problem.n_components)
            ]
            return Enclosure(known.nll, known.gradient, known.hessian, matrix(associations))

    def third(self, means: Sequence[Ball]) -> Third | None:
        """Return third derivatives over a box of means on a line; None in the plane."""
        problem = self.problem
        if problem.n_features > 1:
            return None
        with precision(self.bits):
            places, weights = points_of(problem, self.rule, self.bits)
            shown, k, sigma = boxes(means, 1), problem.n_components, exact(problem.sigma)
            found = third_moments(places, weights, shown, sigma)
            each, shares = self._left_out(shown), problem.shares()
            wrong = {
                (m, p): total(w * one.moment(m, p) for w, one in zip(shares, each, strict=True))
                for m, p in ((1, 1), (1, 3), (2, 1), (2, 3), (3, 3))
            }
            s4, s6 = sigma**4, sigma**6

            def crossed(i: int, j: int) -> Ball:
                """E of psi_i (u_i^2 - 1/sigma^2) psi_j u_j, u = y / sigma^2."""
                bent = around(found.crossed[i, j], wrong[2, 3]) / s6
                return bent - around(found.lines[i, j], wrong[2, 1]) / s4

            tensor = [[[exact(0)] * k for _ in range(k)] for _ in range(k)]
            for i in range(k):
                for j in range(k):
                    for m in range(k):
                        value = 2 * around(found.triples[i][j, m], wrong[3, 3]) / s6
                        if i == j:
                            value -= crossed(i, m)
                        if i == m:
                            value -= crossed(i, j)
                        if j == m:
                            value -= crossed(j, i)
                        if i == j == m:
                            value += around(found.cubes[i], wrong[1, 3]) / s6
                            value -= 3 * around(found.first[i], wrong[1, 1]) / s4
                        tensor[i][j][m] = -value
            return [matrix(layer) for layer in tensor]

    def entropy(self) -> Ball:
        """Return the NLL of the truth itself."""
        return entropy_of(self.problem, self.rule, self.bits)

    def _left_out(self, means: Sequence[Place]) -> list[LeftOut]:
        return left_out(self.problem, self.rule, means)


@lru_cache(maxsize=4)
def points_of(problem: PopulationProblem, rule: Rule, bits: int) -> tuple[list[Place], list[list[Ball]]]:
    """Return the nodes of a rule, and for each the mass that each component of the truth has there."""
    r = problem.n_features
    with precision(bits):
        h, tau = exact(rule.step), exact(problem.truth_sigma)
        scale = (h / ((2 * flint().arb.pi()).sqrt() * tau)) ** r
        zero, shares = flint().arb(0), problem.shares()
        found: dict[tuple[int, ...], list[Ball]] = {}
        for s, center in enumerate(problem.centers):
            middle = [exact(value) for value in center]
            for node in nodes(rule, center):
                square = total(power(n * h - c, 2) for n, c in zip(node, middle, strict=True))
                mass = shares[s] * scale * (-square / (2 * tau**2)).exp()
                found.setdefault(node, [zero] * len(shares))[s] = mass
        order = sorted(found)
        return [[n * h for n in node] for node in order], [found[node] for node in order]


@lru_cache(maxsize=16)
def entropy_of(problem: PopulationProblem, rule: Rule, bits: int) -> Ball:
    """Return the NLL of the truth of a problem, by a rule."""
    tau = problem.truth_sigma
    own = replace(problem, sigma=tau, n_components=len(problem.centers))
    with precision(bits):
        places, weights = points_of(problem, rule, bits)
        width, shares = exact(tau), problem.shares()
        centers = [[exact(value) for value in center] for center in problem.centers]
        posteriors = Posteriors(centers, width)
        density = flint().arb(0)
        for place, row in zip(places, weights, strict=True):
            # With posteriors psi of equal weights, p* is their average under the weights times a known sum.
            psi, logarithm = posteriors.at(place)
            weighted = total(w * p for w, p in zip(shares, psi, strict=True))
            density += total(row) * (logarithm + weighted.log())
        unit = ((2 * flint().arb.pi()).sqrt() * width).log() * problem.n_features
        least = min(shares, key=lambda share: float(share.mid()))
        each = left_out(own, rule, centers)
        wrong = total(w * one.logarithm(least) for w, one in zip(shares, each, strict=True))
        return around(unit - density, wrong)


def left_out(problem: PopulationProblem, rule: Rule, means: Sequence[Place]) -> list[LeftOut]:
    """Return the bounds of a rule's errors, for each component of the truth."""
    d = problem.n_features
    spreads = []
    for axis in range(d):
        low = high = means[0][axis]
        for mean in means[1:]:
            high, low = high.max(mean[axis]), low.min(mean[axis])
        spreads.append(high - low)
    tau, sigma = exact(problem.truth_sigma), exact(problem.sigma)
    return [
        LeftOut(
            rule,
            spreads,
            largest(abs(mean[a] - exact(center[a])) for mean in means for a in range(d)),
            exact(0),
            tau,
            sigma,
        )
        for center in problem.centers
    ]


@dataclass(frozen=True)
class SampleEncloser:
    """The objective of weighted rows, of any number and dimension.

    Attributes
    ----------
    problem : SampleProblem
        Rows and fit.
    bits : int
        Binary digits of the arithmetic.
    """

    problem: SampleProblem
    bits: int

    @cached_property
    def _points(self) -> tuple[list[Place], list[list[Ball]]]:
        places = [[exact(value) for value in row] for row in self.problem.rows.tolist()]
        return places, [[share] for share in self.problem.shares()]

    def at(self, means: Sequence[Ball], *, hessian: bool = False) -> Enclosure:
        """Return what is known over a box of means."""
        with precision(self.bits):
            places, weights = self._points
            sigma = exact(self.problem.sigma)
            shown = boxes(means, self.problem.n_features)
            return _enclosed(moments(places, weights, shown, sigma, second=hessian), sigma, None)

    def third(self, means: Sequence[Ball]) -> Third | None:
        """Return nothing: boxes of samples are narrow enough without."""
        return None


def encloser_of(problem: Problem, means: Sequence[float], accuracy: int, bits: int) -> Encloser:
    """Return what encloses the objective of a problem at some means and beside them."""
    if isinstance(problem, SampleProblem):
        return SampleEncloser(problem, bits)
    return PopulationEncloser.near(problem, means, accuracy, bits)
