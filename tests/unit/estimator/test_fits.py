"""Fits with and without escape: where they end, what they tell, and how they go on."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

import gmmscape as gs
from unit.estimator.cases import (
    BAD_MEANS,
    CENTERS,
    FITTED,
    NEAR,
    PLANE,
    X,
    assert_same_fit,
    kinds,
    model,
    planted,
    two_kinds,
)


@kinds
def test_without_escape_it_is_plain_em(kind: str):
    """scikit-learn's EM from the same start, run until nothing moves, ends in the same place."""
    means, variance = np.array([[-1.0], [8.0], [32.0]]), 2.0
    shape = {"full": (3, 1, 1), "tied": (1, 1), "diag": (3, 1), "spherical": (3,)}[kind]
    start = {
        "means_init": means,
        "weights_init": [0.3, 0.3, 0.4],
        "precisions_init": np.full(shape, 1 / variance),
    }
    ours = model(covariance_type=kind, escape=False, tol=1e-13, **start).fit(X)
    theirs = GaussianMixture(3, covariance_type=kind, reg_covar=0.0, tol=0.0, max_iter=100, **start)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a tol of 0 is never reached
        theirs.fit(X)
    for name in FITTED:
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-10, atol=1e-11)
    assert ours.converged_


@kinds
def test_without_escape_it_stays_in_the_bad_optimum(kind: str):
    plain = planted(kind, escape=False)
    assert plain.em_diagnosis_ is None
    assert plain.diagnosis_.verdict == "cannot tell"
    assert plain.diagnosis_.reasons == ("no moves were tried: escape is off",)
    assert plain.diagnosis_.moves == ()
    assert plain.diagnosis_.tried == 0
    assert plain.lower_bound_ < planted(kind).lower_bound_ - 0.3
    assert len(plain.history_) == plain.n_iter_ + 1
    assert (np.abs(plain.means_.ravel() - CENTERS[2]) < 3.0).sum() == 2
    # The way out begins where plain EM ended.
    assert planted(kind).history_[: len(plain.history_)] == plain.history_
    assert planted(kind).em_diagnosis_.value_before == pytest.approx(-plain.lower_bound_, abs=1e-13)


@kinds
def test_it_leaves_the_bad_optimum(kind: str):
    fitted = planted(kind)
    assert fitted.em_diagnosis_.verdict == "bad optimum"
    assert fitted.diagnosis_.verdict == "no better fit found"
    assert fitted.diagnosis_.input_state == "converged"
    assert np.abs(np.sort(fitted.means_.ravel()) - CENTERS).max() < NEAR
    best = model(covariance_type=kind, means_init=CENTERS).fit(X)
    assert fitted.lower_bound_ == pytest.approx(best.lower_bound_, abs=1e-9)
    assert best.em_diagnosis_.verdict == "no better fit found"
    kinds_seen = sorted(component.kind for component in fitted.em_diagnosis_.components)
    assert kinds_seen == ["many-fit-one", "many-fit-one", "one-fits-many"]
    assert {component.kind for component in fitted.diagnosis_.components} == {"exact"}
    assert fitted.diagnosis_.moves == fitted.em_diagnosis_.moves != ()


@kinds
@pytest.mark.parametrize("escape", [True, False])
def test_the_history_falls_to_the_fit(kind: str, escape: bool):
    fitted = planted(kind, escape)
    history = np.array(fitted.history_)
    assert len(history) > 3
    assert np.diff(history).max() <= 1e-9
    assert history[0] > history[-1] + 0.01
    assert -history[-1] == fitted.lower_bound_
    assert fitted.lower_bound_ == pytest.approx(fitted.score(X), rel=1e-13)
    assert fitted.lower_bounds_ == [-value for value in fitted.history_]
    assert fitted.n_iter_ >= len(history) - 1 - len(fitted.diagnosis_.moves)
    assert fitted.diagnosis_.value_after == -fitted.lower_bound_


@pytest.mark.parametrize("escape", [True, False])
def test_iterations_that_run_out_are_told(escape: bool):
    estimator = model(max_iter=1, means_init=[[1.0], [7.0], [33.0]], escape=escape)
    with pytest.warns(ConvergenceWarning, match="max_iter") as caught:
        estimator.fit(X)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert not estimator.converged_
    assert estimator.stop_reason_ == "max_iter"
    if not escape:
        assert estimator.n_iter_ == 1
        assert len(estimator.history_) == 2


def test_the_warning_names_what_there_is_to_change():
    with pytest.warns(ConvergenceWarning) as caught:
        model(max_iter=1, means_init=[[1.0], [7.0], [33.0]], escape=False).fit(X)
    for name in re.findall(r"'(\w+)'", str(caught[0].message)):
        assert name in gs.GaussianMixture().get_params()


