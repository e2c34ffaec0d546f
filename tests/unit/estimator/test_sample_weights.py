"""Fits of weighted rows."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

import gmmscape as gs
from unit.estimator.cases import (
    BAD_MEANS,
    OVERLAP,
    N,
    X,
    assert_close_fit,
    assert_same_fit,
    in_order,
    kinds,
    model,
    planted,
    two_kinds,
)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.r_[-1.0, np.ones(N - 1)], r"sample_weight\[0\]=-1"),
        (np.r_[1.0, np.nan, np.ones(N - 2)], r"sample_weight\[1\]=nan"),
        (np.r_[np.inf, np.ones(N - 1)], r"sample_weight\[0\]=inf"),
        (np.zeros(N), "sample_weight is zero everywhere"),
        (np.ones(N - 1), rf"sample_weight has shape \({N - 1},\) where \({N},\)"),
        (np.ones((N, 1)), rf"sample_weight has shape \({N}, 1\)"),
        (["heavy"] * N, "sample_weight cannot be read as numbers"),
        (np.r_[1.0, 1.0, np.zeros(N - 2)], "n_samples = 2 .of positive weight"),
        (np.r_[1.0, np.zeros(N - 1)], "n_samples=1 row .of positive weight"),
    ],
    ids=["negative", "nan", "inf", "zero", "short", "2-d", "text", "two rows", "one row"],
)
def test_weights_that_cannot_be_used(weights: Any, message: str):
    with pytest.raises(gs.DataError, match=message):
        model().fit(X, sample_weight=weights)


@cache
def _weighted(kind: str, factor: float) -> gs.GaussianMixture:
    weights = factor * np.random.default_rng(3).uniform(0.5, 2.0, N)
    return model(covariance_type=kind, means_init=BAD_MEANS).fit(X, sample_weight=weights)


@two_kinds
@pytest.mark.parametrize("factor", [10.0, 1e-6])
def test_only_ratios_of_weights_matter(kind: str, factor: float):
    """For the fit, as its documentation says, the way out of a bad optimum included."""
    one, other = _weighted(kind, 1.0), _weighted(kind, factor)
    assert one.em_diagnosis_ is not None
    assert one.em_diagnosis_.verdict == "bad optimum"
    # Where means coincide, as in the bad optimum of the tied kind, rounding decides which is which.
    assert_close_fit(in_order(other), in_order(one), 1e-9)
    assert other.diagnosis_.total == pytest.approx(one.diagnosis_.total, rel=1e-12)


@two_kinds
def test_weights_scaled_without_rounding_give_the_same_bits(kind: str):
    assert_same_fit(_weighted(kind, 2.0**-20), _weighted(kind, 1.0))


@kinds
def test_whole_weights_are_repeated_rows(kind: str):
    """From the same start every iteration is the same, up to rounding."""
    weights = np.random.default_rng(3).integers(0, 4, len(OVERLAP))
    options = {"n_components": 2, "covariance_type": kind, "means_init": [[0.0], [3.0]], "escape": False}
    weighted = model(**options).fit(OVERLAP, sample_weight=weights)
    repeated = model(**options).fit(np.repeat(OVERLAP, weights, axis=0))
    assert weighted.n_iter_ == repeated.n_iter_ > 5
    assert_close_fit(weighted, repeated, 1e-9)
    unweighted = model(**options).fit(OVERLAP)
    assert np.abs(weighted.means_ - unweighted.means_).max() > 1e-3


@two_kinds
def test_whole_weights_are_repeated_rows_on_the_way_out_too(kind: str):
    weights = np.random.default_rng(3).integers(0, 4, N)
    options: dict[str, Any] = {"covariance_type": kind, "means_init": BAD_MEANS, "tol": 1e-10}
    weighted = model(**options).fit(X, sample_weight=weights)
    repeated = model(**options).fit(np.repeat(X, weights, axis=0))
    assert weighted.em_diagnosis_ is not None
    assert weighted.em_diagnosis_.verdict == "bad optimum"
    assert weighted.lower_bound_ == pytest.approx(repeated.lower_bound_, abs=1e-9)
    np.testing.assert_allclose(np.sort(weighted.means_, 0), np.sort(repeated.means_, 0), rtol=1e-9, atol=1e-9)
    assert weighted.diagnosis_.total == weights.sum() == len(np.repeat(X, weights, axis=0))


def test_rows_of_weight_zero_do_not_count():
    data = np.concatenate([X, np.full((30, 1), 500.0)])
    weights = np.r_[np.ones(N), np.zeros(30)]
    fitted = model(means_init=BAD_MEANS).fit(data, sample_weight=weights)
    assert_close_fit(fitted, planted("full"), 1e-9)
    assert fitted.diagnosis_.total == N


def test_the_bound_is_weighted():
    weights = np.random.default_rng(3).uniform(0.5, 2.0, N)
    fitted = model(means_init=BAD_MEANS).fit(X, sample_weight=weights)
    average = np.average(fitted.score_samples(X), weights=weights)
    assert fitted.lower_bound_ == pytest.approx(average, rel=1e-13)
    assert abs(fitted.lower_bound_ - fitted.score(X)) > 1e-6


@pytest.mark.parametrize("unit", [1.0, np.pi, 1e-7])
@pytest.mark.parametrize("least", [1, 2, 3])
def test_whole_weights_are_repetitions_whatever_the_smallest_is(least: int, unit: float):
    """Also of none that is one, and in other units."""
    weights = np.random.default_rng(6).integers(least, least + 5, len(OVERLAP))
    options: dict[str, Any] = {"n_components": 2, "means_init": [[0.0], [3.0]], "covariance_prior": "auto"}
    weighted = model(**options).fit(OVERLAP, sample_weight=unit * weights)
    rows = np.repeat(OVERLAP, weights, axis=0)
    repeated = model(**options).fit(rows)
    assert_close_fit(weighted, repeated, 1e-9)
    assert weighted.diagnosis_.total == len(rows)
    assert weighted.bic(OVERLAP, unit * weights) == pytest.approx(repeated.bic(rows), rel=1e-9)


def test_large_counts_are_counts_and_numbers_of_two_decimals_are_none():
    rng = np.random.default_rng(7)
    counts, survey = rng.integers(17, 400, N), np.round(rng.uniform(0.3, 3.0, N), 2)
    assert model().fit(X, sample_weight=counts).diagnosis_.total == counts.sum()
    kish = survey.sum() ** 2 / (survey @ survey)
    assert model().fit(X, sample_weight=survey).diagnosis_.total == pytest.approx(kish)
    blank = np.concatenate([X, np.full((2, 1), np.nan)])  # rows without values are left out, counts stay
    with pytest.warns(match="rows without values"):
        fitted = model().fit(blank, sample_weight=np.append(counts, [1, 1]))
    assert fitted.diagnosis_.total == counts.sum()


@pytest.mark.parametrize("n", [300, 1500])
@pytest.mark.parametrize("kind", ["full", "tied"])
def test_whole_weights_are_repetitions_where_the_prior_looks_at_some_rows_only(kind: str, n: int):
    """Of more than 500 rows the prior is found on evenly spaced ones: of those that are counted."""
    rng = np.random.default_rng(9)
    rows = rng.normal(rng.permutation(np.repeat([[0.0, 0.0], [3.5, 0.0], [0.0, 4.0]], n // 3, axis=0)), 1.0)
    weights = rng.integers(0, 5, n)
    assert weights.sum() > 500
    options: dict[str, Any] = {"covariance_type": kind, "random_state": 0, "escape": False}
    weighted = gs.GaussianMixture(3, **options).fit(rows, sample_weight=weights)
    repeated = gs.GaussianMixture(3, **options).fit(np.repeat(rows, weights, axis=0))
    assert_close_fit(weighted, repeated, 1e-9)
    assert weighted.covariance_prior_ is not None
    assert repeated.covariance_prior_ is not None
    np.testing.assert_allclose(
        weighted.covariance_prior_.scale, repeated.covariance_prior_.scale, rtol=0.0, atol=1e-10
    )
