"""Unfolding: from two means in one place to the minimum beside it that float64 does not tell from it."""

from __future__ import annotations

from gmmscape.effort import EFFORT
from gmmscape.proof.balls import Ball, decimal, exact, flint, largest, matrix
from gmmscape.proof.contraction import Middle, Point, middle_at
from gmmscape.proof.enclosure import Encloser


def unfolded(encloser: Encloser, at: Middle, sigma: float, digits: int) -> Point | None:
    """Return about where two means that coincide at a saddle on a line have split.

    Along their difference s the NLL is, all other coordinates at their best, lambda s^2/2 + kappa s^4/4 with
    lambda < 0; both are computed, and the minimum is near s^2 = -lambda/kappa.

    Parameters
    ----------
    encloser : Encloser
        Of the objective, on a line.
    at : Middle
        The saddle.
    sigma : float
        Standard deviation of the fit.
    digits : int
        Decimal digits of points.

    Returns
    -------
    list of Fraction or None
        A start for Newton's method; None where no pair coincides and splits.
    """
    size = len(at.point)
    near = exact(EFFORT.proof.coincident) * exact(sigma)
    for i in range(size):
        for j in range(i):
            if not abs(exact(at.point[i]) - exact(at.point[j])) < near:
                continue
            direction = [exact(0)] * size
            direction[i], direction[j] = exact(0.5), exact(-0.5)
            bend = _along(at, direction)
            if bend < 0:
                found = _split(encloser, at, direction, bend, digits)
                if found is not None:
                    return found
    return None


def _along(at: Middle, direction: list[Ball]) -> Ball:
    size = len(direction)
    column = at.hessian * matrix([[value] for value in direction])
    return sum((direction[i] * column[i, 0] for i in range(size)), flint().arb(0))


def _split(encloser: Encloser, at: Middle, direction: list[Ball], bend: Ball, digits: int) -> Point | None:
    """Where the split along a direction of negative curvature ends."""
    length, point = (-bend.mid() * len(direction)).sqrt(), None
    for _ in range(EFFORT.proof.split_steps):
        found = _held(encloser, at.point, direction, length, digits)
        if found is None:
            return None
        point, force = found
        kappa = ((force - bend * length) / length**3).mid()
        if not kappa > 0:
            return None
        wanted = (-bend.mid() / kappa).sqrt().mid()
        if abs(wanted - length) < length / EFFORT.proof.split_steps:
            return point
        length = wanted
    return point


def _held(
    encloser: Encloser, start: Point, direction: list[Ball], length: Ball, digits: int
) -> tuple[Point, Ball] | None:
    """The critical point where the part along a direction is held, and the force along it."""
    size = len(start)
    force = exact(0)
    point = [decimal(exact(x) + length * v, digits) for x, v in zip(start, direction, strict=True)]
    # Held is the difference of the two means, twice its part along the direction.
    held = [2 * v for v in direction]
    for _ in range(EFFORT.proof.split_steps):
        here = middle_at(encloser, point)
        if here is None:
            return None
        rows = [[here.hessian[i, j].mid() for j in range(size)] + [-held[i]] for i in range(size)]
        rows.append([*held, exact(0)])
        right = [[here.gradient[i].mid()] for i in range(size)] + [[exact(0)]]
        try:
            step = matrix(rows).solve(matrix(right))
        except ZeroDivisionError:
            return None
        point = [decimal(exact(x) - step[i, 0].mid(), digits) for i, x in enumerate(point)]
        force = -step[size, 0].mid()
        if largest(abs(step[i, 0].mid()) for i in range(size)) < length / 2**EFFORT.proof.guard_bits:
            break
    return point, force
