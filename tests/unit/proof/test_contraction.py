"""Krawczyk's test accepts a box that is mapped into itself, and no other."""

from fractions import Fraction

import pytest

from gmmscape.proof.balls import around, exact, matrix, precision
from gmmscape.proof.contraction import Middle, contracts


@pytest.mark.parametrize(
    ("slope", "step", "proved"), [(0.5, 0.0, True), (2.0, 0.0, False), (0.5, 0.6, False)]
)
def test_only_boxes_that_are_mapped_into_themselves_are_accepted(slope: float, step: float, proved: bool):
    """The Hessian is 1 at the middle and within `slope` of it over a box of radius 1."""
    with precision(100):
        one = matrix([[exact(1)]])
        at = Middle([Fraction(0)], [exact(step)], one, one)
        assert contracts(at, matrix([[around(exact(1), exact(slope))]]), exact(1)) is proved