def test_one_component_is_mean_and_covariance():
    fitted = gs.GaussianMixture().fit(PLANE)
    np.testing.assert_allclose(fitted.means_[0], PLANE.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(fitted.covariances_[0], np.cov(PLANE.T, bias=True), rtol=1e-12)
    np.testing.assert_array_equal(fitted.weights_, [1.0])
    assert fitted.diagnosis_.verdict == "no better fit found"


def test_a_floor_holds_variances_up():
    free = model(means_init=CENTERS).fit(X)
    assert not free.floor_active_
    assert free.covariances_.max() < 2.5
    for floor in ({"reg_covar": 2.5}, {"covariance_floor": 2.5 / X.var()}):
        held = model(means_init=CENTERS, **floor).fit(X)
        assert held.floor_active_
        np.testing.assert_allclose(held.covariances_.ravel(), 2.5, rtol=1e-9)
    # scikit-learn adds its reg_covar; here a value below all variances changes nothing.
    assert_same_fit(model(means_init=CENTERS, reg_covar=1e-3).fit(X), free)


@two_kinds
def test_shifted_data_have_the_shifted_fit(kind: str):
    """2^20 is exact in float64 with rows of 20 binary digits after the point.

    Means there are rounded to 2^-32, between moves and at the end: every run of EM begins up to 2^-33 off.
    """
    data = np.round(X * 2**20) / 2**20
    here = model(covariance_type=kind, means_init=BAD_MEANS).fit(data)
    there = model(covariance_type=kind, means_init=np.array(BAD_MEANS) + 2**20).fit(data + 2**20)
    np.testing.assert_allclose(there.weights_, here.weights_, rtol=2.0**-33)
    np.testing.assert_allclose(there.covariances_, here.covariances_, rtol=2.0**-33)
    assert there.lower_bound_ == pytest.approx(here.lower_bound_, rel=1e-14)
    np.testing.assert_allclose(there.means_ - 2**20, here.means_, atol=2**20 * 2.0**-52)


def test_a_warm_start_goes_on():
    estimator = model(max_iter=3, warm_start=True, means_init=BAD_MEANS, escape=False)
    bounds = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for _ in range(4):
            before = getattr(estimator, "lower_bound_", None)
            estimator.fit(X)
            bounds.append(estimator.lower_bound_)
            if before is not None:
                assert estimator.history_[0] == pytest.approx(-before, rel=1e-13)
        cold = clone(estimator).set_params(warm_start=False)
        assert cold.fit(X).lower_bound_ == cold.fit(X).lower_bound_ == bounds[0]
    assert bounds == sorted(set(bounds))


def test_a_warm_start_of_a_finished_fit_stays():
    estimator = model(warm_start=True, means_init=BAD_MEANS).fit(X)
    means, bound = estimator.means_, estimator.lower_bound_
    estimator.fit(X)
    assert estimator.lower_bound_ >= bound - 1e-13
    assert estimator.lower_bound_ == pytest.approx(bound, abs=1e-10)
    np.testing.assert_allclose(estimator.means_, means, atol=1e-5)  # a step of EM at its tol of 1e-6
    assert estimator.em_diagnosis_.verdict == "no better fit found"


@pytest.mark.parametrize("change", [{"n_components": 2}, {"covariance_type": "diag"}], ids=str)
def test_a_warm_start_that_does_not_fit_is_refused(change: dict[str, Any]):
    estimator = model(warm_start=True, escape=False).fit(PLANE)
    with pytest.raises(gs.InvalidParameterError, match="warm_start"):
        estimator.set_params(**change).fit(PLANE)
    assert estimator.set_params(warm_start=False).fit(PLANE).converged_


def test_a_time_that_is_over_ends_the_fit_and_says_so():
    with pytest.warns(ConvergenceWarning, match="time_limit"):
        fitted = model(max_seconds=1e-9).fit(X)
    assert fitted.stop_reason_ == "time_limit"
    assert np.isfinite(fitted.lower_bound_)
    with pytest.raises(gs.InvalidParameterError, match="max_seconds="):
        model(max_seconds=-1.0).fit(X)


@pytest.mark.parametrize("kind", ["full", "tied"])
def test_columns_mixed_by_an_ill_conditioned_matrix_have_the_mixed_fit(kind: str):
    """With the default floor, which is a share of each column's variance."""
    turns = [np.linalg.qr(np.random.default_rng(i).normal(size=(2, 2)))[0] for i in (1, 2)]
    A = turns[0] @ np.diag([1.0, 1e4]) @ turns[1]
    rows = np.concatenate(
        [np.random.default_rng(i).normal(at, 1.0, (60, 2)) for i, at in enumerate([(0, 0), (9, 0), (0, 9)])]
    )
    own, mixed = (
        gs.GaussianMixture(3, covariance_type=kind, random_state=0).fit(X).score(X) for X in (rows, rows @ A)
    )
    assert mixed == pytest.approx(own - np.linalg.slogdet(A)[1], abs=1e-8)


@pytest.mark.parametrize("floor", [1e-300, 5e-324])
def test_a_floor_of_next_to_nothing_is_none(floor: float):
    rows = np.random.default_rng(0).integers(0, 2, (12, 2)).astype(float)
    tiny, none = (
        gs.GaussianMixture(2, covariance_floor=value, random_state=0).fit(rows) for value in (floor, 0.0)
    )
    np.testing.assert_array_equal(tiny.means_, none.means_)
    assert np.isfinite(tiny.precisions_).all()
