"""Rows with missing values before a background over a box: its density is that of what is observed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal

import gmmscape as gs
from gmmscape.arrays import FloatArray
from marks import rest_slow

CENTERS = np.array([[0.0, 0.0, 0.0], [9.0, 0.0, 3.0], [0.0, 9.0, -3.0]])
LABELS = np.append(np.repeat(np.arange(3), 150), np.full(80, -1))
SPREAD = np.array([[1.0, 0.6, 0.0], [0.6, 1.0, 0.0], [0.0, 0.0, 0.5]])


def drawn(seed: int, share: float = 0.2) -> tuple[FloatArray, FloatArray]:
    """Rows of three clusters and noise, with and without what is missing."""
    rng = np.random.default_rng(seed)
    clusters = CENTERS[LABELS[:450]] + rng.multivariate_normal(np.zeros(3), SPREAD, 450)
    whole = np.vstack([clusters, rng.uniform([-6, -6, -8], [15, 15, 8], (80, 3))])
    gaps = rng.random(whole.shape) < share
    gaps[gaps.all(axis=1), 0] = False
    return np.where(gaps, np.nan, whole), whole


X, WHOLE = drawn(0)
OPTIONS = {"background": "box", "random_state": 0, "covariance_prior": 0.0, "covariance_floor": 0.0}
MODEL = gs.GaussianMixture(3, tol=1e-9, max_iter=2000, **OPTIONS).fit(X)


def by_hand(weights: FloatArray, means: FloatArray, covariances: FloatArray) -> FloatArray:
    """Weighted densities of what is observed of each row, the background's last, shape (n, 4)."""
    width = np.nanmax(X, axis=0) - np.nanmin(X, axis=0)
    found = np.empty((len(X), 4))
    for r, row in enumerate(X):
        o = np.flatnonzero(~np.isnan(row))
        for i in range(3):
            own = multivariate_normal(means[i, o], covariances[i][np.ix_(o, o)])
            found[r, i] = weights[i] * own.pdf(row[o])
        found[r, 3] = weights[3] / np.prod(width[o])
    return found


def test_likelihood_and_posterior_are_those_by_hand():
    weights = np.append(MODEL.weights_, MODEL.background_weight_)
    joint = by_hand(weights, MODEL.means_, MODEL.covariances_)
    assert MODEL.score_samples(X) == pytest.approx(np.log(joint.sum(axis=1)), abs=1e-9)
    posterior = joint / joint.sum(axis=1, keepdims=True)
    assert MODEL.predict_proba(X) == pytest.approx(posterior, abs=1e-9)
    assert np.array_equal(MODEL.predict(X), np.where(posterior.argmax(1) == 3, -1, posterior.argmax(1)))


def test_it_stands_where_em_by_hand_does():
    """One step of EM by hand, the background's weight free, goes nowhere."""
    weights = np.append(MODEL.weights_, MODEL.background_weight_)
    joint = by_hand(weights, MODEL.means_, MODEL.covariances_)
    posterior = joint / joint.sum(axis=1, keepdims=True)
    assert posterior.mean(axis=0) == pytest.approx(weights, abs=1e-6)
    for i, (mean, covariance) in enumerate(zip(MODEL.means_, MODEL.covariances_, strict=True)):
        filled, spread = X.copy(), np.zeros((3, 3))
        for row, psi in zip(filled, posterior[:, i], strict=True):
            m, o = np.flatnonzero(np.isnan(row)), np.flatnonzero(~np.isnan(row))
            slope = covariance[np.ix_(m, o)] @ np.linalg.inv(covariance[np.ix_(o, o)])
            row[m] = mean[m] + slope @ (row[o] - mean[o])
            spread[np.ix_(m, m)] += psi * (covariance[np.ix_(m, m)] - slope @ covariance[np.ix_(o, m)])
        psi = posterior[:, i]
        following = psi @ filled / psi.sum()
        gaps = filled - following
        assert following == pytest.approx(mean, abs=1e-5)
        assert ((gaps * psi[:, None]).T @ gaps + spread) / psi.sum() == pytest.approx(covariance, abs=1e-4)


