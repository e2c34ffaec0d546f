"""The objective against truths on a line whose centers move straight with a parameter, in balls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from gmmscape.proof.balls import Ball, BallMatrix, exact, flint, precision, total
from gmmscape.proof.enclosure import Errors, Third, boxes, enclosed
from gmmscape.proof.population import left_out, node_masses, third_of
from gmmscape.proof.sums import Place, moments, third_moments
from gmmscape.proof.trapezoid import LeftOut, Rule, chosen_rule


@dataclass(frozen=True)
class PathProblem:
    """The NLL of k means on a line against truths whose centers move straight from one place to another.

    Attributes
    ----------
    weights : tuple of float
        Of the truths, up to a common factor.
    bracket : tuple of float
        Parameters of the two ends.
    low, high : tuple of float
        Centers at the ends; between and beyond them they move in proportion.
    truth_sigma : float
        Standard deviation of each component of the truths.
    sigma : float
        Of the fit.
    n_components : int
        Number of fitted means k.
    """

    weights: tuple[float, ...]
    bracket: tuple[float, float]
    low: tuple[float, ...]
    high: tuple[float, ...]
    truth_sigma: float
    sigma: float
    n_components: int

    def shares(self) -> list[Ball]:
        """Return the weights of the truths, which sum to one."""
        weights = [exact(weight) for weight in self.weights]
        whole = total(weights)
        return [weight / whole for weight in weights]

    def velocities(self) -> list[Fraction]:
        """Return by how much each center moves as the parameter grows by one."""
        length = Fraction(self.bracket[1]) - Fraction(self.bracket[0])
        return [(Fraction(b) - Fraction(a)) / length for a, b in zip(self.low, self.high, strict=True)]

    def centers(self, parameter: Ball) -> list[Place]:
        """Return the centers at a parameter, each a place on the line."""
        since = parameter - exact(self.bracket[0])
        return [
            [exact(low) + since * exact(velocity)]
            for low, velocity in zip(self.low, self.velocities(), strict=True)
        ]

    def content(self) -> dict[str, Any]:
        """Return what files hold."""
        return {
            "measure": "path",
            "weights": list(self.weights),
            "bracket": list(self.bracket),
            "low": list(self.low),
            "high": list(self.high),
            "truth_sigma": self.truth_sigma,
            "sigma": self.sigma,
            "n_components": self.n_components,
        }


class Moving(NamedTuple):
    """What is known over a box of means and parameters.

    Attributes
    ----------
    gradient : list of Ball
        In the means.
    hessian : BallMatrix
        In the means.
    gradient_drift, hessian_drift : list of Ball, BallMatrix
        Their derivatives in the parameter.
    third : list of BallMatrix
        Third derivatives in the means.
    nll : Ball
        Nats per unit mass.
    """

    gradient: list[Ball]
    hessian: BallMatrix
    gradient_drift: list[Ball]
    hessian_drift: BallMatrix
    third: Third
    nll: Ball


@dataclass(frozen=True)
class MovingEncloser:
    """Encloses the objective along a path.

    Attributes
    ----------
    problem : PathProblem
        Truths and fit.
    rule : Rule
        Nodes.
    bits : int
        Binary digits of the arithmetic.
    """

    problem: PathProblem
    rule: Rule
    bits: int

    @classmethod
    def near(
        cls, problem: PathProblem, means: Sequence[float], parameter: float, accuracy: int, bits: int
    ) -> MovingEncloser:
        """Return the encloser whose rule is accurate to 2^-accuracy at some means and a parameter."""
        centers = [float(place[0].mid()) for place in problem.centers(exact(parameter))]
        turn = max(
            (max(places) - min(places)) / width**2
            for places, width in ((means, problem.sigma), (centers, problem.truth_sigma))
        )
        values = [*means, *centers]
        extent = (max(values) - min(values)) / problem.sigma
        return cls(problem, chosen_rule(turn, extent, problem.truth_sigma, accuracy), bits)

    def at(self, means: Sequence[Ball], parameter: Ball) -> Moving:
        """Return what is known over a box of means and an interval of parameters."""
        problem = self.problem
        with precision(self.bits):
            shares, centers = problem.shares(), problem.centers(parameter)
            sigma, tau = exact(problem.sigma), exact(problem.truth_sigma)
            places, masses = node_masses(self.rule, shares, centers, tau)
            shown = boxes(means, 1)
            each = left_out(centers, self.rule, shown, problem.truth_sigma, problem.sigma)
            still = enclosed(
                moments(places, masses, shown, sigma, second=True), sigma, self._errors(each, shares, 0)
            )
            # The density of a component changes by its velocity times (x - c) / tau^2 of itself.
            speeds = [exact(velocity) / (tau * tau) for velocity in problem.velocities()]
            drift = [
                [
                    mass * speed * (place[0] - center[0])
                    for mass, speed, center in zip(row, speeds, centers, strict=True)
                ]
                for place, row in zip(places, masses, strict=True)
            ]
            scaled = [share * abs(speed) for share, speed in zip(shares, speeds, strict=True)]
            moving = enclosed(
                moments(places, drift, shown, sigma, second=True), sigma, self._errors(each, scaled, 1)
            )
            wrong = {(m, p): _summed(each, shares, m, p) for m, p in ((1, 1), (1, 3), (2, 1), (2, 3), (3, 3))}
            third = third_of(third_moments(places, masses, shown, sigma), wrong, sigma)
            return Moving(still.gradient, still.hessian, moving.gradient, moving.hessian, third, still.nll)

    def _errors(self, each: Sequence[LeftOut], shares: Sequence[Ball], more: int) -> Errors:
        """Errors of the sums of components with these weights, `more` distances in each integrand."""
        least = exact(1) / self.problem.n_components
        log_density = (
            flint().arb("inf")
            if more
            else total(w * one.logarithm(least) for w, one in zip(shares, each, strict=True))
        )
        return Errors(log_density, *(_summed(each, shares, m, p + more) for m, p in Errors.kinds))


def _summed(each: Sequence[LeftOut], shares: Sequence[Ball], m: int, p: int) -> Ball:
    return total(w * one.moment(m, p) for w, one in zip(shares, each, strict=True))
