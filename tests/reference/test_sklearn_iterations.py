"""Plain EM, iteration by iteration: after each our estimator stands where scikit-learn's does."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

import gmmscape as gs

KINDS = ["spherical", "diag", "tied", "full"]
ITERATIONS = [1, 2, 5, 20]
#: Without what scikit-learn does not have.
PLAIN: dict[str, Any] = {
    "escape": False,
    "accelerate": False,
    "covariance_prior": 0.0,
    "covariance_floor": 0.0,
    "tol": 0.0,
}
PARAMETERS = ["weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_"]


def _problem(kind: str, seed: int, k: int = 3, d: int = 2, n: int = 300) -> tuple[Any, dict[str, Any]]:
    """Overlapping clusters, and a start of weights, means and precisions."""
    rng = np.random.default_rng(seed)
    X = 1.5 * rng.standard_normal((k, d))[rng.integers(k, size=n)] + rng.standard_normal((n, d)) + 3.0
    roots = 0.3 * rng.standard_normal((k, d, d)) + np.eye(d)
    full = np.linalg.inv(roots @ np.swapaxes(roots, 1, 2))
    variances = rng.uniform(0.5, 2.0, (k, d))
    start = {
        "weights_init": rng.dirichlet(np.full(k, 5.0)),
        "means_init": X[rng.choice(n, k, replace=False)],
        "precisions_init": {
            "spherical": variances[:, 0],
            "diag": variances,
            "tied": full[0],
            "full": 0.5 * (full + np.swapaxes(full, 1, 2)),
        }[kind],
    }
    return X, start


def _fitted(model: Any, X: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_after_each_iteration_both_are_at_the_same_place(kind: str, seed: int):
    X, start = _problem(kind, seed)
    for n in ITERATIONS:
        ours = _fitted(gs.GaussianMixture(3, covariance_type=kind, max_iter=n, **PLAIN, **start), X)
        theirs = GaussianMixture(3, covariance_type=kind, max_iter=n, tol=0.0, reg_covar=0.0, **start)
        _fitted(theirs, X)
        assert ours.n_iter_ == theirs.n_iter_ == n
        for name in PARAMETERS:
            difference = np.abs(getattr(ours, name) - getattr(theirs, name)).max()
            assert difference <= 1e-10, (n, name, difference)


@pytest.mark.parametrize("kind", KINDS)
def test_acceleration_leaves_that_way(kind: str):
    """Control of the test above."""
    X, start = _problem(kind, 0)
    plain = gs.GaussianMixture(3, covariance_type=kind, max_iter=20, **PLAIN, **start)
    fast = gs.GaussianMixture(3, covariance_type=kind, max_iter=20, **{**PLAIN, "accelerate": True}, **start)
    assert np.abs(_fitted(plain, X).means_ - _fitted(fast, X).means_).max() > 1e-4
    assert fast.lower_bound_ > plain.lower_bound_


@pytest.mark.parametrize("kind", KINDS)
def test_responsibilities_are_a_start_as_in_scikit_learn(kind: str):
    X, _ = _problem(kind, 4)
    psi = np.random.default_rng(5).dirichlet(np.ones(3), len(X))
    ours = _fitted(gs.GaussianMixture(3, covariance_type=kind, max_iter=0, init_params=psi, **PLAIN), X)
    theirs = GaussianMixture(3, covariance_type=kind, reg_covar=0.0)
    theirs._initialize(X, psi)
    for name in ("weights_", "means_", "covariances_", "precisions_cholesky_"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_each_iteration_raises_the_bound(kind: str):
    """Of the likelihood with its prior; fits of one iteration, one after the other."""
    X, start = _problem(kind, 6)
    model = gs.GaussianMixture(3, covariance_type=kind, max_iter=1, warm_start=True, tol=1e-7, **start)
    bounds = []
    while not bounds or not model.converged_:
        bounds.append(_fitted(model, X).lower_bound_)
        assert len(bounds) < 600
    assert np.diff(bounds).min() >= 0.0
    assert len(bounds) > 10
