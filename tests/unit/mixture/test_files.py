"""Mixtures as dictionaries and files: exact round trips, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import gmmscape as gs
from gmmscape.covariances import COVARIANCE_TYPES
from unit.mixture.cases import COVARIANCES, MEANS, WEIGHTS, example


@pytest.mark.parametrize("kind", COVARIANCE_TYPES)
def test_json_round_trip_is_exact(kind: str, tmp_path: Path):
    mixture = gs.Mixture(WEIGHTS, MEANS / 3.0, COVARIANCES[kind] / 7.0, kind)
    assert gs.Mixture.from_dict(mixture.to_dict()) == mixture
    file = tmp_path / "mixture.json"
    file.write_text(json.dumps(mixture.to_dict()), encoding="utf-8")
    assert gs.Mixture.from_json(file) == mixture
    assert gs.Mixture.from_json(str(file)) == mixture


def test_to_dict_says_what_it_is():
    content = example("spherical").to_dict()
    assert content == {
        "format": "gmmscape-mixture",
        "format_version": 1,
        "covariance_type": "spherical",
        "weights": WEIGHTS,
        "means": MEANS.tolist(),
        "covariances": [2.0, 1.0, 9.0],
    }


def test_the_short_form_written_by_hand():
    assert gs.Mixture.from_dict({"centers": [-3, 3, 12], "sigma": 2}) == gs.Mixture.location([-3, 3, 12], 2.0)
    weighted = gs.Mixture.from_dict({"centers": [0, 1], "sigma": 1, "weights": [0.25, 0.75]})
    assert weighted == gs.Mixture.location([0, 1], 1.0, [0.25, 0.75])


def test_format_and_version_may_be_left_out():
    content = example("diag").to_dict()
    del content["format"], content["format_version"]
    assert gs.Mixture.from_dict(content) == example("diag")


@pytest.mark.parametrize("name", ["weights", "means", "covariances", "covariance_type"])
def test_a_missing_field_is_named(name: str):
    content = example("diag").to_dict()
    del content[name]
    with pytest.raises(gs.FormatError, match=rf"missing: \['{name}'\], unknown: \[\]"):
        gs.Mixture.from_dict(content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"centers": [0, 1]}, r"missing: \['sigma'\]"),
        ({"centers": [0, 1], "sigma": 1, "colour": 2}, r"unknown: \['colour'\]"),
        ({**example("diag").to_dict(), "sigma": 1.0}, r"unknown: \['sigma'\]"),
        ({**example("diag").to_dict(), "weights": None}, "weights=None: write the weight"),
        ({**example("diag").to_dict(), "feature_names": "ab"}, "feature_names must be a list of names"),
        ({**example("diag").to_dict(), "background": {"region": "box"}}, "region, volume and weight"),
        ({**example("diag").to_dict(), "format": "other"}, "holds a 'other'"),
        ({**example("diag").to_dict(), "format_version": 2}, "format_version=2"),
        ([1, 2, 3], "not list"),
        (None, "not NoneType"),
    ],
    ids=[
        "no sigma",
        "unknown",
        "both forms",
        "no weights",
        "names",
        "background",
        "format",
        "version",
        "list",
        "none",
    ],
)
def test_dictionaries_that_describe_no_mixture(content: Any, message: str):
    with pytest.raises(gs.FormatError, match=message) as caught:
        gs.Mixture.from_dict(content)
    assert isinstance(caught.value, ValueError)


def test_numbers_that_make_no_mixture_are_a_parameter_error():
    with pytest.raises(gs.InvalidParameterError, match="weights sum to"):
        gs.Mixture.from_dict({**example("diag").to_dict(), "weights": [1.0, 1.0, 1.0]})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"{not json", "not a JSON file"),
        (b"", "not a JSON file"),
        (b"\xff\xfe\x00", "not a JSON file"),
        (b"[1, 2]", "not list"),
    ],
    ids=["syntax", "empty", "no utf-8", "a list"],
)
def test_files_that_hold_no_mixture(text: bytes, message: str, tmp_path: Path):
    file = tmp_path / "mixture.json"
    file.write_bytes(text)
    with pytest.raises(gs.FormatError, match=message):
        gs.Mixture.from_json(file)
