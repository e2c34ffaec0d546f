"""One EM step from given parameters is the step scikit-learn makes (floors off)."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

import gmmscape as gs
from gmmscape import lab
from gmmscape.families import Floor, Location, family_named
from gmmscape.objective import Objective
from gmmscape.solve import EM, run

KINDS = ["spherical", "diag", "tied", "full"]


def _start(rng, k, d, kind):
    """Random weights, means and covariances, and scikit-learn's precisions of them."""
    roots = 0.3 * rng.normal(size=(k, d, d)) + np.eye(d)
    full = roots @ np.swapaxes(roots, 1, 2)
    variances = rng.uniform(0.5, 2.0, size=(k, d))
    covariances = {"spherical": variances[:, 0], "diag": variances, "tied": full[0], "full": full}[kind]
    precisions = 1 / covariances if kind in ("spherical", "diag") else np.linalg.inv(covariances)
    means = 2 * rng.normal(size=(k, d))
    return gs.Mixture(rng.dirichlet(np.full(k, 5.0)), means, covariances, kind), precisions


def _our_step(X, start, weights=None):
    sample = lab.Sample(X, weights)
    family = family_named(start.covariance_type, Floor(np.zeros(X.shape[1])))
    local = start.shifted(-sample.origin)
    return run(EM(max_iter=1), Objective.near(sample, family, local), local)


def _their_step(X, start, precisions):
    model = GaussianMixture(
        start.n_components,
        covariance_type=start.covariance_type,
        reg_covar=0.0,
        max_iter=1,
        tol=0.0,
        weights_init=start.weights,
        means_init=start.means,
        precisions_init=precisions,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("n", "k", "d"), [(200, 3, 2), (5000, 4, 5), (60, 2, 1)])
def test_one_step(kind, n, k, d):
    rng = np.random.default_rng(7)
    start, precisions = _start(rng, k, d, kind)
    X = 2 * rng.normal(size=(n, d)) + rng.normal(size=d)
    ours, theirs = _our_step(X, start), _their_step(X, start, precisions)
    assert ours.n_iter == 1
    assert np.abs(ours.mixture.weights - theirs.weights_).max() <= 1e-12
    assert np.abs(ours.mixture.means - theirs.means_).max() <= 1e-12
    assert np.abs(ours.mixture.covariances - theirs.covariances_).max() <= 1e-12
    assert np.abs(ours.mixture.means - start.means).max() > 1e-3  # it did step


@pytest.mark.parametrize("kind", KINDS)
def test_likelihood_before_the_step(kind):
    rng = np.random.default_rng(8)
    start, precisions = _start(rng, 3, 2, kind)
    X = rng.normal(size=(300, 2))
    model = GaussianMixture(3, covariance_type=kind)
    model.weights_, model.means_, model.covariances_ = start.weights, start.means, start.covariances
    if kind in ("spherical", "diag"):
        model.precisions_cholesky_ = np.sqrt(precisions)
    else:  # the inverse of the lower Cholesky factor, transposed
        model.precisions_cholesky_ = np.swapaxes(np.linalg.inv(np.linalg.cholesky(start.covariances)), -1, -2)
    assert _our_step(X, start).history[0] == pytest.approx(-model.score(X), abs=1e-12)


def test_location_step():
    """scikit-learn has no location family: its spherical step gives the means, the rest stays."""
    rng = np.random.default_rng(9)
    X = 3 * rng.normal(size=(500, 2))
    start = gs.Mixture.location(2 * rng.normal(size=(3, 2)), 1.2)
    theirs = _their_step(X, start, 1 / start.covariances)
    sample = lab.Sample(X)
    local = start.shifted(-sample.origin)
    ours = run(EM(max_iter=1), Objective.near(sample, Location(1.2), local), local).mixture
    assert np.abs(ours.means - theirs.means_).max() <= 1e-12
    assert np.array_equal(ours.weights, start.weights)
    assert np.array_equal(ours.covariances, start.covariances)
