"""Fits of rows in blocks: the optimum that a fit of the same rows in memory has."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone
from tests.unit.engine.test_truncated import clusters as many_clusters

import gmmscape as gs
from efforts import with_effort
from gmmscape.engine.extension import instruction_sets as available
from gmmscape.engine.native import NativeRows
from gmmscape.estimator import of_blocks
from gmmscape.measure.blocked import ArrayBlocks, LocalBlocks, coreset
from gmmscape.progress import Event
from gmmscape.solve import em
from gmmscape.solve.second_order import quadratic_model
from gmmscape.tolerances import TOLERANCES


def clusters(n: int = 6_000, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(rng.integers(0, 4, (n, 1)) * [8.0, 3.0], 1.0)


def blocks_of(X: np.ndarray, *ends: int, w: np.ndarray | None = None, names=None) -> LocalBlocks:
    source = ArrayBlocks(np.split(X, ends), None if w is None else np.split(w, ends))
    source.names = names
    return LocalBlocks(source)


@pytest.fixture
def small_coreset(monkeypatch: pytest.MonkeyPatch) -> None:
    with_effort(monkeypatch, coreset, "blocked", coreset_rows=1_000, coreset_rows_each=1)


@pytest.mark.usefixtures("small_coreset")
@pytest.mark.parametrize("kind", ["full", "diag", "tied", "spherical"])
def test_the_same_optimum_as_in_memory(kind: str) -> None:
    X = clusters()
    options = {
        "n_components": 4,
        "covariance_type": kind,
        "covariance_prior": 0,
        "random_state": 0,
        "tol": 1e-9,
    }
    blocked = gs.GaussianMixture(**options).fit(blocks_of(X, 5, 5, 6, 4_000))
    whole = gs.GaussianMixture(**options).fit(X)
    assert blocked.converged_
    assert blocked.score(X) == pytest.approx(whole.score(X), abs=1e-9)
    assert sorted(blocked.weights_) == pytest.approx(sorted(whole.weights_), abs=1e-7)
    assert blocked.searched_on_.n_rows < 1_100
    assert blocked.searched_on_.n_samples == 6_000
    assert blocked.searched_on_.nll == pytest.approx(-blocked.score(X), rel=1e-10)
    assert blocked.searched_on_.stands_for_all
    assert "stand for 6000" in str(blocked.diagnosis_)


@pytest.mark.usefixtures("small_coreset")
@pytest.mark.parametrize("formed", [True, False])
@pytest.mark.parametrize("kind", ["full", "tied", "spherical"])
def test_few_rows_tell_the_steps_of_very_many(
    kind: str, formed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In far fewer passes to the same end; Hessians formed, and products with them."""
    rng = np.random.default_rng(0)
    X = rng.normal(rng.integers(0, 4, (30_000, 1)) * [3.2, 1.0], 1.0)
    model = gs.GaussianMixture(4, covariance_type=kind, covariance_prior=0, random_state=0, tol=1e-6)
    if not formed:
        with_effort(monkeypatch, quadratic_model, "solve", largest_hessian=0)
    ends, blocks = [], blocks_of(X, 5, 5, 6, 10_000)
    for times in (10, 1_000_000):
        with_effort(monkeypatch, of_blocks, "blocked", stand_in_rows=times)
        ends.append(model.fit(blocks).solution_)
    few, all_rows = ends
    assert few.stop_reason == all_rows.stop_reason == "converged"
    assert few.nll == pytest.approx(all_rows.nll, abs=1e-10)
    np.testing.assert_allclose(few.means, all_rows.means, atol=1e-4)
    assert few.n_iter < 0.6 * all_rows.n_iter


