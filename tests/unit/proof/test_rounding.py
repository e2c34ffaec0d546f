"""What is printed as proved is rounded to the side on which it stays true."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gmmscape as gs
from gmmscape import lab
from gmmscape.proof.balls import rounded_down, rounded_up
from gmmscape.proof.structure_report import ProvedMinimum, _row


@given(x=st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False), digits=st.integers(1, 12))
def test_sides(x, digits):
    low, high = rounded_down(x, digits), rounded_up(x, digits)
    assert Fraction(low) <= Fraction(x) <= Fraction(high)
    assert abs(Fraction(high) - Fraction(low)) <= abs(Fraction(x)) * Fraction(10) ** (1 - digits)


@pytest.fixture(scope="module")
def certificate():
    land = lab.Landscape(lab.Population(gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)), 3)
    return lab.certify([-0.006991096818619502, 11.75377725857535, 12.218717202735228], land)


def test_sentences_of_a_certificate(certificate):
    said = "\n".join(certificate.proved)
    assert "between 0.00699109 and 0.0069911 sigma" in said
    assert "outside is at most 0.00216" in said


def test_rows_whose_weight_would_be_lost_are_refused():
    with pytest.raises(gs.InvalidParameterError, match="sample_weight"):
        lab.global_bound([0.0], [[0.0], [1e80]], 1.0, sample_weight=[1.0, 1e-160])


def test_a_table_of_proofs_tells_errors_from_above_and_boxes_from_below(certificate):
    row = _row(ProvedMinimum((), certificate, "", (None,) * 3))
    assert Fraction(row[3]) >= max(high for _, high in certificate.errors)
    assert Fraction(row[4]) <= certificate.radius


def test_the_gap_of_a_best_fit_is_told_from_above():
    fit = lab.nonparametric([[-2.0], [-2.0], [2.0]], 1.0)
    told = str(fit).split(" nats")[0].split(" to ")[1]
    assert Fraction(told) >= Fraction(fit.gap[1])
