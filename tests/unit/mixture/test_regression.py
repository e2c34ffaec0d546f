"""Gaussian mixture regression: against conditionals, the law of total expectation, and draws."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import norm

import gmmscape as gs
from unit.mixture.cases import COVARIANCES, example
from unit.mixture.test_columns import three

KINDS = list(COVARIANCES)


def moments(mixture: gs.Mixture) -> tuple[np.ndarray, np.ndarray]:
    mean = mixture.weights @ mixture.means
    off = mixture.means - mean
    within = np.tensordot(mixture.weights, mixture.full_covariances(), 1)
    return mean, within + (mixture.weights[:, None] * off).T @ off


@pytest.mark.parametrize("kind", KINDS)
def test_each_row_has_the_moments_of_its_conditional(kind: str):
    mixture = three(kind, 2)
    X = mixture.sample(7, 0)[0]
    found = mixture.regress(X[:, [1]], ["age", "height"])
    for i, row in enumerate(X):
        mean, covariance = moments(mixture.condition({"weight": row[1]}).marginal(["age", "height"]))
        np.testing.assert_allclose(found.mean[i], mean, rtol=1e-11)
        np.testing.assert_allclose(found.covariance[i], covariance, rtol=1e-11)
        np.testing.assert_allclose(found.variance[i], np.diagonal(covariance), rtol=1e-11)


@pytest.mark.parametrize("kind", KINDS)
def test_the_mean_is_the_integral_of_the_target(kind: str):
    mixture = example(kind)
    for at in (-2.0, 1.0):

        def density(y: float, at: float = at) -> float:
            return float(np.exp(mixture.log_density([[at, y]])[0]))

        points = [0.0, 4.0, 8.0]
        options = {"points": points, "limit": 200, "epsabs": 1e-14, "epsrel": 1e-11}
        mass, first = (quad(lambda y, p=p: y**p * density(y), -30, 40, **options)[0] for p in (0, 1))
        found = mixture.regress([[at]], target=1)
        assert found.mean[0] == pytest.approx(first / mass, rel=1e-8)


def test_the_expectation_of_conditional_means_is_the_mean():
    """Law of total expectation and variance, over a grid of the one known column."""
    mixture = three("full", 4).marginal(["height", "age"])
    x = np.linspace(-25, 25, 20_001)
    share = np.exp(mixture.marginal("height").log_density(x[:, None])) * (x[1] - x[0])
    found = mixture.regress(x[:, None], "age")
    mean, covariance = moments(mixture)
    assert share @ found.mean == pytest.approx(mean[1], rel=1e-9)
    total = share @ found.variance + share @ (found.mean - mean[1]) ** 2
    assert total == pytest.approx(covariance[1, 1], rel=1e-9)


def test_quantiles_divide_the_conditional():
    mixture = three("full", 6)
    X, levels = mixture.sample(5, 0)[0][:, :2], [0.001, 0.25, 0.5, 0.975]
    found = mixture.regress(X, "age", quantiles=levels)
    assert found.quantiles is not None
    for row, quantiles in zip(X, found.quantiles, strict=True):
        left = mixture.condition({"height": row[0], "weight": row[1]})
        below = norm.cdf(quantiles[:, None], left.means[:, 0], np.sqrt(left.covariances[:, 0, 0]))
        np.testing.assert_allclose(below @ left.weights, levels, rtol=1e-10)
    assert np.all(np.diff(found.quantiles, axis=1) > 0)


def test_intervals_hold_as_many_new_rows_as_they_say():
    mixture = three("diag", 9)
    X = mixture.sample(4000, 5)[0]
    found = mixture.regress(X, "age", quantiles=[0.1, 0.9])
    assert found.quantiles is not None
    inside = np.mean((X[:, 2] > found.quantiles[:, 0]) & (X[:, 2] < found.quantiles[:, 1]))
    assert abs(inside - 0.8) < 5 * np.sqrt(0.16 / 4000)


def test_one_target_has_no_axis_of_its_own():
    mixture = three("full")
    one, listed = mixture.regress([[0.0, 1.0]], "age"), mixture.regress([[0.0, 1.0]], ["age"])
    assert one.mean.shape == one.variance.shape == one.covariance.shape == (1,)
    assert listed.mean.shape == listed.variance.shape == (1, 1)
    assert listed.covariance.shape == (1, 1, 1)
    assert one.mean[0] == listed.mean[0, 0]


def test_rows_may_be_whole_tables_or_parts_by_name():
    mixture = three("full")
    X = mixture.sample(4, 0)[0]
    expected = mixture.regress(X[:, [0, 2]], "weight").mean
    hidden = X.copy()
    hidden[:, 1] = np.nan  # the target is not looked at
    table = pd.DataFrame({"age": X[:, 2], "note": ["a"] * 4, "height": X[:, 0]})
    for rows in (X, hidden, table):
        np.testing.assert_array_equal(mixture.regress(rows, "weight").mean, expected)
    # In the order that `given` has; what is in neither is averaged over.
    np.testing.assert_allclose(
        mixture.regress(X[:, [2, 0]], "weight", given=["age", "height"]).mean, expected, rtol=1e-12
    )
    alone = mixture.marginal(["age", "weight"]).regress(X[:, [2]], "weight").mean
    np.testing.assert_allclose(mixture.regress(table, "weight", given=["age"]).mean, alone, rtol=1e-12)


def test_far_rows_have_finite_answers():
    for kind in KINDS:
        found = example(kind).regress([[1e6], [-1e6], [1e150]], 1, quantiles=[0.5])
        assert np.isfinite(found.mean).all()
        assert np.isfinite(found.variance[:2]).all()
        assert found.quantiles is not None
        assert np.isfinite(found.quantiles).all()
        assert np.all(found.variance > 0)
    with pytest.raises(gs.DataError, match="rescale"):
        gs.Mixture([0.5, 0.5], [[0, 0], [1, 0]], [[1, 0.9], [0.9, 9]], "tied").marginal([0, 1]).transformed(
            [[1e-8, 0], [0, 1]]
        ).regress([[1e305]], 1)


def test_many_rows_are_done_in_blocks(monkeypatch: pytest.MonkeyPatch):
    mixture, X = three("full"), three("full").sample(50, 0)[0]
    whole = mixture.regress(X, "age", quantiles=[0.3])
    effort = type(gs.mixture.regression.EFFORT.measure)(regression_values=24)  # type: ignore[attr-defined]
    monkeypatch.setitem(gs.mixture.regression.EFFORT.__dict__, "measure", effort)  # type: ignore[attr-defined]
    for one, other in zip(whole, mixture.regress(X, "age", quantiles=[0.3]), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


@pytest.mark.parametrize(
    ("X", "options", "error", "message"),
    [
        ([[1.0]], {"target": "aeg"}, gs.InvalidParameterError, "did you mean 'age'"),
        ([[1.0, 2.0]], {"target": "age", "quantiles": [1.0]}, gs.InvalidParameterError, "between 0 and 1"),
        ([[1.0]], {"target": ["age", 0], "quantiles": 0.5}, gs.InvalidParameterError, "one target"),
        ([[1.0]], {"target": ["age"], "given": ["age"]}, gs.InvalidParameterError, "target"),
        ([[1.0]], {"target": [0, 1, 2]}, gs.InvalidParameterError, "leave one column"),
        ([[1.0]], {"target": "age"}, gs.DataError, "the 2 known columns, or all 3"),
        ([[np.inf, 1.0]], {"target": "age"}, gs.DataError, "infinite"),
        ([1.0, 2.0], {"target": "age"}, gs.DataError, "shape"),
        (pd.DataFrame({"age": [1.0]}), {"target": "age"}, gs.DataError, "lacks the columns height, weight"),
    ],
)
def test_what_cannot_be_regressed(X: object, options: dict, error: type, message: str):
    with pytest.raises(error, match=message):
        three("full").regress(X, **options)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_missing_of_a_row_is_averaged_over(kind: str):
    mixture = three(kind, 3)
    known = np.array([[1.0, np.nan], [np.nan, 2.0], [np.nan, np.nan], [0.5, -1.0], [-2.0, np.nan]])
    found = mixture.regress(known, "age", quantiles=[0.1, 0.5])
    for i, row in enumerate(known):
        values = {name: x for name, x in zip(["height", "weight"], row, strict=True) if not np.isnan(x)}
        there = (mixture.condition(values) if values else mixture).marginal(["age"])
        mean, covariance = moments(there)
        assert found.mean[i] == pytest.approx(mean[0], rel=1e-11)
        assert found.variance[i] == pytest.approx(covariance[0, 0], rel=1e-11)
        deviations = np.sqrt(there.full_covariances()[:, 0, 0])
        below = norm.cdf(found.quantiles[i][:, None], there.means[:, 0], deviations) @ there.weights
        assert below == pytest.approx([0.1, 0.5], abs=1e-9)
    both = mixture.regress(known[:3, :1], ["weight", "age"])
    mean, covariance = moments(mixture.marginal(["weight", "age"]))
    np.testing.assert_allclose(both.mean[1], mean, rtol=1e-11)
    np.testing.assert_allclose(both.covariance[1], covariance, rtol=1e-11)
