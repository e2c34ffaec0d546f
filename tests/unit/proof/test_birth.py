"""Births are enclosed, on straight paths."""

from dataclasses import replace

import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.exceptions import InvalidParameterError, NoResultError, NotAvailableError
from marks import rest_slow

STRUCTURE = [((0,), (0, 1)), ((1, 2), (2,))]


def born(path, bracket):
    return lab.birth(path, STRUCTURE, bracket)


@pytest.fixture(scope="module")
def equal():
    return born(lambda D: gs.Mixture.location([-D, 0.0, D], 1.0), (9.0, 12.0))


@pytest.mark.slow
def test_equal_spacing(equal):
    certificate = lab.certify_birth(equal)
    low, high = certificate.parameter
    assert low < 10.046942447288209 < high or low <= equal.parameter <= high
    assert abs(low - 10.046942447) < 1e-9
    assert high - low <= 1e-6
    reference = [-5.11521655, 9.07864489, 10.49332111]
    for (lower, upper), mean in zip(certificate.means, reference, strict=True):
        assert lower - 1e-8 < mean < upper + 1e-8


@pytest.mark.slow
@pytest.mark.parametrize("radius", rest_slow([1.0, 3.0], 1))
def test_pairs(radius):
    birth = born(lambda D: gs.Mixture.location([-radius, radius, D], 1.0), (2 * radius + 2, 2 * radius + 8))
    low, high = lab.certify_birth(birth).parameter
    assert low - birth.error <= birth.parameter <= high + birth.error
    assert high - low <= 1e-6


@pytest.mark.slow
def test_units_do_not_matter(equal, tmp_path):
    """Lengths a quarter as long: the parameter is that of the unit times a quarter."""
    small = born(lambda D: gs.Mixture.location([-D, 0.0, D], 0.25), (2.25, 3.0))
    certificate = lab.certify_birth(small)
    low, high = certificate.parameter
    whole = lab.certify_birth(equal).parameter
    assert 4 * low <= whole[1]
    assert whole[0] <= 4 * high
    certificate.to_json(tmp_path / "b.json")
    assert lab.verify(tmp_path / "b.json")


@pytest.mark.slow
def test_bent_paths_and_pitchforks_are_refused(equal):
    bent = born(lambda D: gs.Mixture.location([-D, 0.001 * (D - 9) * (12 - D), D], 1.0), (9.0, 12.0))
    with pytest.raises(InvalidParameterError, match="straight"):
        lab.certify_birth(bent)
    fork = lab.birth(
        lambda D: gs.Mixture.location([-D, 0.0, D], 1.0), [((0,), (0, 1)), ((1,), (2,))], (4.0, 8.0)
    )
    assert fork.kind == "pitchfork"
    with pytest.raises(NotAvailableError, match="pitchforks"):
        lab.certify_birth(fork)


@pytest.mark.parametrize(
    ("change", "error", "word"),
    [
        (lambda birth: 3, InvalidParameterError, "birth=3: pass what"),
        (lambda birth: replace(birth, kind="pitchfork"), NotAvailableError, "pitchforks"),
        (lambda birth: replace(birth, fit=birth.truth), NotAvailableError, "on a line, where means alone"),
        (lambda birth: replace(birth, bracket=None), InvalidParameterError, "compute it anew"),
        (lambda birth: replace(birth, parameter=10.5), InvalidParameterError, "straight with weights"),
    ],
)
def test_what_is_no_birth_on_a_straight_path_is_refused(equal, change, error, word):
    with pytest.raises(error, match=word):
        lab.certify_birth(change(equal))


def test_births_come_back(equal, tmp_path):
    certificate = lab.certify_birth(equal)
    for (low, high), mean in zip(certificate.means, equal.means.ravel(), strict=True):
        assert low - 1e-6 < mean < high + 1e-6
        assert high - low < 1e-6
    certificate.to_json(tmp_path / "b.json")
    assert lab.BirthCertificate.from_json(tmp_path / "b.json") == certificate
    equal.to_json(tmp_path / "birth.json")
    read = lab.BirthPoint.from_json(tmp_path / "birth.json")
    assert lab.certify_birth(read).parameter == certificate.parameter


def test_what_is_not_finite_is_not_proved(equal, monkeypatch):
    def attempt(*arguments):
        raise ArithmeticError("a ball is not finite")

    monkeypatch.setattr("gmmscape.proof.birth._attempt", attempt)
    with pytest.raises(NoResultError, match="not proved"):
        lab.certify_birth(equal)
