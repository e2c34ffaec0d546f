"""What the time of a fit bounds, in counts of work: clocks of busy machines tell little."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

import gmmscape as gs
from gmmscape.diagnosis import fit as fit_plans
from gmmscape.estimator import fitting
from gmmscape.measure import WeightedRows
from gmmscape.measure.tally import Tally
from gmmscape.progress import Budget
from gmmscape.solve import Regularity
from unit.estimator.cases import X, model


def test_once_the_time_is_over_rows_are_passed_over_once(monkeypatch: pytest.MonkeyPatch):
    """However many components there are: what a fit is called by needs no more than its likelihood."""
    passes, count = list[float](), Tally.count

    def counted(tally: Tally, n: int, mixture: gs.Mixture, passes_of: float = 1.0) -> None:
        passes.append(passes_of)
        count(tally, n, mixture, passes_of)

    def errors(*_: Any, **__: Any) -> None:
        raise AssertionError("a pass for the rounding errors")

    monkeypatch.setattr(Tally, "count", counted)
    monkeypatch.setattr(WeightedRows, "errors", errors)
    rows = np.random.default_rng(0).normal(size=(2000, 2))
    with pytest.warns(ConvergenceWarning, match="time_limit"):
        fitted = model(n_components=400, max_seconds=1e-9).fit(rows)
    assert np.isfinite(fitted.lower_bound_)
    assert fitted.diagnosis_.stop_reason == "time_limit"
    assert sum(passes) == 1.0


def test_the_time_of_a_fit_begins_with_its_start(monkeypatch: pytest.MonkeyPatch):
    """Prior and starts are part of it."""
    began, starts = list[Budget](), list[int]()
    real_budget, real_start = fitting.Budget, fit_plans.start_around

    def budget(*args: Any, **kwargs: Any) -> Budget:
        began.append(real_budget(*args, **kwargs))
        return began[-1]

    def start(*args: Any) -> gs.Mixture:
        starts.append(len(began))
        return real_start(*args)

    family = Regularity.family

    def prior(*args: Any) -> Any:
        starts.append(len(began))
        return family(*args)

    monkeypatch.setattr(fitting, "Budget", budget)
    monkeypatch.setattr(fit_plans, "start_around", start)
    monkeypatch.setattr(Regularity, "family", prior)
    model().fit(X)
    assert starts == [1, 1]
