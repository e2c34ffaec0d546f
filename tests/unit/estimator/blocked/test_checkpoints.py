"""Fits with a checkpoint: stopped anywhere, they end with the bits of one that was not stopped."""

from __future__ import annotations

import json
import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

import gmmscape as gs
from efforts import with_effort
from gmmscape.estimator import of_blocks
from gmmscape.estimator.of_blocks import fit_kept
from gmmscape.measure.blocked import ArrayBlocks, LocalBlocks, coreset
from gmmscape.solve.second_order import quadratic_model
from gmmscape.work import journal

RNG = np.random.default_rng(0)
#: Clusters that overlap: EM creeps, and its second-order phase begins.
OVERLAPPING = np.concatenate(
    [RNG.normal(mean, sd, (500, 2)) for mean, sd in ((0, 1), (2, 1.5), (4, 1), (5, 2))]
)
OPTIONS: dict[str, Any] = {"n_components": 3, "random_state": 0, "tol": 1e-8}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch):
    """A small coreset, a checkpoint at each iteration, and no word about fits that were stopped."""
    with_effort(monkeypatch, journal, "files", saving_share=0.0)
    with_effort(monkeypatch, coreset, "blocked", coreset_rows=400, coreset_rows_each=1)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Best performing")
        yield


def model(file: Path | None, **options: Any) -> gs.GaussianMixture:
    return gs.GaussianMixture(**{**OPTIONS, **options}, checkpoint=file)


def bits(fitted: gs.GaussianMixture) -> bytes:
    """All that a fit says of itself."""
    on = fitted.searched_on_
    arrays = (fitted.weights_, fitted.means_, fitted.covariances_, fitted.precisions_cholesky_)
    return pickle.dumps(
        [
            *(array.tobytes() for array in arrays),
            [fitted.history_, fitted.lower_bounds_, fitted.n_iter_, fitted.stop_reason_, on.nll_there],
            json.dumps(fitted.document().to_dict()),
        ]
    )


def stopped_each(file: Path, every: int, X: np.ndarray = OVERLAPPING, **options: Any) -> list[int]:
    """Fit, stopped after so many iterations of EM on all rows, until it ends; the iterations at each stop."""
    stops = []
    while True:
        left = [every]

        def watch(event: Any, left: list[int] = left) -> bool:
            left[0] -= event.stage == "em" and "gradient_norm" in event.detail
            return left[0] <= 0

        one = model(file, **options)
        fit_kept(one, X, None, watch)
        stops.append(one.n_iter_)
        if one.stop_reason_ != "interrupted":
            return stops
        assert len(stops) < 100


@pytest.mark.parametrize("kind", ["full", "spherical", pytest.param("VEV", marks=pytest.mark.slow)])
def test_stops_change_no_bit(kind: str, tmp_path: Path) -> None:
    whole = model(tmp_path / "a.json", covariance_type=kind).fit(OVERLAPPING)
    assert whole.converged_
    stops = stopped_each(tmp_path / "b.json", 9, covariance_type=kind)
    assert len(stops) >= 2
    assert stops == sorted(stops)
    assert stops[-1] == whole.n_iter_
    again = model(tmp_path / "b.json", covariance_type=kind).fit(OVERLAPPING)
    assert bits(again) == bits(whole)
    in_blocks = gs.GaussianMixture(**OPTIONS, covariance_type=kind)
    assert bits(in_blocks.fit(LocalBlocks(ArrayBlocks([OVERLAPPING])))) == bits(whole)


def test_the_second_order_phase_goes_on(tmp_path: Path) -> None:
    """Its model is kept too; of states that are not, the last one before is gone on from."""
    options = {"n_components": 4, "tol": 1e-11, "escape": False, "means_init": OVERLAPPING[::500]}
    whole = model(tmp_path / "a.json", **options).fit(OVERLAPPING)
    stops = stopped_each(tmp_path / "b.json", 13, **options)
    assert (stops[0], stops[-1]) == (13, whole.n_iter_)
    assert bits(model(tmp_path / "b.json", **options).fit(OVERLAPPING)) == bits(whole)
    model(tmp_path / "c.json", **options, max_iter=14).fit(OVERLAPPING)
    em = json.loads((tmp_path / "c.json").read_text())["done"]["em"]
    assert em["model"]["matrix"] is not None
    assert len(em["values"]) >= 11


