"""Thresholds of structure: crossings, bifurcations, what lies beyond, searches, refusals, resuming."""

from __future__ import annotations

import json
from itertools import islice, pairwise

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.landscape.paths.branch import Branch
from gmmscape.landscape.paths.truth_path import TruthPath
from gmmscape.landscape.points.descent import Descent
from gmmscape.landscape.threshold import FollowedMinimum
from gmmscape.landscape.threshold.unstructured import assigned_means, cut_means, search
from gmmscape.solve import Newton


def equal(separation):
    return gs.Mixture.location([-separation, 0.0, separation], 1.0)


def triangle(side):
    return gs.Mixture.location(side * np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(0.75)]]), 1.0)


@pytest.fixture(scope="module")
def crossing():
    return lab.structure_threshold(equal, 2, (5.0, 8.0), tau=0.1, n_parameters=5, n_starts=6)


@pytest.mark.slow
def test_a_crossing_is_where_descents_say(crossing):
    """At a level for which no number is known: defects of independent descents on either side."""
    assert crossing.kind == "crossing"
    assert crossing.error < 1e-8
    for side in (-1, 1):
        at = crossing.parameter + side * 1e-6
        point = lab.Landscape(lab.Population(equal(at)), 2).descend(crossing.means)
        assert point.is_minimum
        assert (point.decoding.defect > 0.1) == (side < 0)
        assert point.means == pytest.approx(crossing.means, abs=1e-4)


def test_branches_beyond_a_pitchfork_are_followed(crossing):
    beyond, straddling = crossing.followed
    assert (straddling.end, straddling.origin) == ("pitchfork", "search")
    assert (beyond.end, beyond.origin) == ("crossing", "pitchfork")
    assert straddling.parameter < beyond.parameters[0] < beyond.parameter == crossing.parameter
    assert np.all(np.diff(beyond.defects) < 0)
    assert straddling.defects == pytest.approx(0.5, abs=1e-6)
    assert beyond.means_at(beyond.parameters[1]) == pytest.approx(beyond.branch_means[1])
    assert beyond.means_at(straddling.parameter) is None


def test_what_was_searched_is_said(crossing):
    places = list(crossing.searched)
    assert places == sorted(places)
    assert set(np.linspace(5.0, 8.0, 5)) < set(places)
    following = min(at for at in np.linspace(5.0, 8.0, 5) if at > crossing.parameter)
    assert sum(crossing.parameter < at < following for at in crossing.searched_above) == 4
    assert crossing.n_starts == pytest.approx(6 + 3, abs=1)
    assert all(n == (at < crossing.parameter) for at, n in crossing.searched.items() if at < 5.4)


@pytest.mark.slow
def test_units_and_origin_do_not_matter(crossing):
    def moved(t):
        return gs.Mixture.location([1e4 - t, 1e4, 1e4 + t], 100.0)

    found = lab.structure_threshold(moved, 2, (500.0, 800.0), tau=0.1, n_parameters=5, n_starts=6)
    assert found.parameter == pytest.approx(100 * crossing.parameter, rel=1e-9)
    assert found.defect == pytest.approx(0.1, abs=1e-8)


@pytest.mark.slow
def test_the_same_in_the_plane():
    """The line along a direction of the plane, where quadratures differ."""

    def path(D):
        return gs.Mixture.location(np.array([3, -2]) + np.outer([-D, 0, D], [0.6, 0.8]), 1.0)

    straddling = lab.structure_threshold(path, 2, (5.0, 6.0), n_starts=3)
    assert straddling.kind == "pitchfork"
    assert straddling.parameter == pytest.approx(
        lab.structure_threshold(equal, 2, (5, 6)).parameter, abs=1e-8
    )


@pytest.mark.slow
def test_a_fold_ends_a_minimum_whose_defect_is_above_the_level():
    """The structured minimum of three means, with the separation falling along the path, and a tiny level."""
    fold = lab.birth(equal, [((0,), (0, 1)), ((1, 2), (2,))], (9.5, 10.5))
    found = lab.structure_threshold(
        lambda t: equal(20 - t), 3, (9.5, 11.0), tau=1e-4, start=[-5.2, 10.0, 11.0]
    )
    assert found.followed[-1].origin == "start"
    ends = [minimum for minimum in found.followed if minimum.end == "fold"]
    assert ends[0].parameter == pytest.approx(20 - fold.parameter, abs=1e-9)
    assert ends[0].means[:, 0] == pytest.approx(fold.means[:, 0], abs=1e-6)


