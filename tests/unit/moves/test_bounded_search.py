"""A default search costs no more than its EM allows, and says what it left."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.diagnosis import fit as fitting
from gmmscape.effort import EFFORT


def wide(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(0.0, 0.4, (6, 60))[rng.integers(6, size=1500)] + rng.normal(size=(1500, 60))


def search_and_em(monkeypatch: pytest.MonkeyPatch, **options) -> tuple[float, float, str]:
    """What the search cost, beside the EM before it, and how it ended."""
    seen = []
    examined = fitting._examined

    def watched(objective, start, plan, budget):
        tally = objective.rows.tally
        before = tally.done
        found = examined(objective, start, plan, budget)
        one = fitting.pass_size(objective, start.local)
        seen.append((tally.done - before, one * (start.n_iter + 1), found.stop_reason))
        return found

    monkeypatch.setattr(fitting, "_examined", watched)
    model = gs.GaussianMixture(6, covariance_type="diag", random_state=0, **options).fit(wide())
    ((cost, em, ended),) = seen
    assert model.em_diagnosis_.stop_reason == ended
    return cost, em, ended


@pytest.mark.slow
def test_the_search_ends_with_its_effort(monkeypatch: pytest.MonkeyPatch):
    cost, em, ended = search_and_em(monkeypatch)
    assert ended == "effort_limit"
    # Beside the search there is EM before and after it, and what was tried first in any case.
    assert cost <= max(EFFORT.diagnosis.times_em * em, 2.0 * EFFORT.diagnosis.quick_search)
    without_end, _, ended = search_and_em(monkeypatch, pursue="likelihood")
    assert ended == "completed"
    assert without_end > cost


def test_nor_is_it_bounded_where_nested_gains_are_taken(monkeypatch: pytest.MonkeyPatch):
    assert search_and_em(monkeypatch, nested="take")[2] == "completed"


def test_a_budget_of_a_few_passes_asks_for_no_lists(monkeypatch: pytest.MonkeyPatch):
    """What components cover is listed for collapses only where there is time for a dozen passes."""
    asked = []
    listed = lab.Sample.effective_rows_each

    def watched(sample, mixture):
        asked.append(mixture)
        return listed(sample, mixture)

    monkeypatch.setattr(lab.Sample, "effective_rows_each", watched)
    X = wide()
    start = gs.Mixture(None, X[:6], np.ones((6, 60)), "diag")
    gs.diagnose(start, X, covariance_type="diag", rng=0, max_seconds=1e-3)
    assert asked == []
    gs.diagnose(start, X, covariance_type="diag", rng=0, max_seconds=60.0)
    assert asked


def test_what_was_left_is_said_and_the_verdict_is_one():
    diagnosis = gs.GaussianMixture(6, covariance_type="diag", random_state=0).fit(wide()).diagnosis_
    assert diagnosis.stop_reason == "effort_limit"
    assert diagnosis.tried > 0
    assert diagnosis.verdict == "no better fit found"
    assert any("repair" in reason for reason in diagnosis.reasons)
    assert "not examined" not in {component.kind for component in diagnosis.components}
