"""Value, gradient, Hessian and third derivatives of a location fit's NLL over boxes of means.

Formulas: docs/mathematics.md#derivatives; bounds of what trapezoid sums leave out: docs/proofs.md#trapezoid.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import product
from math import ceil, factorial, floor, prod
from typing import Any, NamedTuple

from gmmscape.verifier.interval import Interval, pi, total

Box = list[list[Interval]]  # one row a mean
Table = list[list[Interval]]
#: Upper ends of E|Z|^j of a standard normal Z, of the largest |t|^j exp(-t^2/2), and of 1/sqrt(2 pi).
MEANS = [Fraction(n, 10**4) for n in (10000, 7979, 10000, 15958)]
PEAKS = [Fraction(n, 10**4) for n in (10000, 6066, 7358, 11596)]
DENSITY = Fraction(39895, 10**5)


class Known(NamedTuple):
    """What is known over a box of means."""

    nll: Interval
    gradient: list[Interval]
    hessian: Table
    associations: Table  # k rows; of a sample one column
    third: list[Table] | None


class Objective:
    """The NLL per unit mass of k means with covariances sigma^2 I and weights 1/k."""

    def __init__(self, problem: Mapping[str, Any], rule: Mapping[str, float] | None) -> None:
        self.k, self.sigma = problem["n_components"], Fraction(problem["sigma"])
        population = problem["measure"] == "population"
        places = problem["centers"] if population else problem["rows"]
        self.places = [[Fraction(x) for x in place] for place in places]
        weights = [Fraction(1)] * len(places) if problem["weights"] is None else problem["weights"]
        self.weights = [Fraction(w) / sum(map(Fraction, weights)) for w in weights]
        self.d = len(self.places[0])
        if not (population or rule is None) or min(self.weights) < 0 or self.sigma <= 0 or self.k < 1:
            raise ValueError("the problem is none")
        self.tau = Fraction(problem["truth_sigma"]) if population else None
        self.step, self.strip, self.reach = (
            (Fraction(rule[name]) for name in ("step", "strip", "reach")) if rule else (None, None, None)
        )
        self.points = self._nodes(self.places, self.tau) if population else self._rows()

    def _rows(self) -> list[tuple[list[Interval], list[Interval]]]:
        return [
            ([Interval.of(x) for x in row], [Interval.of(w)])
            for row, w in zip(self.places, self.weights, strict=True)
        ]

    def _nodes(self, centers: Any, tau: Any) -> list[tuple[list[Interval], list[Interval]]]:
        """Nodes within reach of a center, with the mass that each component of the truth has there."""
        h, found = self.step, {}
        unit = Interval.of(h).over(Interval.of(tau) * (pi() + pi()).root())
        scale = [Interval.of(w) for w in self.weights]
        for s, center in enumerate(centers):
            axes = [range(floor((c - self.reach) / h), ceil((c + self.reach) / h) + 1) for c in center]
            for node in product(*axes):
                square = sum((n * h - c) ** 2 for n, c in zip(node, center, strict=True))
                mass = scale[s] * Interval.of(-square / (2 * tau**2)).exp()
                for _ in node:
                    mass = mass * unit
                found.setdefault(node, [Interval.of(0)] * len(centers))[s] = mass
        return [([Interval.of(n * h) for n in node], masses) for node, masses in found.items()]

    def at(self, means: Box, third: bool = False) -> Known:
        """Return what is known over a box of means; third derivatives on a line."""
        k, d, size = self.k, self.d, self.k * self.d
        zero = Interval.of(0)
        posteriors = Posteriors(means, self.sigma)
        value, shares = zero, [[zero] * len(self.points[0][1]) for _ in range(k)]
        first, bends = [zero] * size, [[zero] * size for _ in range(size)]
        tensor = [[[zero] * k for _ in range(k)] for _ in range(k)]
        s2 = Interval.of(1 / self.sigma**2)
        for place, masses in self.points:
            weight = total(masses)
            psi, logarithm = posteriors.at(place)
            value = value + weight * logarithm
            u = [(place[a] - means[i][a]) * s2 for i in range(k) for a in range(d)]
            g = [psi[n // d] * u[n] for n in range(size)]
            for i in range(k):
                shares[i] = [old + mass * psi[i] for old, mass in zip(shares[i], masses, strict=True)]
            weighted = [weight * x for x in g]
            # psi_i (u_i u_i' - 1/sigma^2) of one mean, and psi_i psi_j u_i u_j' of two
            own = [[g[i * d + a] * u[i * d + b] - (psi[i] * s2 if a == b else zero)
                    for a in range(d) for b in range(d)] for i in range(k)]  # fmt: skip
            for n in range(size):
                first[n] = first[n] + weighted[n]
                for m in range(n + 1):
                    entry = weighted[n] * g[m]
                    if n // d == m // d:
                        entry = entry - weight * own[n // d][n % d * d + m % d]
                    bends[n][m] = bends[m][n] = bends[n][m] + entry
            if third:
                _add_third(tensor, weight, psi, u, g, [row[0] for row in own], s2)
        unit = Interval.of(self.k) * _power((pi() + pi()).root() * Interval.of(self.sigma), d)
        wrong = self._errors(means) if self.tau else [zero] * 6
        nll = (-value).wider(wrong[0]) + unit.log()
        gradient = [-x.wider(wrong[2]) for x in first]
        hessian = [
            [x.wider(wrong[4] + (wrong[3] if n // d == m // d else zero)) for m, x in enumerate(row)]
            for n, row in enumerate(bends)
        ]
        table = [
            [
                (x.wider(wrong[1])).over(Interval.of(w)) if self.tau else x
                for x, w in zip(row, self.weights, strict=True)
            ]
            for row in shares
        ]
        bent = [[[-x.wider(wrong[5]) for x in row] for row in layer] for layer in tensor] if third else None
        return Known(nll, gradient, hessian, table, bent)

    def entropy(self) -> Interval:
        """Return the NLL of the truth."""
        centers = [[Interval.of(c) for c in center] for center in self.places]
        posteriors, found = Posteriors(centers, self.tau), Interval.of(0)
        shares = [Interval.of(w) for w in self.weights]
        for place, masses in self.points:
            psi, logarithm = posteriors.at(place)
            mixed = total(w * p for w, p in zip(shares, psi, strict=True))
            found = found + total(masses) * (logarithm + mixed.log())
        unit = _power((pi() + pi()).root() * Interval.of(self.tau), self.d)
        wrong = self._errors(centers, self.tau, min(self.weights))[0]
        return (-found).wider(wrong) + unit.log()

    def _errors(self, means: Box, sigma: Any = None, least: Any = None) -> list[Interval]:
        """Bound the errors of the sums: log density, share, first, second of one and of two, third."""
        sigma, least = sigma or self.sigma, least or Fraction(1, self.k)
        r, h, a = self.d, self.step, self.strip
        spread = max(_upper(x[axis] - y[axis]) for x in means for y in means for axis in range(r))
        theta = a * spread / (2 * sigma**2)
        cosine = 1 - theta**2 / 2 + theta**4 / 24 - theta**6 / 720
        rate = _lower(Interval.of(Fraction(157, 25) * a / h).exp()) - 1  # 2 pi > 6.28
        if theta >= Fraction(157, 100) or cosine <= 0 or rate <= 0:
            raise ValueError("the rule has no bound for these means")
        growth = _upper(Interval.of(a**2 / (2 * self.tau**2)).exp())
        start = self.reach - h
        if start**2 <= 3 * self.tau**2:
            raise ValueError("the rule reaches too little")
        rest = DENSITY / self.tau * _upper(Interval.of(-(start**2) / (2 * self.tau**2)).exp())
        whole = [self.tau**j * (MEANS[j] + 2 * h * PEAKS[j] * DENSITY / self.tau) for j in range(4)]
        tails = [2 * start**j * rest / (start / self.tau**2 - j / start) for j in range(4)]

        def polynomial(p: int, beyond: Fraction, cut: bool) -> Fraction:
            """Sum over nodes, or those out of reach, of (|t_1| + .. + |t_r| + r beyond)^p p_s."""
            found = Fraction(0)
            for powers in product(range(p + 1), repeat=r):
                left = p - sum(powers)
                if left >= 0:
                    ways = factorial(p) // prod(map(factorial, (*powers, left)))
                    over = [
                        prod(tails[j] if b == axis else whole[j] for b, j in enumerate(powers))
                        for axis in range(r)
                    ]
                    nodes = sum(over) if cut else prod(whole[j] for j in powers)
                    found += ways * (r * beyond) ** left * nodes
            return found

        def bound(m: int, p: int) -> Fraction:
            inside = growth / cosine**m * polynomial(p, off + a, False)
            return 2 * r / rate * inside + polynomial(p, off, True)

        sums = [Fraction(0)] * 6
        for weight, center in zip(self.weights, self.places, strict=True):
            middle = [Interval.of(c) for c in center]
            off = max(_upper((x[b] - middle[b]).size()) for x in means for b in range(r))
            unit = _upper((_power(Interval.of(sigma) * (pi() + pi()).root(), r)).log().size())
            unit += _upper((-Interval.of(least).log()).size())
            extra = a**2 / (2 * sigma**2) - _lower(Interval.of(cosine).log()) + theta

            def logarithm(beyond: Fraction, constant: Fraction, slope: Fraction, cut: bool) -> Fraction:
                square = polynomial(2, beyond, cut) / (2 * sigma**2)
                return square + slope * polynomial(1, beyond, cut) + constant * polynomial(0, beyond, cut)

            inside = growth * logarithm(off + a, unit + extra, a / sigma**2, False)
            log_error = 2 * r / rate * inside + logarithm(off, unit, Fraction(0), True)
            s2 = sigma**2
            each = [
                log_error,
                bound(1, 0),
                bound(1, 1) / s2,
                bound(1, 2) / s2**2 + bound(1, 0) / s2,
                bound(2, 2) / s2**2,
                bound(1, 3) / s2**3 + 3 * bound(1, 1) / s2**2
                + 3 * (bound(2, 3) / s2**3 + bound(2, 1) / s2**2) + 2 * bound(3, 3) / s2**3,
            ]  # fmt: skip
            sums = [old + weight * new for old, new in zip(sums, each, strict=True)]
        return [Interval.of(found) for found in sums]


class Posteriors:
    """Posteriors of means of equal weight over a box: each is one over a sum of ratios."""

    def __init__(self, means: Box, sigma: Fraction) -> None:
        self.means, self.half = means, Interval.of(1 / (2 * sigma**2))
        twice = self.half + self.half
        self.lines = [
            [[((y - x) * twice, (x + y) * Interval.of(Fraction(1, 2))) for x, y in zip(one, other, strict=True)]
             for other in means] for one in means
        ]  # fmt: skip
        self.most = Interval.of(Interval.bits).lo

    def at(self, place: list[Interval]) -> tuple[list[Interval], Interval]:
        """Return the posteriors, and the log of sum_i exp(-|x - mu_i|^2 / (2 sigma^2))."""
        found, sums = [], []
        for i, row in enumerate(self.lines):
            low, high = 1 << Interval.bits, 1 << Interval.bits
            for j, line in enumerate(row):
                if i != j:
                    y = total(slope * (x - middle) for x, (slope, middle) in zip(place, line, strict=True))
                    low += Interval(min(y.lo, self.most), min(y.lo, self.most)).exp().lo
                    far = y.hi > self.most
                    high = None if far or high is None else high + Interval(y.hi, y.hi).exp().hi
            one = 1 << 2 * Interval.bits
            found.append(Interval(0 if high is None else one // high, -(-one // low)))
            sums.append(None if high is None else Interval(low, high))
        nearest = min((i for i, x in enumerate(sums) if x is not None), key=lambda i: sums[i].lo)
        square = total((x - m).square() for x, m in zip(place, self.means[nearest], strict=True))
        return found, sums[nearest].log() - square * self.half


def _add_third(
    tensor: list[Table], weight: Interval, psi: Any, u: Any, g: Any, bent: Any, s2: Interval
) -> None:
    """Add third derivatives of log q on a line: of psi_i u_i^3 and so on, bent_i = psi_i (u_i^2 - s2)."""
    three = s2 + s2 + s2
    for i in range(len(psi)):
        for j in range(len(psi)):
            twice = g[i] * g[j]
            twice = twice + twice
            for m in range(len(psi)):
                entry = twice * g[m]
                if i == j:
                    entry = entry - bent[i] * g[m]
                if i == m:
                    entry = entry - bent[i] * g[j]
                if j == m:
                    entry = entry - bent[j] * g[i]
                if i == j == m:
                    entry = entry + g[i] * (u[i].square() - three)
                tensor[i][j][m] = tensor[i][j][m] + weight * entry


def _power(x: Interval, n: int) -> Interval:
    found = x
    for _ in range(n - 1):
        found = found * x
    return found


def _upper(x: Interval) -> Fraction:
    return Fraction(x.hi, 1 << Interval.bits)


def _lower(x: Interval) -> Fraction:
    return Fraction(x.lo, 1 << Interval.bits)
