"""NLL and derivatives of k means with weights 1/k over boxes, from points with masses.

Lengths count in sigma. Formulas: docs/mathematics.md#derivatives. The points are rows, or nodes of a
trapezoid rule, whose error is bounded as docs/proofs.md#one-bound says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import ceil, floor
from typing import NamedTuple

from gmmscape.verifier.interval import Interval, pi, total

Row = list[Interval]
Table = list[Row]
Points = list[tuple[Row, Row]]  # places, and for each kind of mass how much of it is there
#: Upper ends of E|Z|^j of a standard normal Z, and of the largest |t|^j times its density, j = 0 and 5.
MOMENTS, PEAKS = {0: Fraction(1), 5: Fraction(64, 10)}, {0: Fraction(4, 10), 5: Fraction(184, 100)}
SIX = Fraction(157, 25)  # below 2 pi
MOST_NODES = 1 << 21


@dataclass(frozen=True)
class Truth:
    """A known truth, each of whose components is integrated over by a trapezoid rule about its center."""

    weights: list[Fraction]
    centers: Table
    tau: Fraction
    step: Fraction
    strip: Fraction
    reach: Fraction

    def points(self) -> Points:
        """Return the nodes within reach of a center, with the mass that each component has there."""
        h, found = self.step, {}
        along = 2 * self.reach / h + 2
        if along ** len(self.centers[0]) * len(self.centers) > MOST_NODES:
            raise ValueError("the rule has too many nodes")
        unit = Interval.of(h / self.tau).over((pi() + pi()).root())
        narrow = Interval.of(-1 / (2 * self.tau**2))
        for s, center in enumerate(self.centers):
            middles = [Fraction(c.lo + c.hi, 2 << Interval.bits) for c in center]
            axes = [range(floor((c - self.reach) / h), ceil((c + self.reach) / h) + 1) for c in middles]
            for node in product(*axes):
                square = total((Interval.of(n * h) - c).square() for n, c in zip(node, center, strict=True))
                mass = Interval.of(self.weights[s]) * (square * narrow).exp()
                for _ in center:
                    mass = mass * unit
                found.setdefault(node, [Interval.of(0)] * len(self.centers))[s] = mass
        return [([Interval.of(n * h) for n in node], masses) for node, masses in found.items()]

    def error(self, means: Table, width: Fraction, least: Fraction) -> Fraction:
        """Bound the error of the rule for all sums of one fit, of standard deviation `width`, over a box."""
        r, h, a, tau = len(means[0]), self.step, self.strip, self.tau
        off = max(upper((x[b] - c[b]).size()) for x in means for c in self.centers for b in range(r))
        blur = max(upper(c) - lower(c) for center in self.centers for c in center)
        spread = max(upper(x[b] - y[b]) for x in means for y in means for b in range(r))
        theta, start = a * spread / (2 * width**2), self.reach - h - blur
        cosine = 1 - theta**2 / 2 + theta**4 / 24 - theta**6 / 720  # at most cos(theta)
        if theta >= SIX / 4 or cosine <= 0 or start <= 0 or start**2 <= 10 * tau**2:
            raise ValueError("the rule has no bound for these means")
        rate = lower(Interval.of(SIX * a / h).exp()) - 1
        growth = upper(Interval.of(a**2 / (2 * tau**2)).exp()) / cosine**3
        fall = upper(Interval.of(-(start**2) / (2 * tau**2)).exp())
        sums = {j: tau**j * (MOMENTS[j] + 2 * h / tau * PEAKS[j]) for j in (0, 5)}
        cut = {j: 2 * start**j * fall / (start / tau - j * tau / start) for j in (0, 5)}

        def over(beyond: Fraction) -> Fraction:
            """Of (1 + |t_1| + .. + |t_r| + r beyond)^5 times the density, over all nodes."""
            ones = sums[0] ** (r - 1)
            return (r + 1) ** 4 * ones * ((1 + r * beyond) ** 5 * sums[0] + r * sums[5])

        def out_of_reach(beyond: Fraction) -> Fraction:
            """The same over the nodes out of reach along some axis."""
            ones = sums[0] ** (r - 1)
            far = (1 + r * beyond) ** 5 * cut[0] * ones + cut[5] * ones + (r - 1) * cut[0] * sums[5]
            return (r + 1) ** 4 * r * far

        logs = [Interval.of(least).log(), Interval.of(cosine).log(), Interval.of(width).log()]
        size = 16 + a + a**2 + theta + sum(upper(x.size()) for x in logs)
        return size * (1 + 1 / width**2) ** 2 * (2 * r / rate * growth * over(off + a) + out_of_reach(off))


class Posteriors:
    """Posteriors of means over a box: each is one over a sum of ratios."""

    def __init__(self, means: Table, weights: Sequence[Fraction], width: Fraction) -> None:
        self.means, self.half = means, Interval.of(1 / (2 * width**2))
        self.logs = [Interval.of(weight).log() for weight in weights]
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
        """Return the posteriors, and log sum_i w_i exp(-|x - mu_i|^2 / (2 width^2))."""
        one, found, best = 1 << Interval.bits, [], None
        for i, row in enumerate(self.lines):
            low, high = one, one
            for j, line in enumerate(row):
                if i != j:
                    y = total(slope * (x - middle) for x, (slope, middle) in zip(place, line, strict=True))
                    y = y + self.logs[j] - self.logs[i]
                    low += Interval(min(y.lo, self.most), min(y.lo, self.most)).exp().lo
                    high = 0 if y.hi > self.most or not high else high + Interval(y.hi, y.hi).exp().hi
            found.append(Interval(one * one // high if high else 0, -(-one * one // low)))
            if high and (best is None or low < best[1].lo):
                best = (i, Interval(low, high))
        if best is None:
            raise ValueError("a box of means is too wide")
        square = total((x - m).square() for x, m in zip(place, self.means[best[0]], strict=True))
        return found, best[1].log() + self.logs[best[0]] - square * self.half


def nll(
    points: Points, means: Table, weights: Sequence[Fraction], width: Fraction, error: Fraction
) -> Interval:
    """Return the NLL per unit mass of a mixture of one width."""
    posteriors = Posteriors(means, weights, width)
    value = total(total(masses) * posteriors.at(place)[1] for place, masses in points)
    unit = ((pi() + pi()).root() * Interval.of(width)).log()
    return (-value).wider(error) + total([unit] * len(means[0]))


class Slopes(NamedTuple):
    """Derivatives of the NLL over a box of means; `shares` are sums of mass times posterior, k rows.

    `pairs` are those of mass times two posteriors.
    """

    gradient: Row
    hessian: Table
    third: list[Table]
    shares: Table
    pairs: Table


def slopes(points: Points, means: Table, error: Fraction, third: bool = False) -> Slopes:
    """Return the derivatives in the means, of weights 1/k and width 1; third ones on a line."""
    k, d = len(means), len(means[0])
    size, zero, one = k * d, Interval.of(0), Interval.of(1)
    posteriors = Posteriors(means, [Fraction(1, k)] * k, Fraction(1))
    shares = [[zero] * len(points[0][1]) for _ in range(k)]
    first, second = [zero] * size, [[zero] * size for _ in range(size)]
    tensor = [[[zero] * k for _ in range(k)] for _ in range(k)] if third else []
    pairs = [[zero] * k for _ in range(k)]
    for place, masses in points:
        weight, (psi, _) = total(masses), posteriors.at(place)
        y = [place[a] - means[i][a] for i in range(k) for a in range(d)]
        g = [psi[n // d] * x for n, x in enumerate(y)]
        own = {}  # psi_i (y_i y_i' - I)
        for i in range(k):
            shares[i] = [old + mass * psi[i] for old, mass in zip(shares[i], masses, strict=True)]
            for j in range(i + 1):
                pairs[i][j] = pairs[j][i] = pairs[i][j] + weight * (psi[i] * psi[j])
        for n in range(size):
            first[n] = first[n] + weight * g[n]
            for m in range(n + 1):
                entry = g[n] * g[m]
                if n // d == m // d:
                    own[n, m] = g[n] * y[m] - (psi[n // d] if n == m else zero)
                    entry = entry - own[n, m]
                second[n][m] = second[m][n] = second[n][m] + weight * entry
        if third:
            for i, j, m in product(range(k), repeat=3):
                entry = g[i] * g[j] * g[m]
                entry = entry + entry
                for a, b, c in ((i, j, m), (i, m, j), (j, m, i)):
                    if a == b:
                        entry = entry - own[a, a] * g[c]
                if i == j == m:
                    entry = entry + g[i] * (y[i].square() - one - one - one)
                tensor[i][j][m] = tensor[i][j][m] + weight * entry
    return Slopes(
        [-x.wider(error) for x in first],
        [[x.wider(error) for x in row] for row in second],
        [[[-x.wider(error) for x in row] for row in layer] for layer in tensor],
        [[x.wider(error) for x in row] for row in shares],
        [[x.wider(error) for x in row] for row in pairs],
    )


def upper(x: Interval) -> Fraction:
    """Return the upper end."""
    return Fraction(x.hi, 1 << Interval.bits)


def lower(x: Interval) -> Fraction:
    """Return the lower end."""
    return Fraction(x.lo, 1 << Interval.bits)
