"""Checkpoints of named pieces of work."""

from __future__ import annotations

import json
import shutil

import pytest

import gmmscape as gs
from gmmscape.work.journal import Journal, seed_for


def test_what_is_kept_is_not_computed_again(tmp_path):
    file = tmp_path / "kept.json"
    first = Journal(file, "a", {"k": 3})
    assert first.get("one", lambda: [1.0]) == [1.0]
    first.save(now=True)
    second = Journal(file, "a", {"k": 3})
    assert "one" in second
    assert second.get("one", lambda: pytest.fail("computed again")) == [1.0]


def test_foreign_files_are_left_alone(tmp_path):
    file = tmp_path / "kept.json"
    journal = Journal(file, "a", {"k": 3, "seed": 1})
    journal.put("one", 1)
    journal.save(now=True)
    before = file.read_bytes()
    with pytest.raises(gs.InvalidParameterError, match="one of a, not of b"):
        Journal(file, "b", {"k": 3, "seed": 1})
    with pytest.raises(gs.InvalidParameterError, match="another seed"):
        Journal(file, "a", {"k": 3, "seed": 2})
    assert file.read_bytes() == before
    file.write_text(
        json.dumps({"format": "gmmscape-checkpoint", "task": "a", "facts": {"k": 3, "seed": 1}, "done": []})
    )
    with pytest.raises(gs.FormatError, match="damaged"):
        Journal(file, "a", {"k": 3, "seed": 1})
    file.write_text(json.dumps({"format": "gmmscape-fit"}))
    with pytest.raises(gs.FormatError, match="no checkpoint"):
        Journal(file, "a", {})
    with pytest.raises(gs.InvalidParameterError, match="folder"):
        Journal(tmp_path / "no" / "such.json", "a", {})


def test_without_a_seed_that_of_the_file_is_used(tmp_path):
    file = tmp_path / "kept.json"
    assert seed_for(file, 4) == 4
    assert seed_for(file, None) != seed_for(file, None)
    journal = Journal(file, "a", {"rng": 12})
    journal.put("one", 1)
    journal.save(now=True)
    assert seed_for(file, None) == 12
    assert seed_for(file, 4) == 4


def put_at_once(journal, name, value):
    journal.put(name, value)
    journal.save(now=True)


def test_a_full_disk_leaves_the_file_that_was_there(tmp_path, monkeypatch):
    file = tmp_path / "kept.json"
    journal = Journal(file, "a", {})
    journal.put("one", 1)
    journal.save(now=True)
    before = file.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.write_bytes", full)
        with pytest.raises(OSError, match="No space left"):
            put_at_once(journal, "two", 2)
        assert file.read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["kept.json", "kept.json.lock"]
    journal.close()  # there is room again
    assert "two" in Journal(file, "a", {})


def test_a_folder_that_is_gone_is_an_error(tmp_path):
    folder = tmp_path / "runs"
    folder.mkdir()
    journal = Journal(folder / "kept.json", "a", {})
    shutil.rmtree(folder)
    with pytest.raises((OSError, gs.GmmscapeError)):
        put_at_once(journal, "one", 1)
    assert not folder.exists()
