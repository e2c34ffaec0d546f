"""The small version of the benchmark of proved bounds keeps the promises of the full one."""

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
