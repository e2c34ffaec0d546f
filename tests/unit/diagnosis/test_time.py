"""What a time that is over leaves to be done, in counts of work: clocks of busy machines tell little."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.families import Floor, family_named
from gmmscape.measure import WeightedRows
from gmmscape.measure.tally import Tally
from gmmscape.moves import restarts
from gmmscape.objective import Objective
from gmmscape.progress import Budget
from gmmscape.selection.criteria import entropy
from gmmscape.solve import mixture_around


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
