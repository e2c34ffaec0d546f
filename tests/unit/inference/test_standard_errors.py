"""Standard errors against differences of the likelihood, closed forms, and what they must not depend on."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from tests.oracles.mixture_likelihood import errors_of, gradient_of_rows, information

import gmmscape as gs
from gmmscape.inference import StandardErrors

TRUTHS = {
    "full": gs.Mixture(
        [0.4, 0.6], [[0, 0], [3, 1]], [[[1, 0.5], [0.5, 1]], [[1, -0.3], [-0.3, 0.5]]], "full"
    ),
    "tied": gs.Mixture([0.4, 0.6], [[0, 0], [3, 1]], [[1, 0.5], [0.5, 1]], "tied"),
    "diag": gs.Mixture([0.4, 0.6], [[0, 0], [3, 1]], [[1, 0.5], [0.7, 2]], "diag"),
    "spherical": gs.Mixture([0.4, 0.6], [[0, 0], [3, 1]], [1.0, 0.5], "spherical"),
}
KINDS = ("weight", "mean", "sd", "correlation")


@cache
def fitted(kind: str, prior: float = 0.0, n: int = 400) -> tuple[Any, Any]:
    X = TRUTHS[kind].sample(n, 1)[0]
    model = gs.GaussianMixture(
        2, covariance_type=kind, means_init=TRUTHS[kind].means, covariance_prior=prior, tol=1e-9
    )
    return model.fit(X), X


def errors(found: StandardErrors, kind: str) -> Any:
    return np.array([one.standard_error for one in found.of(kind)])


def assert_errors(found: StandardErrors, wanted: dict[str, Any], rtol: float) -> None:
    for kind in KINDS:
        if kind in wanted or found.of(kind):
            np.testing.assert_allclose(errors(found, kind), wanted[kind], rtol=rtol, err_msg=kind)


@pytest.mark.parametrize("prior", [0.0, 30.0])
@pytest.mark.parametrize("kind", TRUTHS)
def test_they_are_those_of_the_observed_information(kind: str, prior: float):
    model, X = fitted(kind, prior)
    found = gs.standard_errors(model, X, method="observed")
    covariance = np.linalg.inv(information(model.solution_.mixture, X, prior=model.covariance_prior_))
    assert_errors(found, errors_of(covariance, model.solution_.mixture), rtol=2e-5)


@pytest.mark.parametrize("kind", TRUTHS)
def test_the_sandwich_is_the_covariance_of_scores_between_inverses(kind: str):
    model, X = fitted(kind)
    bread = np.linalg.inv(information(model.solution_.mixture, X))
    scores = gradient_of_rows(model.solution_.mixture, X)
    wanted = errors_of(bread @ (scores.T @ scores) @ bread, model.solution_.mixture)
    assert_errors(gs.standard_errors(model, X, method="sandwich"), wanted, rtol=1e-4)


def test_the_sandwich_counts_each_row_once_whatever_its_weight():
    X, rng = fitted("full")[1], np.random.default_rng(0)
    weights = rng.uniform(0.5, 3.0, len(X))
    model = gs.GaussianMixture(2, means_init=TRUTHS["full"].means, covariance_prior=0.0, tol=1e-9)
    model.fit(X, sample_weight=weights)
    mixture = model.solution_.mixture
    bread = np.linalg.inv(information(mixture, X, weights))
    scores = gradient_of_rows(mixture, X) * weights[:, None]
    wanted = errors_of(bread @ (scores.T @ scores) @ bread, mixture)
    assert_errors(gs.standard_errors(model, X, weights, method="sandwich"), wanted, rtol=1e-4)
    for method in ("observed", "sandwich"):  # and the unit of the weights means nothing
        one = gs.standard_errors(model, X, weights, method=method)
        other = gs.standard_errors(model, X, 0.01 * weights, method=method)
        np.testing.assert_allclose(errors(one, "mean"), errors(other, "mean"), rtol=1e-9)


def test_of_one_gaussian_they_are_in_closed_form():
    n = 300
    X = np.random.default_rng(2).multivariate_normal([5, -1], [[4, 1.5], [1.5, 1]], n)
    model = gs.GaussianMixture(1, covariance_prior=0.0).fit(X)
    found = gs.standard_errors(model, X, method="observed")
    sd = np.sqrt(np.diag(model.covariances_[0]))
    r = model.covariances_[0, 0, 1] / sd.prod()
    np.testing.assert_allclose(errors(found, "mean"), sd / np.sqrt(n), rtol=1e-9)
    np.testing.assert_allclose(errors(found, "sd"), sd / np.sqrt(2 * n), rtol=1e-9)
    np.testing.assert_allclose(errors(found, "correlation"), (1 - r**2) / np.sqrt(n), rtol=1e-9)
    (weight,) = found.of("weight")
    assert weight.value == 1.0
    assert weight.standard_error is None
    assert weight.reason == "it is not estimated"


def test_intervals_stay_in_the_range_of_the_parameter():
    X = np.concatenate([np.random.default_rng(3).normal(0, 1, 60), np.random.default_rng(4).normal(8, 1, 3)])
    model = gs.GaussianMixture(2, random_state=0).fit(X[:, None])
    found = gs.standard_errors(model, X[:, None], method="observed", level=0.999)
    small = min(found.of("weight"), key=lambda one: one.value)
    assert small.value - 3.3 * small.standard_error < 0.0  # normal theory alone would leave it
    assert 0.0 < small.low < small.value < small.high < 1.0
    for one in found.of("sd"):
        assert 0.0 < one.low < one.value < one.high


def test_maps_of_the_data_move_them_along():
    model, X = fitted("full")
    A, b = np.diag([3.0, 0.01]), np.array([1e3, -7.0])
    other = gs.GaussianMixture(2, means_init=model.means_ @ A + b, covariance_prior=0.0, tol=1e-9).fit(
        X @ A + b
    )
    for method in ("observed", "sandwich", "profile"):
        one = gs.standard_errors(model, X, method=method)
        two = gs.standard_errors(other, X @ A + b, method=method)
        scale = np.tile(np.diag(A), 2)
        np.testing.assert_allclose(errors(two, "mean"), errors(one, "mean") * scale, rtol=1e-5)
        np.testing.assert_allclose(errors(two, "sd"), errors(one, "sd") * scale, rtol=1e-5)
        np.testing.assert_allclose(errors(two, "correlation"), errors(one, "correlation"), rtol=1e-5)
        ends = [[(e.low, e.high) for e in found.of("correlation")] for found in (one, two)]
        np.testing.assert_allclose(ends[0], ends[1], rtol=1e-4)


@pytest.mark.parametrize("method", ["observed", "sandwich", "profile"])
@pytest.mark.parametrize("counts", [(1, 2, 3), (5, 7, 9)])
def test_whole_weights_are_repetitions(method: str, counts: tuple[int, ...]):
    _, X = fitted("full")
    weights = np.random.default_rng(5).choice(counts, len(X))
    model = gs.GaussianMixture(2, means_init=TRUTHS["full"].means, covariance_prior=0.0, tol=1e-9)
    model.fit(X, sample_weight=weights)
    one = gs.standard_errors(model, X, weights, method=method)
    mixture = model.solution_.mixture
    # What is repeated as often as this the library takes for the same rows, so that the truth is by hand.
    bread = np.linalg.inv(information(mixture, X, weights))
    if method == "sandwich":
        scores = gradient_of_rows(mixture, X)
        bread = bread @ ((scores * weights[:, None]).T @ scores) @ bread
    known = one.rows / weights.sum()
    wanted = errors_of(bread / known, mixture)
    assert_errors(one, wanted, rtol=1e-4)


def test_binned_data_count_as_their_rows():
    """Of values on a grid nothing is taken for a repetition: counts are rows."""
    rows = np.round(np.random.default_rng(6).normal(0, 1, 900), 1)
    values, counts = np.unique(rows, return_counts=True)
    model = gs.GaussianMixture(1, covariance_prior=0.0).fit(rows[:, None])
    one = gs.standard_errors(model, rows[:, None], method="observed")
    two = gs.standard_errors(model, values[:, None], counts, method="observed")
    assert one.rows == pytest.approx(two.rows, rel=1e-9)
    np.testing.assert_allclose(errors(one, "mean"), errors(two, "mean"), rtol=1e-6)
    np.testing.assert_allclose(errors(one, "mean"), rows.std() / 30.0, rtol=1e-6)


def test_under_the_model_the_sandwich_agrees_with_the_information():
    model, X = fitted("full", n=20_000)
    one = gs.standard_errors(model, X, method="observed")
    other = gs.standard_errors(model, X, method="sandwich")
    for (
        kind
    ) in KINDS:  # a covariance of scores from n rows is off by some 1 / sqrt(n), more where tails count
        np.testing.assert_allclose(errors(other, kind), errors(one, kind), rtol=0.04)


def test_where_components_are_no_gaussians_they_differ():
    rng = np.random.default_rng(7)
    X = rng.standard_t(5, (4000, 1))
    model = gs.GaussianMixture(1, covariance_prior=0.0).fit(X)
    one = gs.standard_errors(model, X, method="observed")
    other = gs.standard_errors(model, X, method="sandwich")
    kurtosis = float(np.mean((X - X.mean()) ** 4) / X.var() ** 2)
    wanted = float(X.std()) * np.sqrt((kurtosis - 1) / 4 / len(X))
    assert errors(other, "sd")[0] == pytest.approx(wanted, rel=1e-6)
    assert errors(other, "sd")[0] > 1.3 * errors(one, "sd")[0]


def test_variances_are_squares_and_covariances_are_told():
    model, X = fitted("full")
    found = gs.standard_errors(model, X)
    for sd, variance in zip(found.of("sd"), found.of("variance"), strict=True):
        assert variance.value == pytest.approx(sd.value**2)
        assert variance.standard_error == pytest.approx(2 * sd.value * sd.standard_error)
        assert (variance.low, variance.high) == pytest.approx((sd.low**2, sd.high**2))
    (one, _) = found.of("covariance")
    covariance = np.linalg.inv(information(model.solution_.mixture, X))
    assert one.value == pytest.approx(model.covariances_[0, 0, 1])
    assert one.standard_error == pytest.approx(np.sqrt(covariance[6, 6]), rel=1e-4)


def test_a_fit_that_is_not_converged_is_polished():
    _, X = fitted("full")
    rough = gs.GaussianMixture(
        2, means_init=TRUTHS["full"].means, max_iter=1, escape=False, covariance_prior=0.0
    )
    with pytest.warns(UserWarning, match="max_iter"):
        rough.fit(X)
    found = gs.standard_errors(rough, X, method="observed")
    best = gs.standard_errors(fitted("full")[0], X, method="observed")
    assert found.moved > 0.05
    assert f"moved the estimates by up to {found.moved:.2g} standard errors" in str(found)
    np.testing.assert_allclose(errors(found, "mean"), errors(best, "mean"), rtol=1e-3)
    assert best.moved < 1e-3
    assert "moved" not in str(best)
