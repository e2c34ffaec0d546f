"""Check that a list of certified critical points on a line is complete, relabellings apart.

Lengths count in sigma. The region of the exterior lemma is halved until each box is within that of a
certificate, or some mean of it is pulled one way only (docs/derivations/census.md).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import ceil, floor, isqrt
from typing import Any

from gmmscape.verifier.interval import Interval, pi
from gmmscape.verifier.krawczyk import decimal, floats, need
from gmmscape.verifier.objective import SIX, lower, upper
from gmmscape.verifier.points import MOST_ON_A_LINE, check_point, shares_of

GRID = 1 << 48  # box ends and nodes are whole multiples of 1/GRID
NARROWEST = GRID >> 30
NEAR = Fraction(1, 10**6)  # what is listed beside certificates is measured
ROUNDED = Fraction(1, 1 << 50)  # a variance is the square of sigma, but for its rounding
WIDEST = 256  # the region, in sigma: exponentials have as many digits as its square
Box = list[tuple[int, int]]  # ascending means, lowest and highest


def check_census(claim: Mapping[str, Any]) -> None:
    """Raise ValueError where something does not follow."""
    need(claim["complete"] is True and claim["undecided"] == [], "it is not said to be complete")
    certificates, problem = claim["certificates"], claim["certificates"][0]["problem"]
    for one in certificates:
        need(one["problem"] == problem, "certificates are of different problems")
    k, sigma = problem["n_components"], Fraction(floats(problem["sigma"]))
    need(type(k) is int and 0 < k <= MOST_ON_A_LINE and sigma > 0, "no problem")
    need(problem["measure"] == "population" and problem["truth_sigma"] == problem["sigma"], "another sigma")
    told = (claim["k"], claim["sigma"], [[c] for c in claim["centers"]], claim["weights"])
    need(told == tuple(problem[name] for name in ("n_components", "sigma", "centers", "weights")),
         "it is told of another problem")  # fmt: skip
    truth, variances = claim["truth"], floats(claim["truth"]["covariances"])
    need(
        floats(truth["means"]) == problem["centers"]
        and truth["weights"] == problem["weights"]
        and truth["covariance_type"] == "spherical"
        and len(variances) == len(problem["centers"])
        and all(abs(Fraction(x) / sigma**2 - 1) < ROUNDED for x in variances)
        and not truth.get("background"),
        "the truth is another",
    )
    listed = [*claim["minima"], *claim["saddles"]]
    need(all(point["index"] == 0 for point in claim["minima"]), "a listed minimum is none")
    need(all(point["index"] > 0 for point in claim["saddles"]), "a listed saddle is none")
    need(len(listed) == len(certificates), "a point has no certificate, or a certificate no point")
    points = [sorted(decimal(x) / sigma for x in one["point"]) for one in certificates]
    tight = [decimal(one["tight_radius"]) / sigma for one in certificates]
    for i, (point, one) in enumerate(zip(listed, certificates, strict=True)):
        need(point["index"] == one["index"], "a listed index is another")
        for name in ("nll", "kl"):
            near, (low, high) = Fraction(floats(point[name])), map(decimal, one[name])
            need(low - NEAR <= near <= high + NEAR, f"a listed {name} is another")
        means = sorted(Fraction(x) / sigma for (x,) in floats(point["means"]))
        need(_apart(means, points[i]) < Fraction(1, 1000), "a listed point is elsewhere")
        need(all(_apart(points[i], points[j]) > tight[i] + tight[j] for j in range(i)),
             "two points may be one")  # fmt: skip
    reach = Fraction(floats(claim["reach"]))
    need(is_pulled_inward(k, reach), "means may be farther out")
    centers = [Fraction(c) / sigma for (c,) in floats(problem["centers"])]
    known = [_grid_box(one, sigma) for one in certificates]
    low, high = floor((min(centers) - reach) * GRID), ceil((max(centers) + reach) * GRID)
    need(high - low <= WIDEST * GRID, "the region is too wide")
    pull = _Pull(centers, shares_of(problem["weights"], len(centers)), low, high)
    _settle([(low, high)] * k, known, pull)
    for one in certificates:
        check_point(one)


def _apart(one: list[Fraction], other: list[Fraction]) -> Fraction:
    return max(abs(x - y) for x, y in zip(one, other, strict=True))


def _grid_box(certificate: Mapping[str, Any], sigma: Fraction) -> Box:
    radius = decimal(certificate["radius"])
    ends = [(decimal(x) - radius, decimal(x) + radius) for x in certificate["point"]]
    return [(ceil(a / sigma * GRID), floor(b / sigma * GRID)) for a, b in ends]


def is_pulled_inward(k: int, reach: Fraction) -> bool:
    """Say whether the exterior lemma holds for a mean so far beyond all centers, or farther."""
    Interval.bits = 128
    far, one, two = Interval.of(reach), Interval.of(1), Interval.of(2)
    v, rises = Interval.of(0), Interval.of(0)
    if k > 1:
        for number in range(1, 64 * k):
            v = Interval.of(Fraction(number, 64))
            d = (v + (v.square() + two + two).root()).over(two)
            if (Interval.of(k - 1) * (-d.square().over(two)).exp()).over(d).hi <= v.lo:
                break
        else:
            return False

        def slack(r: Interval) -> Interval:
            """log(C/r), C = (k - 1)/sqrt(e)."""
            return Interval.of(k - 1).over(r).log() - Interval.of(Fraction(1, 2))

        start = far.over(two) + slack(far).over(far)
        rises = Interval(max(start.lo, 0), max(start.hi, 0))
        least = Interval.of(max(reach, Fraction(1)))
        if not (least.square().over(two) + slack(least) + one).lo > 0:
            return False
    b = far - v
    if not (b.lo > 0 and (far - rises).lo > 0):
        return False
    pull = (b + b).over(b + (b.square() + two + two).root())
    return pull.lo > (-(far - rises).square().over(two)).exp().hi


class _Pull:
    """Bounds of the pull E[psi_i (x - mu_i)] on each mean over boxes, by two trapezoid rules."""

    def __init__(self, centers: list[Fraction], weights: list[Fraction], low: int, high: int) -> None:
        self.low, self.high = low, high
        gap = max((b - a for a, b in zip(sorted(centers), sorted(centers)[1:], strict=False)), default=0)
        # The mass in the middle of the widest gap is about exp(-gap^2/8).
        self.rules = [_Rule(centers, weights, low, high, nats) for nats in (10, 16 + Fraction(gap) ** 2 / 8)]

    def is_one_way(self, box: Box) -> bool:
        """Say whether some mean of the box is pulled one way, wherever in it the means are."""
        for rule in self.rules:
            finer = False
            for up, down in rule.pulls(box):
                if up + rule.error < 0 or down - rule.error > 0:
                    return True
                finer |= up < 0 or down > 0
            if not finer:
                return False
        return False


class _Rule:
    """A trapezoid rule, with masses and exponentials in whole numbers."""

    kept = 256  # ends of boxes whose exponentials are remembered

    def __init__(
        self, centers: list[Fraction], weights: list[Fraction], low: int, high: int, nats: Fraction | int
    ) -> None:
        spread = Fraction(high - low, GRID)
        strip, reach = 12 / (5 * spread), Fraction(isqrt(ceil(2 * (nats + 8))) + 1)
        step = Fraction(max(1, floor(512 * SIX * strip / (nats + 12))), 512)
        # As exponents of the farthest pair, and 64 digits more.
        self.bits = 64 + ceil((spread + reach) ** 2 * Fraction(3, 4))
        Interval.bits = self.bits
        self.error = ceil(_left_out(step, strip, reach, spread) * GRID * (1 << 64))
        unit = Interval.of(step).over((pi() + pi()).root())
        masses: dict[int, Interval] = {}
        for center, weight in zip(centers, weights, strict=True):
            for n in range(floor((center - reach) / step), ceil((center + reach) / step) + 1):
                mass = Interval.of(weight) * unit * Interval.of(-((n * step - center) ** 2) / 2).exp()
                masses[n] = masses.get(n, Interval.of(0)) + mass
        order, self.step = sorted(masses), step
        self.nodes = [int(n * step * GRID) for n in order]
        cut = self.bits - 64
        self.masses = [(masses[n].lo >> cut, (masses[n].hi >> cut) + 1) for n in order]
        self._peaks: dict[int, list[tuple[int, int]]] = {}

    def pulls(self, box: Box) -> Iterator[tuple[int, int]]:
        """Yield for each mean the largest sum where it is lowest, and the smallest where it is highest."""
        Interval.bits = self.bits
        near, far = [], []
        for low, high in box:
            left, right, one = self._peak(low), self._peak(high), (1 << self.bits,) * 2
            near.append([a[1] if x < low else b[1] if x > high else one[1]
                         for x, a, b in zip(self.nodes, left, right, strict=True)])  # fmt: skip
            far.append([min(a[0], b[0]) for a, b in zip(left, right, strict=True)])
        everything = [[sum(some) for some in zip(*each, strict=True)] for each in (near, far)]
        for i, (low, high) in enumerate(box):
            up = down = 0
            for x, (least, most), a, b, most_all, least_all in zip(
                self.nodes, self.masses, near[i], far[i], *everything, strict=True
            ):
                large = -((-a << 64) // (a + least_all - b))
                small = (b << 64) // (b + most_all - a) if b else 0
                up += (x - low) * (most * large if x > low else least * small)
                down += (x - high) * (least * small if x > high else most * large)
            # Products have 64 digits of mass and 64 of posterior.
            yield (up >> 64) + 1, down >> 64

    def _peak(self, end: int) -> list[tuple[int, int]]:
        """Bounds of exp(-(x - end)^2/2) at the nodes, outward from the nearest ones by products."""
        if end not in self._peaks:
            if len(self._peaks) > self.kept:
                self._peaks.clear()
            first = bisect_left(self.nodes, end)
            left, right = self.nodes[:first], self.nodes[first:]
            before = self._falling([end - x for x in reversed(left)])
            self._peaks[end] = [*reversed(before), *self._falling([x - end for x in right])]
        return self._peaks[end]

    def _falling(self, offsets: list[int]) -> list[tuple[int, int]]:
        """Bounds of exp(-t^2/2) at offsets that grow, mostly by the step h, by exp(-t h - h^2/2)."""
        h, found = self.step, []
        shrink, at = Interval.of(-(h**2)).exp(), None
        value = ratio = shrink
        for offset in offsets:
            t = Fraction(offset, GRID)
            if at is not None and t - at == h:
                value, ratio = value * ratio, ratio * shrink
            else:
                value = Interval.of(-(t**2) / 2).exp()
                ratio = Interval.of(-t * h - h**2 / 2).exp()
            found.append((max(value.lo, 0), value.hi + 1))
            at = t
        return found


def _left_out(h: Fraction, a: Fraction, reach: Fraction, spread: Fraction) -> Fraction:
    """Bound the error of the rule for one posterior times x - mu: docs/proofs.md#trapezoid."""
    theta = a * spread / 2
    cosine = 1 - theta**2 / 2 + theta**4 / 24 - theta**6 / 720  # at most cos(theta)
    rate = lower(Interval.of(SIX * a / h).exp()) - 1
    need(0 < theta < SIX / 4 and cosine > 0 and rate > 0 and reach - h > 1, "no rule was found")
    growth = upper(Interval.of(a**2 / 2).exp()) / cosine
    # Of the density and of |t| times it: integral or sum over nodes, and what is out of reach of these.
    ones, lengths = 1 + 2 * h * Fraction(4, 10), 1 + 2 * h * Fraction(1, 4)
    start = reach - h
    tail = upper(Interval.of(-(start**2) / 2).exp()) * Fraction(8, 10)
    cut, far = tail / start, tail * start / (start - 1 / start)
    return 2 / rate * growth * (lengths + (spread + a) * ones) + far + spread * cut


def _settle(whole: Box, known: list[Box], pull: _Pull) -> None:
    boxes = [whole]
    while boxes:
        box = boxes.pop()
        inside = (all(a >= c and b <= d for (a, b), (c, d) in zip(box, one, strict=True)) for one in known)
        if any(inside) or pull.is_one_way(box):
            continue
        axis = max(range(len(box)), key=lambda i: box[i][1] - box[i][0])
        low, high = box[axis]
        need(high - low > NARROWEST, "a box may hold another critical point")
        middle = (low + high) // 2
        for half in ((low, middle), (middle, high)):
            new = [*box[:axis], half, *box[axis + 1 :]]
            # Relabelled, or elsewhere, unless means can ascend.
            if all(new[i][0] <= new[i + 1][1] for i in range(len(new) - 1)):
                boxes.append(new)
