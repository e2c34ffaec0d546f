"""Truths whose centers lie on a line or in a plane: coordinates there, and boxes. Lemma: docs/proofs.md#span.

Lengths count in sigma.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from gmmscape.verifier.interval import Interval, pi, total
from gmmscape.verifier.krawczyk import need
from gmmscape.verifier.objective import Row, Table, lower, upper

Place = Sequence[Fraction]


class Span:
    """The span of centers, which is to have `r` dimensions; all axes orthogonal to it are `outside`."""

    def __init__(self, centers: Sequence[Place], r: int) -> None:
        self.origin, self.axes = centers[0], []
        for center in centers[1:]:
            rest = [x - y for x, y in zip(center, self.origin, strict=True)]
            for axis in self.axes:
                part = dot(rest, axis) / dot(axis, axis)
                rest = [x - part * y for x, y in zip(rest, axis, strict=True)]
            if any(rest):
                self.axes.append(rest)
            need(len(self.axes) <= r, "the centers span more than is said")
        d = len(self.origin)
        if not self.axes:  # all centers are one: the line along the first axis
            self.axes.append([Fraction(a == 0) for a in range(d)])
        need(type(r) is int and len(self.axes) == r < d and r <= 2, "the centers' span is another")
        self.outside, self.lengths = d - r, [Interval.of(dot(axis, axis)).root() for axis in self.axes]
        self.units = [
            [Interval.of(x).over(length) for x in axis]
            for axis, length in zip(self.axes, self.lengths, strict=True)
        ]

    def coordinates(self, place: Place) -> Row:
        """Return the coordinates of the point of the span next to a place."""
        rest = [x - y for x, y in zip(place, self.origin, strict=True)]
        return [
            Interval.of(dot(rest, axis)).over(length)
            for axis, length in zip(self.axes, self.lengths, strict=True)
        ]

    def boxes(
        self, point: Place, tight: Fraction, radius: Fraction
    ) -> tuple[list[Fraction], Fraction, Fraction]:
        """Return, in coordinates, the middle and radii of a box within the tight one and of one around."""
        d, found, off, away = len(self.origin), [], Fraction(0), Fraction(0)
        for i in range(0, len(point), d):
            mean = point[i : i + d]
            near = self.coordinates(mean)
            middle = [(lower(x) + upper(x)) / 2 for x in near]
            off = max(off, *(upper(x) - lower(x) for x in near))
            for a, x in enumerate(self.origin):
                parts = (Interval.of(z) * unit[a] for z, unit in zip(middle, self.units, strict=True))
                away = max(away, upper((Interval.of(x - mean[a]) + total(parts)).size()))
            found += middle
        need(away < tight, "a mean is not on the line or plane of the centers")
        widest = max(upper(total(x.size() for x in unit)) for unit in self.units)
        tallest = max(upper(total(unit[a].size() for unit in self.units)) for a in range(d))
        return found, (tight - away) / tallest, radius * widest + off


def across(shares: Table, pairs: Table, tau: Fraction) -> Table:
    """Return the Hessian along an axis outside, from sums of psi_i, of each component, and psi_i psi_j."""
    square = Interval.of(tau**2)
    found = [[square * x for x in row] for row in pairs]
    for i, share in enumerate(map(total, shares)):
        found[i][i] = found[i][i] + share - square * share
    return found


def gaussian(tau: Fraction, width: Fraction) -> Interval:
    """Return the NLL of N(0, width^2) under N(0, tau^2)."""
    unit = ((pi() + pi()).root() * Interval.of(width)).log()
    return Interval.of(tau**2 / (2 * width**2)) + unit


def dot(one: Place, other: Place) -> Fraction:
    """Return the inner product."""
    return sum((x * y for x, y in zip(one, other, strict=True)), Fraction(0))
