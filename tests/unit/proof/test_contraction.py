"""Krawczyk's test accepts a box that is mapped into itself, and no other."""

import sys
from collections.abc import Sequence
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest

from gmmscape.exceptions import NotAvailableError
from gmmscape.proof.balls import around, decimal, exact, flint, matrix, precision
from gmmscape.proof.contraction import Middle, contracts, polished


@pytest.mark.parametrize(
    ("slope", "step", "proved"), [(0.5, 0.0, True), (2.0, 0.0, False), (0.5, 0.6, False)]
)
def test_only_boxes_that_are_mapped_into_themselves_are_accepted(slope: float, step: float, proved: bool):
    """The Hessian is 1 at the middle and within `slope` of it over a box of radius 1."""
    with precision(100):
        one = matrix([[exact(1)]])
        at = Middle([Fraction(0)], [exact(step)], one, one)
        assert contracts(at, matrix([[around(exact(1), exact(slope))]]), exact(1)) is proved


class Slope:
    """An objective of one number whose gradient is one of a row of numbers at each look."""

    def __init__(self, curvature: float, gradients: Sequence[float]) -> None:
        self.curvature, self.gradients = curvature, list(gradients)

    def at(self, point: Any, hessian: bool) -> Any:
        gradient = exact(self.gradients.pop(0)) if self.gradients else flint().arb("nan")
        return SimpleNamespace(gradient=[gradient], hessian=matrix([[exact(self.curvature)]]))


@pytest.mark.parametrize(
    ("curvature", "gradients", "settles"),
    [
        (1.0, [0.25, 0.0], True),
        (0.0, [0.25], False),  # a singular Hessian
        (1.0, [], False),  # nothing is known
        (1.0, [0.25 * 3.0**-i for i in range(200)], False),  # it converges too slowly to get there
    ],
)
def test_newton_settles_or_says_that_it_does_not(curvature: float, gradients: list[float], settles: bool):
    with precision(100):
        found = polished(
            Slope(curvature, gradients), [Fraction(0)], digits=20, within=exact(9), enough=exact(2.0**-900)
        )
    assert (found is not None) is settles


def test_what_is_not_finite_is_no_decimal_number():
    with pytest.raises(ArithmeticError, match="not finite"):
        decimal(flint().arb("inf"), 9)


def test_a_number_next_to_nothing_is_nothing():
    with precision(100):
        assert decimal(exact(Fraction(1, 10**2000)), 9) == 0
        assert decimal(exact(Fraction(1, 8)), 9) == Fraction(1, 8)


def test_proofs_need_flint(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "flint", None)
    with pytest.raises(NotAvailableError, match=r"gmmscape\[proof\]"):
        flint.__wrapped__()  # past what it remembers
