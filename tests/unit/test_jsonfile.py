"""Names of files that cannot be written are found out before any work, and named as what was passed."""

from __future__ import annotations

from pathlib import Path

import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.wholefile import writable_target


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("", "name of a file"),
        (3, "name of a file"),
        (b"kept.json", "name of a file"),
        ("kept\0.json", "null byte"),
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
