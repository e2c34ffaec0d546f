"""Reduced: a point in the coordinates of the centers' span, and proved boxes back from there.

Lemma and proof: docs/proofs.md#span.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import NoResultError
from gmmscape.proof.balls import decimal, exact, largest
from gmmscape.proof.contraction import Point
from gmmscape.proof.problem import PopulationProblem, Problem
from gmmscape.proof.span import Span, SpannedProblem


def reduced(problem: Problem, means: FloatArray) -> Problem:
    """Return the problem in the coordinates of its centers' span; itself where that has all dimensions.

    Parameters
    ----------
    problem : Problem
        As it was given.
    means : ndarray of shape (k, d)
        Near a critical point.

    Returns
    -------
    Problem
        Also itself where means lie off the line of centers in the plane, which is integrated over then.

    Raises
    ------
    NoResultError
        Where means lie outside the span, in more than two dimensions.
    NotAvailableError
        Where centers span more than a plane.
    """
    if not isinstance(problem, PopulationProblem) or problem.n_features == 1:
        return problem
    span = Span.of(problem.centers)
    if span.dimension == problem.n_features:
        return problem
    off = max(span.distance(mean) for mean in means.tolist()) / problem.sigma
    if off <= EFFORT.proof.beside_span:
        return SpannedProblem.of(problem, span)
    if problem.n_features == 2:
        return problem
    raise NoResultError(
        f"not proved: a mean is {off:.3g} sigma off the {'line' if span.dimension == 1 else 'plane'} of the "
        "centers, and only points with all means in it are proved yet: pass another point"
    )


def start_of(problem: Problem, means: FloatArray) -> Point:
    """Return means in the coordinates of a problem, one after the other."""
    if not isinstance(problem, SpannedProblem):
        return [Fraction(float(value)) for value in means.ravel()]
    found = (problem.span.coordinates(mean) for mean in means.tolist())
    return [Fraction(float(z.mid())) for place in found for z in place]


def in_span(problem: Problem, radius: Fraction) -> Fraction:
    """Return a radius of boxes in a problem's coordinates, which hold those of this radius in the whole."""
    if not isinstance(problem, SpannedProblem):
        return radius
    return decimal(exact(radius * (1 + Fraction(EFFORT.proof.box_room))) * problem.span.widest, 3)


def given(problem: Problem, radius: Fraction) -> Fraction:
    """Return a radius of boxes in the whole, which hold no more than this one in a problem's coordinates."""
    if not isinstance(problem, SpannedProblem):
        return radius
    return decimal(exact(radius * (1 - Fraction(EFFORT.proof.box_room))) / problem.span.widest, 3)


def placed(
    problem: Problem, point: Sequence[Fraction], tight: Fraction, digits: int
) -> tuple[Point, Fraction] | None:
    """Return a point in all dimensions, and how far at most the critical one is from it.

    Parameters
    ----------
    problem : Problem
        Whose coordinates they are.
    point : sequence of Fraction
        Middle of a box over which Newton's method contracts to `EFFORT.proof.margin` of it.
    tight : Fraction
        Radius of the box.
    digits : int
        Decimal digits of the point.

    Returns
    -------
    tuple or None
        Middle and radius of a box in all dimensions, which meets the span within the first box; None where
        the point has too few digits for it.
    """
    if not isinstance(problem, SpannedProblem):
        return list(point), tight
    r = problem.n_features
    found, rounding = [], exact(0)
    for i in range(0, len(point), r):
        place = problem.span.place([exact(z) for z in point[i : i + r]])
        shown = [decimal(value, digits) for value in place]
        rounding = largest([rounding, *(abs(y - exact(x)) for y, x in zip(place, shown, strict=True))])
        found += shown
    tallest = problem.span.tallest
    radius = decimal(exact(tight * (1 - 2 * Fraction(EFFORT.proof.box_room))) * tallest, 3)
    # The critical point is within the margin of the first box.
    holds = exact(EFFORT.proof.margin) * exact(tight) * tallest + rounding < exact(radius)
    return (found, radius) if holds else None
