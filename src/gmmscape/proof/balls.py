"""Balls: numbers that are known to lie within an interval, in the arithmetic of Arb (python-flint)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import MAX_EMAX, MIN_EMIN, ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from functools import cache
from math import inf, isfinite, nextafter
from typing import Any

from gmmscape.exceptions import NotAvailableError

#: Files hold exponents of three digits; exp(-1e12) would take the memory of all its zeros.
LEAST_EXPONENT = -990
#: A ball of Arb, and a matrix of them; python-flint has no types of its own.
Ball = Any
BallMatrix = Any


@cache
def flint() -> Any:
    """Return the module python-flint.

    Returns
    -------
    module
        Loaded when something is proved.

    Raises
    ------
    NotAvailableError
        If it is not installed.
    """
    try:
        import flint as module
    except ImportError:
        raise NotAvailableError(
            "proofs are computed with python-flint, which is not installed: pip install 'gmmscape[proof]'"
        ) from None
    return module


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Compute with so many binary digits within the block.

    Parameters
    ----------
    bits : int
        Of the middles of balls.
    """
    context = flint().ctx
    before = context.prec
    context.prec = bits
    try:
        yield
    finally:
        context.prec = before


def exact(value: float | Fraction | int) -> Ball:
    """Return the ball of a number: the number itself where it has a finite binary expansion.

    Parameters
    ----------
    value : float, Fraction or int
        Any.

    Returns
    -------
    Ball
        Its radius is at most the rounding of the middle.
    """
    if isinstance(value, Fraction):
        return flint().arb(flint().fmpq(value.numerator, value.denominator))
    return flint().arb(value)


def around(middle: Ball, radius: Ball) -> Ball:
    """Return the ball about a middle, with a radius that is added to that of the middle."""
    return middle + flint().arb(0, radius.upper())


def decimal(ball: Ball, digits: int) -> Fraction:
    """Return a decimal number of so many digits in or beside a ball, as an exact fraction; none of 1e-990."""
    if not ball.is_finite():
        raise ArithmeticError("a ball is not finite where a number was expected")
    middle, _, exponent = ball.mid().mid_rad_10exp(digits)
    if exponent < LEAST_EXPONENT:
        return Fraction(0)
    return Fraction(int(middle)) * Fraction(10) ** int(exponent)


def ends(ball: Ball, digits: int = 20) -> tuple[Fraction, Fraction]:
    """Return decimal numbers between which a ball lies.

    Parameters
    ----------
    ball : Ball
        Finite.
    digits : int, default=20
        Of the middle, at least.

    Returns
    -------
    tuple of Fraction
        Lower and upper end, rounded outward.
    """
    if not ball.is_finite():
        raise ArithmeticError("a ball is not finite where a number was expected")
    middle, radius, exponent = (int(part) for part in ball.mid_rad_10exp(digits))
    unit = Fraction(10) ** exponent
    return (middle - radius) * unit, (middle + radius) * unit


def float_ends(low: Fraction, high: Fraction) -> tuple[float, float]:
    """Return floats between which all numbers between two fractions lie."""
    below, above = float(low), float(high)
    return (
        below if Fraction(below) <= low else nextafter(below, -inf),
        above if Fraction(above) >= high else nextafter(above, inf),
    )


def rounded_up(number: Fraction | float, digits: int) -> str:
    """Return a number to some digits, as text that is no smaller."""
    return _rounded(number, digits, ROUND_CEILING)


def rounded_down(number: Fraction | float, digits: int) -> str:
    """Return a number to some digits, as text that is no larger."""
    return _rounded(number, digits, ROUND_FLOOR)


def _rounded(number: Fraction | float, digits: int, how: str) -> str:
    if isinstance(number, float) and not isfinite(number):
        return str(number)
    exact = Fraction(number)
    context = Context(prec=digits, rounding=how, Emax=MAX_EMAX, Emin=MIN_EMIN)
    found = context.divide(Decimal(exact.numerator), Decimal(exact.denominator))
    return f"{found.normalize():g}" if found else "0"


def text_of(number: Fraction) -> str:
    """Return a decimal fraction as the shortest decimal text; the inverse of ``Fraction(text)``."""
    if number == 0:
        return "0"
    digits, places = number, 0
    while digits.denominator != 1:
        digits, places = digits * 10, places + 1
    whole = digits.numerator
    while whole % 10 == 0:
        whole, places = whole // 10, places - 1
    return f"{whole}e{-places}" if places else str(whole)


def power(ball: Ball, n: int) -> Ball:
    """Return a ball to a whole power by products: Arb's own power of a ball about zero is not a number."""
    found = flint().arb(1)
    for _ in range(n):
        found *= ball
    return found


def total(balls: Iterable[Ball]) -> Ball:
    """Return the sum of balls."""
    return sum(balls, flint().arb(0))


def largest(balls: Iterable[Ball]) -> Ball:
    """Return a ball that holds the largest of numbers in some balls, which are not negative."""
    found = flint().arb(0)
    for ball in balls:
        found = found.max(ball)
    return found


def matrix(rows: Sequence[Sequence[Ball]]) -> BallMatrix:
    """Return a matrix of balls."""
    return flint().arb_mat(rows)
