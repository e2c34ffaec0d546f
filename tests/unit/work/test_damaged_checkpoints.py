"""Checkpoints that were cut off or changed: noticed, and gone on from the one before."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.work.journal import Journal, kept_seed
from gmmscape.work.kept_file import load, read, write

FACTS = {"data": "e3b0", "n_components": 3, "rng": 7}


def written(file: Path, *values: float) -> None:
    """Write a checkpoint as often as there are values, each time with one more."""
    journal = Journal(file, "fit", FACTS)
    for i, value in enumerate(values):
        journal.put(f"piece {i}", [value, -value])
        journal.save(now=True)
    journal.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    written(tmp_path / "kept.json", 0.1, 1 / 3)
    return tmp_path / "kept.json"


def read_at(file: Path) -> list[str]:
    journal = Journal(file, "fit", FACTS)
    found = [name for name in ("piece 0", "piece 1") if name in journal]
    assert journal["piece 0"] == [0.1, -0.1]
    journal.close()
    return found


def test_what_was_there_before_is_kept_beside(file: Path) -> None:
    previous = file.with_name("kept.json.previous")
    assert sorted(one.name for one in file.parent.iterdir()) == ["kept.json", "kept.json.previous"]
    assert list(json.loads(previous.read_text())["done"]) == ["piece 0"]
    assert list(json.loads(file.read_text())["done"]) == ["piece 0", "piece 1"]
    assert json.loads(file.read_text())["format_version"] == 2


def test_where_files_have_no_second_name_a_copy_is_kept(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    before = file.read_bytes()
    monkeypatch.setattr("os.link", refused)
    written(file, 5.0)
    assert file.with_name("kept.json.previous").read_bytes() == before
    assert file.read_bytes() != before


def damaged(content: bytes) -> list[bytes]:
    """A file cut off at each byte, with each byte changed in one bit, and in all, and blank."""
    cut = [content[:n] for n in range(len(content))]
    flipped = [
        content[:i] + bytes([byte ^ mask]) + content[i + 1 :]
        for i, byte in enumerate(content)
        for mask in (1 << i % 8, 255)
    ]
    return [*cut, *flipped, b"\0" * len(content), content + b"x", content.replace(b"0.1", b"0.10")]


def test_damage_anywhere_is_noticed_and_the_one_before_is_read(file: Path) -> None:
    content = file.read_bytes()
    assert len(damaged(content)) > 700
    for i, wrong in enumerate(damaged(content)):
        file.write_bytes(wrong)
        kept, remark = load(file)
        assert (list(kept.done), kept.facts, "damaged" in str(remark)) == (["piece 0"], FACTS, True)
        if i % 20:
            continue
        with pytest.warns(UserWarning, match=r"is damaged .*going on from kept.json.previous"):
            assert read_at(file) == ["piece 0"]
        assert kept_seed(file) == 7
    file.write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_at(file) == ["piece 0", "piece 1"]


def test_where_neither_is_whole_it_is_an_error(file: Path) -> None:
    content = file.read_bytes()
    before = file.with_name("kept.json.previous")
    before.write_bytes(before.read_bytes()[:-3])
    for wrong in damaged(content)[::7]:
        file.write_bytes(wrong)
        with pytest.raises(gs.FormatError, match=r"damaged checkpoint .*remove it"):
            Journal(file, "fit", FACTS)
        with pytest.raises(gs.FormatError, match="damaged"):
            kept_seed(file)
        assert file.read_bytes() == wrong


def test_a_damaged_file_never_becomes_the_one_before(file: Path) -> None:
    before = file.with_name("kept.json.previous").read_bytes()
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.warns(UserWarning, match="damaged"):
        journal = Journal(file, "fit", FACTS)
    journal.put("piece 1", [5.0])
    journal.save(now=True)
    assert file.with_name("kept.json.previous").read_bytes() == before
    journal.put("piece 2", [6.0])
    journal.close()
    assert list(json.loads(file.with_name("kept.json.previous").read_text())["done"]) == [
        "piece 0",
        "piece 1",
    ]


def test_one_that_is_foreign_is_no_damaged_one(file: Path) -> None:
    content = file.read_bytes()
    with pytest.raises(gs.InvalidParameterError, match="another n_components"):
        Journal(file, "fit", {**FACTS, "n_components": 4})
    with pytest.raises(gs.InvalidParameterError, match="one of fit, not of select"):
        Journal(file, "select", FACTS)
    with pytest.raises(gs.InvalidParameterError, match="another data"):
        Journal(file, "fit", {**FACTS, "data": "e3b1"})
    assert file.read_bytes() == content
    file.write_text('{"format": "gmmscape-fit", "format_version": 2}')
    with pytest.raises(gs.FormatError, match="is no checkpoint"):
        Journal(file, "fit", FACTS)
    file.write_text("x,y\n1,2\n")
    with pytest.raises(gs.FormatError, match="not a JSON file"):
        Journal(file, "fit", FACTS)


def test_older_files_without_a_digest_are_read(tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    old = {"format": "gmmscape-checkpoint", "task": "fit", "facts": FACTS, "done": {"piece 0": [0.1, -0.1]}}
    file.write_text(json.dumps(old, indent=1))
    assert read_at(file) == ["piece 0"]


def test_files_of_a_later_version_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    later = {"format": "gmmscape-checkpoint", "format_version": 3, "task": "fit", "facts": FACTS, "done": {}}
    file.write_text(json.dumps(later, indent=1))
    with pytest.raises(gs.FormatError, match=r"version 3.*update gmmscape"):
        Journal(file, "fit", FACTS)


def _selected(file: Path) -> gs.Selection:
    X = np.random.default_rng(0).normal([[0.0], [9.0]], 1.0, (2, 30)).reshape(-1, 1)
    return gs.select(X, (1, 2), ("spherical",), rng=0, checkpoint=file)


def _searched(file: Path) -> lab.Falsification:
    return lab.falsify(
        n_components=2, k_star=3, d=1, n_truths=2, n_starts=4, separation=4.0, rng=2, confirm=False,
        checkpoint=file,
    )  # fmt: skip


def _explored(file: Path) -> lab.Atlas:
    land = lab.Landscape(lab.Population(gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)), 3)
    return land.explore(0, n_starts=2, saddles=True, checkpoint=file)


@pytest.mark.parametrize("work", [_selected, _searched, _explored])
def test_results_of_no_kind_are_an_error_of_the_file(work: Callable[[Path], Any], tmp_path: Path) -> None:
    """A file without a digest, or with one that somebody made, may hold anything."""
    file = tmp_path / "kept.json"
    whole = work(file).to_dict()
    kept = read(file)
    write(kept, file, keep=False)
    assert work(file).to_dict() == whole
    for name in list(kept.done)[:3]:
        for wrong in (7, "text", {}, {"end": {}, "saddle": 3}):
            write(kept._replace(done={**kept.done, name: wrong}), file, keep=False)
            try:
                found = work(file)
            except gs.FormatError:
                continue
            assert json.dumps(found.to_dict(), allow_nan=False)  # what was taken for a result makes one
