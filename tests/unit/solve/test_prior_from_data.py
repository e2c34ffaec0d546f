"""The prior that the data suggest: what it depends on, and when it is strong."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer

import gmmscape as gs
from gmmscape import lab
from gmmscape.families import NO_FLOOR, CovariancePrior
from gmmscape.solve import prior_from_data

CENTERS = 12.0 * np.array([[0.0, 0.0], [1.0, 0.2], [0.3, 1.0], [1.2, 1.4]])


def clusters(widths: np.ndarray, rows: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.concatenate(
        [c + w * rng.standard_normal((rows, 2)) for c, w in zip(CENTERS, widths, strict=True)]
    )


def prior_of(X: np.ndarray, family: str = "full", weights: np.ndarray | None = None) -> CovariancePrior:
    prior = prior_from_data(lab.Sample(X, weights), family, 4, NO_FLOOR)
    assert prior is not None
    return prior


def test_it_is_strong_where_components_are_alike_and_weak_where_they_are_not():
    alike = prior_of(clusters(np.ones(4), 25))
    unlike = prior_of(clusters(np.array([0.05, 0.3, 1.0, 2.0]), 25))
    assert alike.rows == 10.0  # the most that 25 rows a component allow
    assert unlike.rows <= 0.3
    np.testing.assert_allclose(alike.scale, np.eye(2), atol=0.5)


def test_no_component_of_many_rows_is_bent():
    """However different the sizes, by less than a third of a standard error, 100 rows a component."""
    X = clusters(np.array([0.02, 0.5, 1.0, 3.0]), 100)
    ours = gs.GaussianMixture(4, means_init=CENTERS, escape=False).fit(X)
    plain = gs.GaussianMixture(4, means_init=CENTERS, escape=False, covariance_prior=0.0).fit(X)
    assert ours.covariance_prior_.rows > 0.0
    change = np.diagonal(ours.covariances_ / plain.covariances_ - 1.0, axis1=1, axis2=2)
    assert np.abs(change).max() < 0.3 * np.sqrt(2.0 / 100)


def test_covariances_of_many_numbers_are_given_more():
    """Five hundred rows a component are plenty in two columns; in sixteen they leave 0.1 nats to be had."""
    rng = np.random.default_rng(0)
    centers = np.zeros((2, 16))
    centers[1] = 0.8
    X, new = (centers[rng.integers(2, size=n)] + rng.standard_normal((n, 16)) for n in (1000, 20_000))
    options = {"means_init": centers, "escape": False}
    fit = gs.GaussianMixture(2, **options).fit(X)
    assert fit.covariance_prior_.rows >= 10.0
    assert fit.score(new) > gs.GaussianMixture(2, **options, covariance_prior=0.0).fit(X).score(new) + 0.01
    assert gs.GaussianMixture(2, random_state=0).fit(X[:, :2]).covariance_prior_.rows == 0.1


def test_what_stands_out_on_rows_left_out_may_bend():
    """Of cells in which some columns hardly vary; of narrow Gaussians it does not (see consistency)."""
    X = load_breast_cancer().data
    order = np.random.default_rng(0).permutation(len(X))
    seen, new = X[order[: len(X) // 2]], X[order[len(X) // 2 :]]
    fit = gs.GaussianMixture(2, random_state=0).fit(seen)
    assert fit.covariance_prior_.rows >= 10.0
    weak = gs.GaussianMixture(2, random_state=0, covariance_prior=1.0).fit(seen)
    assert fit.score(new) > weak.score(new) + 1.0


def test_seeds_and_starts_do_not_enter():
    X = clusters(np.array([0.3, 1.0, 1.0, 2.0]), 30)
    fits = [
        gs.GaussianMixture(4, random_state=seed, n_init=n_init, init_params=init).fit(X)
        for seed, n_init, init in ((0, 1, "k-means++"), (5, 3, "random_from_data"))
    ]
    assert fits[0].covariance_prior_ == fits[1].covariance_prior_


@pytest.mark.parametrize("family", ["full", "diag", "spherical", "tied"])
def test_units_of_rows_and_weights_do_not_matter(family: str):
    X = clusters(np.array([0.3, 1.0, 1.0, 2.0]), 20)
    prior = prior_of(X, family)
    far = prior_of(2.0**40 * X, family)
    assert far.rows == prior.rows
    np.testing.assert_allclose(far.scale, 2.0**80 * prior.scale, rtol=1e-9, atol=1e-9 * 2.0**80)
    weights = np.random.default_rng(0).integers(1, 4, len(X)).astype(float)
    weighted, tenfold = prior_of(X, family, weights), prior_of(X, family, 10.0 * weights)
    assert weighted.n == tenfold.n == len(X)  # no row tells more for being counted twice
    assert weighted.rows == tenfold.rows
    np.testing.assert_allclose(tenfold.scale, weighted.scale, rtol=1e-9, atol=1e-12)


def test_a_component_in_which_a_rounded_column_is_constant_keeps_some_width():
    X = clusters(np.ones(4), 25)
    X[:, 1] = np.where(np.arange(100) < 50, 0.0, 1.0)
    fit = gs.GaussianMixture(4, covariance_type="diag", random_state=0).fit(X)
    assert fit.covariance_prior_.scale[1, 1] >= 1.0 / 12.0
    assert fit.covariances_[:, 1].min() > 1e-5
    new = np.array([[X[0, 0], 0.5]])
    assert fit.score(new) > -1e5


@pytest.mark.parametrize("kind", ["full", "tied", "diag"])
def test_a_fit_beside_constant_columns_is_that_without_them(kind: str):
    """Not of spherical covariances: their one variance is that of the constant columns too."""
    rng = np.random.default_rng(0)
    X = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 3.0]])[rng.integers(3, size=300)] + rng.normal(size=(300, 2))
    beside = np.column_stack([X[:, 0], np.full(300, 7.0), X[:, 1], np.full(300, -2.0)])
    options = {"covariance_type": kind, "random_state": 0, "tol": 1e-9}
    fit, other = gs.GaussianMixture(3, **options).fit(X), gs.GaussianMixture(3, **options).fit(beside)
    np.testing.assert_array_equal(other.predict(beside), fit.predict(X))
    np.testing.assert_allclose(other.predict_proba(beside), fit.predict_proba(X), atol=1e-6)
    assert other.covariance_prior_.rows == fit.covariance_prior_.rows
    assert {finding.name for finding in other.diagnosis_.findings} == {"constant column"}
    chosen = [gs.select(rows, range(1, 5), kind, rng=0).best_n_components for rows in (X, beside)]
    assert chosen[0] == chosen[1]


def test_where_there_is_no_time_it_is_not_looked_for():
    X = clusters(np.array([0.3, 1.0, 1.0, 2.0]), 500)
    prior = prior_from_data(lab.Sample(X), "full", 4, NO_FLOOR, seconds=1e-3)
    assert prior is not None
    assert prior.rows == 0.1
    np.testing.assert_allclose(prior.scale, lab.Sample(X).covariance / 4, rtol=0.05)


def test_where_all_rows_are_equal_there_is_none():
    assert prior_from_data(lab.Sample(np.ones((5, 2))), "full", 1, NO_FLOOR) is None


def test_what_the_user_says_is_taken():
    X = clusters(np.ones(4), 25)
    fit = gs.GaussianMixture(4, random_state=0, covariance_prior=2.0).fit(X)
    assert fit.covariance_prior_.rows == 2.0
    assert gs.GaussianMixture(4, random_state=0, covariance_prior=0).fit(X).covariance_prior_ is None
    for wrong in ("much", -1.0, None):
        with pytest.raises(gs.InvalidParameterError, match="covariance_prior="):
            gs.GaussianMixture(4, covariance_prior=wrong).fit(X)


@pytest.mark.parametrize("kind", ["full", "diag", "tied"])
def test_a_constant_column_says_nothing_of_these_rows_and_little_of_new_ones(kind: str):
    X = clusters(np.array([0.3, 1.0, 1.0, 2.0]), 30)
    constant = np.column_stack([X, np.full(len(X), 7.0)])
    options = {"covariance_type": kind, "means_init": CENTERS, "escape": False, "covariance_prior": 1.0}
    without = gs.GaussianMixture(4, **options).fit(X)
    options["means_init"] = np.column_stack([CENTERS, np.full(4, 7.0)])
    with_it = gs.GaussianMixture(4, **options).fit(constant)
    assert not with_it.floor_active_
    np.testing.assert_array_equal(with_it.predict(constant), without.predict(X))
    far = constant[:1] + np.array([0.0, 0.0, 1.0])
    assert with_it.score(far) > with_it.score(constant[:1]) - 100.0