def test_clusters_and_noise_are_found():
    order = np.linalg.norm(MODEL.means_[:, None] - CENTERS, axis=2).argmin(axis=1)
    assert sorted(order.tolist()) == [0, 1, 2]
    assert MODEL.background_weight_ == pytest.approx(80 / 530, abs=0.05)
    predicted = np.append(order, -1)[MODEL.predict(X)]
    assert (predicted == LABELS).mean() > 0.9
    assert np.all(np.diff(MODEL.history_) <= 1e-12)


@pytest.mark.parametrize("kind", rest_slow(["tied", "VEV"], 1))
def test_other_families(kind: str):
    model = gs.GaussianMixture(3, covariance_type=kind, background="box", random_state=0).fit(X)
    assert model.background_weight_ == pytest.approx(80 / 530, abs=0.06)


@pytest.mark.slow
def test_a_wrong_fit_is_diagnosed_and_repaired():
    one_on_two = np.array([[0.0, 0.0, 0.0], [0.5, 0.0, 0.0], [4.5, 4.5, 0.0]])
    some = X[::2]
    bad = gs.GaussianMixture(3, means_init=one_on_two, escape=False, **OPTIONS).fit(some)
    repaired = gs.repair(bad, some)
    assert gs.diagnose(bad, some).verdict == "bad optimum"
    found = repaired.model.means_
    assert np.linalg.norm(found[:, None] - CENTERS, axis=2).min(axis=1).max() < 0.5
    assert gs.diagnose(MODEL, X).verdict == "no better fit found"


@pytest.mark.slow
def test_selection_counts_clusters():
    found = gs.select(X[::3], [2, 3], background="box", rng=0)
    assert found.best_n_components == 3


def test_imputed_values_are_those_of_components_and_box():
    row = np.array([[0.2, np.nan, 0.1], [-5.0, np.nan, 7.0], [1.0, 2.0, 3.0]])
    filled = MODEL.impute(row)
    low, high = np.nanmin(X[:, 1]), np.nanmax(X[:, 1])
    share = MODEL.predict_proba(row)[:, -1]
    alone = MODEL.mixture_.beside(None).impute(row)
    expected = (1 - share) * alone[:, 1] + share * (low + high) / 2
    assert filled[:, 1] == pytest.approx(np.where(np.isnan(row[:, 1]), expected, 2.0), abs=1e-12)
    assert share[1] > 0.99
    draws = np.array([MODEL.mixture_.impute(row[1:2], draw=True, rng=i)[0, 1] for i in range(300)])
    assert low <= draws.min()
    assert draws.max() <= high
    assert draws.std() == pytest.approx((high - low) / np.sqrt(12), rel=0.2)
    assert np.array_equal(filled[2], row[2])


def test_of_nothing_observed_all_is_as_likely_as_its_weight():
    row = np.full((1, 3), np.nan)
    assert MODEL.score_samples(row) == pytest.approx(0.0, abs=1e-12)
    assert MODEL.predict_proba(row)[0] == pytest.approx(
        [*MODEL.weights_, MODEL.background_weight_], abs=1e-12
    )
    middle = [(np.nanmin(X, axis=0) + np.nanmax(X, axis=0)) / 2]
    mean = MODEL.weights_ @ MODEL.means_ + MODEL.background_weight_ * np.array(middle)
    assert MODEL.impute(row) == pytest.approx(mean, abs=1e-12)


@pytest.mark.parametrize("background", ["hull", 1e4])
def test_of_other_regions_it_is_not_known(background):
    with pytest.raises(gs.DataError, match=r'missing values.*pass "box".*impute'):
        gs.GaussianMixture(3, background=background).fit(X)
    model = gs.GaussianMixture(3, background=background, random_state=0).fit(WHOLE)
    with pytest.raises(gs.NotAvailableError, match=r'missing values.*"box"'):
        model.predict(X)
    with pytest.raises(gs.DataError, match="missing values"):
        gs.diagnose(model, X)
