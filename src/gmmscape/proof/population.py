"""The objective against a known truth on a line or in a plane, in balls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import frexp

from gmmscape.effort import EFFORT
from gmmscape.proof.balls import Ball, around, exact, flint, largest, matrix, power, precision, total
from gmmscape.proof.enclosure import Enclosure, Errors, Third, across, boxes, enclosed
from gmmscape.proof.grid import Grid, grid_moments
from gmmscape.proof.problem import PopulationProblem
from gmmscape.proof.sums import Moments, Place, Posteriors, ThirdMoments, moments, third_moments
from gmmscape.proof.trapezoid import LeftOut, Rule, checked_nodes, chosen_rule, nodes


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
        return cls(problem, rule_near(problem, means, accuracy), bits)

    def for_box(self, middle: Sequence[float], radius: float) -> PopulationEncloser:
        """Return an encloser of second or third derivatives over a box: of few digits where it is wide."""
        accuracy = EFFORT.proof.box_bits - frexp(radius / self.problem.sigma)[1]
        if accuracy + EFFORT.proof.guard_bits >= self.bits:
            return self
        rule = rule_near(self.problem, middle, accuracy, radius)
        return replace(self, rule=rule, bits=accuracy + EFFORT.proof.guard_bits)

    def at(self, means: Sequence[Ball], *, hessian: bool = False) -> Enclosure:
        """Return what is known over a box of means."""
        problem = self.problem
        with precision(self.bits):
            sigma, shares = exact(problem.sigma), problem.shares()
            shown = boxes(means, problem.n_features)
            found = self._moments(shown, sigma, hessian)
            each = self._left_out(shown)
            errors = Errors(
                total(
                    w * one.logarithm(exact(1) / problem.n_components)
                    for w, one in zip(shares, each, strict=True)
                ),
                *(
                    total(w * one.moment(m, p) for w, one in zip(shares, each, strict=True))
                    for m, p in Errors.kinds
                ),
            )
            known = enclosed(found, sigma, errors)
            associations = [
                [around(found.shares[i, s] / shares[s], each[s].moment(1, 0)) for s in range(len(shares))]
                for i in range(problem.n_components)
            ]
            tau, outside = exact(problem.truth_sigma), problem.n_outside
            nll = known.nll + outside * gaussian_nll(tau, sigma)
            beside = across(found, sigma, tau, errors) if hessian and outside else None
            return Enclosure(nll, known.gradient, known.hessian, matrix(associations), beside)

    def _moments(self, means: Sequence[Place], sigma: Ball, second: bool) -> Moments:
        problem, near = self.problem, EFFORT.proof.next_to_points * self.problem.sigma
        if problem.n_features == 2 and all(x.rad() < near for mean in means for x in mean):
            weights = [exact(1) / problem.n_components] * problem.n_components
            return grid_moments(grid_of(problem, self.rule), means, weights, sigma, second=second)
        places, masses = points_of(problem, self.rule, self.bits)
        across = second and problem.n_outside > 0
        return moments(places, masses, means, sigma, second=second, across=across)

    def third(self, means: Sequence[Ball]) -> Third | None:
        """Return third derivatives over a box of means on a line; None in the plane."""
        problem = self.problem
        if problem.n_features > 1:
            return None
        with precision(self.bits):
            places, weights = points_of(problem, self.rule, self.bits)
            shown, sigma = boxes(means, 1), exact(problem.sigma)
            found = third_moments(places, weights, shown, sigma)
            each, shares = self._left_out(shown), problem.shares()
            wrong = {
                (m, p): total(w * one.moment(m, p) for w, one in zip(shares, each, strict=True))
                for m, p in ((1, 1), (1, 3), (2, 1), (2, 3), (3, 3))
            }
            return third_of(found, wrong, sigma)

    def entropy(self) -> Ball:
        """Return the NLL of the truth itself."""
        return entropy_of(self.problem, self.rule, self.bits)

    def _left_out(self, means: Sequence[Place]) -> list[LeftOut]:
        return left_out(self.problem.places(), self.rule, means, self.problem.truth_sigma, self.problem.sigma)


def rule_near(
    problem: PopulationProblem, means: Sequence[float], accuracy: int, box: float | None = None
) -> Rule:
    """Return the rule that is accurate to 2^-accuracy at some means and beside them.

    With the radius of a box, in the prover's own bounds all over it.
    """
    d = problem.n_features
    places = [means[i : i + d] for i in range(0, len(means), d)]
    turn = max(
        max(max(axis) - min(axis) + 2 * more for axis in zip(*points, strict=True)) / width**2
        for points, width, more in (
            (places, problem.sigma, box or 0.0),
            (problem.centers, problem.truth_sigma, 0.0),
        )
    )
    values = [*zip(*places, *problem.centers, strict=True)]
    extent = max(max(axis) - min(axis) for axis in values) / problem.sigma
    return chosen_rule(turn, extent, problem.truth_sigma, accuracy, rough=box is not None)


def grid_of(problem: PopulationProblem, rule: Rule) -> Grid:
    """Return the nodes of a rule in the plane."""
    return Grid(rule, problem.shares(), problem.places(), exact(problem.truth_sigma))


def third_of(found: ThirdMoments, wrong: Mapping[tuple[int, int], Ball], sigma: Ball) -> Third:
    """Return third derivatives from their sums.

    Parameters
    ----------
    found : ThirdMoments
        The sums.
    wrong : mapping
        Errors of their rule, by numbers of posteriors and of distances.
    sigma : Ball
        Standard deviation of the fit.

    Returns
    -------
    list of BallMatrix
        Entry [i][j, l].
    """
    k = len(found.cubes)
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


@lru_cache(maxsize=4)
def points_of(problem: PopulationProblem, rule: Rule, bits: int) -> tuple[list[Place], list[list[Ball]]]:
    """Return the nodes of a rule, and for each the mass that each component of the truth has there."""
    with precision(bits):
        return node_masses(rule, problem.shares(), problem.places(), exact(problem.truth_sigma))


def node_masses(
    rule: Rule, shares: Sequence[Ball], centers: Sequence[Place], tau: Ball
) -> tuple[list[Place], list[list[Ball]]]:
    """Return nodes within reach of centers, which may be balls, and the mass of each component there."""
    along = 2 * rule.reach / rule.step
    checked_nodes(len(centers) * along ** len(centers[0]), EFFORT.proof.most_nodes)
    h = exact(rule.step)
    scale = (h / ((2 * flint().arb.pi()).sqrt() * tau)) ** len(centers[0])
    zero = flint().arb(0)
    found: dict[tuple[int, ...], list[Ball]] = {}
    for s, center in enumerate(centers):
        for node in nodes(rule, [float(value.mid()) for value in center]):
            square = total(power(n * h - c, 2) for n, c in zip(node, center, strict=True))
            mass = shares[s] * scale * (-square / (2 * tau**2)).exp()
            found.setdefault(node, [zero] * len(shares))[s] = mass
    order = sorted(found)
    return [[n * h for n in node] for node in order], [found[node] for node in order]


@lru_cache(maxsize=16)
def entropy_of(problem: PopulationProblem, rule: Rule, bits: int) -> Ball:
    """Return the NLL of the truth of a problem, by a rule."""
    tau = problem.truth_sigma
    with precision(bits):
        width, shares, centers = exact(tau), problem.shares(), problem.places()
        if problem.n_features == 2:
            value = -grid_moments(grid_of(problem, rule), centers, shares, width, second=False).log_density
        else:
            value = _line_entropy(problem, rule, bits)
        least = min(shares, key=lambda share: float(share.mid()))
        each = left_out(centers, rule, centers, tau, tau)
        wrong = total(w * one.logarithm(least) for w, one in zip(shares, each, strict=True))
        outside = problem.n_outside * gaussian_nll(width, width)
        return around(value, wrong) + outside


def _line_entropy(problem: PopulationProblem, rule: Rule, bits: int) -> Ball:
    """The sum over nodes on a line."""
    places, weights = points_of(problem, rule, bits)
    width, shares = exact(problem.truth_sigma), problem.shares()
    posteriors, density = Posteriors(problem.places(), width), flint().arb(0)
    for place, row in zip(places, weights, strict=True):
        # With posteriors psi of equal weights, p* is their average under the weights times a known sum.
        psi, logarithm = posteriors.at(place)
        weighted = total(w * p for w, p in zip(shares, psi, strict=True))
        density += total(row) * (logarithm + weighted.log())
    return ((2 * flint().arb.pi()).sqrt() * width).log() - density


def gaussian_nll(truth_sigma: Ball, sigma: Ball) -> Ball:
    """Return the NLL, in nats, of N(0, sigma^2) under N(0, truth_sigma^2) on a line."""
    return truth_sigma**2 / (2 * sigma**2) + ((2 * flint().arb.pi()).sqrt() * sigma).log()


def left_out(
    centers: Sequence[Place], rule: Rule, means: Sequence[Place], tau: float, sigma: float
) -> list[LeftOut]:
    """Return the bounds of a rule's errors, for each component of the truth."""
    d = len(centers[0])
    spreads = []
    for axis in range(d):
        low = high = means[0][axis]
        for mean in means[1:]:
            high, low = high.max(mean[axis]), low.min(mean[axis])
        spreads.append(high - low)
    found = []
    for center in centers:
        off = largest(abs(mean[a] - center[a]) for mean in means for a in range(d))
        blur = largest(abs(value - exact(float(value.mid()))) for value in center)
        found.append(LeftOut(rule, spreads, off, blur, exact(tau), exact(sigma)))
    return found
