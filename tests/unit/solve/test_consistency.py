"""The prior vanishes beside enough rows, and neither units nor order of rows and columns enter."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from marks import rest_slow

K, D = 4, 3
CENTERS = np.array([[0.0, 0.0, 0.0], [5.0, 0.0, 0.0], [0.0, 6.0, 1.0], [4.0, 5.0, 6.0]])
WIDTHS = np.array([[1.0, 0.5, 0.8], [0.3, 1.2, 0.6], [1.5, 1.0, 0.4], [0.7, 0.7, 2.0]])


def drawn(n: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng([seed, n])
    labels = np.arange(n) % K
    return CENTERS[labels] + WIDTHS[labels] * rng.standard_normal((n, D))


def fitted(X: np.ndarray, family: str, prior: float | str) -> gs.GaussianMixture:
    return gs.GaussianMixture(
        K, covariance_type=family, means_init=CENTERS, escape=False, covariance_prior=prior, tol=1e-8
    ).fit(X)


def standard_errors_apart(one: gs.GaussianMixture, other: gs.GaussianMixture, n: int) -> float:
    """The largest distance of two fits in standard errors of weights, means and variances."""
    a, b = one.solution_.mixture, other.solution_.mixture
    mass = n * b.weights[:, None]
    variances = b.column_variances()
    return max(
        (np.abs(a.weights - b.weights) / np.sqrt(b.weights * (1 - b.weights) / n)).max(),
        (np.abs(a.means - b.means) / np.sqrt(variances / mass)).max(),
        (np.abs(a.column_variances() / variances - 1.0) / np.sqrt(2.0 / mass)).max(),
    )


@pytest.mark.parametrize("n", rest_slow([400, 2_000, 20_000, 200_000], 3))
@pytest.mark.parametrize("family", ["full", "tied", "diag", "spherical"])
def test_the_prior_bends_no_fit_by_much(family: str, n: int):
    X = drawn(n)
    ours, plain = (fitted(X, family, prior) for prior in ("auto", 0.0))
    assert ours.covariance_prior_ is not None
    assert standard_errors_apart(ours, plain, n) <= (0.3 if n < 500 * K else 0.1)


@pytest.mark.parametrize("family", ["full", "tied", "diag", "spherical"])
def test_optima_are_the_same_with_and_without_it(family: str):
    X = drawn(2_000)
    found, by_likelihood = (
        gs.GaussianMixture(K, covariance_type=family, random_state=0, covariance_prior=prior).fit(X)
        for prior in ("auto", 0.0)
    )
    assert (found.predict(X) == by_likelihood.predict(X)).mean() > 0.999


@pytest.mark.parametrize("family", ["full", "tied", "diag", "spherical"])
def test_units_shifts_and_orders_do_not_enter(family: str):
    X = drawn(400)
    fit = fitted(X, family, "auto").solution_.mixture
    options = {"covariance_type": family, "escape": False, "tol": 1e-8}
    scaled = gs.GaussianMixture(K, means_init=2.0**40 * CENTERS, **options).fit(2.0**40 * X).solution_.mixture
    np.testing.assert_allclose(scaled.means, 2.0**40 * fit.means, rtol=1e-9, atol=1e-9 * 2.0**40)
    np.testing.assert_allclose(scaled.covariances, 2.0**80 * fit.covariances, rtol=1e-8, atol=1e-8 * 2.0**80)
    whole = np.round(X * 2.0**20) / 2.0**20  # a shift by 1e8 loses none of their bits
    near = gs.GaussianMixture(K, means_init=CENTERS, **options).fit(whole).solution_.mixture
    far = gs.GaussianMixture(K, means_init=CENTERS + 1e8, **options).fit(whole + 1e8).solution_.mixture
    np.testing.assert_allclose(far.means - 1e8, near.means, atol=1e-6)
    np.testing.assert_allclose(far.covariances, near.covariances, rtol=1e-6, atol=1e-8)
    order = np.random.default_rng(0).permutation(len(X))
    other = gs.GaussianMixture(K, means_init=CENTERS, **options).fit(X[order]).solution_.mixture
    np.testing.assert_allclose(other.means, fit.means, atol=2e-2)
    columns = gs.GaussianMixture(K, means_init=CENTERS[:, ::-1], **options).fit(X[:, ::-1]).solution_.mixture
    np.testing.assert_allclose(columns.means[:, ::-1], fit.means, atol=1e-6)