@pytest.mark.usefixtures("small_coreset")
def test_steps_go_on_where_their_fall_does_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judged by the EM step they end in fewer passes than EM from there."""
    rng = np.random.default_rng(0)
    X = rng.normal(rng.integers(0, 4, (30_000, 1)) * [3.2, 1.0], 1.0)
    model = gs.GaussianMixture(4, covariance_prior=0, random_state=0, tol=1e-10)
    ends, blocks = [], blocks_of(X, 5, 5, 6, 10_000)
    for unseen in (TOLERANCES.solve.unseen_fall, 0.0):
        changed = replace(TOLERANCES, solve=replace(TOLERANCES.solve, unseen_fall=unseen))
        monkeypatch.setattr(em, "TOLERANCES", changed)
        ends.append(model.fit(blocks).solution_)
    judged, by_fall = ends
    assert judged.stop_reason == by_fall.stop_reason == "converged"
    assert judged.gradient_norm <= 1e-10
    assert judged.nll == pytest.approx(by_fall.nll, abs=1e-12)
    assert judged.n_iter < by_fall.n_iter


@pytest.mark.usefixtures("small_coreset")
@pytest.mark.skipif(not available(), reason="the extension is not built")
@pytest.mark.parametrize(("apart", "pays"), [(9.0, True), (2.0, False)])
def test_blocks_of_many_components_are_sorted_where_it_pays(
    apart: float, pays: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, start = many_clusters("full", n=30_000, d=2, k=40, apart=apart)
    made, order = [], NativeRows.order

    def seen(held, *arguments):
        made.append(order(held, *arguments))
        return made[-1]

    monkeypatch.setattr(NativeRows, "order", seen)
    model = gs.GaussianMixture(
        40,
        weights_init=start.weights,
        means_init=start.means,
        precisions_init=np.linalg.inv(start.covariances),
        escape=False,
        covariance_prior=0,
        accelerate=False,
        max_iter=3,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        blocked = clone(model).fit(blocks_of(X, 9_000, 20_000))
        whole = clone(model).fit(X)
    assert [one is not None for one in made] == 3 * [pays]
    np.testing.assert_allclose(blocked.means_, whole.means_, rtol=1e-9, atol=1e-9)


@pytest.mark.usefixtures("small_coreset")
@pytest.mark.parametrize("weighted", [False, True])
def test_iterations_from_given_parameters_are_those_in_memory(weighted: bool) -> None:
    X = clusters()
    w = np.random.default_rng(3).integers(1, 4, len(X)).astype(float) if weighted else None
    options = {
        "n_components": 4,
        "escape": False,
        "covariance_prior": 0,
        "weights_init": [0.25] * 4,
        "means_init": X[:4],
        "precisions_init": np.stack([np.eye(2) * 0.1] * 4),
        "max_iter": 10,
        "random_state": 0,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        blocked = gs.GaussianMixture(**options).fit(blocks_of(X, 100, 2_000, w=w))
        whole = gs.GaussianMixture(**options).fit(X, sample_weight=w)
    assert blocked.n_iter_ == whole.n_iter_ == 10
    np.testing.assert_allclose(blocked.means_, whole.means_, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(blocked.covariances_, whole.covariances_, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(blocked.history_, whole.history_, rtol=1e-12)


@pytest.mark.usefixtures("small_coreset")
def test_what_it_says_of_rows_in_blocks_is_what_it_says_of_them() -> None:
    X = clusters()
    rows = blocks_of(X, 0, 1, 3_000)
    model = gs.GaussianMixture(4, random_state=0).fit(rows)
    assert np.array_equal(model.predict(rows), model.predict(X))
    assert np.array_equal(model.score_samples(rows), model.score_samples(X))
    assert np.array_equal(model.predict_proba(rows), model.predict_proba(X))
    assert model.score(rows) == pytest.approx(model.score(X), rel=1e-13)
    assert model.bic(rows) == pytest.approx(model.bic(X), rel=1e-12)
    assert model.aic(rows) == pytest.approx(model.aic(X), rel=1e-12)
    assert model.n_features_in_ == 2


@pytest.mark.usefixtures("small_coreset")
def test_a_cluster_of_few_rows_is_found() -> None:
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(20_000, 2)), rng.normal(size=(60, 2)) + 12.0])
    X = X[rng.permutation(len(X))]
    model = gs.GaussianMixture(2, random_state=0).fit(blocks_of(X, 5_000))
    assert min(model.weights_) == pytest.approx(60 / len(X), rel=0.05)


def test_few_rows_are_fitted_as_in_memory() -> None:
    X = clusters(300)
    blocked = gs.GaussianMixture(4, random_state=0).fit(blocks_of(X, 100))
    whole = gs.GaussianMixture(4, random_state=0).fit(X)
    assert blocked.score(X) == pytest.approx(whole.score(X), abs=1e-9)
    assert "stand for" not in str(blocked.diagnosis_)
    assert blocked.diagnosis_.verdict == whole.diagnosis_.verdict


def test_columns_have_to_be_those_of_the_fit() -> None:
    X = clusters(500)
    model = gs.GaussianMixture(4, random_state=0).fit(blocks_of(X, names=("a", "b")))
    assert list(model.feature_names_in_) == ["a", "b"]
    with pytest.raises(gs.InvalidParameterError, match=r"columns=\['a', 'b'\]"):
        model.predict(blocks_of(X, names=("b", "a")))
    with pytest.raises(gs.DataError, match="expecting 2 features"):
        model.score(blocks_of(X[:, :1]))
    assert np.array_equal(model.predict(blocks_of(X)), model.predict(blocks_of(X, names=("a", "b"))))


def test_what_is_not_there_is_refused() -> None:
    rows = blocks_of(clusters(200))
    for options, told in (
        ({"background": "box"}, "background"),
        ({"warm_start": True}, "warm_start"),
        ({"init_params": np.ones((200, 1))}, "init_params"),
    ):
        with pytest.raises(gs.NotAvailableError, match=told):
            gs.GaussianMixture(1, **options).fit(rows)
    with pytest.raises(gs.InvalidParameterError, match="bring their weights"):
        gs.GaussianMixture(1).fit(rows, sample_weight=np.ones(200))
    with pytest.raises(gs.DataError, match="n_samples >= n_components"):
        gs.GaussianMixture(300).fit(rows)
    with pytest.raises(gs.NotFittedError):
        gs.GaussianMixture(1).predict(rows)


def test_parameters_of_the_user_stay_as_they_are() -> None:
    model = gs.GaussianMixture(2, random_state=3, max_seconds=60.0)
    before = model.get_params()
    model.fit(blocks_of(clusters(400)))
    assert model.get_params() == before


@pytest.mark.usefixtures("small_coreset")
def test_time_that_is_up_leaves_a_fit() -> None:
    with pytest.warns(UserWarning, match="time_limit"):
        model = gs.GaussianMixture(4, random_state=0, max_seconds=0.0).fit(blocks_of(clusters()))
    assert model.stop_reason_ == "time_limit"
    assert np.isfinite(model.means_).all()


@pytest.mark.usefixtures("small_coreset")
def test_within_a_long_pass_it_is_told_how_far_it_is_and_can_be_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(of_blocks, "PRINTED_EVERY", 0.0)
    seen: list[Event] = []

    def stop(event: Event) -> bool:
        seen.extend([event] if event.stage == "pass" else [])
        return event.stage == "pass" and event.detail["iteration"] > 0  # before there is no fit to end with

    model = gs.GaussianMixture(2, random_state=0, escape=False, init_params="random_from_data")
    of_blocks.fit_blocks(model, blocks_of(clusters(1_100), 500, 1_000), stop)
    assert model.stop_reason_ == "interrupted"
    assert (seen[0].done, seen[0].total) == (500, 1_100)
    assert seen[0].detail["rows_per_second"] > 0.0
