"""Intervals with ends of fixed point, in whole numbers of Python."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import inf, isqrt, log
from time import monotonic

#: Bits by which the argument of an exponential is made small, and the largest argument, in nats.
SHRINK, LARGEST = 12, 1 << 14


class Clock:
    """When the time for checking is up, on the monotonic clock; long loops ask."""

    until = inf

    @classmethod
    def ask(cls) -> None:
        """Raise TimeoutError where it is."""
        if monotonic() > cls.until:
            raise TimeoutError


class Interval:
    """All numbers from lo / 2^bits to hi / 2^bits; every operation returns all results that are possible."""

    __slots__ = ("hi", "lo")
    bits = 160

    def __init__(self, lo: int, hi: int) -> None:
        self.lo, self.hi = lo, hi

    @classmethod
    def of(cls, low: Fraction | int, high: Fraction | int | None = None) -> Interval:
        """Return the interval of a number, or from one to another."""
        high = low if high is None else high
        scale = 1 << cls.bits
        lo, below = low.numerator * scale, low.denominator
        hi, above = high.numerator * scale, high.denominator
        return cls(lo // below, -(-hi // above))

    def __add__(self, other: Interval) -> Interval:
        return Interval(self.lo + other.lo, self.hi + other.hi)

    def __neg__(self) -> Interval:
        return Interval(-self.hi, -self.lo)

    def __sub__(self, other: Interval) -> Interval:
        return Interval(self.lo - other.hi, self.hi - other.lo)

    def __mul__(self, other: Interval) -> Interval:
        a, b, c, d = self.lo, self.hi, other.lo, other.hi
        if a >= 0 and c >= 0:
            low, high = a * c, b * d
        else:
            corners = (a * c, a * d, b * c, b * d)
            low, high = min(corners), max(corners)
        return Interval(low >> self.bits, -(-high >> self.bits))

    def over(self, other: Interval) -> Interval:
        """Return the quotient by an interval without zero."""
        if other.hi < 0:
            return (-self).over(-other)
        if other.lo <= 0:
            raise ZeroDivisionError("a divisor may be zero")
        ends = [(end << self.bits, by) for end in (self.lo, self.hi) for by in (other.lo, other.hi)]
        return Interval(min(n // by for n, by in ends), max(-(-n // by) for n, by in ends))

    def square(self) -> Interval:
        """Return the square, which is not negative."""
        size = self.size()
        least = 0 if self.lo <= 0 <= self.hi else min(abs(self.lo), abs(self.hi))
        return Interval(least * least >> self.bits, size.hi * size.hi + (1 << self.bits) - 1 >> self.bits)

    def size(self) -> Interval:
        """Return the absolute value."""
        most = max(abs(self.lo), abs(self.hi))
        return Interval(0 if self.lo <= 0 <= self.hi else min(abs(self.lo), abs(self.hi)), most)

    def wider(self, by: Fraction | int) -> Interval:
        """Return the interval with all numbers no farther off than `by`."""
        more = -(-by.numerator * (1 << self.bits) // by.denominator)
        return Interval(self.lo - more, self.hi + more)

    def exp(self) -> Interval:
        """Return the exponential."""
        low = _exp(self.lo, self.bits)
        return Interval(low.lo, low.hi if self.lo == self.hi else _exp(self.hi, self.bits).hi)

    def log(self) -> Interval:
        """Return the logarithm of a positive interval, by e/(1+e) <= log(1+e) <= e."""
        if self.lo <= 0:
            raise ZeroDivisionError("a logarithm of what may be zero")
        return Interval(_log(self.lo, self.bits).lo, _log(self.hi, self.bits).hi)

    def root(self) -> Interval:
        """Return the square root of what is not negative."""
        return Interval(isqrt(max(self.lo, 0) << self.bits), isqrt(max(self.hi, 0) << self.bits) + 1)


def _exp(x: int, bits: int) -> Interval:
    """The exponential of x / 2^bits: by its series near zero, with |rest| <= 2 |last term|, then squared."""
    Clock.ask()
    if x < -bits << bits:
        return Interval(0, 1)
    if x > LARGEST << bits:
        raise OverflowError("an exponential is out of reach")
    halvings = max(0, abs(x).bit_length() - bits + SHRINK)
    extra = halvings + 8
    fine = bits + extra
    r = x << extra  # of fine bits; divided by 2^halvings below
    one = 1 << fine
    low = high = term_low = term_high = one
    r_low, r_high = r >> halvings, -(-r >> halvings)
    n = 0
    while max(abs(term_low), abs(term_high)) > 1:
        n += 1
        corners = (term_low * r_low, term_low * r_high, term_high * r_low, term_high * r_high)
        term_low, term_high = (min(corners) >> fine) // n, -((-max(corners) >> fine) // n)
        low, high = low + term_low, high + term_high
    rest = 2 * max(abs(term_low), abs(term_high)) + 1
    low, high = low - rest, high + rest
    for _ in range(halvings):
        low, high = low * low >> fine, -(-high * high >> fine)
    return Interval(low >> extra, -(-high >> extra))


def _log(x: int, bits: int) -> Interval:
    shift = max(0, x.bit_length() - 64)
    guess = Fraction(log(x >> shift) + (shift - bits) * log(2))
    found = Interval.of(guess)
    for _ in range(4):
        # log x = found + log(x exp(-found)), where found is one number
        found = Interval(found.lo, found.lo)
        ratio = Interval(x, x) * (-found).exp()
        e = ratio - Interval.of(1)
        low = e.over(ratio)
        step = Interval(min(low.lo, e.lo), e.hi)
        if step.hi - step.lo < 1 << 8:
            return found + step
        found = found + step
    return found


def pi() -> Interval:
    """Return pi, by Machin's formula 16 arctan(1/5) - 4 arctan(1/239)."""
    scale = 1 << Interval.bits + 16

    def arctan(n: int) -> tuple[int, int]:
        power, found, k = scale // n, 0, 0
        while power:
            found += (-1) ** k * (power // (2 * k + 1))
            power, k = power // (n * n), k + 1
        return found - 2 * k - 2, found + 2 * k + 2

    (a, b), (c, d) = arctan(5), arctan(239)
    return Interval(16 * a - 4 * d >> 16, (16 * b - 4 * c >> 16) + 1)


def total(parts: Iterable[Interval]) -> Interval:
    """Return the sum."""
    low = high = 0
    for part in parts:
        low, high = low + part.lo, high + part.hi
    return Interval(low, high)
