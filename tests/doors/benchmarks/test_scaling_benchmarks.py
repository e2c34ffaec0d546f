"""Small versions of the benchmarks of large data keep the promises of the full ones."""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np
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
def test_a_coreset_leads_to_the_optimum_of_all_rows(tmp_path: Path):
    summary = small("coreset", tmp_path)["summary"]
    assert summary["same"] == summary["same_as_all"] == summary["fits"] > 0
    assert summary["largest_in_standard_errors"] < 5
    assert summary["rows"] < 60_000


@pytest.mark.slow
def test_costs_grow_with_columns_as_the_law_says(tmp_path: Path):
    summary = small("reach", tmp_path)["summary"]
    assert all(np.isfinite(terms).all() for terms in summary["laws"].values())
    few, many = (np.array([1, d, d * d]) @ summary["laws"]["full"] for d in (4, 32))
    assert many > 4 * few > 0
    _, _, sums, *_ = zip(*summary["plans"], strict=True)
    assert sums[1] == pytest.approx(100 * sums[0])
    assert sums[3] == pytest.approx(16 * sums[4])


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


@pytest.mark.slow
def test_truncated_passes_are_timed_beside_whole_ones(tmp_path: Path):
    """Work is counted, and the sums are the same; times are those of a busy machine."""
    content = small("components", tmp_path)
    cases, summary = content["cases"], content["summary"]
    assert cases["apart: small, apart"]["components_a_row"] < 20.0
    assert cases["overlapping: small, overlapping"]["components_a_row"] == 64.0
    assert summary["largest_difference"] < 1e-10
    assert summary["least_ratio_apart"] > 1.0
    assert (
        cases["growth: small k=256"]["components_a_row"]
        < 2.0 * cases["growth: small k=64"]["components_a_row"]
    )
