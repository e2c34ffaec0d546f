"""Atlases: JSON in and out, union, nearest, and the table they print."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.landscape.atlas.atlas import find_orbit
from gmmscape.landscape.atlas.text import saddle_table
from gmmscape.measure import Estimate

PINNED = {"format", "format_version", "gmmscape_version", "seed", "k", "sigma"}
PINNED |= {"centers", "weights", "minima"}
PINNED_OF_A_MINIMUM = {"means", "nll", "kl", "eigenvalues", "index", "hits", "error", "structure"}
PINNED_OF_A_STRUCTURE = {"blocks", "is_structured", "defect", "errors"}


@pytest.fixture(scope="module")
def land():
    return lab.Landscape(lab.Population(gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)), 3)


@pytest.fixture(scope="module")
def atlas(land):
    return land.explore(4, n_starts=12)


@pytest.fixture
def file(atlas, tmp_path):
    path = tmp_path / "atlas.json"
    atlas.to_json(path)
    return path


def test_fields_of_the_file(file, atlas):
    content = json.loads(file.read_text())
    assert content.keys() >= PINNED
    assert content["centers"] == [-3.0, 3.0, 12.0]
    assert content["seed"] == 4
    assert len(content["minima"]) == 2
    for minimum in content["minima"]:
        assert minimum.keys() >= PINNED_OF_A_MINIMUM
        assert minimum["structure"].keys() >= PINNED_OF_A_STRUCTURE
        assert minimum["structure"]["blocks"][0].keys() >= {"means", "centers", "kind"}


def test_round_trip(file, atlas):
    again = lab.Atlas.from_json(file)
    assert again.to_dict() == atlas.to_dict()
    assert str(again) == str(atlas)
    assert again.candidates == atlas.candidates
    assert again.truth == atlas.truth
    assert again.nearest([0.0, 12.0, 12.0]).kl == atlas.minima[1].kl


def test_infinite_numbers_are_null_in_the_file(tmp_path):
    land = lab.Landscape(lab.Population(gs.Mixture.location([0.0], 1.0)), 2)
    path = tmp_path / "flat.json"
    land.explore(0, n_starts=2).to_json(path)
    (minimum,) = json.loads(path.read_text())["minima"]
    assert minimum["flat"]
    assert minimum["means_error"] is None
    assert lab.Atlas.from_json(path).minima[0].means_error == np.inf


def test_round_trip_of_a_sample_atlas(rng, tmp_path):
    X = rng.normal(size=(60, 2)) + 5 * rng.integers(0, 2, size=(60, 1))
    atlas = lab.Landscape(lab.Sample(X), 2, sigma=1.0).explore(0, n_starts=4)
    path = tmp_path / "sample.json"
    atlas.to_json(path)
    assert lab.Atlas.from_json(path).to_dict() == atlas.to_dict()
    assert "structure" not in str(atlas)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("not json", "JSON"),
        ("[1, 2]", "atlas"),
        ('{"format": "something"}', "atlas"),
        ('{"format": "gmmscape-atlas", "format_version": 99}', "format_version"),
        ('{"format": "gmmscape-atlas", "format_version": 1}', "damaged"),
    ],
)
def test_other_files_are_refused(tmp_path, text, word):
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(gs.FormatError, match=word):
        lab.Atlas.from_json(path)


def test_a_damaged_minimum_is_refused(file):
    content = json.loads(file.read_text())
    del content["minima"][0]["nll"], content["sha256"]
    file.write_text(json.dumps(content))
    with pytest.raises(gs.FormatError, match="nll"):
        lab.Atlas.from_json(file)


def test_writing_replaces_whole_files_or_nothing(file, atlas, monkeypatch):
    before = file.read_text()

    def full(*_):
        raise OSError(28, "disk full")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OSError, match=r"disk full.*atlas\.json"):
        atlas.to_json(file)
    assert file.read_text() == before
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_union_adds_hits_and_keeps_orbits(land, atlas):
    other = land.explore(5, n_starts=8)
    both = atlas.union(other)
    assert [m.kl for m in both.minima] == pytest.approx([m.kl for m in atlas.minima], abs=1e-14)
    assert both.starts == 20
    assert sum(m.hits for m in both.minima) == sum(both.ends.values()) == 20
    assert [c.minimum for c in both.candidates] == [c.minimum for c in atlas.candidates]


def test_union_brings_in_what_was_missing(land, atlas):
    empty = land.explore(0, n_starts=0, candidates=False)
    assert not empty.minima
    assert empty.union(atlas).to_dict()["minima"] == atlas.to_dict()["minima"]
    with pytest.raises(gs.InvalidParameterError, match="no minimum"):
        empty.nearest([0.0, 1.0, 2.0])


def test_union_of_different_landscapes_is_refused(atlas):
    truth = gs.Mixture.location([-3.0, 3.0, 12.5], 1.0)
    other = lab.Landscape(lab.Population(truth), 3).explore(0, n_starts=1)
    with pytest.raises(gs.InvalidParameterError, match="truth"):
        atlas.union(other)


def test_nearest_ignores_labels(atlas):
    bad = atlas.minima[1]
    for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0]):
        assert atlas.nearest(bad.means[order] + 0.01) is bad
    with pytest.raises(gs.InvalidParameterError, match="k=3"):
        atlas.nearest([0.0, 1.0])


def test_minima_are_sorted_and_their_means_in_order(atlas):
    assert [m.nll for m in atlas.minima] == sorted(m.nll for m in atlas.minima)
    for minimum in atlas.minima:
        assert np.array_equal(minimum.means, np.sort(minimum.means, axis=0))


def test_table(atlas):
    lines = str(atlas).splitlines()
    assert lines[0] == "2 minima up to relabelling; k=3, sigma=1; 12 random starts"
    assert lines[2].split()[:4] == ["#", "nll", "kl", "curvature"]
    assert "2.76910491" in lines[4]
    assert "0>0,1  1,2>2" in lines[4]
    assert any(line.startswith("4 candidate structures") for line in lines)


def test_starts_that_found_no_minimum_are_told(atlas):
    ends = {"minimum": 9, "plateau": 1, "max_iter": 2}
    head = str(replace(atlas, ends=ends)).splitlines()[0]
    assert head.endswith("12 random starts, of which 3 found no minimum (2 max_iter, 1 plateau)")


def test_points_that_are_images_share_a_row():
    barriers = [(Estimate(float(i), 0.0), Estimate(np.inf, 0.0)) for i in range(5)]

    def rows(images):
        lines = saddle_table([], [], barriers, None, None, images)
        assert lines[0] == "no saddles found"
        return [line.split()[:2] for line in lines[3:-1]]

    assert rows(None) == [["0", "0"], ["1", "1"], ["2", "2"], ["3", "3"], ["4", "4"]]
    assert rows(([(0, 1, 2), (3, 4)], [])) == [["0-2", "0"], ["3,4", "3"]]


@pytest.mark.parametrize("minimum", [2, -1, True, "0", None])
def test_barriers_are_those_of_a_minimum_of_the_atlas(atlas, minimum):
    with pytest.raises(gs.InvalidParameterError, match=f"minimum={minimum!r}"):
        atlas.barrier(minimum)
    assert atlas.barrier(np.int64(1)) == atlas.barrier(atlas.minima[1])


def test_a_minimum_of_another_atlas_has_no_barrier(atlas):
    away = replace(atlas.minima[1], local=gs.Mixture.location([0.0, 1.0, 2.0], 1.0))
    with pytest.raises(gs.InvalidParameterError, match="none of this atlas"):
        atlas.relabelling_barrier(away)


def test_links_are_followed_and_other_things_left_alone(atlas, tmp_path):
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    real.write_text("old")
    link.symlink_to(real)
    atlas.to_json(link)
    assert link.is_symlink()
    assert lab.Atlas.from_json(real).n_components == 3
    for path in (tmp_path, "/dev/null", "", tmp_path / "no" / "such.json"):
        with pytest.raises(gs.InvalidParameterError, match="path="):
            atlas.to_json(path)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (("minima", 0, "nll"), None),
        (("minima", 0, "hits"), "x"),
        (("minima", 0, "means"), [[1.0]]),
        (("minima", 0, "stop_reason"), "tired"),
        (("candidates", 0, "minimum"), 77),
        (("candidates", 0, "outcome"), 5),
        (("starts",), -4),
        (("seed",), "x"),
        (("k",), None),
        (("k",), 4),
        (("moves",), [{"minimum": 0, "leads_to": [77]}]),
        (("sigma",), -1.0),
        (("ends",), [1]),
        (("stop_reason",), 7),
    ],
)
def test_damage_is_noticed_when_the_file_is_read(file, field, value):
    content = json.loads(file.read_text())
    place = content
    for key in field[:-1]:
        place = place[key]
    place[field[-1]] = value
    for digest in ("sha256", "damaged"):  # as it is, and as if it had none
        file.write_text(json.dumps(content))
        with pytest.raises(gs.FormatError, match=digest):
            lab.Atlas.from_json(file)
        content.pop("sha256", None)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"k": ' + "9" * 5001 + "}"])
def test_hostile_json_is_refused(tmp_path, text):
    path = tmp_path / "hostile.json"
    path.write_text(text)
    with pytest.raises(gs.FormatError, match="JSON"):
        lab.Atlas.from_json(path)


def test_results_can_be_compared_and_hashed(atlas):
    assert atlas.minima.index(atlas.minima[1]) == 1
    assert len({atlas, *atlas.minima}) == 3
    with pytest.raises(gs.InvalidParameterError, match="other"):
        atlas.union(None)


def test_points_are_one_orbit_if_they_match_as_well_as_they_are_known(atlas):
    """Within 1e-5 sigma; or, where neither position is known that well and the values agree, within 0.1."""
    known = atlas.minima[1]
    away = gs.Mixture.location(known.local.means[::-1] + 0.01, 1.0)
    vague = replace(known, means_error=1e-3)
    assert find_orbit([known], replace(known, local=known.local.permuted([2, 0, 1]))) == 0
    assert find_orbit([known], replace(known, local=away)) is None
    assert find_orbit([vague], replace(known, local=away)) is None
    assert find_orbit([vague], replace(vague, local=away)) == 0
    assert find_orbit([vague], replace(vague, local=away, nll=known.nll + 1e-6)) is None
