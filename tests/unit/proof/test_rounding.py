"""What is printed as proved is rounded to the side on which it stays true."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gmmscape as gs
from gmmscape import lab
from gmmscape.proof.balls import rounded_down, rounded_up


@given(x=st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False), digits=st.integers(1, 12))
def test_sides(x, digits):
    low, high = rounded_down(x, digits), rounded_up(x, digits)
    assert Fraction(low) <= Fraction(x) <= Fraction(high)
    assert abs(Fraction(high) - Fraction(low)) <= abs(Fraction(x)) * Fraction(10) ** (1 - digits)


def test_sentences_of_a_certificate():
    land = lab.Landscape(lab.Population(gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)), 3)
    certificate = lab.certify([-0.006991096818619502, 11.75377725857535, 12.218717202735228], land)
    said = "\n".join(certificate.proved)
    assert "between 0.00699109 and 0.0069911 sigma" in said
    assert "outside is at most 0.00216" in said


def test_rows_whose_weight_would_be_lost_are_refused():
    with pytest.raises(gs.InvalidParameterError, match="sample_weight"):
        lab.global_bound([0.0], [[0.0], [1e80]], 1.0, sample_weight=[1.0, 1e-160])
