"""Rows in blocks are judged on a coreset, and what is better there is taken to all rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

import gmmscape as gs
from efforts import with_effort
from gmmscape.diagnosis.blocked import judging
from gmmscape.measure.blocked import ArrayBlocks, LocalBlocks, coreset

CENTERS = np.array([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]])
RNG = np.random.default_rng(10)
X = RNG.normal(CENTERS[RNG.integers(3, size=9000)], 1.0)
ROWS = LocalBlocks(ArrayBlocks(np.array_split(X, 4)))
#: One component on two clusters, two on one.
BAD = gs.Mixture([1 / 3] * 3, [[4.5, 0.0], [-0.3, 9.0], [0.3, 9.0]], [20.0, 1.0, 1.0], "spherical")


@pytest.fixture(autouse=True)
def small_coresets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a coreset be a part of those rows."""
    with_effort(monkeypatch, coreset, "blocked", coreset_rows=1500, coreset_rows_each=100)


def test_a_bad_optimum_is_told_and_on_how_many_rows():
    diagnosis = gs.diagnose(BAD, ROWS, covariance_type="spherical", rng=0)
    assert diagnosis.verdict == "bad optimum"
    assert diagnosis.data is None
    (told,) = [said for said in diagnosis.warnings if "stand for 9000" in said]
    there, difference = (
        int(told.split(" weighted")[0].split()[-1]),
        float(told.split("differs by ")[1].split()[0]),
    )
    assert 1200 < there < 1800
    assert 0.0 < abs(difference) < 0.1 * abs(BAD.log_density(X).mean())


def test_a_repair_is_of_all_rows():
    result = gs.repair(BAD, ROWS, covariance_type="spherical", rng=0)
    whole = gs.repair(BAD, X, covariance_type="spherical", rng=0)
    assert result.solution is not None
    assert whole.solution is not None
    assert result.solution.nll == pytest.approx(whole.solution.nll, abs=1e-9)
    assert result.solution.converged
    np.testing.assert_allclose(sorted(result.model.means[:, 0]), sorted(whole.model.means[:, 0]), atol=1e-4)
    assert "stand for 9000" in str(result)


def test_an_estimator_is_repaired_as_it_came():
    model = gs.GaussianMixture(
        3, covariance_type="spherical", means_init=BAD.means, escape=False, random_state=0
    ).fit(ROWS)
    assert model.score(ROWS) < -4.4
    repaired = gs.repair(model, ROWS, rng=0).model
    assert isinstance(repaired, gs.GaussianMixture)
    assert repaired.n_samples_ == 9000
    assert repaired.score(ROWS) == pytest.approx(repaired.lower_bound_, abs=1e-3)
    assert repaired.score(ROWS) > model.score(ROWS) + 0.5


def test_a_repair_is_never_worse_on_all_rows(monkeypatch: pytest.MonkeyPatch):
    good = gs.repair(BAD, X, covariance_type="spherical", rng=0).solution
    assert good is not None
    judged = judging.judge_blocks

    def misled(*arguments: Any) -> Any:
        found, stand_in, budget = judged(*arguments)
        final = gs.repair(BAD, X[:3], covariance_type="spherical", max_seconds=0.0).solution
        return replace(found, final=final), stand_in, budget

    monkeypatch.setattr(judging, "judge_blocks", misled)
    result = gs.repair(good.mixture, ROWS, covariance_type="spherical", rng=0)
    assert result.solution is not None
    assert result.solution.nll == pytest.approx(good.nll, abs=1e-9)


def test_a_selection_is_of_a_coreset_and_its_best_of_all_rows():
    found = gs.select(ROWS, range(2, 5), ("spherical",), rng=0)
    assert found.best_n_components == 3
    assert found.best.n_samples == 9000
    assert found.best.nll == pytest.approx(-found.best.to_estimator().score(X), abs=1e-9)
    assert found.searched_on is not None
    assert found.searched_on.n_rows < 9000
    assert "stand for 9000" in str(found)
    assert gs.select(X, [3], ("spherical",), rng=0).best.nll == pytest.approx(found.best.nll, abs=1e-4)
    assert type(found).from_dict(found.to_dict()) == found


NARROW = gs.Mixture([1.0], [[0.0]], [1.0], "spherical")
SPHERICAL = {"covariance_type": "spherical"}
FITTED = gs.GaussianMixture(1).fit(X[:9])
NAMED = gs.GaussianMixture(1).fit(X[:9])
NAMED.feature_names_in_ = np.array(["b", "a"], dtype=object)
TABLE = LocalBlocks(ArrayBlocks([X[:9]]))
TABLE.source.names = ("a", "b")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: gs.diagnose(BAD, ROWS, np.ones(9000), **SPHERICAL), ValueError, "bring their"),
        (lambda: gs.diagnose(NARROW, ROWS, **SPHERICAL), gs.DataError, "2 columns where the model has 1:"),
        (lambda: gs.repair(BAD.means, ROWS), gs.NotAvailableError, "centers are repaired on rows in memory"),
        (lambda: gs.diagnose(make_pipeline(FITTED), ROWS), gs.NotAvailableError, "pass its last step"),
        (lambda: gs.diagnose(NAMED, TABLE), gs.InvalidParameterError, r"choose the columns \['b', 'a'\]"),
        (lambda: gs.select(ROWS, [2], background="box"), gs.NotAvailableError, "background"),
        (lambda: gs.diagnose(BAD, ROWS, background="box", **SPHERICAL), gs.NotAvailableError, "background"),
        (lambda: gs.select(ROWS, [2], sample_weight=np.ones(9000)), ValueError, "bring their"),
    ],
)
def test_what_is_not_there_is_said(call: Any, error: type, message: str):
    with pytest.raises(error, match=message):
        call()


def test_centers_are_judged():
    assert gs.diagnose(BAD.means, ROWS, rng=0).verdict == "bad optimum"
