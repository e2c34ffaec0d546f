"""The small versions of the benchmarks of proofs keep the promises of the full ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from doors.test_benchmarks import pytestmark, small

__all__ = ["pytestmark"]


@pytest.mark.slow
def test_no_restart_exceeds_what_is_proved(tmp_path: Path):
    pytest.importorskip("flint")
    summary = small("bounds", tmp_path)["summary"]
    assert summary["exceeded"] == 0 < summary["fits"]
    assert summary["limit_gap"] < 1e-6 >= summary["grown_gain"]
    assert summary["one"] == 0.0
    (fit,) = summary["table"].values()
    assert 0 < fit["reached"] <= fit["behind"] <= fit["gain"][1]


@pytest.mark.slow
def test_what_is_found_is_proved(tmp_path: Path):
    pytest.importorskip("flint")
    summary = small("certificates", tmp_path)["summary"]
    assert summary["as_wanted"] == summary["certified"] > 0
    assert summary["minima_proved"] == summary["minima"] > 0
    assert summary["widest_kl"] < 1e-12
    assert summary["widest_birth"] < 1e-6
    assert summary["complete"] == len(summary["census"]) == 1
    assert not summary["below"]
    assert summary["accepted"] == 0 < summary["corruptions"]
