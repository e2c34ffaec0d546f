"""Names of files that cannot be written are found out before any work, and named as what was passed."""

from __future__ import annotations

from pathlib import Path

import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.jsonfile import read_json
from gmmscape.wholefile import writable_target


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("", "name of a file"),
        (3, "name of a file"),
        (b"kept.json", "name of a file"),
        ("kept\0.json", "null (byte|character)"),
        ("k" * 400, "too long"),
        (".", "regular file"),
        ("nowhere/kept.json", "no folder"),
    ],
)
def test_what_is_no_file_is_refused(path, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(gs.InvalidParameterError, match=f"^checkpoint=.*{words}"):
        writable_target(path, "checkpoint")
    land = lab.Landscape(lab.Population(gs.Mixture.location([-3.0, 3.0], 1.0)), 2)
    with pytest.raises(gs.InvalidParameterError, match=f"^checkpoint=.*{words}"):
        lab.basins(land, start="truth", n_starts=5, checkpoint=path)


def test_links_lead_to_their_file(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "kept.json")
    assert writable_target(tmp_path / "link") == Path(tmp_path / "kept.json").resolve()


def test_links_in_a_circle_are_refused(tmp_path):
    (tmp_path / "self").symlink_to(tmp_path / "self")
    (tmp_path / "one").symlink_to(tmp_path / "other")
    (tmp_path / "other").symlink_to(tmp_path / "one")
    for name in ("self", "one", "other"):
        with pytest.raises(gs.InvalidParameterError, match=r"^checkpoint=.*name of a file"):
            writable_target(tmp_path / name, "checkpoint")
        assert (tmp_path / name).is_symlink()


@pytest.mark.parametrize(
    ("path", "words"),
    [("/dev/zero", "a device, which may have no end"), ("long.json", "has 30 bytes, and up to 20")],
)
def test_what_is_too_long_is_not_read(path, words, tmp_path):
    (tmp_path / "long.json").write_text("[" + 28 * " " + "]")
    with pytest.raises(gs.FormatError, match=words):
        read_json(tmp_path / path, most_bytes=20)


def test_what_no_file_holds_has_no_digest():
    content = gs.Mixture.location([-3.0, 3.0], 1.0).to_dict()
    with pytest.raises(gs.FormatError, match="changed after it was written"):
        gs.Mixture.from_dict({**content, "sha256": "x", "weights": [float("nan"), 1.0]})
