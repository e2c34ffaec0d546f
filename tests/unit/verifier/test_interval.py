"""Intervals hold what mpmath finds with many more digits, and little besides."""

from contextlib import contextmanager
from fractions import Fraction

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmmscape.verifier.interval import Interval, pi

numbers = st.floats(-60.0, 60.0, allow_nan=False)
bits_of = st.sampled_from([90, 200, 600])


@contextmanager
def digits(bits):
    before, Interval.bits = Interval.bits, bits
    try:
        yield
    finally:
        Interval.bits = before


def holds(found, value, bits, width=1 << 16):
    scaled = value * mpmath.mpf(2) ** bits
    return found.lo <= scaled <= found.hi and found.hi - found.lo <= width * (1 + abs(float(value)))


def thin(x):
    return Interval.of(Fraction(x))


@pytest.mark.parametrize("bits", [90, 200, 600])
def test_pi(bits):
    with digits(bits), mpmath.workprec(bits + 100):
        assert holds(pi(), +mpmath.pi, bits)


@given(x=numbers, bits=bits_of)
def test_functions(x, bits):
    with digits(bits), mpmath.workprec(bits + 300):
        assert holds(thin(x).exp(), mpmath.exp(x), bits)
        size = abs(x) + 1e-3
        assert holds(thin(size).log(), mpmath.log(size), bits)
        assert holds(thin(size).root(), mpmath.sqrt(size), bits)
        assert holds(thin(x).square(), mpmath.mpf(x) ** 2, bits)


@given(a=numbers, b=numbers, c=numbers, d=numbers, s=st.floats(0, 1), t=st.floats(0, 1), bits=bits_of)
def test_operations_hold_all_results(a, b, c, d, s, t, bits):
    """Whatever numbers are taken from two intervals, the result lies in the result."""
    one, other = sorted((Fraction(a), Fraction(b))), sorted((Fraction(c), Fraction(d)))
    x = one[0] + Fraction(s) * (one[1] - one[0])
    y = other[0] + Fraction(t) * (other[1] - other[0])
    with digits(bits):
        left, right = Interval.of(*one), Interval.of(*other)
        scale = 1 << bits
        for found, value in [
            (left + right, x + y),
            (left - right, x - y),
            (left * right, x * y),
            (left.square(), x * x),
            (left.size(), abs(x)),
            (left.wider(Fraction(1, 3)), x + Fraction(1, 3)),
        ]:
            assert found.lo <= value * scale <= found.hi
        if right.lo > 0 or right.hi < 0:
            quotient = left.over(right)
            assert quotient.lo <= x / y * scale <= quotient.hi


def test_what_may_be_zero_divides_nothing():
    with pytest.raises(ZeroDivisionError):
        thin(1).over(Interval.of(Fraction(-1), Fraction(1)))
    with pytest.raises(ZeroDivisionError):
        Interval.of(Fraction(-1), Fraction(1)).log()
