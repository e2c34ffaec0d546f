"""Pictures of reports: axes that can be read, labels that cover nothing, planes that separate."""

from __future__ import annotations

import re

import numpy as np
import pytest

import gmmscape as gs
from efforts import with_effort
from gmmscape.mixture.background import Background
from gmmscape.report.pictures import fit_picture
from gmmscape.report.pictures.bars import Bar, bars
from gmmscape.report.pictures.curves import Curve, curves
from gmmscape.report.pictures.drawn_fit import DrawnFit, Units, thinned
from gmmscape.report.pictures.fit_picture import FitPicture
from gmmscape.report.pictures.fit_static import fit_svg
from gmmscape.report.pictures.frame import Frame, tick_text, ticks, with_equal_units
from gmmscape.report.pictures.labels import places
from gmmscape.report.pictures.planes import best_directions
from gmmscape.report.pictures.shades import shades

BOX = (60.0, 10.0, 500.0, 300.0)


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (2.478131, 2.478133), (1e9, 1e9 + 3), (-5e-9, 5e-9), (0, 1e15), (-3, 12)]
)
def test_ticks_are_round_inside_and_tell_each_other_apart(low: float, high: float):
    found = ticks(low, high)
    assert 3 <= len(found) <= 8
    assert all(low - 1e-6 * (high - low) <= value <= high + 1e-6 * (high - low) for value in found)
    shown = [tick_text(value, found) for value in found]
    assert len(set(shown)) == len(shown)
    for value, words in zip(found, shown, strict=True):
        assert abs(float(words.replace("\u2212", "-")) - value) < 0.1 * (found[1] - found[0])


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("k", [2, 15, 40])
def test_labels_cover_no_mark_and_no_other_label(seed: int, k: int):
    rng = np.random.default_rng(seed)
    spread = [200.0, 40.0, 8.0][seed % 3]
    marks = [(float(x), float(y)) for x, y in rng.normal([280.0, 150.0], [spread, spread / 2], (k, 2))]
    widths = [8.0 * len(str(i)) + 4.0 for i in range(k)]
    found = places(marks, widths, BOX)
    inside = [BOX[0] <= x <= BOX[2] and BOX[1] <= y <= BOX[3] for x, y in marks]
    assert any(place is not None for place in found)
    assert all(place is None for place, there in zip(found, inside, strict=True) if not there)
    standing = [(place, width) for place, width in zip(found, widths, strict=True) if place is not None]
    for i, (one, width) in enumerate(standing):
        assert BOX[0] <= one.x - width / 2
        assert one.x + width / 2 <= BOX[2]
        assert all(abs(one.x - x) >= width / 2 + 6 or abs(one.y - y) >= 6.5 + 6 for x, y in marks)
        for other, its in standing[:i]:
            assert abs(one.x - other.x) >= (width + its) / 2 or abs(one.y - other.y) >= 13


def test_without_room_there_is_no_label_and_without_width_one_tick():
    assert places([(70.0, 20.0)], [900.0], BOX) == [None]
    assert ticks(3.0, 3.0) == [3.0]


def test_the_best_plane_is_the_one_that_separates():
    means = np.zeros((3, 6))
    means[:, 4] = [-9.0, 0.0, 9.0]
    means[1, 1] = 5.0
    covariances = np.broadcast_to(np.diag([100.0, 1.0, 1.0, 1.0, 1.0, 1.0]), (3, 6, 6))
    first, second = best_directions(np.full(3, 1 / 3), means, covariances, list("abcdef"))
    assert np.argmax(np.abs(first.vector)) == 4
    assert np.argmax(np.abs(second.vector)) == 1
    assert first.name.startswith("direction 1: e")
    assert first.vector[4] > 0
    assert second.vector[1] > 0


@pytest.mark.parametrize("d", [1, 2, 3, 30])
@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize("with_rows", [True, False])
def test_fits_of_any_dimension_and_covariance_are_drawn(d: int, kind: str, with_rows: bool):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, d)) + 10.0 * rng.integers(0, 2, (50, 1))
    covariances = {
        "full": np.stack([np.eye(d)] * 2),
        "tied": np.eye(d),
        "diag": np.ones((2, d)),
        "spherical": np.ones(2),
    }[kind]
    mixture = gs.Mixture([0.5, 0.5], [[0.0] * d, [10.0] * d], covariances, kind)
    names = [f"column {j}" for j in range(d)]
    drawn = DrawnFit("fit", mixture, kinds=["exact", "one-fits-many"])
    picture = fit_svg(drawn, X if with_rows else None, names, "a picture")
    assert "nan" not in picture
    assert picture.count('class="center') == 2
    assert picture.count("<ellipse") == (0 if d == 1 else 2)
    assert ("histogram" in picture or "rows kind-" in picture) is with_rows
    assert "nan" not in FitPicture([drawn], names, X if with_rows else None).html()


