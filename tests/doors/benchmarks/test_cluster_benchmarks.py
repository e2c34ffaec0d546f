"""The small versions of the benchmarks of Dask and Spark keep the promises of the full ones."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from doors.test_benchmarks import pytestmark, small

__all__ = ["pytestmark"]


@pytest.mark.slow
def test_workers_change_no_bit_and_their_end_is_an_error(tmp_path: Path):
    pytest.importorskip("distributed")
    summary = small("dask", tmp_path)["summary"]
    assert summary["same"] == summary["of"] == 3
    assert summary["killed_same"]
    assert summary["gone_error"] == "NoResultError"
    assert summary["gone_same_after"]
    assert summary["gone_seconds"] < 60.0
    assert summary["efficiency"] > 0.0


@pytest.mark.slow
def test_spark_agrees_with_one_process(tmp_path: Path):
    pytest.importorskip("pyspark")
    if shutil.which("java") is None:
        pytest.skip("no Java runtime")
    summary = small("spark", tmp_path)["summary"]
    assert summary["difference"] <= 1e-9
    (one,) = summary["sets"].values()
    assert one["ours_per_row"] > one["ml_per_row"]
