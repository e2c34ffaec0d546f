"""Trapezoid rules for a mixture's expectations, with proved bounds of what they leave out.

Lemma and proof: docs/proofs.md#trapezoid.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import ceil, cos, factorial, floor, log, pi, sqrt

from gmmscape.effort import EFFORT
from gmmscape.exceptions import NoResultError
from gmmscape.proof.balls import Ball, exact, flint, largest, power
from gmmscape.threads import cached_property


@dataclass(frozen=True)
class Rule:
    """Nodes at the multiples of a step, about each center of the truth.

    Attributes
    ----------
    step : float
        Distance of nodes h, a float with few digits, so that nodes are exact.
    strip : float
        Half-width a of the strip in which integrands are bounded.
    reach : float
        Nodes of a center are those within so much of it along each axis.
    """

    step: float
    strip: float
    reach: float

    def places(self, middle: float) -> range:
        """Return the numbers n of the nodes n h within reach of a place."""
        # One more on each side, whatever division does to the last digit.
        first = ceil((middle - self.reach) / self.step) - 1
        return range(first, floor((middle + self.reach) / self.step) + 2)


def chosen_rule(turn: float, extent: float, truth_sigma: float, bits: int, rough: bool = False) -> Rule:
    """Return the rule with the longest step whose error is about 2^-bits, also where it is bounded roughly.

    Parameters
    ----------
    turn : float
        Largest range of means along an axis over their variance, of the fit and of the truth: the log ratio
        of two components turns by that much per length off the line.
    extent : float
        Largest distance of a mean from a center, in sigma.
    truth_sigma : float
        Standard deviation of the truth's components.
    bits : int
        Wanted accuracy. What is reached is proved afterwards, whatever was chosen here.
    rough : bool, default=False
        Whether the rule is for second moments of the prover alone, which are bounded one by one.

    Returns
    -------
    Rule
        Step, strip and reach.

    Raises
    ------
    NoResultError
        If it has more nodes than can be summed over.
    """
    # Whoever checks bounds all sums together, by fifth powers (docs/proofs.md#one-bound).
    degree, size = (2, EFFORT.proof.rough_size) if rough else (5, EFFORT.proof.size_of_moments)
    wanted = bits * log(2) + degree * log(2 + 2 * extent) + size
    reach = truth_sigma * (sqrt(2 * wanted) + 1)
    widest = EFFORT.proof.widest_strip * truth_sigma
    limit = min(widest, pi / turn) if turn > 0 else widest
    best = (0.0, limit)
    for part in range(1, EFFORT.proof.strips):
        a = limit * part / EFFORT.proof.strips
        size = a**2 / (2 * truth_sigma**2) - 3 * log(cos(a * turn / 2))
        best = max(best, (2 * pi * a / (wanted + size), a))
    step, strip = best
    unit = 2.0 ** (floor(log(step, 2)) - EFFORT.proof.step_digits)
    rule = Rule(floor(step / unit) * unit, strip, reach)
    checked_nodes(2 * rule.reach / rule.step, EFFORT.proof.most_nodes_along)
    return rule


def checked_nodes(n: float, most: int) -> None:
    """Raise NoResultError where there are more nodes than can be summed over."""
    if not n <= most:
        raise NoResultError(
            f"not proved: sums would run over {n:.3g} nodes: means and centers are too many sigma apart"
        )


@dataclass(frozen=True)
class LeftOut:
    """Bounds of the error of a rule for the integrands of one component of the truth.

    An integrand is the component's density times m posteriors times p coordinates of x - mu_i, or times the
    log density of the fit.

    Attributes
    ----------
    rule : Rule
        Step, strip and reach.
    spreads : sequence of Ball
        Range of the means along each axis.
    off : Ball
        Largest distance, along an axis, between the center and a mean.
    blur : Ball
        How far the center may be from where nodes were counted.
    truth_sigma, sigma : Ball
        Standard deviations of truth and fit.
    """

    rule: Rule
    spreads: Sequence[Ball]
    off: Ball
    blur: Ball
    truth_sigma: Ball
    sigma: Ball

    @property
    def r(self) -> int:
        """Number of axes."""
        return len(self.spreads)

    @cached_property
    def theta(self) -> Ball:
        """Largest phase that separates two components in the strip; below pi/2, or there is no bound."""
        widest = largest(self.spreads)
        return exact(self.rule.strip) * widest / (2 * self.sigma**2)

    @cached_property
    def _beyond(self) -> Ball:
        return self.off + self.rule.strip

    @cached_property
    def _whole(self) -> list[Ball]:
        """Bounds of integral and of sum over all nodes of |t|^j times the density, j = 0..4."""
        tau, h = self.truth_sigma, exact(self.rule.step)
        arb = flint().arb
        found = []
        # E|Z|^j of a standard normal Z, the odd ones times sqrt(pi/2).
        for j, moment in enumerate((1, 1, 1, 2, 3)):
            mean = tau**j * moment * ((2 / arb.pi()).sqrt() if j % 2 else 1)
            peak = tau**j * (exact(j) / exact(1).exp()) ** (exact(j) / 2) if j else exact(1)
            found.append(mean + 2 * h * peak / ((2 * arb.pi()).sqrt() * tau))
        return found

    @cached_property
    def _tails(self) -> list[Ball]:
        """Bounds of the sum over the nodes out of reach, on both sides, j = 0..4."""
        tau = self.truth_sigma
        arb = flint().arb
        start = exact(self.rule.reach) - self.rule.step - self.blur
        found = []
        for j in range(len(self._whole)):
            fall = start / tau**2 - exact(j) / start
            density = (-(start**2) / (2 * tau**2)).exp() / ((2 * arb.pi()).sqrt() * tau)
            good = start > 0 and fall > 0
            found.append(2 * start**j * density / fall if good else arb("inf"))
        return found

    def _polynomial(self, p: int, beyond: Ball, cut: bool) -> Ball:
        """Bound the sum over nodes of (|t_1| + .. + |t_r| + r beyond)^p times the density.

        Over all of them, or those cut off: out of reach along some axis.
        """
        found = flint().arb(0)
        for powers in product(range(p + 1), repeat=self.r):
            rest = p - sum(powers)
            if rest < 0:
                continue
            ways = factorial(p) // factorial(rest)
            for j in powers:
                ways //= factorial(j)
            scale = ways * power(self.r * beyond, rest)
            if cut:
                axes = range(self.r)
                found += scale * sum(
                    (
                        _product(
                            self._tails[powers[b]] if b == axis else self._whole[powers[b]] for b in axes
                        )
                        for axis in axes
                    ),
                    flint().arb(0),
                )
            else:
                found += scale * _product(self._whole[j] for j in powers)
        return found

    @cached_property
    def _rate(self) -> Ball:
        """Error of the sums over all nodes per bound of the integrand in the strip, all axes together."""
        arb = flint().arb
        return 2 * self.r / ((2 * arb.pi() * self.rule.strip / self.rule.step).exp() - 1)

    @cached_property
    def _growth(self) -> Ball:
        """How much the density grows in the strip."""
        return (exact(self.rule.strip) ** 2 / (2 * self.truth_sigma**2)).exp()

    def moment(self, m: int, p: int) -> Ball:
        """Bound the error for m posteriors and p coordinates."""
        cosine = self.theta.cos()
        if not self.theta < flint().arb.pi() / 2:
            return flint().arb("inf")
        inside = self._growth / cosine**m * self._polynomial(p, self._beyond, cut=False)
        return self._rate * inside + self._polynomial(p, self.off, cut=True)

    def logarithm(self, smallest_weight: Ball) -> Ball:
        """Bound the error for the log density of the fit, whose smallest weight is given."""
        arb = flint().arb
        if not self.theta < arb.pi() / 2:
            return arb("inf")
        a, s2 = exact(self.rule.strip), self.sigma**2
        unit = (self.r * ((2 * arb.pi()).sqrt() * self.sigma).log()).__abs__() - smallest_weight.log()
        extra = a**2 / (2 * s2) - self.theta.cos().log() + self.theta

        def bound(beyond: Ball, constant: Ball, slope: Ball, cut: bool) -> Ball:
            square, line, one = (self._polynomial(p, beyond, cut) for p in (2, 1, 0))
            return square / (2 * s2) + slope * line + constant * one

        inside = self._growth * bound(self._beyond, unit + extra, a / s2, cut=False)
        return self._rate * inside + bound(self.off, unit, flint().arb(0), cut=True)


def nodes(rule: Rule, center: Sequence[float]) -> Iterator[tuple[int, ...]]:
    """Yield the numbers of the nodes within reach of a center along each axis."""
    return product(*(rule.places(middle) for middle in center))


def _product(factors: Iterator[Ball]) -> Ball:
    found = flint().arb(1)
    for factor in factors:
        found *= factor
    return found