@pytest.mark.parametrize("d", [1, 2, 5])
def test_centers_are_drawn_without_covariances(d: int):
    X = np.random.default_rng(0).normal(size=(40, d))
    picture = fit_svg(DrawnFit("centers", centers=X[:3]), X, ["a", "b", "c", "d", "e"][:d], "centers")
    assert picture.count('class="center') == 3
    assert "<ellipse" not in picture


def test_numbers_far_from_zero_keep_their_digits():
    X = 1e9 + np.random.default_rng(0).normal(size=(200, 2))
    units = Units.of([DrawnFit("x", centers=X[:2])], X)
    points = units.points(X).astype("<f4").astype(float) * units.scale + units.center
    assert np.abs(points - X).max() < 1e-5


def test_thinning_is_even_and_the_same_every_time():
    X = np.arange(1000.0)[:, None]
    assert thinned(X, 10)[:, 0].tolist() == [0, 100, 200, 300, 400, 500, 600, 700, 800, 900]
    assert thinned(X, 1000) is X


def test_equal_units_are_equal():
    frame = with_equal_units(Frame((0.0, 1.0), (0.0, 10.0)))
    assert frame.at_x(1.0) - frame.at_x(0.0) == pytest.approx(frame.at_y(0.0) - frame.at_y(1.0))
    assert frame.y == (0.0, 10.0)


def test_numbers_that_are_none_leave_no_trace_in_charts():
    nan = float("nan")
    assert curves("c", [Curve("a", [], [])], "x", "y") is None
    assert curves("c", [Curve("a", [1.0], [nan])], "x", "y") is None
    assert bars("b", [Bar("a", nan)], "x") is None
    assert shades("s", [], "x", "y", xs=[], ys=[]) is None
    made = [
        curves("c", [Curve("a", [1, 2, 3], [1.0, nan, 2.0], [(0.0, 2.0), (nan, nan), (nan, 3.0)])], "x", "y"),
        bars("b", [Bar("a", 0.0), Bar("b", nan), Bar("c", 1.0, (0.5, 1.5))], "x"),
        shades("s", [[0.0, nan], [2.0, 1.0]], "x", "y", xs=[1, 2], ys=[3, 4], what="minima"),
    ]
    for one in made:
        assert one is not None
        assert not re.search(r'"[^"]*\bnan\b[^"]*"', one)


def test_one_point_and_equal_numbers_have_a_frame():
    made = curves("c", [Curve("a", [2.0], [5.0])], "x", "y")
    assert made is not None
    assert "<circle" in made


@pytest.mark.parametrize("d", [1, 2, 4])
def test_a_wild_row_leaves_the_others_in_sight(d: int):
    """Warnings are errors here: nothing overflows, and what is drawn are the clusters."""
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0.0, 1.0, (100, d)), rng.normal(9.0, 1.0, (100, d))])
    X[5] = 1e200
    fits = [DrawnFit("fit", gs.Mixture(None, [[0.0] * d, [9.0] * d], [1.0, 1.0], "spherical"))]
    assert np.all(Units.of(fits, X).scale < 100.0)
    page = FitPicture(fits, [f"c{j}" for j in range(d)], X).html()
    assert "nan" not in page.partition("<script")[0]
    assert "inf" not in page.partition("<script")[0]


def test_a_picture_says_which_fits_it_leaves_out_and_what_grey_rows_are(monkeypatch: pytest.MonkeyPatch):
    mixture = gs.Mixture([1.0], [[0.0, 0.0]], [1.0], "spherical").beside(Background("volume", 9.0, 0.1))
    fits = [DrawnFit("fit", mixture)] * 4
    for most in ({"fits": 2}, {"covariances": 6}):  # three numbers a covariance
        with_effort(monkeypatch, fit_picture, "report", **most)
        said = FitPicture(fits, ["a", "b"], np.zeros((1, 2))).html()
        assert "2 more fits are in the JSON only." in said
        assert "Grey rows are the background" in said