@pytest.mark.slow
def test_a_defect_that_rises_to_a_fold():
    """Centers -3, 3, D: between two searched places a minimum's defect rises above the level, and it ends."""

    def path(D):
        return gs.Mixture.location([-3.0, 3.0, D], 1.0)

    found = lab.structure_threshold(path, 2, (8.0, 12.0), tau=0.25, n_parameters=5, n_starts=6)
    assert found.kind == "fold"
    assert found.defect > 0.25
    assert all(n == 0 for n in found.searched.values())
    (rising,) = (minimum for minimum in found.followed if minimum.end == "fold")
    assert rising.defects[0] < 0.25
    for side in (-1, 1):
        point = lab.Landscape(lab.Population(path(found.parameter + side * 1e-4)), 2).descend(found.means)
        assert (abs(point.means - found.means).max() < 0.2) == (side < 0)
        assert (point.decoding.defect > 0.25) == (side < 0)


@pytest.mark.slow
def test_images_under_a_symmetry_are_followed_once():
    found = lab.structure_threshold(triangle, 2, (2.5, 4.0), tau=0.1, n_parameters=3, n_starts=12)
    assert len(found.followed) == 1
    assert found.searched[2.5] == 3
    defects = [
        lab.Landscape(lab.Population(triangle(found.parameter + side)), 2)
        .descend(found.means)
        .decoding.defect
        for side in (-1e-3, 1e-3)
    ]
    assert defects[0] > 0.1 > defects[1]


def test_a_branch_ends_on_the_end_of_its_bracket():
    """The parameter is followed in units in which this end has no exact place."""
    landscapes = TruthPath.over(equal, 2, None, (5.0, 5.3)).reversed()
    start = landscapes.descent(-5.0).full(Newton(), np.array([[-3.6], [3.6]]), None, None)
    branch = Branch(landscapes, start.means.ravel() / landscapes.unit, -5.0)
    ends = [point.parameter for point in islice(branch.points(), 12)]
    assert (ends[0], ends[-1]) == (-5.0, -5.3)


def test_a_mirror_at_one_parameter_is_no_symmetry_of_the_path():
    """At t = 6 the truth has a mirror and the two minima are images; along the path only one loses defect."""

    def path(t):
        return gs.Mixture.location([-6.0, 0.0, t], 1.0)

    found = lab.structure_threshold(path, 2, (6.0, 14.0), tau=0.1, n_parameters=2, n_starts=6)
    assert found.searched[6.0] == 2
    images = [minimum for minimum in found.followed if minimum.origin == "search"]  # not what a fold leads to
    assert len(images) == 2
    assert len({round(minimum.parameter, 3) for minimum in images}) == 2


@pytest.mark.slow
def test_processes_do_not_change_the_numbers(crossing):
    again = lab.structure_threshold(equal, 2, (5.0, 8.0), tau=0.1, n_parameters=5, n_starts=6, n_jobs=2)
    assert again.to_dict() == crossing.to_dict()


@pytest.mark.slow
def test_resuming_gives_the_same_and_repeats_nothing(crossing, tmp_path):
    file = tmp_path / "unfinished.json"
    effort = {"tau": 0.1, "n_parameters": 5, "n_starts": 6, "checkpoint": file}
    seen = []

    def stop_after_twelve(event):
        seen.append(event)
        return len(seen) == 12

    partial = lab.structure_threshold(equal, 2, (5.0, 8.0), callback=stop_after_twelve, **effort)
    assert partial.stop_reason == "interrupted"
    assert partial.kind == "pitchfork"
    assert "largest end so far" in str(partial)
    later = []
    again = lab.structure_threshold(equal, 2, (5.0, 8.0), callback=later.append, **effort)
    assert again.to_dict() == crossing.to_dict()
    searched = [event.detail["parameter"] for event in seen if event.stage == "search"]
    assert searched
    assert not {event.detail["parameter"] for event in later if event.stage == "search"} & set(searched)
    with pytest.raises(gs.InvalidParameterError, match="another truths"):
        lab.structure_threshold(equal, 2, (5.0, 8.5), **effort)
    file.write_text("[]")
    with pytest.raises(gs.FormatError, match="no checkpoint"):
        lab.structure_threshold(equal, 2, (5.0, 8.0), **effort)


def test_events_and_stops():
    seen = []
    lab.structure_threshold(equal, 2, (5.0, 6.0), n_starts=3, callback=seen.append)
    assert seen[0].stage == "search"
    followed = [event for event in seen if event.stage == "follow"]
    assert all(a.detail["parameter"] < b.detail["parameter"] for a, b in pairwise(followed))
    assert followed[0].detail["means"].shape == (2, 1)
    with pytest.raises(gs.NoResultError, match="interrupted"):
        lab.structure_threshold(equal, 2, (5.0, 6.0), callback=lambda event: True)
    with pytest.raises(gs.NoResultError, match="time_limit"):
        lab.structure_threshold(equal, 2, (5.0, 6.0), max_seconds=0.0)

    def interrupt(event):
        raise KeyboardInterrupt

    with pytest.raises(gs.NoResultError, match="interrupted"):
        lab.structure_threshold(equal, 2, (5.0, 6.0), callback=interrupt)


