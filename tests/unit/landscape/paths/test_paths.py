"""Profiles of paths between minima, errors along a path of truths, and their pictures."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib import _pylab_helpers

import gmmscape as gs
from gmmscape import lab
from gmmscape.exceptions import InvalidParameterError, NotAvailableError
from gmmscape.lab import CriticalPoint, error_against_separation
from gmmscape.plot import ProfileDisplay, SeparationDisplay

TRUTH = gs.Mixture.location([-3, 3, 12], sigma=1.0)
ONE_ON_TWO = [((0,), (0, 1)), ((1, 2), (2,))]


def equal(D: float) -> gs.Mixture:
    return gs.Mixture.location([-D, 0, D], sigma=1.0)


@pytest.fixture(scope="module")
def land() -> lab.Landscape:
    return lab.Landscape(lab.Population(TRUTH), n_components=3)


@pytest.fixture(scope="module")
def minima(land: lab.Landscape) -> tuple[CriticalPoint, CriticalPoint]:
    return land.descend([-3, 3, 12]), land.descend([0, 11, 13])


def saddle_near(land: lab.Landscape, means: list[float]) -> CriticalPoint:
    """The critical point that plain Newton steps reach from close by, described by a descent of no step."""
    at = np.array(means)
    for _ in range(30):
        at = at - np.linalg.solve(land.hessian(at), land.gradient(at).ravel())
    point = land.descend(at, max_iter=1)
    found = replace(
        point,
        local=gs.Mixture.location(at - point.origin, 1.0),
        eigenvalues=np.linalg.eigvalsh(land.hessian(at)),
    )
    assert found.index == 1
    return found


@pytest.fixture(scope="module")
def escape(land: lab.Landscape) -> CriticalPoint:
    return saddle_near(land, [-0.125695, 9.499358, 12.258391])


@pytest.fixture(scope="module")
def exchange(land: lab.Landscape) -> CriticalPoint:
    return saddle_near(land, [-0.005736, 11.98913, 11.98913])


def test_a_path_over_the_saddle_has_the_barrier_of_the_census(land, minima, escape):
    best, spurious = minima
    profile = land.profile(spurious, best, escape)
    # The census: 0.080611616 nats, to nine digits.
    assert profile.heights[0] == pytest.approx(0.080611616, abs=1e-9)
    assert profile.heights[1] == pytest.approx(2.849716529, abs=1e-8)
    assert profile.kl[0] == pytest.approx(2.769104913, abs=1e-9)
    assert abs(profile.kl[-1]) < 1e-9
    top = profile.top
    # Steepest descent: down from the saddle on both sides, and nowhere up.
    assert np.all(np.diff(profile.nll[: top + 1]) > -1e-12)
    assert np.all(np.diff(profile.nll[top:]) < 1e-12)
    assert np.all(np.diff(profile.length) > 0)
    assert profile.names == ("0>0,1  1,2>2", "0>0  1>1  2>2")


@pytest.mark.slow
def test_the_path_follows_the_gradient(land, minima, escape):
    profile = land.profile(*minima[::-1], escape, n=201)
    for place in (40, 60, 130, 160):
        step = (profile.means[place + 1] - profile.means[place - 1]).ravel()
        slope = land.gradient(profile.means[place]).ravel()
        cosine = abs(step @ slope) / np.linalg.norm(step) / np.linalg.norm(slope)
        # A chord of length h of a curve of curvature 1/R errs by (h/R)^2 / 8; R is above 1 sigma, h is 0.1.
        assert cosine > 0.998, place


@pytest.mark.slow
def test_a_minimum_is_connected_with_its_relabelling(land, minima, exchange):
    profile = land.profile(minima[1], minima[1], exchange)
    assert profile.heights == pytest.approx((0.000261736,) * 2, abs=1e-9)
    first, last = profile.means[0, :, 0], profile.means[-1, :, 0]
    assert np.sort(first) == pytest.approx(np.sort(last), abs=1e-12)
    assert abs(first - last).max() > 0.4  # two labels have changed places


def test_a_straight_line_bounds_the_barrier(land, minima):
    profile = land.profile(minima[1], minima[0].means[::-1], n=41)
    assert profile.kind == "straight"
    assert profile.heights[0] > 0.0806
    steps = np.diff(profile.means, axis=0)
    assert abs(steps - steps[0]).max() < 1e-12
    # Matched: no mean crosses another, whatever the labels that were passed.
    assert np.all(np.diff(profile.means[:, np.argsort(profile.means[0, :, 0]), 0], axis=1) > 0)


@pytest.mark.slow
def test_a_saddle_that_leads_elsewhere_is_refused(land, minima, escape, exchange):
    with pytest.raises(InvalidParameterError, match="other minima"):
        land.profile(*minima, exchange)
    with pytest.raises(InvalidParameterError, match="index 1"):
        land.profile(*minima, minima[0])
    with pytest.raises(InvalidParameterError, match="saddle"):
        land.profile(*minima, [0.0, 1.0, 2.0])
    with pytest.raises(InvalidParameterError, match="n="):
        land.profile(*minima, escape, n=2)


def test_a_sample_has_profiles_too(rng):
    rows = np.concatenate([rng.normal(size=80), 9 + rng.normal(size=80)])
    land = lab.Landscape(lab.Sample(rows[:, None]), n_components=2, sigma=1.0)
    profile = land.profile(land.descend([0, 9]), [[3.0], [4.0]], n=11)
    assert profile.kl is None
    assert profile.names == ("a", "b")
    assert profile.plot().ax_.get_ylabel() == "NLL, nats"


@pytest.mark.slow
def test_profiles_are_written_and_drawn(land, minima, escape, tmp_path: Path):
    figures = list(_pylab_helpers.Gcf.figs)
    profile = land.profile(minima[1], minima[0], escape)
    profile.to_json(tmp_path / "profile.json")
    content = json.loads((tmp_path / "profile.json").read_text(encoding="utf-8"))
    assert content.pop("sha256")
    assert content == profile.to_dict()
    picture = profile.plot()
    assert picture.line_.get_xydata().tolist() == np.column_stack([profile.length, profile.kl]).tolist()
    places = [0, profile.top, -1]
    assert picture.marks_.get_offsets().tolist() == picture.line_.get_xydata()[places].tolist()
    assert picture.inset_ is not None
    texts = [text.get_text() for axis in (picture.ax_, picture.inset_) for text in axis.texts]
    assert "0.0806 nats" in texts
    assert "2.85 nats" in texts
    assert list(_pylab_helpers.Gcf.figs) == figures


def test_a_large_barrier_needs_no_inset():
    assert ProfileDisplay([0, 1, 2], [0.0, 1.0, 0.2], 1).plot().inset_ is None
    straight = ProfileDisplay([0, 1, 2], [0.0, 1.0, 0.2], 1, at_saddle=False).plot()
    assert "<= 1 nats" in [text.get_text() for text in straight.ax_.texts]


def test_a_level_profile_can_be_drawn():
    ProfileDisplay([0, 1, 2], [0.5, 0.5, 0.5], 1).plot().figure_.canvas.draw()


def test_errors_fall_with_the_separation_as_law_5_says():
    curve = error_against_separation(equal, ONE_ON_TWO, [16, 9, 12, 14])
    assert curve.missing == (9.0,)  # born at 10.0469
    assert [point.separation for point in curve.points] == [12, 14, 16]
    first = curve.points[0]
    # From the reference minimum at D = 12: -6.01074439, 11.69292057, 12.26326275.
    assert first.errors["one-fits-many error"] == pytest.approx(0.01074439, abs=1e-8)
    assert first.errors["many-fit-one half-gap"] == pytest.approx((12.26326275 - 11.69292057) / 2, abs=1e-8)
    assert first.kl == pytest.approx(11.7654243078, abs=1e-9)
    for name, shape in curve.laws.items():
        measured = [point.errors[name] for point in curve.points]
        assert shape[-1] == measured[-1]
        # "Of order": prefactors that vary slowly remain; over three decades they stay within a third.
        assert shape == pytest.approx(measured, rel=0.34)


def test_laws_are_drawn_only_where_they_speak():
    curve = error_against_separation(equal, [((0,), (0,)), ((1, 2), (1, 2)[:1]), ((3,), (2,))], [12.0])
    assert curve.laws == {}
    assert set(curve.points[0].errors) == {"exact error", "many-fit-one half-gap"}
    assert curve.plot(law=True).laws_ == {}


def test_curves_are_written_and_drawn(tmp_path: Path):
    curve = error_against_separation(equal, lab.Structure.of(ONE_ON_TWO), [11.0, 12.0])
    curve.to_json(tmp_path / "curve.json")
    content = json.loads((tmp_path / "curve.json").read_text(encoding="utf-8"))
    assert content.pop("sha256")
    assert content == curve.to_dict()
    picture = curve.plot(law=True)
    for name, line in picture.lines_.items():
        values = [p.defect if name == "defect" else p.errors[name] for p in curve.points]
        assert line.get_ydata().tolist() == values
    assert picture.laws_.keys() == curve.laws.keys()
    assert picture.ax_.get_yscale() == "log"
    assert "sigma" in picture.ax_.get_xlabel()


def test_wrong_paths_are_named():
    with pytest.raises(InvalidParameterError, match="Mixture"):
        error_against_separation(lambda _: [0.0], ONE_ON_TWO, [12.0])  # type: ignore[arg-type, return-value]
    with pytest.raises(InvalidParameterError, match=r"centers 0\.\.2"):
        error_against_separation(equal, [((0,), (0,)), ((1,), (1,))], [12.0])
    with pytest.raises(InvalidParameterError, match="structure"):
        error_against_separation(equal, [((0, 1), (0, 1)), ((2,), (2,))], [12.0])
    with pytest.raises(InvalidParameterError, match="path=3"):
        error_against_separation(3, ONE_ON_TWO, [12.0])  # type: ignore[arg-type]
    with pytest.raises(InvalidParameterError, match="parameters"):
        error_against_separation(equal, ONE_ON_TWO, [])
    nothing = error_against_separation(equal, ONE_ON_TWO, [8.0])
    with pytest.raises(InvalidParameterError, match="no minimum"):
        nothing.plot()
    with pytest.raises(InvalidParameterError, match="error"):
        SeparationDisplay([1.0], {"error": [-1.0]})


def test_missing_matplotlib_is_a_typed_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    for display in (ProfileDisplay([0, 1, 2], [0, 1, 0], 1), SeparationDisplay([1.0], {"error": [1.0]})):
        with pytest.raises(NotAvailableError, match=r"gmmscape\[plot\]"):
            display.plot()
