"""What a fit is asked: predictions, criteria, samples."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

import gmmscape as gs
from unit.estimator.cases import (
    BAD_MEANS,
    EACH,
    PLANE,
    Array,
    N,
    X,
    as_scikit_learn,
    assert_same_fit,
    kinds,
    model,
    on_plane,
    planted,
)


@kinds
def test_predictions_are_those_of_scikit_learn(kind: str):
    fitted = on_plane(kind)
    other = as_scikit_learn(fitted)
    rng = np.random.default_rng(5)
    rows = rng.normal(4.0, 6.0, (200, 2))
    np.testing.assert_array_equal(fitted.predict(rows), other.predict(rows))
    np.testing.assert_allclose(fitted.predict_proba(rows), other.predict_proba(rows), atol=1e-11)
    np.testing.assert_allclose(fitted.score_samples(rows), other.score_samples(rows), rtol=1e-11)
    assert fitted.score(rows) == pytest.approx(other.score(rows), rel=1e-12)
    assert len(set(fitted.predict(rows))) == 3


@kinds
@pytest.mark.parametrize("criterion", ["bic", "aic"])
def test_criteria_are_those_of_scikit_learn(kind: str, criterion: str):
    fitted = on_plane(kind)
    ours, theirs = getattr(fitted, criterion)(PLANE), getattr(as_scikit_learn(fitted), criterion)(PLANE)
    assert ours == pytest.approx(theirs, rel=1e-12)
    assert ours > -2 * fitted.score(PLANE) * len(PLANE)


@kinds
def test_predictions_are_the_likeliest_components(kind: str):
    fitted = on_plane(kind)
    rows = np.random.default_rng(5).normal(4.0, 6.0, (200, 2))
    probabilities = fitted.predict_proba(rows)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-14)
    np.testing.assert_array_equal(fitted.predict(rows), probabilities.argmax(axis=1))
    joint = [w * np.exp(gs.Mixture([1.0], [m], [c], "full").log_density(rows)) for w, m, c in _parts(fitted)]
    np.testing.assert_array_equal(fitted.predict(rows), np.argmax(joint, axis=0))
    np.testing.assert_allclose(fitted.score_samples(rows), np.log(np.sum(joint, axis=0)), rtol=1e-10)


def _parts(fitted: gs.GaussianMixture) -> list[tuple[float, Array, Array]]:
    mixture = gs.Mixture(fitted.weights_, fitted.means_, fitted.covariances_, fitted.covariance_type)
    return list(zip(mixture.weights, mixture.means, mixture.full_covariances(), strict=True))


def test_fit_predict_is_fit_and_predict():
    weights = np.linspace(1.0, 2.0, N)
    estimator = model(means_init=BAD_MEANS)
    labels = estimator.fit_predict(X, sample_weight=weights)
    np.testing.assert_array_equal(labels, estimator.predict(X))
    np.testing.assert_array_equal(labels, clone(estimator).fit(X, sample_weight=weights).predict(X))
    assert [len(set(cluster)) for cluster in labels.reshape(3, EACH)] == [1, 1, 1]
    assert len(set(labels)) == 3


def test_the_target_is_not_used():
    y = np.repeat([2, 1, 0], EACH)
    estimator = model(means_init=BAD_MEANS).fit(X, y)
    assert_same_fit(estimator, planted("full"))
    assert estimator.score(X, y) == estimator.score(X)
    np.testing.assert_array_equal(estimator.fit_predict(X, y), planted("full").predict(X))


@kinds
def test_sample_draws_from_the_fit(kind: str):
    fitted = planted(kind)
    rows, labels = fitted.sample(600)
    assert rows.shape == (600, 1)
    assert labels.shape == (600,)
    np.testing.assert_array_equal(labels, np.sort(labels))  # grouped, as in scikit-learn
    np.testing.assert_array_equal(fitted.predict(rows), labels)
    assert np.abs(np.bincount(labels) - 200).max() < 5 * np.sqrt(600 * 2 / 9)
    for i in range(3):
        drawn = rows[labels == i]
        assert abs(drawn.mean() - fitted.means_[i, 0]) < 5 * drawn.std() / np.sqrt(len(drawn))
    np.testing.assert_array_equal(fitted.sample(600)[0], rows)
    assert fitted.sample()[0].shape == (1, 1)


@pytest.mark.parametrize("n", [0, -1, 2.0, True, "9"])
def test_a_wrong_number_of_rows_is_named(n: Any):
    with pytest.raises(gs.InvalidParameterError, match=f"^Invalid value for 'n_samples': n_samples={n!r}"):
        planted("full").sample(n)


def test_samples_of_a_generator_differ():
    estimator = model(random_state=np.random.default_rng(0), escape=False).fit(X)
    assert not np.array_equal(estimator.sample(20)[0], estimator.sample(20)[0])


@kinds
def test_rows_at_the_ends_of_float64_have_an_answer(kind: str):
    most = np.finfo(np.float64).max
    rows = np.array([[1e200, 0.0], [-1e200, 1e200], [most, -most], [-most, most], [most, most], [1.0, 2.0]])
    fitted = on_plane(kind)
    probabilities, density = fitted.predict_proba(rows), fitted.score_samples(rows)
    assert np.isfinite(probabilities).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-12)
    assert np.isneginf(density[:5]).all()
    assert np.isfinite(density[5])
    assert set(fitted.predict(rows).tolist()) <= {0, 1, 2}
    np.testing.assert_array_equal(fitted.predict(rows), probabilities.argmax(axis=1))


@kinds
def test_rows_one_by_one_are_answered_as_together(kind: str):
    fitted, rows = on_plane(kind), np.random.default_rng(6).normal(4.0, 6.0, (80, 2))
    for call in ("predict_proba", "score_samples"):
        together = getattr(fitted, call)(rows)
        alone = np.concatenate([getattr(fitted, call)(rows[i : i + 1]) for i in range(len(rows))])
        np.testing.assert_allclose(alone, together, rtol=1e-12, atol=1e-12)


def test_of_components_as_likely_the_first_is_predicted():
    for means in ([[-1.0], [1.0], [50.0]], [[1.0], [-1.0], [50.0]], [[50.0], [1.0], [-1.0]]):
        fitted = copy.deepcopy(planted("spherical"))
        fitted.weights_, fitted.means_ = np.full(3, 1 / 3), np.array(means)
        fitted.covariances_ = fitted.precisions_ = fitted.precisions_cholesky_ = np.ones(3)
        shares = fitted.predict_proba([[0.0]])[0]
        first, second = sorted(np.argsort(shares)[1:])
        assert shares[first] == shares[second] > 0.49
        assert fitted.predict([[0.0]]).tolist() == [first]
