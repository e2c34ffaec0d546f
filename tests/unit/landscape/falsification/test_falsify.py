"""The search as a whole: repeatable, resumable, honest about what it found."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.structure.intervals import Share

CLOSE = {
    "n_components": [2, 3, 4],
    "k_star": [4, 5],
    "d": 1,
    "separation": 5.0,
    "n_truths": 20,
    "n_starts": 16,
}


@pytest.fixture(scope="module")
def close():
    return lab.falsify(**CLOSE, rng=2)


@pytest.mark.slow
def test_close_centers_have_minima_without_structure(close):
    """The negative control: a search that finds nothing at 12 sigma finds them at 5."""
    assert len(close.confirmed) >= 3
    assert close.unstructured.n == len(close.confirmed) + close.outcomes["undecided"]
    for suspect in close.confirmed:
        assert suspect.defect > suspect.tau == 0.5 / suspect.n_components
        assert suspect.eigenvalue > 10 * suspect.eigenvalue_error
        land = lab.Landscape(lab.Population(suspect.truth), suspect.n_components)
        point = land.descend(suspect.means)
        assert point.is_minimum
        assert point.decoding.defect == pytest.approx(suspect.defect, abs=1e-8)
        assert [cut.stability < 1 for cut in suspect.cuts] == [True] * len(suspect.cuts)


@pytest.mark.slow
def test_far_centers_have_none():
    far = lab.falsify(**{**CLOSE, "separation": 12.0}, rng=2)
    assert far.suspects == ()
    assert far.n_minima > 40
    assert far.unstructured[:2] == far.beyond(1.0)[:2] == (0, far.n_minima)
    assert far.beyond(1e-3).n > 0
    assert far.largest_position_error < 1.0


def test_minima_are_those_of_an_exploration():
    """Nothing that all candidates and many draws lead to is missing, and nothing is invented."""
    truth = gs.Mixture.location([-12.0, 0.0, 14.0], 1.0)
    found = lab.falsify(n_components=2, truths=[truth], rng=0)
    atlas = lab.Landscape(lab.Population(truth), 2).explore(0)
    assert found.n_minima == len(atlas.minima) == 2
    defects = sorted(point.decoding.defect for point in atlas.minima)
    assert sorted(m.defect for m in found.searched[0].minima) == pytest.approx(defects, abs=1e-5)


def test_processes_and_resuming_change_nothing(close, tmp_path):
    file = tmp_path / "search.json"
    first = lab.falsify(**CLOSE, rng=2, checkpoint=file, callback=lambda event: event.done == 7)
    assert (first.stop_reason, len(first.searched)) == ("interrupted", 7)
    seen = []
    rest = lab.falsify(**CLOSE, checkpoint=file, n_jobs=2, callback=lambda event: seen.append(event.done))
    assert seen == list(range(8, 21))
    assert rest.to_dict() == close.to_dict()
    more = lab.falsify(**{**CLOSE, "n_truths": 22}, checkpoint=file)
    assert [one.content() for one in more.searched[:20]] == close.to_dict()["truths"]
    assert len(more.searched) == 22


def test_ctrl_c_and_time_keep_what_was_found(tmp_path):
    def interrupt(event):
        if event.done == 3:
            raise KeyboardInterrupt

    found = lab.falsify(**CLOSE, rng=2, callback=interrupt)
    assert (found.stop_reason, len(found.searched)) == ("interrupted", 3)
    short = lab.falsify(**CLOSE, rng=2, max_seconds=0, checkpoint=tmp_path / "c.json")
    assert (short.stop_reason, len(short.searched)) == ("time_limit", 1)
    assert len(json.loads((tmp_path / "c.json").read_text())["done"]) == 1


def test_another_search_is_not_gone_on_with(tmp_path):
    file = tmp_path / "search.json"
    settings = {**CLOSE, "n_truths": 1}
    lab.falsify(**settings, rng=2, checkpoint=file)
    for changed in ({"separation": 6.0}, {"n_starts": 8}, {"rng": 1}):
        with pytest.raises(gs.InvalidParameterError, match=next(iter(changed))):
            lab.falsify(**{**settings, **changed}, checkpoint=file)
    file.write_text('{"format": "something"}')
    with pytest.raises(gs.FormatError, match="no checkpoint"):
        lab.falsify(**settings, checkpoint=file)


def test_fewer_truths_throw_nothing_away(tmp_path):
    file = tmp_path / "search.json"
    lab.falsify(**{**CLOSE, "n_truths": 2}, rng=2, checkpoint=file)
    both = json.loads(file.read_text())["done"]
    found = lab.falsify(**{**CLOSE, "n_truths": 1}, rng=2, checkpoint=file)
    assert len(found.searched) == 1
    assert json.loads(file.read_text())["done"] == both
    assert len(both) == 2


def test_unchecked_suspects_and_scale():
    settings = {**CLOSE, "n_truths": 11}
    one = lab.falsify(**settings, rng=2, confirm=False)
    other = lab.falsify(**settings, rng=2, confirm=False, sigma=2.5)
    assert one.unstructured[:2] == other.unstructured[:2]
    assert {suspect.outcome for suspect in one.suspects} == {"unchecked"}
    for a, b in zip(one.suspects, other.suspects, strict=True):
        assert b.means == pytest.approx(2.5 * a.means, abs=1e-4)
        assert b.position_error == pytest.approx(a.position_error, abs=1e-4)
        assert b.eigenvalue == pytest.approx(a.eigenvalue, abs=1e-4)
        assert math.isinf(a.eigenvalue_error)


def test_text_and_picture(close):
    pytest.importorskip("matplotlib")
    text = str(close)
    assert "20 of 20 truths searched from 16 starts each (completed); seed 2, tau 0.5/k" in text
    assert f"{len(close.confirmed)} confirmed" in text
    assert "law 9" in text
    display = close.plot()
    assert sum(len(points.get_offsets()) for points in display.minima_.values()) == close.n_minima
    assert len(display.suspects_["confirmed"].get_offsets()) == len(close.confirmed)


def test_the_farthest_truth_and_what_is_not_listed(close):
    errors = {one.number: max((m.position_error for m in one.minima), default=0.0) for one in close.searched}
    assert close.farthest.number == max(errors, key=errors.get)
    assert close.largest_position_error == max(errors.values()) > 0.5
    assert replace(close, searched=()).farthest is None
    many = replace(close, searched=close.searched * 10)
    assert str(many).endswith(f"and {10 * len(close.suspects) - 20} suspects more")


def test_minima_with_too_many_structures_to_list_are_not_far_from_one(close):
    pytest.importorskip("matplotlib")
    truth = gs.Mixture.location(9.0 * np.arange(9.0), 1.0)
    found = lab.falsify(n_components=9, truths=[truth], n_starts=2, rng=0, confirm=False)
    assert found.n_minima > 0
    assert found.beyond()[:2] == (0, 0)
    assert found.largest_position_error == 0.0
    assert found.farthest is None
    assert f"too many structures to list: {found.n_minima} min" in str(found)
    assert "farthest" not in str(found)
    assert "not known" in found.to_html()
    both = replace(close, searched=(*close.searched, *found.searched))
    assert both.beyond() == close.beyond()
    assert both.largest_position_error == close.largest_position_error
    assert sum(len(points.get_offsets()) for points in both.plot().minima_.values()) == close.n_minima
    assert "unknown how far from a structure" in str(replace(close.suspects[0], position_error=np.inf))


WIDE = gs.Mixture([0.5, 0.5], [[0.0], [9.0]], [1.0, 4.0], "spherical")


@pytest.mark.parametrize(
    ("truths", "word"), [([], "pass one truth"), ([WIDE], "share one"), ([3.0], "share one")]
)
def test_truths_that_cannot_be_searched_are_named(truths, word):
    with pytest.raises(gs.InvalidParameterError, match=word):
        lab.falsify(n_components=2, truths=truths)


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"n_components": 0}, "n_components=0"),
        ({"n_components": []}, "n_components="),
        ({"k_star": 2.5}, "k_star"),
        ({"d": None}, "d is missing"),
        ({"separation": -1}, "separation"),
        ({"separation": []}, "pass a number, or some"),
        ({"n_truths": 0}, "n_truths"),
        ({"n_starts": 1001}, "n_starts"),
        ({"rtol": 2}, "rtol"),
        ({"tau": 1}, "tau"),
        ({"confirm": 1}, "confirm"),
        ({"n_jobs": 0}, "n_jobs"),
        ({"callback": 3}, "callback"),
        ({"rng": -1}, "rng"),
        ({"truths": [gs.Mixture.location([0, 9], 1.0)]}, "leave out"),
    ],
)
def test_wrong_parameters(changed, word):
    with pytest.raises(gs.InvalidParameterError, match=word):
        lab.falsify(**{**CLOSE, **changed})


@pytest.mark.slow
def test_shares_fall_with_the_separation(tmp_path):
    pytest.importorskip("matplotlib")
    settings = {"n_components": 2, "k_star": 3, "d": 1, "n_truths": 15, "n_starts": 12}
    file = tmp_path / "kept.json"
    curve = lab.unstructured_against_separation([12.0, 5.0], **settings, checkpoint=file)
    near, far = curve.points
    assert (near.separation, far.separation) == (5.0, 12.0)
    assert near.by_association.low > far.by_association.value == 0.0
    assert near.largest_defect > 0.25 > far.largest_defect
    # What was done before is not done again.
    again = lab.unstructured_against_separation(
        [5.0, 12.0], **settings, checkpoint=file, callback=lambda _: True
    )
    assert again.to_dict() == curve.to_dict()
    stopped = lab.unstructured_against_separation([5.0], **settings, callback=lambda _: True)
    assert (stopped.points, stopped.stop_reason) == ((), "interrupted")
    curve.to_json(tmp_path / "curve.json")
    assert len(json.loads((tmp_path / "curve.json").read_text())["points"]) == 2
    assert len(curve.plot().curves_) == 2
    with pytest.raises(gs.InvalidParameterError, match="separations"):
        lab.unstructured_against_separation([], **settings)
    with pytest.raises(gs.InvalidParameterError, match=r"separations=-5\.0"):
        lab.unstructured_against_separation([-5.0], **settings)
    with pytest.raises(gs.InvalidParameterError, match="folder"):
        lab.unstructured_against_separation([5.0], **settings, checkpoint=tmp_path / "no" / "where")
    with pytest.raises(gs.FormatError, match="no checkpoint"):
        lab.unstructured_against_separation([5.0], **settings, checkpoint=tmp_path / "curve.json")


def test_shares_are_written_as_people_write_them():
    assert str(Share.of_counts(2, 2)) == "2 of 2 (16 to 100 %)"
    assert str(Share.of_counts(0, 1500)) == "0 of 1500 (0 to 0.25 %)"
    assert str(Share.of_counts(0, 2)) == "0 of 2 (0 to 84 %)"
