"""Contraction: Newton's method proves that a box holds exactly one zero of the gradient (Krawczyk)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from gmmscape.effort import EFFORT
from gmmscape.exceptions import NoResultError
from gmmscape.proof.balls import Ball, BallMatrix, around, decimal, exact, flint, largest, matrix, total
from gmmscape.proof.enclosure import Encloser, Third

Point = list[Fraction]


@dataclass(frozen=True)
class Middle:
    """What is known at the middle of a box.

    Attributes
    ----------
    point : list of Fraction
        The middle, k d decimal numbers.
    gradient : list of Ball
        There.
    hessian : BallMatrix
        There.
    inverse : BallMatrix
        About that of the Hessian, without radius.
    """

    point: Point
    gradient: list[Ball]
    hessian: BallMatrix
    inverse: BallMatrix

    @property
    def step(self) -> list[Ball]:
        """Newton's step, with the opposite sign."""
        column = self.inverse * matrix([[value] for value in self.gradient])
        return [column[i, 0] for i in range(len(self.point))]

    @property
    def regular(self) -> bool:
        """Whether the Hessian is proved to be regular, so that Newton's step is what it seems."""
        size, product = len(self.point), self.inverse * self.hessian
        rows = (total(abs(product[i, j] - (1 if i == j else 0)) for j in range(size)) for i in range(size))
        return bool(largest(rows) < exact(EFFORT.proof.margin))

    def blurred(self, error: Ball) -> Ball:
        """Return how far Newton's step is off where each entry of the gradient is, by an error."""
        size = len(self.point)
        return largest(total(abs(self.inverse[i, j]) for j in range(size)) for i in range(size)) * error


def middle_at(encloser: Encloser, point: Point) -> Middle | None:
    """Return what is known at a point; None where the Hessian cannot be told from a singular one."""
    found = encloser.at([exact(value) for value in point], hessian=True)
    assert found.hessian is not None
    try:
        inverse = found.hessian.mid().inv().mid()
    except ZeroDivisionError:
        return None
    return Middle(point, found.gradient, found.hessian, inverse)


def polished(encloser: Encloser, start: Point, *, digits: int, within: Ball, enough: Ball) -> Middle | None:
    """Return what is known where Newton's method leads from a start.

    Parameters
    ----------
    encloser : Encloser
        Of the objective.
    start : list of Fraction
        Near a critical point.
    digits : int
        Decimal digits of points.
    within : Ball
        How far it may lead.
    enough : Ball
        Length of a step that need not be made.

    Returns
    -------
    Middle or None
        None where it does not settle, or the Hessian cannot be told from a singular one.

    Raises
    ------
    NoResultError
        Where it leads too far, and more digits would not change that.
    """
    at = middle_at(encloser, start)
    before = None
    for _ in range(EFFORT.proof.newton_steps):
        if at is None:
            return None
        step = at.step
        length = largest(abs(value) for value in step)
        noise = largest(exact(1) * value.rad() for value in step)
        if not length.is_finite():
            return None
        if length < enough or length < 2 * noise or (before is not None and not length < before / 2):
            return at
        point = [decimal(exact(x) - dx.mid(), digits) for x, dx in zip(at.point, step, strict=True)]
        if not largest(abs(exact(x) - exact(y)) for x, y in zip(point, start, strict=True)) < within:
            if at.regular:
                raise NoResultError(
                    "not proved: there is no critical point near these means, Newton's method leads away; "
                    "pass where a descent has ended"
                )
            return None
        at, before = middle_at(encloser, point), length
    return None


def contracts(at: Middle, hessians: BallMatrix, radius: Ball) -> bool:
    """Say whether it is proved that the box about a middle holds exactly one critical point.

    With Y the inverse, m the middle and H the Hessians over the box X, Newton's map x - Y grad(x) takes X
    into m - Y grad(m) + (I - Y H)(X - m). Where that lies inside X there is exactly one fixed point, and
    all Hessians over the box are regular.
    """
    size = len(at.point)
    product = at.inverse * hessians
    for i, step in enumerate(at.step):
        row = total(abs(product[i, j] - (1 if i == j else 0)) for j in range(size))
        if not abs(step) + row * radius < exact(EFFORT.proof.margin) * radius:
            return False
    return True


def holds_one(encloser: Encloser, at: Middle, radius: Fraction) -> bool:
    """Say whether it is proved that the box of a radius about a middle holds exactly one critical point."""
    r = exact(radius)
    box = [around(exact(value), r) for value in at.point]
    rough = encloser.for_box([float(value) for value in at.point], float(radius))
    third = rough.third(box)
    # From the middle by third derivatives, where these are made: that keeps wide boxes narrow.
    over = rough.at(box, hessian=True).hessian if third is None else _extended(at.hessian, third, r)
    return contracts(at, over, r)


def _extended(hessian: BallMatrix, third: Third, r: Ball) -> BallMatrix:
    size = len(third)
    rows = []
    for i in range(size):
        rows.append(
            [around(hessian[i, j], r * total(abs(third[i][j, m]) for m in range(size))) for j in range(size)]
        )
    return matrix(rows)


def inertia(hessian: BallMatrix) -> int | None:
    """Return the number of negative eigenvalues of all symmetric matrices of balls; None where unclear.

    By the pivots of L D L' (Sylvester), the largest first.
    """
    size = hessian.nrows()
    left = [[hessian[i, j] for j in range(size)] for i in range(size)]
    negative = 0
    while left:
        n = len(left)
        pivot = max(range(n), key=lambda i: float(abs(left[i][i].mid())) if left[i][i].is_finite() else -1.0)
        value = left[pivot][pivot]
        if not (value > 0 or value < 0):
            return None
        negative += bool(value < 0)
        others = [i for i in range(n) if i != pivot]
        left = [[left[i][j] - left[i][pivot] * left[pivot][j] / value for j in others] for i in others]
    return negative


def widest_box(encloser: Encloser, at: Middle, sigma: float) -> Fraction | None:
    """Return the radius of the widest box tried over which Newton's method is proved to contract."""
    least = largest(abs(value) for value in at.step)
    radius = Fraction(EFFORT.proof.widest_box) * Fraction(sigma)
    guess = _guessed(encloser.for_box([float(value) for value in at.point], float(radius)), at)
    radius = radius if guess is None else min(radius, guess)
    for _ in range(EFFORT.proof.boxes):
        shown = decimal(exact(radius), 3)
        if not exact(shown) > least:
            return None
        if holds_one(encloser, at, shown):
            return shown
        radius /= 2
    return None


def _guessed(encloser: Encloser, at: Middle) -> Fraction | None:
    """Return about the radius at which contraction ends, from derivatives at the middle."""
    third = encloser.third([exact(value) for value in at.point])
    if third is None:
        return None
    size = len(at.point)
    slopes = flint().arb(0)
    for m in range(size):
        bend = matrix([[third[i][j, m] for j in range(size)] for i in range(size)])
        product = at.inverse * bend
        rows = [total(abs(product[i, j]) for j in range(size)) for i in range(size)]
        slopes += largest(rows)
    if not slopes > 0:
        return None
    return decimal(1 / slopes, 3)
