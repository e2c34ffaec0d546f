"""The small versions of the benchmarks of hostile files and forks keep the promises of the full ones."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from doors.test_benchmarks import ROOT, pytestmark, small

__all__ = ["pytestmark"]

if not (ROOT / "benchmarks").is_dir():
    pytest.skip("benchmarks are in the repository only", allow_module_level=True)
sys.path.insert(0, str(ROOT))

from benchmarks.hardening import changes, distortions
from benchmarks.hardening.outcomes import HUNG, OTHER, RAISED, REFUSED, SAME, outcome_of

TEXT = b'{"a": 1.5, "b": {"c": [1, -2], "d": "x"}, "e": null}'


@pytest.mark.slow
def test_changed_files_are_refused_or_the_same(tmp_path: Path):
    summary = small("tampering", tmp_path)["summary"]
    assert summary["wrong"] == 0
    assert summary["refused"] + summary["same"] == summary["changes"] == 120
    assert summary["refused"] > 100


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_nothing_hangs_and_all_bits_are_the_same(tmp_path: Path):
    summary = small("forks", tmp_path)["summary"]
    assert set(summary) == {"fork", "spawn", "forkserver", "threads"}
    for row in summary.values():
        assert row["equal"] == row["of"] > 0
        assert row["hung"] == row["failed"] == row["other_bits"] == 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the size of a process is read from /proc")
def test_distorted_files_are_read_or_refused(tmp_path: Path):
    pytest.importorskip("pyarrow")
    pytest.importorskip("flint")
    summary = small("fuzzing", tmp_path)["summary"]
    assert summary["executions"] == 800
    assert summary["findings"] == 0
    each = [row["outcomes"] for row in summary["each"].values()]
    assert min(row["refused"] for row in each) > 0
    # Of few executions of a kind all may be refused.
    assert sum(row.get("same", 0) > 0 for row in each) > len(each) / 2


def test_each_outcome_is_told():
    """The control of all that is counted: what must not happen is seen where it does."""

    def never() -> None:
        while True:
            pass

    def untyped() -> None:
        raise KeyError("means")

    def overflowing() -> Any:
        return np.float64(1e308) * np.float64(10.0)

    assert outcome_of(lambda: 1, lambda found: found == 1) == (SAME, "")
    assert outcome_of(lambda: 2, lambda found: found == 1)[0] == OTHER
    assert outcome_of(untyped, lambda _: True)[1].startswith("KeyError: 'means' (test_hardening")
    assert outcome_of(overflowing, lambda _: True)[0] == RAISED
    assert outcome_of(lambda: Path("none").read_bytes(), lambda _: True)[0] == REFUSED
    assert outcome_of(never, lambda _: True, 0.05)[0] == HUNG


def test_values_and_fields_are_found():
    values, fields = changes.tokens(TEXT)
    assert [TEXT[a:b] for a, b in values] == [b"1.5", b"1", b"-2", b'"x"', b"null"]
    assert [TEXT[one.begin : one.end] for one in fields] == [
        b'"a": 1.5',
        b'"b": {"c": [1, -2], "d": "x"}',
        b'"c": [1, -2]',
        b'"d": "x"',
        b'"e": null',
    ]


def test_single_changes_are_single():
    rng = np.random.default_rng(0)
    whole = json.loads(TEXT)
    for _ in range(200):
        assert sum(a != b for a, b in zip(TEXT, changes.flipped(rng, TEXT), strict=True)) <= 1
        assert TEXT.startswith(changes.cut(rng, TEXT))
        assert len(json.loads(changes.field_added(rng, TEXT))) in (len(whole), len(whole) + 1)
        removed = json.loads(changes.field_removed(rng, TEXT))
        assert removed != whole
        assert {*removed} <= {*whole}
        twice = changes.field_doubled(rng, TEXT)
        assert twice.count(b":") > TEXT.count(b":")
        assert isinstance(json.loads(twice), dict)
        assert changes.value_changed(rng, TEXT) != TEXT


def test_a_distorted_checkpoint_has_its_digest(tmp_path: Path):
    """Else only the check of the digest would be tried."""
    from gmmscape.work import kept_file

    path = tmp_path / "kept.json"
    kept_file.write(kept_file.Kept("fit", {"rng": 1}, {"em": [1.0, 2.0]}), path, keep=False)
    data, rng, read = path.read_bytes(), Random(0), 0
    for _ in range(100):
        path.write_bytes(distortions.of_checkpoints(rng, data, [data]))
        outcome, said = outcome_of(lambda: kept_file.read(path), lambda _: True)
        assert outcome in (SAME, REFUSED), said
        assert "not the one that was written" not in said
        read += outcome == SAME
    assert read > 30
