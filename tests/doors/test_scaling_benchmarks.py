"""Small versions of the benchmarks of large data keep the promises of the full ones."""

from __future__ import annotations

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
