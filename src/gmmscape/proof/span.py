"""Span: the line or plane that holds all centers of a truth, exactly, and coordinates in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt
from typing import Any

from gmmscape.exceptions import NotAvailableError
from gmmscape.proof.balls import Ball, exact, largest, total
from gmmscape.proof.problem import PopulationProblem


@dataclass(frozen=True)
class Span:
    """A line or plane, by an origin and orthogonal axes in fractions; coordinates count along unit axes.

    Attributes
    ----------
    origin : tuple of Fraction
        The first center, d numbers.
    axes : tuple of tuple of Fraction
        One or two, orthogonal, of any length.
    """

    origin: tuple[Fraction, ...]
    axes: tuple[tuple[Fraction, ...], ...]

    @classmethod
    def of(cls, centers: Sequence[Sequence[float]]) -> Span:
        """Return what centers span, by Gram and Schmidt in fractions; a line at least.

        Parameters
        ----------
        centers : sequence of sequence of float
            Each float stands for the number that it is.

        Returns
        -------
        Span
            The line along the first coordinate where all centers are one.

        Raises
        ------
        NotAvailableError
            If the centers span more than a plane.
        """
        points = [[Fraction(value) for value in center] for center in centers]
        origin, axes = points[0], []
        for point in points[1:]:
            rest = [x - y for x, y in zip(point, origin, strict=True)]
            for axis in axes:
                part = _dot(rest, axis) / _dot(axis, axis)
                rest = [x - part * y for x, y in zip(rest, axis, strict=True)]
            if any(rest):
                axes.append(tuple(rest))
            if len(axes) > 2:
                raise NotAvailableError(
                    f"centers that span more than a plane, in {len(origin)} dimensions, cannot be proved "
                    "about yet: pass two or three components, or exactly collinear or coplanar centers"
                )
        if not axes:
            axes.append(tuple(Fraction(int(a == 0)) for a in range(len(origin))))
        return cls(tuple(origin), tuple(axes))

    @property
    def dimension(self) -> int:
        """Number of axes r."""
        return len(self.axes)

    def units(self) -> list[list[Ball]]:
        """Return the axes at unit length."""
        lengths = [exact(_dot(axis, axis)).sqrt() for axis in self.axes]
        return [[exact(x) / length for x in axis] for axis, length in zip(self.axes, lengths, strict=True)]

    def coordinates(self, place: Sequence[Fraction | float]) -> list[Ball]:
        """Return the r coordinates of the point of the span next to a place."""
        offset = [Fraction(x) - y for x, y in zip(place, self.origin, strict=True)]
        return [exact(_dot(offset, axis)) / exact(_dot(axis, axis)).sqrt() for axis in self.axes]

    def place(self, coordinates: Sequence[Ball]) -> list[Ball]:
        """Return the place, d numbers, of coordinates in the span."""
        units = self.units()
        return [
            exact(start) + total(z * unit[a] for z, unit in zip(coordinates, units, strict=True))
            for a, start in enumerate(self.origin)
        ]

    def distance(self, place: Sequence[float]) -> float:
        """Return how far a place is from the span."""
        rest = [Fraction(x) - y for x, y in zip(place, self.origin, strict=True)]
        for axis in self.axes:
            part = _dot(rest, axis) / _dot(axis, axis)
            rest = [x - part * y for x, y in zip(rest, axis, strict=True)]
        return sqrt(_dot(rest, rest))

    @property
    def widest(self) -> Ball:
        """By how much at most a box of places is wider in coordinates of the span."""
        return largest(total(abs(x) for x in unit) for unit in self.units())

    @property
    def tallest(self) -> Ball:
        """By how much at most a box of coordinates is wider in places."""
        return largest(total(abs(x) for x in column) for column in zip(*self.units(), strict=True))


@dataclass(frozen=True)
class SpannedProblem(PopulationProblem):
    """A problem in the coordinates of its centers' span; `centers` are about those that `places` encloses.

    Attributes
    ----------
    whole : PopulationProblem
        As it was given, in d dimensions.
    span : Span
        Of its centers.
    """

    whole: PopulationProblem
    span: Span

    @classmethod
    def of(cls, whole: PopulationProblem, span: Span) -> SpannedProblem:
        """Return the problem in the coordinates of a span."""
        about = tuple(tuple(float(z.mid()) for z in span.coordinates(center)) for center in whole.centers)
        return cls(
            whole.weights, about, whole.truth_sigma, whole.sigma, whole.n_components, whole, span
        )  # fmt: skip

    @property
    def n_outside(self) -> int:
        """Number of axes orthogonal to the span, d - r."""
        return self.whole.n_features - self.span.dimension

    @property
    def spanned(self) -> int:
        """Dimension r of the span."""
        return self.span.dimension

    def content(self) -> dict[str, Any]:
        """Return what files hold: the problem as it was given."""
        return self.whole.content()

    def places(self) -> list[list[Ball]]:
        """Return the centers of the truth, r coordinates each."""
        return [self.span.coordinates(center) for center in self.whole.centers]


def _dot(one: Sequence[Fraction], other: Sequence[Fraction]) -> Fraction:
    return sum((x * y for x, y in zip(one, other, strict=True)), Fraction(0))
