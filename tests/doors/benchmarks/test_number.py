"""The choice of the number of components, beside scikit-learn's, on a few draws."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.judging import number

from doors.test_benchmarks import pytestmark, small

__all__ = ["pytestmark"]


@pytest.mark.slow
def test_the_number_is_the_one_there_is(tmp_path: Path):
    summary = small("number", tmp_path)["summary"]
    assert set(summary) == {"apart", "hepta (labelled)"}
    for own in summary.values():
        assert own["ours, BIC"]["right"] == own["ours, BIC"]["of"] > 0
        assert all(one["behind_best_on_new_rows"] >= 0.0 for one in own.values())
        assert min(one["behind_best_on_new_rows"] for one in own.values()) < 0.05


def test_counts_and_gaps_are_those_of_the_cases():
    """Of three draws one is right, one too low, one too high; what another has more on new rows is lost."""
    numbers, ours, theirs = (4, 3, 6), (-1.0, -2.0, -3.0), (-1.5, -1.0, -3.0)
    done = {
        f"apart: draw {i}": {
            "k": 4,
            "n": 100,
            "d": 2,
            "ours, BIC": {"number": numbers[i], "new_rows": ours[i], "processor_seconds": 1.0 + i},
            "scikit-learn, BIC": {"number": 4, "new_rows": theirs[i], "processor_seconds": 1.0},
        }
        for i in range(3)
    }
    found = number.summary(done)["apart"]
    assert [found["ours, BIC"][key] for key in ("right", "of", "too_few", "too_many")] == [1, 3, 1, 1]
    assert found["ours, BIC"]["behind_best_on_new_rows"] == pytest.approx(1.0 / 3.0)
    assert found["scikit-learn, BIC"]["behind_best_on_new_rows"] == pytest.approx(0.5 / 3.0)
    assert found["ours, BIC"]["processor_seconds"] == 2.0
    low, high = found["ours, BIC"]["interval"]
    assert 0.0 < low < 1.0 / 3.0 < high < 1.0
    figures = number.shown({"apart": found}).figures
    assert figures["bic"] == "1 of 3"
    assert (figures["nearer"], figures["kinds"]) == (0, 1)
    assert figures["oftener"] == "apart (scikit-learn, BIC: 3 of 3)"
