"""Small versions of the benchmarks of large data keep the promises of the full ones."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from doors.test_benchmarks import pytestmark, small

__all__ = ["pytestmark"]


@pytest.mark.slow
def test_rows_in_files_are_fitted_as_in_memory(tmp_path: Path):
    pytest.importorskip("pyarrow")
    (row,) = small("streaming", tmp_path)["summary"].values()
    assert row["difference"] < 1e-9
    assert 0 < row["peak_MiB"] < 1000
    assert row["throughput"] > 0


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no such signal")
def test_killed_runs_go_on_to_the_same_bits(tmp_path: Path):
    summary = small("kills", tmp_path)["summary"]
    assert len(summary) == 2
    for row in summary.values():
        assert row["repeated_equal"]
        assert row["kills"] == 2
        assert row["while_writing"] >= 1
        assert row["equal"] == row["ends"] >= 1
