"""Warm starts: short fits, one after the other, are the long one, to the last bit."""

from __future__ import annotations

import copy
import pickle
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

import gmmscape as gs
from unit.estimator.cases import BAD_MEANS, FITTED, OVERLAP, PLANE, X, kinds, model

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
SLOW_EM: dict[str, Any] = {"n_components": 2, "tol": 1e-9, "random_state": 3, "init_params": "random"}


def _by_parts(length: int, total: int, data: Any = OVERLAP, **options: Any) -> gs.GaussianMixture:
    short = model(**{**options, "warm_start": True, "max_iter": length})
    done = 0
    while done < total:
        short.set_params(max_iter=min(length, total - done)).fit(data)
        done += short.n_iter_
        if short.converged_:
            break
    return short


def _same(one: gs.GaussianMixture, other: gs.GaussianMixture):
    for name in [*FITTED, "lower_bound_", "converged_", "stop_reason_"]:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


@kinds
@pytest.mark.parametrize("accelerate", [True, False])
@pytest.mark.parametrize("prior", [0.0, "auto"])
def test_short_fits_are_the_long_one(kind: str, accelerate: bool, prior: Any):
    options = {**SLOW_EM, "covariance_type": kind, "accelerate": accelerate, "covariance_prior": prior}
    options["escape"] = False
    long = model(max_iter=30, **options).fit(OVERLAP)
    assert long.n_iter_ > 10
    for length in (1, 7):
        _same(_by_parts(length, 30, **options), long)


@kinds
def test_the_search_comes_when_em_has_converged(kind: str):
    """However often it was interrupted: the end, and what is said of it, is that of one fit."""
    options: dict[str, Any] = {"covariance_type": kind, "means_init": BAD_MEANS}
    long = model(**options).fit(X)
    short = _by_parts(2, 1000, X, **options)
    _same(short, long)
    assert short.em_diagnosis_ is not None
    assert short.em_diagnosis_.verdict == "bad optimum"
    assert short.diagnosis_.to_dict()["verdict"] == long.diagnosis_.to_dict()["verdict"]


def test_with_weights_and_in_single_precision():
    weights = np.random.default_rng(3).uniform(0.5, 2.0, len(OVERLAP))
    rows = OVERLAP.astype(np.float32)
    options: dict[str, Any] = {**SLOW_EM, "escape": False}
    long = model(max_iter=12, **options).fit(rows, sample_weight=weights)
    short = model(max_iter=4, warm_start=True, **options)
    for _ in range(3):
        short.fit(rows, sample_weight=weights)
    _same(short, long)
    assert short.means_.dtype == np.float32


def _iterations_from(estimator: gs.GaussianMixture, data: Any = OVERLAP) -> tuple[float, ...]:
    return tuple(estimator.fit(data).history_)


def test_other_rows_or_parameters_begin_from_the_last_fit_alone():
    """What the solver remembers of other rows is of no use: the parameters are the start."""
    options: dict[str, Any] = {**SLOW_EM, "escape": False, "max_iter": 4, "warm_start": True}
    for data, change in (
        (OVERLAP + 0.5, {}),
        (OVERLAP, {"covariance_prior": 1.0}),
        (OVERLAP, {"accelerate": False}),
    ):
        short = model(**options).fit(OVERLAP)
        precisions, means, weights = short.precisions_, short.means_, short.weights_
        went = _iterations_from(short.set_params(**change), data)
        start = {"weights_init": weights, "means_init": means, "precisions_init": precisions}
        fresh = model(**{**options, **change, **start, "warm_start": False})
        np.testing.assert_allclose(went, _iterations_from(fresh, data), rtol=1e-12)


def test_parameters_that_were_changed_are_begun_from():
    short = model(**{**SLOW_EM, "escape": False, "max_iter": 4, "warm_start": True}).fit(OVERLAP)
    short.means_ = short.means_ + 0.1
    expected = -short.score(OVERLAP)
    assert short.fit(OVERLAP).history_[0] == pytest.approx(expected, rel=1e-12)


def test_a_copy_goes_on_and_a_pickle_begins_at_the_last_fit():
    options: dict[str, Any] = {**SLOW_EM, "escape": False, "max_iter": 6, "warm_start": True}
    short = model(**options).fit(OVERLAP)
    copied, pickled = copy.deepcopy(short), pickle.loads(pickle.dumps(short))
    for other in (short, copied, pickled):
        other.fit(OVERLAP)
    _same(copied, short)
    assert pickled.history_[0] == pytest.approx(short.history_[0], rel=1e-13)
    assert pickled.lower_bound_ > short.history_[0] * -1.0


def test_a_fit_that_is_not_to_be_gone_on_with_remembers_nothing():
    assert not hasattr(model(max_iter=2, escape=False, **SLOW_EM).fit(OVERLAP), "_paused")
    short = model(max_iter=2, escape=False, warm_start=True, **SLOW_EM).fit(OVERLAP)
    assert hasattr(short, "_paused")
    assert not hasattr(short.set_params(warm_start=False).fit(OVERLAP), "_paused")


@pytest.mark.parametrize("escape", [True, False])
def test_no_iterations_give_the_start(escape: bool):
    """Without a warning, as in scikit-learn: it was asked for."""
    means = [[1.0, 2.0], [7.0, 0.0], [0.0, 11.0]]
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        fitted = model(max_iter=0, means_init=means, weights_init=[0.2, 0.3, 0.5], escape=escape).fit(PLANE)
    np.testing.assert_allclose(fitted.means_, means, atol=1e-14)
    np.testing.assert_array_equal(fitted.weights_, [0.2, 0.3, 0.5])
    assert fitted.n_iter_ == 0
    assert not fitted.converged_
    assert len(fitted.lower_bounds_) == 1


def test_em_that_has_hardly_begun_is_not_searched():
    """A search needs a point that EM has come to: one iteration from a start is none."""
    options: dict[str, Any] = {**SLOW_EM, "means_init": [[-2.0], [1.0]], "accelerate": False}
    once = model(max_iter=1, **options).fit(OVERLAP)
    assert once.em_diagnosis_ is None
    assert once.n_iter_ == 1
    assert model(max_iter=25, **options).fit(OVERLAP).em_diagnosis_ is not None
