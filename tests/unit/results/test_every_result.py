"""Every public result goes into a JSON file and comes back equal, and can be shown."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import fields, replace

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape import results as records
from gmmscape.arrays import IntArray
from gmmscape.results.fields import restored, same
from gmmscape.results.records import HOMES, class_of

NAMES = [
    "mixture",
    "divergence",
    "solution",
    "diagnosis",
    "evidence",
    "calibration",
    "component",
    "tried move",
    "finding",
    "repair",
    "repair of centers",
    "diagnosis of centers",
    "standard errors",
    "local optima",
    "local optimum",
    "selection",
    "chosen",
    "fit of a selection",
    "fit",
    "fit of standardised columns",
    "labels",
    "labels without lines",
    "score",
    "plain EM",
    "k-means atlas",
    "k-means point",
    "free atlas",
    "free point",
    "atlas",
    "atlas with free weights",
    "atlas of a sample",
    "critical point",
    "plateau",
    "point with free weights",
    "decoding",
    "structure",
    "realisation",
    "profile",
    "basins",
    "basins of own starts",
    "trajectory",
    "trajectory of a flow",
    "trajectory with free widths",
    "comparison",
    "size curve",
    "birth",
    "separation curve",
    "threshold",
    "followed minimum",
    "phase diagram",
    "falsification",
    "searched truth",
    "truth without minima",
    "suspect",
    "theorem table",
    "share curve",
    "certificate",
    "structure report",
    "proved minimum",
    "minimum that is not proved",
    "proved separation curve",
    "proved separation",
    "birth certificate",
    "global bound",
    "global bound that ended early",
    "census",
    "census that ended early",
    "nonparametric fit",
]
each = pytest.mark.parametrize("name", NAMES)


@pytest.fixture
def result(results, name):
    return results[name]


@pytest.fixture
def file(result, tmp_path):
    path = tmp_path / "result.json"
    result.to_json(path)
    return path


def test_all_are_here(results):
    assert list(results) == NAMES
    assert {type(result) for result in results.values()} == {class_of(name) for name in HOMES}


@pytest.mark.parametrize("package", [gs, lab])
def test_no_public_result_is_forgotten(package):
    """Whatever a package offers that can be written is a record of a format that files are read by."""
    offered = [getattr(package, name) for name in package.__all__]
    written = [one for one in offered if hasattr(one, "to_json") and one is not gs.GaussianMixture]
    assert len(written) >= 6
    assert {one.format for one in written} <= HOMES.keys()


@each
def test_it_comes_back_equal(result, file):
    again = type(result).from_json(file)
    assert again == result
    assert again is not result
    assert hash(again) == hash(result) if type(result) is not gs.Mixture else again.__hash__ is None
    assert type(result).from_dict(result.to_dict()) == result


@each
def test_what_came_back_writes_the_same(result, file):
    assert type(result).from_json(file).file_content() == json.loads(file.read_text())


@each
def test_any_file_finds_its_class(result, file):
    again = records.read(file)
    assert type(again) is type(result)
    assert again == result


@each
def test_files_hold_no_number_that_is_not_finite(file):
    def refused(text):
        raise AssertionError(text)

    content = json.loads(file.read_text(), parse_constant=refused)
    assert content["format"].startswith("gmmscape-")
    assert isinstance(content["format_version"], int)


@each
def test_it_is_told_in_words(result, file):
    text = str(result)
    assert text
    assert not text.startswith(f"{type(result).__name__}(")  # as dataclasses show themselves
    assert str(type(result).from_json(file)) == text


@each
def test_what_comes_back_has_the_same_report(result, file):
    same = type(result).from_json(file)
    pages = [re.sub(r"<[^>]*>", " ", one.to_html().partition('id="provenance"')[2]) for one in (result, same)]
    if not isinstance(result, gs.Repair | gs.Diagnosis):  # whose rows, or fit, no file holds
        assert pages[0] == pages[1]
    assert "gmmscape-compact" in same._repr_html_()


@each
def test_other_formats_are_refused_by_name(result, file):
    other = gs.Mixture if type(result) is not gs.Mixture else lab.Atlas
    with pytest.raises(gs.FormatError, match=f"holds a '{result.format}': a '{other.format}' is wanted"):
        other.from_json(file)


@each
def test_later_versions_are_refused_by_version(result, file):
    content = json.loads(file.read_text())
    file.write_text(json.dumps({**content, "format_version": 77}))
    for read in (type(result).from_json, records.read):
        with pytest.raises(gs.FormatError, match=f"{result.format}.*format_version=77"):
            read(file)


@each
def test_a_damaged_file_is_refused(result, file):
    content = json.loads(file.read_text())
    header = {name: content[name] for name in ("format", "format_version")}
    file.write_text(json.dumps(header))
    with pytest.raises(gs.FormatError):
        type(result).from_json(file)


@each
@pytest.mark.parametrize("other", [[], [[]], None, "x", {}])
def test_a_file_with_another_value_somewhere_is_refused_or_whole(result, file, other):
    """What is read can be printed and written: what does not fit together is found when it is read."""
    content = json.loads(file.read_text())
    places = [place for place in _places(content) if place[0] not in ("format", "format_version")]
    chosen = np.random.default_rng(0).permutation(len(places))[:60]
    refused = 0
    for place in (places[i] for i in chosen):
        try:
            read = type(result).from_dict(_with(content, place, other))
        except gs.GmmscapeError:
            refused += 1
            continue
        json.dumps([str(read), read.to_dict()])
    assert refused


@each
def test_a_file_with_another_number_somewhere_is_refused_or_shown(result, file):
    """Numbers that fit nothing end in no warning, no other error and no page that cannot be made."""
    content = json.loads(file.read_text())
    places = [place for place in _places(content) if isinstance(_at(content, place), int | float)]
    chosen = np.random.default_rng(0).permutation(len(places))[:30]
    for place in (places[i] for i in chosen):
        for other in (-1, 10**12, 1e300):
            try:
                read = type(result).from_dict(_with(content, place, other))
            except gs.GmmscapeError:
                continue
            json.dumps([str(read), read.to_dict()])
            read.to_html()


@pytest.mark.parametrize(
    ("name", "place", "other"),
    [
        ("local optima", ("optima", 0, "hits"), 10**12),
        ("local optima", ("optima", 0, "share_interval", 0), 0),
        ("local optima", ("degenerate",), 4),
        ("basins", ("packed_labels",), "AAAA"),
        ("critical point", ("nll",), None),
        ("critical point", ("degree",), 7),
        ("basins", ("minima", 0, "hits"), -1),
        ("basins", ("minima", 0, "hits"), 10**12),
        ("atlas", ("minima", 1, "structure", "blocks", 0, "means", 0), 10**12),
        ("atlas", ("minima", 1, "means", 0, 0), 1e300),
        ("repair of centers", ("centers",), -1),
        ("size curve", ("sizes", 1), -1),
        ("standard errors", ("total",), 0),
    ],
)
def test_numbers_that_do_not_fit_together_are_refused(results, name, place, other):
    result = results[name]
    with pytest.raises(gs.FormatError, match="damaged"):
        type(result).from_dict(_with(result.to_dict(), place, other))


def test_labels_of_more_components_than_memory_holds_are_told(results):
    labels = results["labels"]
    forged = type(labels).from_dict({**labels.to_dict(), "n_components": 10**12})
    assert f"and {10**12 - 40} more" in str(forged)


def _places(value, place=()):
    """Ways to each value of nested dictionaries and lists, of lists to the first two items."""
    inside = value.items() if isinstance(value, dict) else list(enumerate(value))[:2]
    for key, item in inside:
        yield (*place, key)
        if isinstance(item, dict | list):
            yield from _places(item, (*place, key))


def _at(content, place):
    for key in place:
        content = content[key]
    return content


def _with(content, place, other):
    changed = copy.deepcopy(content)
    inner = changed
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = other
    return changed


def test_what_names_no_format_is_refused(tmp_path):
    path = tmp_path / "other.json"
    for content in ("[]", "{}", '{"format": 3}'):
        path.write_text(content)
        with pytest.raises(gs.FormatError, match="names no format"):
            records.read(path)
    path.write_text('{"format": "gmmscape-nothing"}')
    with pytest.raises(gs.FormatError, match=r"'gmmscape-nothing'.*does not know"):
        records.read(path)


@each
def test_equality_sees_every_field(result):
    """A result with one number moved is another one: a check of the equality that the others rest on."""
    if type(result) is gs.Mixture:
        assert result != result.shifted(1.0)
        return
    assert result != result.to_dict()
    seen = 0
    for field in fields(result):
        value = getattr(result, field.name)
        if field.compare and isinstance(value, float | int) and not isinstance(value, bool):
            assert replace(result, **{field.name: value + 1 if np.isfinite(value) else 0.0}) != result
            seen += 1
        if field.compare and isinstance(value, np.ndarray) and value.size:
            assert replace(result, **{field.name: value + 1}) != result
            seen += 1
    counted = {field.type for field in fields(result) if field.compare} & {"float", "int", "FloatArray"}
    assert seen or not counted


@pytest.mark.parametrize(
    ("hint", "value", "message"),
    [(tuple[int, float], [1], "1 values where 2 belong"), (IntArray, [1.5], "array of whole numbers holds")],
)
def test_values_of_another_kind_are_not_restored_nor_the_same(hint, value, message):
    with pytest.raises((ValueError, TypeError), match=message):
        restored(hint, value)
    assert same(float("nan"), float("nan"))
    assert not same(float("nan"), 1.0)


def test_a_point_on_a_continuum_of_more_dimensions_than_it_has_is_refused(results):
    content = results["critical point"].to_dict() | {"continuum": 99}
    content.pop("sha256", None)
    with pytest.raises(gs.FormatError, match="a continuum of dimension 99"):
        lab.CriticalPoint.from_dict(content)