@pytest.mark.parametrize(
    ("path", "k", "bracket", "options", "words"),
    [
        (3, 2, (4, 8), {}, "path"),
        (lambda D: [-D, 0, D], 2, (4, 8), {}, "returned list"),
        (equal, 0, (4, 8), {}, "n_components"),
        (equal, 2, (8, 4), {}, "lo < hi"),
        (equal, 2, (4, 8), {"tau": 1.0}, "tau"),
        (equal, 2, (4, 8), {"tau": -0.1}, "tau"),
        (equal, 2, (4, 8), {"start": [0.0]}, "start has 1 rows"),
        (equal, 2, (6, 8), {"start": [-3.0, 6.0]}, "at most 0.25"),
        (lambda t: equal(t) if t > 5 else triangle(t), 2, (5, 8), {}, "2 dimensions at 5 and 1 at 8"),
        (equal, 2, (4, 8), {"n_parameters": 1}, "n_parameters"),
        (equal, 2, (4, 8), {"n_jobs": 0}, "n_jobs"),
        (equal, 2, (4, 8), {"callback": 1}, "callback"),
        (equal, 2, (6.0, 8.0), {}, "at lo=6 no minimum of defect above 0.25"),
        (equal, 2, (6.0, 8.0), {"tau": 0.25, "n_parameters": 2}, "2 places from 6 to 8"),
        (equal, 2, (5.2, 5.3), {"tau": 0.25, "start": [-3.6, 3.6]}, "at hi=5.3 a minimum of defect 0.5"),
        (equal, 2, (4.0, 5.5), {"tau": 0.25}, "at hi=5.5 a minimum of defect 0.3"),
        (equal, 2, (4.0, 5.0), {}, "none bifurcates; 1 are there at hi=5, with defects 0.5"),
    ],
)
def test_refusals(path, k, bracket, options, words):
    with pytest.raises(gs.InvalidParameterError, match=words):
        lab.structure_threshold(path, k, bracket, **{"n_starts": 3, **options})


def test_starts_of_searches():
    """Parts of the mass have the mass's average, whatever the cuts; searches keep what exceeds the level."""
    rng = np.random.default_rng(3)
    truth = gs.Mixture.location([[0.0, 0.0], [9.0, 1.0], [4.0, 7.0]], 1.0, [0.5, 0.2, 0.3])
    for _ in range(20):
        means = cut_means(truth, 2, rng)
        assert np.linalg.matrix_rank(np.vstack([means, truth.weights @ truth.means])[1:] - means[0]) == 1
        assigned = assigned_means(truth, 5, 1.0, rng)
        assert np.isfinite(assigned).all()
    descent = Descent(lab.Population(equal(6.0)), 2, 1.0)
    assert search(descent, 0.25, 3, [0]).minima == ()
    found = search(descent, 0.15, 3, [0])
    assert len(found.minima) == found.n_minima == 2
    assert found.minima[0].defect == pytest.approx(found.minima[1].defect, abs=1e-6)


def test_json_and_picture(crossing, tmp_path):
    crossing.to_json(tmp_path / "threshold.json")
    content = json.loads((tmp_path / "threshold.json").read_text())
    assert content["format"] == "gmmscape-threshold"
    assert content["parameter"] == crossing.parameter
    again = [FollowedMinimum.from_content(minimum) for minimum in content["followed"]]
    assert [minimum.content() for minimum in again] == content["followed"]
    pytest.importorskip("matplotlib")
    display = crossing.plot()
    assert len(display.axes_) == 2
    for line, errors, minimum in zip(display.lines_, display.error_lines_, crossing.followed, strict=True):
        assert minimum.defect in line.get_ydata()
        assert errors.get_ydata()[-1] == minimum.position_errors[-1]
    assert display.threshold_.get_xdata()[0] == crossing.parameter
    assert "crossing" in display.ax_.get_title(loc="left")
    alone = lab.structure_threshold(equal, 2, (5.0, 6.0), n_starts=3).plot(display.ax_)
    assert list(alone.axes_) == [display.ax_]
    with pytest.raises(gs.InvalidParameterError, match="empty"):
        gs.plot.ThresholdDisplay([], 1.0, "fold", 0.1)
