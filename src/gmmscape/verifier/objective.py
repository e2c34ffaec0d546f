"""Value and derivatives of a location fit's NLL over boxes of means, from points with masses.

Formulas: docs/mathematics.md#derivatives. The points are weighted rows, or nodes of a trapezoid rule, whose error
is bounded as docs/proofs.md#trapezoid says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import ceil, factorial, floor, prod
from typing import NamedTuple

from gmmscape.verifier.interval import Interval, pi, total

Row = list[Interval]
Table = list[Row]
#: Upper ends of E|Z|^j of a standard normal Z, of the largest |t|^j exp(-t^2/2), and of 1/sqrt(2 pi).
MEANS = [Fraction(n, 10**4) for n in (10000, 7979, 10000, 15958, 30000)]
PEAKS = [Fraction(n, 10**4) for n in (10000, 6066, 7358, 11596, 21654)]
DENSITY = Fraction(39895, 10**5)
SIX = Fraction(157, 25)  # below 2 pi


class Errors(NamedTuple):
    """Bounds of the errors of sums: of W log q, and of derivatives of orders 0 to 3 of it (own: of one mean)."""

    log: Fraction
    share: Fraction
    first: Fraction
    own: Fraction
    pair: Fraction
    third: Fraction


class Known(NamedTuple):
    """What is known over a box of means."""

    nll: Interval
    gradient: Row
    hessian: Table
    shares: Table  # sums of mass times posterior: k rows, a column for each kind of mass
    third: list[Table]


@dataclass(frozen=True)
class Fit:
    """k means with covariances sigma^2 I and weights 1/k, against points with masses.

    `rule` and `truth` are None for rows.
    """

    k: int
    sigma: Fraction
    points: list[tuple[Row, Row]]
    truth: Truth | None

    def at(self, means: Table, third: bool = False, speeds: Sequence[Fraction] = ()) -> Known:
        """Return what is known over a box; with `speeds` of the centers, its derivatives in their parameter."""
        k, d = self.k, len(means[0])
        size, zero, posteriors = k * d, Interval.of(0), Posteriors(means, self.sigma)
        value, shares = zero, [[zero] * len(self.points[0][1]) for _ in range(k)]
        first, second = [zero] * size, [[zero] * size for _ in range(size)]
        tensor = [[[zero] * k for _ in range(k)] for _ in range(k)]
        s2 = Interval.of(1 / self.sigma**2)
        for place, still in self.points:
            masses = self.truth.moving(place, still, speeds) if speeds and self.truth else still
            weight = total(masses)
            psi, logarithm = posteriors.at(place)
            value = value + weight * logarithm
            u = [(place[a] - means[i][a]) * s2 for i in range(k) for a in range(d)]
            g = [psi[n // d] * x for n, x in enumerate(u)]
            bent = []
            for i in range(k):
                shares[i] = [old + mass * psi[i] for old, mass in zip(shares[i], masses, strict=True)]
            for n in range(size):
                first[n] = first[n] + weight * g[n]
                for m in range(n + 1):
                    entry = g[n] * g[m]
                    if n // d == m // d:
                        own = g[n] * u[m] - (psi[n // d] * s2 if n == m else zero)
                        entry = entry - own
                        bent.append(own)
                    second[n][m] = second[m][n] = second[n][m] + weight * entry
            if third:
                _add_third(tensor, weight, g, u, bent, s2)
        wrong = Errors(*[Fraction(0)] * 6) if self.truth is None else self.truth.errors(means, self, speeds)
        unit = Interval.of(k) * _power((pi() + pi()).root() * Interval.of(self.sigma), d)
        hessian = [
            [x.wider(wrong.pair + (wrong.own if n // d == m // d else 0)) for m, x in enumerate(row)]
            for n, row in enumerate(second)
        ]
        return Known(
            (-value).wider(wrong.log) + unit.log(),
            [-x.wider(wrong.first) for x in first],
            hessian,
            [[x.wider(wrong.share) for x in row] for row in shares],
            [[[-x.wider(wrong.third) for x in row] for row in layer] for layer in tensor],
        )


@dataclass(frozen=True)
class Truth:
    """A known truth, whose components are integrated over by a trapezoid rule about their centers."""

    weights: list[Fraction]
    centers: Table
    tau: Fraction
    step: Fraction
    strip: Fraction
    reach: Fraction

    def points(self) -> list[tuple[Row, Row]]:
        """Return nodes within reach of a center, with the mass that each component has there."""
        h, found = self.step, {}
        unit = _power(Interval.of(h).over(Interval.of(self.tau) * (pi() + pi()).root()), len(self.centers[0]))
        narrow = Interval.of(1 / (2 * self.tau**2))
        for s, center in enumerate(self.centers):
            axes = [
                range(floor((_middle(c) - self.reach) / h), ceil((_middle(c) + self.reach) / h) + 1)
                for c in center
            ]
            scale = Interval.of(self.weights[s]) * unit
            for node in product(*axes):
                square = total((Interval.of(n * h) - c).square() for n, c in zip(node, center, strict=True))
                mass = scale * (-square * narrow).exp()
                found.setdefault(node, [Interval.of(0)] * len(self.centers))[s] = mass
        return [([Interval.of(n * h) for n in node], masses) for node, masses in found.items()]

    def moving(self, place: Row, masses: Row, speeds: Sequence[Fraction]) -> Row:
        """Return the derivatives of masses on a line in a parameter that moves centers with these speeds."""
        rates = [Interval.of(speed / self.tau**2) for speed in speeds]
        return [
            mass * rate * (place[0] - center[0])
            for mass, rate, center in zip(masses, rates, self.centers, strict=True)
        ]

    def entropy(self, points: list[tuple[Row, Row]]) -> Interval:
        """Return the NLL of the truth."""
        posteriors, found = Posteriors(self.centers, self.tau), Interval.of(0)
        shares = [Interval.of(w) for w in self.weights]
        for place, masses in points:
            psi, logarithm = posteriors.at(place)
            mixed = total(w * p for w, p in zip(shares, psi, strict=True))
            found = found + total(masses) * (logarithm + mixed.log())
        unit = _power((pi() + pi()).root() * Interval.of(self.tau), len(self.centers[0]))
        own = Fit(len(self.weights), self.tau, points, self)
        wrong = self.errors(self.centers, own, (), min(self.weights)).log
        return (-found).wider(wrong) + unit.log()

    def errors(
        self, means: Table, fit: Fit, speeds: Sequence[Fraction], least: Fraction | None = None
    ) -> Errors:
        """Bound what the rule leaves out of sums over all components, for a fit with means in a box."""
        r, h, a, t2, s2 = len(means[0]), self.step, self.strip, self.tau**2, fit.sigma**2
        spread = max(upper(x[b] - y[b]) for x in means for y in means for b in range(r))
        theta = a * spread / (2 * s2)
        cosine = 1 - theta**2 / 2 + theta**4 / 24 - theta**6 / 720  # at most cos(theta)
        rate = lower(Interval.of(SIX * a / h).exp()) - 1
        start = self.reach - h - max(upper(c) - _middle(c) for center in self.centers for c in center)
        if theta >= SIX / 4 or cosine <= 0 or rate <= 0 or start <= 0 or start**2 <= 4 * t2:
            raise ValueError("the rule has no bound for these means")
        growth = upper(Interval.of(a**2 / (2 * t2)).exp())
        rest = DENSITY / self.tau * upper(Interval.of(-(start**2) / (2 * t2)).exp())
        whole = [self.tau**j * (MEANS[j] + 2 * h * PEAKS[j] * DENSITY / self.tau) for j in range(5)]
        tails = [2 * start**j * rest / (start / t2 - j / start) for j in range(5)]

        def nodes(p: int, beyond: Fraction, cut: bool) -> Fraction:
            """Sum over all nodes, or those out of reach, (|t_1| + .. + |t_r| + r beyond)^p times the density."""
            found = Fraction(0)
            for powers in product(range(p + 1), repeat=r):
                if (left := p - sum(powers)) >= 0:
                    ways = factorial(p) // prod(map(factorial, (*powers, left)))
                    each = [
                        prod((tails if b == axis else whole)[j] for b, j in enumerate(powers))
                        for axis in (range(r) if cut else [-1])
                    ]
                    found += ways * (r * beyond) ** left * sum(each)
            return found

        def error(
            growing: Fraction, inside: list[Fraction], outside: list[Fraction], off: Fraction
        ) -> Fraction:
            """Of an integrand bounded by polynomials, in the strip (where the density grows too) and on the line."""
            strip = sum(c * nodes(p, off + a, False) for p, c in enumerate(inside))
            return 2 * r / rate * growing * strip + sum(
                c * nodes(p, off, True) for p, c in enumerate(outside)
            )

        unit = upper(_power(Interval.of(fit.sigma) * (pi() + pi()).root(), r).log().size())
        unit += upper(-Interval.of(least or Fraction(1, fit.k)).log())
        turned = unit + a**2 / (2 * s2) - lower(Interval.of(cosine).log()) + theta
        sums = [Fraction(0)] * 6
        for s, (weight, center) in enumerate(zip(self.weights, self.centers, strict=True)):
            off = max(upper((x[b] - center[b]).size()) for x in means for b in range(r))
            scale, more = (weight * abs(speeds[s]) / t2, 1) if speeds else (weight, 0)

            def one(m: int, p: int, off: Fraction = off, more: int = more) -> Fraction:
                """Of m posteriors, each at most 1/cos(theta) in the strip, and p distances."""
                power = [Fraction(0)] * (p + more) + [Fraction(1)]
                return error(growth / cosine**m, power, power, off)

            half = 1 / (2 * s2)
            log = (
                Fraction(0)
                if speeds
                else error(growth, [turned, a / s2, half], [unit, Fraction(0), half], off)
            )
            third = one(1, 3) / s2**3 + 3 * one(1, 1) / s2**2 if not speeds else Fraction(0)
            if not speeds:
                third += 3 * (one(2, 3) / s2 + one(2, 1)) / s2**2 + 2 * one(3, 3) / s2**3
            each = (
                log, one(1, 0), one(1, 1) / s2, one(1, 2) / s2**2 + one(1, 0) / s2, one(2, 2) / s2**2, third,
            )  # fmt: skip
            sums = [old + scale * new for old, new in zip(sums, each, strict=True)]
        return Errors(*sums)


class Posteriors:
    """Posteriors of means of equal weight over a box: each is one over a sum of ratios."""

    def __init__(self, means: Table, sigma: Fraction) -> None:
        self.means, self.half = means, Interval.of(1 / (2 * sigma**2))
        half = Interval.of(Fraction(1, 2))
        #: Of the log ratio of two components, its slope and its middle, axis by axis.
        self.lines = [
            [
                [((y - x) * (self.half + self.half), (x + y) * half) for x, y in zip(one, other, strict=True)]
                for other in means
            ]
            for one in means
        ]
        self.most = Interval.of(Interval.bits).lo  # an exponential beyond is taken for infinite

    def at(self, place: Row) -> tuple[Row, Interval]:
        """Return the posteriors, and the log of sum_i exp(-|x - mu_i|^2 / (2 sigma^2))."""
        one, found, best = 1 << Interval.bits, [], None
        for i, row in enumerate(self.lines):
            low, high = one, one
            for j, line in enumerate(row):
                if i != j:
                    y = total(slope * (x - middle) for x, (slope, middle) in zip(place, line, strict=True))
                    low += Interval(min(y.lo, self.most), min(y.lo, self.most)).exp().lo
                    high = 0 if y.hi > self.most or not high else high + Interval(y.hi, y.hi).exp().hi
            found.append(Interval(one * one // high if high else 0, -(-one * one // low)))
            if high and (best is None or low < best[1].lo):
                best = (i, Interval(low, high))
        if best is None:
            raise ValueError("a box of means is too wide")
        square = total((x - m).square() for x, m in zip(place, self.means[best[0]], strict=True))
        return found, best[1].log() - square * self.half


def _add_third(tensor: list[Table], weight: Interval, g: Row, u: Row, bent: Row, s2: Interval) -> None:
    """Add third derivatives of log q on a line; g_i = psi_i u_i, bent_i = psi_i (u_i^2 - 1/sigma^2)."""
    for i in range(len(g)):
        for j in range(len(g)):
            for m in range(len(g)):
                entry = g[i] * g[j] * g[m]
                entry = entry + entry
                for a, b, c in ((i, j, m), (i, m, j), (j, m, i)):
                    if a == b:
                        entry = entry - bent[a] * g[c]
                if i == j == m:
                    entry = entry + g[i] * (u[i].square() - s2 - s2 - s2)
                tensor[i][j][m] = tensor[i][j][m] + weight * entry


def _power(x: Interval, n: int) -> Interval:
    return x if n == 1 else x * _power(x, n - 1)


def upper(x: Interval) -> Fraction:
    """Return the upper end."""
    return Fraction(x.hi, 1 << Interval.bits)


def lower(x: Interval) -> Fraction:
    """Return the lower end."""
    return Fraction(x.lo, 1 << Interval.bits)


def _middle(x: Interval) -> Fraction:
    return Fraction(x.lo + x.hi, 2 << Interval.bits)
