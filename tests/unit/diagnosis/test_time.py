"""What a time that is over leaves to be done, in counts of work: clocks of busy machines tell little."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

import gmmscape as gs
from gmmscape import lab
from gmmscape.diagnosis import fit as fit_plans
from gmmscape.estimator import fitting
from gmmscape.families import Floor, family_named
from gmmscape.measure import WeightedRows
from gmmscape.measure.tally import Tally
from gmmscape.moves import restarts
from gmmscape.objective import Objective
from gmmscape.progress import Budget
from gmmscape.selection.criteria import entropy
from gmmscape.solve import Regularity, mixture_around
from unit.estimator.cases import X as ROWS
from unit.estimator.cases import model


def many(k: int = 300, n: int = 5000) -> tuple[gs.Mixture, np.ndarray]:
    """A mixture of many components, and rows."""
    X = np.random.default_rng(0).normal(size=(n, 2))
    return gs.Mixture(None, X[:k], np.full(k, 0.01), "spherical"), X


def test_a_fit_that_there_is_no_time_for_is_passed_over_once(monkeypatch: pytest.MonkeyPatch):
    fit, X = many()
    passes, count = list[int](), Tally.count

    def counted(tally: Tally, n: int, mixture: gs.Mixture, of: float = 1.0) -> None:
        passes.append(n)
        count(tally, n, mixture, of)

    monkeypatch.setattr(Tally, "count", counted)
    diagnosis = gs.diagnose(fit, X, covariance_type="spherical", rng=0, max_seconds=1e-9)
    assert diagnosis.stop_reason == "time_limit"
    assert np.isfinite(diagnosis.value_before)
    assert diagnosis.gradient_norm > 0.0
    assert passes.count(len(X)) == 1
    assert max(n for n in passes if n < len(X)) <= 2000  # whether the rows are others


def test_value_and_step_are_those_of_passes_of_their_own():
    fit, X = many(4, 500)
    diagnosis = gs.diagnose(fit, X, covariance_type="spherical", rng=0)
    sample = lab.Sample(X)
    objective = Objective.near(sample, family_named("spherical", Floor.of(sample.variance)), fit)
    assert diagnosis.value_before == pytest.approx(objective.value(sample.local_mixture(fit)), rel=1e-12)


def test_no_start_is_made_when_the_time_is_over(monkeypatch: pytest.MonkeyPatch):
    sample = lab.Sample(many()[1])
    family = family_named("spherical", Floor.of(sample.variance))
    objective = Objective.near(sample, family, mixture_around(sample, family, np.zeros((1, 2))))

    def nothing(*_: Any) -> None:
        raise AssertionError("a start")

    monkeypatch.setattr(restarts, "start_around", nothing)
    monkeypatch.setattr(restarts, "mixture_around", nothing)
    for init_params in ("k-means++", "random_from_data"):
        plan = restarts.StartPlan(5, init_params, 10, 0)
        found = restarts.restarted(objective, plan, Budget("local_optima", 0.0))
        assert (found.ends, found.stop_reason) == ([], "time_limit")


def test_entropy_is_a_sum_over_what_components_cover(monkeypatch: pytest.MonkeyPatch):
    fit, X = many()
    rows = lab.Sample(X, background="box").rows(fit)
    psi = rows.responsibilities(fit)
    psi = np.column_stack([psi, 1.0 - psi.sum(axis=1)])
    expected = -np.sum(psi * np.log(np.maximum(psi, 1e-300))) / len(X)

    def dense(*_: Any) -> None:
        raise AssertionError("one number for each row and component")

    monkeypatch.setattr(WeightedRows, "responsibilities", dense)
    assert entropy(rows, fit) == pytest.approx(expected, rel=1e-12)


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
    model().fit(ROWS)
    assert starts == [1, 1]
