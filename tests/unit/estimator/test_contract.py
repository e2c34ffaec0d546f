"""gmmscape.GaussianMixture keeps scikit-learn's contract."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError as SklearnNotFittedError
from sklearn.mixture import GaussianMixture
from sklearn.utils.estimator_checks import parametrize_with_checks

import gmmscape as gs
from unit.estimator.cases import BAD_MEANS, FITTED, X, kinds, model, planted


@parametrize_with_checks([gs.GaussianMixture(), gs.GaussianMixture(2, covariance_type="tied")])
def test_scikit_learns_checks(estimator: Any, check: Any):
    """All of them: no failure is expected, but where 1.6 asks what is for those that take sparse rows."""
    if check.func.__name__ == "check_sample_weight_equivalence_on_sparse_data":
        with pytest.raises(gs.DataError, match="X is sparse: pass a dense array"):
            check(estimator)
    else:
        check(estimator)


@kinds
def test_attributes_are_those_of_scikit_learn(kind: str):
    ours = planted(kind)
    theirs = GaussianMixture(3, covariance_type=kind, means_init=BAD_MEANS, max_iter=1000).fit(X)
    for name in [name for name in vars(theirs) if name.endswith("_")]:
        assert hasattr(ours, name), name
    for name in FITTED:
        here, there = getattr(ours, name), getattr(theirs, name)
        assert (here.shape, here.dtype) == (there.shape, there.dtype), name
    assert type(ours.lower_bound_) is float
    assert type(ours.n_iter_) is int
    assert type(ours.converged_) is bool
    assert ours.n_features_in_ == 1


def test_parameters_are_those_of_scikit_learn_and_a_few_more():
    ours, theirs = (inspect.signature(kind).parameters for kind in (gs.GaussianMixture, GaussianMixture))
    assert set(theirs) <= set(ours)
    assert set(ours) - set(theirs) == {
        "covariance_floor",
        "covariance_prior",
        "accelerate",
        "background",
        "covariances_fixed",
        "means_fixed",
        "weights_fixed",
        "escape",
        "nested",
        "pursue",
        "n_jobs",
        "max_seconds",
        "checkpoint",
        "rng",
    }
    for name in set(theirs) - {"tol", "reg_covar", "max_iter"}:
        assert ours[name].default == theirs[name].default, name
    assert all(p.kind is p.KEYWORD_ONLY for name, p in ours.items() if name != "n_components")


def test_parameters_survive_get_set_and_clone():
    options: dict[str, Any] = {
        "n_components": 3,
        "covariance_type": "diag",
        "tol": 1e-4,
        "reg_covar": 0.1,
        "covariance_floor": 1e-3,
        "covariance_prior": 2.0,
        "max_iter": 7,
        "n_init": 2,
        "init_params": "random",
        "weights_init": [0.2, 0.3, 0.5],
        "means_init": BAD_MEANS,
        "precisions_init": [[1.0]] * 3,
        "weights_fixed": [0.2, float("nan"), float("nan")],
        "means_fixed": None,
        "covariances_fixed": None,
        "background": None,
        "random_state": 5,
        "rng": None,
        "warm_start": True,
        "verbose": 2,
        "verbose_interval": 3,
        "escape": False,
        "accelerate": False,
        "nested": "take",
        "pursue": "likelihood",
        "n_jobs": 2,
        "max_seconds": 60.0,
        "checkpoint": "fit.checkpoint",
    }
    made = gs.GaussianMixture(**options)
    assert made.get_params() == options
    assert gs.GaussianMixture().set_params(**options).get_params() == options
    fitted = planted("full")
    copied = clone(fitted)
    assert copied.get_params() == fitted.get_params()
    assert not [name for name in vars(copied) if name.endswith("_")]
    with pytest.raises(ValueError, match="colour"):
        made.set_params(colour=1)


@pytest.mark.parametrize(
    "call",
    ["predict", "predict_proba", "score_samples", "score", "bic", "aic", "sample"],
)
def test_not_fitted(call: str):
    arguments = () if call == "sample" else (X,)
    for kind in (gs.NotFittedError, SklearnNotFittedError):
        with pytest.raises(kind, match=r"^This GaussianMixture instance is not fitted yet"):
            getattr(model(), call)(*arguments)