@pytest.mark.parametrize("formed", [True, False])
def test_steps_that_few_rows_tell_go_on(formed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with_effort(monkeypatch, of_blocks, "blocked", stand_in_rows=2)
    if not formed:
        with_effort(monkeypatch, quadratic_model, "solve", largest_hessian=0)
    options = {"n_components": 4, "tol": 1e-9, "escape": False, "means_init": OVERLAPPING[::500]}
    whole = model(tmp_path / "a.json", **options).fit(OVERLAPPING)
    for every in (4, 7):
        file = tmp_path / f"{every}.json"
        stops = stopped_each(file, every, **options)
        assert len(stops) > 1
        assert bits(model(file, **options).fit(OVERLAPPING)) == bits(whole)


def test_max_iter_is_that_of_the_whole_fit(tmp_path: Path) -> None:
    options = {"max_iter": 12, "tol": 0.0, "escape": False, "means_init": [[0, 0], [3, 3], [6, 6]]}
    whole = model(tmp_path / "a.json", **options).fit(OVERLAPPING)
    assert (whole.stop_reason_, whole.n_iter_, len(whole.history_)) == ("max_iter", 12, 13)
    assert stopped_each(tmp_path / "b.json", 5, **options) == [5, 10, 12]
    assert bits(model(tmp_path / "b.json", **options).fit(OVERLAPPING)) == bits(whole)


def test_what_is_kept_is_not_done_again(tmp_path: Path) -> None:
    whole = model(tmp_path / "a.json").fit(OVERLAPPING)
    seen = []
    again = model(tmp_path / "a.json")
    fit_kept(again, OVERLAPPING, None, seen.append)
    assert {event.stage for event in seen} == {"summary", "coreset"}
    assert bits(again) == bits(whole)


def test_time_that_is_over_keeps_what_was_reached(tmp_path: Path) -> None:
    whole = model(tmp_path / "a.json").fit(OVERLAPPING)
    stopped_each_once = model(tmp_path / "b.json")

    def watch(event: Any) -> bool:
        return (
            event.stage == "em" and event.detail.get("iteration", 0) >= 4 and "gradient_norm" in event.detail
        )

    fit_kept(stopped_each_once, OVERLAPPING, None, watch)
    late = model(tmp_path / "b.json", max_seconds=1e-9).fit(OVERLAPPING)
    assert (late.stop_reason_, late.n_iter_) == ("time_limit", 4)
    assert late.history_ == whole.history_[:5]
    assert bits(model(tmp_path / "b.json").fit(OVERLAPPING)) == bits(whole)


def test_a_search_that_was_stopped_ends_the_fit_and_is_not_kept(tmp_path: Path) -> None:
    one = model(tmp_path / "a.json")
    fit_kept(one, OVERLAPPING, None, lambda event: event.stage not in ("summary", "coreset"))
    assert (one.stop_reason_, one.n_iter_) == ("interrupted", 0)
    assert not (tmp_path / "a.json").exists()
    late = model(tmp_path / "a.json", max_seconds=1e-9).fit(OVERLAPPING)
    assert (late.stop_reason_, late.n_iter_) == ("time_limit", 0)
    assert not (tmp_path / "a.json").exists()


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"n_components": 2}, "another n_components"),
        ({"covariance_type": "diag"}, "another covariance_type"),
        ({"tol": 1e-3}, "another tol"),
        ({"random_state": 1}, "another rng"),
        ({"means_init": [[0, 0], [3, 3], [6, 6]]}, "another means_init"),
        ({"escape": False}, "another escape"),
    ],
)
def test_another_fit_is_refused_by_what_differs(other: dict[str, Any], said: str, tmp_path: Path) -> None:
    X = OVERLAPPING[::5]
    model(tmp_path / "a.json").fit(X)
    before = (tmp_path / "a.json").read_bytes()
    with pytest.raises(gs.InvalidParameterError, match=said):
        model(tmp_path / "a.json", **other).fit(X)
    with pytest.raises(gs.InvalidParameterError, match="another data"):
        model(tmp_path / "a.json").fit(X + np.eye(len(X), 2) * 1e-12)
    with pytest.raises(gs.InvalidParameterError, match="one of fit, not of select"):
        gs.select(X, [1, 2], checkpoint=tmp_path / "a.json")
    assert (tmp_path / "a.json").read_bytes() == before
    model(tmp_path / "a.json", n_jobs=1, verbose=0, max_seconds=1e9).fit(X)


def test_without_a_seed_that_of_the_checkpoint_is_used(tmp_path: Path) -> None:
    X = OVERLAPPING[::5]
    one = model(tmp_path / "a.json", random_state=None).fit(X)
    assert bits(model(tmp_path / "a.json", random_state=None).fit(X)) == bits(one)


def test_weights_names_and_precision_are_those_of_the_rows(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    X, w = OVERLAPPING[::5], np.random.default_rng(1).integers(1, 4, 400)
    frame = pandas.DataFrame(X.astype(np.float32), columns=["a", "b"])
    kept = model(tmp_path / "a.json").fit(frame, sample_weight=w)
    assert list(kept.feature_names_in_) == ["a", "b"]
    assert kept.means_.dtype == np.float32
    assert kept.diagnosis_.total == w.sum()
    repeated = gs.GaussianMixture(**OPTIONS).fit(np.repeat(X.astype(np.float32), w, axis=0))
    assert kept.score(frame, sample_weight=w) == pytest.approx(
        repeated.score(np.repeat(X, w, axis=0)), abs=1e-4
    )


def test_what_rows_in_blocks_do_not_have_is_refused(tmp_path: Path) -> None:
    holed = OVERLAPPING.copy()
    holed[3, 1] = np.nan
    with pytest.raises(gs.NotAvailableError, match="checkpoint: 1 rows have missing values"):
        model(tmp_path / "a.json").fit(holed)
    for option in ({"background": "box"}, {"warm_start": True}, {"init_params": np.ones((2000, 3)) / 3}):
        with pytest.raises(gs.NotAvailableError, match=f"{next(iter(option))}: .*checkpoint"):
            model(tmp_path / "a.json", **option).fit(OVERLAPPING)
    assert not list(tmp_path.iterdir())


def test_it_is_a_parameter_and_no_part_of_what_is_saved(tmp_path: Path) -> None:
    fitted = model(tmp_path / "a.json").fit(OVERLAPPING[::5])
    assert clone(fitted).checkpoint == tmp_path / "a.json"
    fitted.save(tmp_path / "a.gmm")
    assert gs.load(tmp_path / "a.gmm").checkpoint is None
