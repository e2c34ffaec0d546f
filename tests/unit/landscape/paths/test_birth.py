"""Births: folds and pitchforks against reference numbers, independent descents and each other; refusals."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from marks import rest_slow

PAIR_LAST = [((0,), (0, 1)), ((1, 2), (2,))]


def equal(separation):
    return gs.Mixture.location([-separation, 0.0, separation], 1.0)


def pair(radius):
    return lambda place: gs.Mixture.location([-radius, radius, place], 1.0)


@pytest.fixture(scope="module")
def fold():
    return lab.birth(equal, PAIR_LAST, (8.0, 14.0))


def test_equal_spacing(fold, reference_dir):
    case = json.loads((reference_dir / "landscapes.json").read_text())["birth_thresholds"][0]
    assert fold.kind == "fold"
    assert fold.parameter == pytest.approx(case["critical_D"], abs=1e-8 / 2)
    assert fold.means[:, 0] == pytest.approx(case["means_at_birth"], abs=1e-8)
    assert fold.kl == pytest.approx(case["kl"], abs=1e-9)
    assert fold.error < 1e-9
    assert abs(fold.eigenvalues[0]) < 1e-12
    assert fold.eigenvalues[1] > 0.1
    assert fold.decoding.is_structured


def test_newton_converges_quadratically(fold):
    steps = [step for step in fold.newton_steps if step > 1e-13]
    assert any(after < 20 * before**2 for before, after in itertools.pairwise(steps))


def test_the_branch_falls_like_a_root_of_the_distance(fold):
    assert np.all(np.diff(fold.branch_parameters) < 0)
    assert np.all(fold.branch_eigenvalues > 0)
    beside = lab.birth(equal, PAIR_LAST, (9.0, fold.parameter + 1e-3))
    assert beside.parameter == pytest.approx(fold.parameter, abs=1e-10)
    curvatures = [
        lab.Landscape(lab.Population(equal(fold.parameter + eps)), 3).descend(fold.means).eigenvalues[0]
        for eps in (1e-6, 4e-6)
    ]
    assert curvatures[1] / curvatures[0] == pytest.approx(2.0, rel=0.01)


@pytest.mark.parametrize("radius", rest_slow([3.0, 0.5, 6.0], 1))
def test_pairs_exist_above_and_dissolve_below(radius):
    found = lab.birth(
        pair(radius), lab.candidates(3, 3, contiguous=True)[1], (2 * radius + 2, 2 * radius + 8)
    )
    assert found.kind == "fold"
    for sign in (-1, 1):
        land = lab.Landscape(lab.Population(pair(radius)(found.parameter + sign * 1e-4)), 3)
        point = land.descend(found.means)
        kept = point.decoding.is_structured and point.decoding.structure.orbit == found.structure.orbit
        assert kept == (sign > 0)


@pytest.mark.slow
def test_units_and_origin_do_not_matter(fold):
    moved = lab.birth(
        lambda t: gs.Mixture.location([1e4 - t, 1e4, 1e4 + t], 100.0), PAIR_LAST, (800.0, 1400.0)
    )
    assert moved.parameter == pytest.approx(100 * fold.parameter, rel=1e-10)
    assert moved.kl == pytest.approx(fold.kl, abs=1e-9)
    by_sigma = lab.birth(lambda t: gs.Mixture.location([-1, 0, 1], 1 / t), PAIR_LAST, (8.0, 14.0))
    assert by_sigma.parameter == pytest.approx(fold.parameter, abs=1e-9)


@pytest.mark.slow
def test_four_centers_unequal_weights_and_another_sigma():
    """Where no number is known: zero gradient and curvature there, minimum above, none below."""
    cases = [
        (lambda D: gs.Mixture.location([0, D, 2 * D, 3 * D], 1.0), 4, "0>0,1  1,2>2  3>3", None, (6, 14)),
        (lambda D: gs.Mixture.location([-D, 0, D], 1.0, [0.2, 0.3, 0.5]), 3, "0>0,1  1,2>2", None, (5, 16)),
        (equal, 3, "0>0,1  1,2>2", 0.9, (8, 14)),
    ]
    for path, k, name, sigma, bracket in cases:
        (structure,) = (s for s in lab.candidates(k, k, contiguous=True) if str(s) == name)
        found = lab.birth(path, structure, bracket, sigma=sigma)
        assert found.kind == "fold"
        land = lab.Landscape(lab.Population(path(found.parameter)), k, sigma=sigma)
        assert np.abs(land.gradient(found.means)).max() < 1e-9
        assert abs(np.linalg.eigvalsh(land.hessian(found.means))[0]) < 1e-8
        for sign in (-1, 1):
            beside = lab.Population(path(found.parameter + sign * 1e-3))
            point = lab.Landscape(beside, k, sigma=sigma).descend(found.means)
            assert (np.abs(point.means - found.means).max() < 0.2) == (sign > 0)


def test_pitchfork_of_two_means_on_three_centers(reference_dir):
    case = json.loads((reference_dir / "landscapes.json").read_text())["symmetry_breaking"][0]
    found = lab.birth(equal, [((0,), (0, 1)), ((1,), (2,))], (5.0, 8.0))
    assert found.kind == "pitchfork"
    assert found.parameter == pytest.approx(case["critical_D"], abs=1e-9)
    assert found.kl == pytest.approx(case["kl"], abs=1e-9)
    assert found.means[0] == pytest.approx(-found.means[1], abs=1e-10)


@pytest.mark.parametrize("grows", [True, False])
def test_pitchfork_of_a_pair_on_one_gaussian(grows):
    """It splits where the true variance exceeds that of the fit: from either side of the path."""

    def path(t):
        return gs.Mixture([1.0], [[0.0]], [t if grows else 1 / t], "spherical")

    found = lab.birth(path, [((0, 1), (0,))], (0.5, 2.0), sigma=1.0)
    assert found.kind == "pitchfork"
    assert found.parameter == pytest.approx(1.0, abs=1e-10)
    assert found.means == pytest.approx(0, abs=1e-7)


@pytest.mark.slow
def test_an_upper_end_too_flat_to_start_from(fold):
    assert lab.birth(equal, PAIR_LAST, (9.0, 40.0)).parameter == pytest.approx(fold.parameter, abs=1e-10)


@pytest.mark.parametrize(
    ("path", "structure", "bracket", "words"),
    [
        (equal, PAIR_LAST, (12.0, 9.0), "lo < hi"),
        (equal, PAIR_LAST, (9.0,), "bracket"),
        (equal, PAIR_LAST, "89", "bracket='89': pass two numbers"),
        (equal, PAIR_LAST, (9.0, 10**400), "bracket"),
        (equal, PAIR_LAST, (9.0, float("nan")), "finite"),
        (equal, PAIR_LAST, (8.0, 9.5), "at hi=9.5 no minimum"),
        (equal, PAIR_LAST, (10.1, 12.0), "persists to lo=10.1"),
        (lambda D: [-D, 0.0, D], PAIR_LAST, (9.0, 12.0), "returned list"),
        (3, PAIR_LAST, (9.0, 12.0), "path"),
        (equal, [((0,), (0, 1))], (9.0, 12.0), "structure"),
        (equal, [((0, 1), (0, 1)), ((2,), (2,))], (9.0, 12.0), "structure"),
        (equal, 7, (9.0, 12.0), "structure"),
    ],
)
def test_refusals(path, structure, bracket, words):
    with pytest.raises(gs.InvalidParameterError, match=words):
        lab.birth(path, structure, bracket)


def test_budget_and_callback():
    seen = []
    lab.birth(equal, PAIR_LAST, (9.5, 10.5), callback=seen.append)
    assert all(a.detail["parameter"] > b.detail["parameter"] for a, b in itertools.pairwise(seen))
    assert seen[0].detail["means"].shape == (3, 1)
    with pytest.raises(gs.NoResultError, match="callback"):
        lab.birth(equal, PAIR_LAST, (9.0, 12.0), callback=lambda event: True)
    with pytest.raises(gs.NoResultError, match="max_seconds"):
        lab.birth(equal, PAIR_LAST, (9.0, 12.0), max_seconds=1e-9)


def test_json_and_picture(fold, tmp_path):
    fold.to_json(tmp_path / "birth.json")
    content = json.loads((tmp_path / "birth.json").read_text())
    assert content["format"] == "gmmscape-birth"
    assert content["parameter"] == fold.parameter
    assert content["branch"]["parameters"] == fold.branch_parameters.tolist()
    figure = pytest.importorskip("matplotlib.figure").Figure()
    ax = figure.subplots()
    display = fold.plot(ax)
    assert display.ax_ is ax
    for line, mean in zip(display.lines_, fold.means[:, 0], strict=True):
        assert line.get_ydata()[-1] == mean
    assert "fold" in ax.get_title()


@pytest.mark.slow
def test_a_line_in_the_plane_has_the_birth_of_the_line():
    along = np.array([0.6, 0.8])
    found = lab.birth(
        lambda D: gs.Mixture.location(np.array([3, -2]) + np.outer([-D, 0, D], along), 1.0),
        [((0,), (0, 1)), ((1, 2), (2,))],
        (9.5, 10.5),
    )
    assert found.kind == "fold"
    assert found.parameter == pytest.approx(10.046942447, abs=1e-8)
    assert np.abs((found.means - [3, -2]) @ [-0.8, 0.6]).max() < 1e-8
