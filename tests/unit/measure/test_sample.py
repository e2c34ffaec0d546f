"""Samples: weights, origin and moments, and the data they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse
from tests.efforts import with_effort

import gmmscape as gs
from gmmscape import lab
from gmmscape.measure import summary as summary_module


def test_weights_are_normalised_and_only_ratios_matter(rng: np.random.Generator):
    X, weights = rng.normal(size=(6, 2)), np.array([1.0, 2.0, 0.0, 4.0, 8.0, 1.0])
    sample = lab.Sample(X, weights)
    assert sample.weights.sum() == pytest.approx(1.0, abs=1e-15)
    np.testing.assert_allclose(sample.weights, weights[weights > 0] / 16.0, rtol=1e-15)
    assert sample.n_samples == 6
    np.testing.assert_allclose(lab.Sample(X, 1e30 * weights).weights, sample.weights, rtol=1e-15)
    np.testing.assert_array_equal(lab.Sample(X).weights, np.full(6, 1.0 / 6.0))


@pytest.mark.parametrize("kind", ["spherical", "diag", "tied", "full"])
def test_integer_weights_equal_repetition(rng: np.random.Generator, kind: str):
    X, counts = rng.normal([30.0, -5.0], 1.0, (40, 2)), rng.integers(0, 4, 40)
    weighted, repeated = lab.Sample(X, counts), lab.Sample(np.repeat(X, counts, axis=0))
    shape = {"spherical": [1.0, 2.0], "diag": [[1.0, 2.0], [2.0, 0.5]], "tied": [[2.0, 0.5], [0.5, 1.0]]}
    covariances = shape.get(kind, [np.eye(2), [[2.0, 0.5], [0.5, 1.0]]])
    mixture = gs.Mixture([0.25, 0.75], [[29.0, -5.0], [31.0, -4.5]], covariances, kind)
    found = []
    for sample in (weighted, repeated):
        local = mixture.shifted(-sample.origin)
        s = sample.rows(local).statistics(local, kind)
        # Values are per the data's own unit of length, which is the same up to rounding.
        nll = -s.log_likelihood + sample.rows(local).log_unit
        found.append((s.mass, s.mean + sample.origin, s.scatter, nll, s.weight))
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(weighted.covariance, repeated.covariance, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("n", [1, 2, 3, 10, 11])
def test_origin_is_a_value_of_the_data_in_the_middle(n: int):
    X = np.random.default_rng(n).normal(100.0, 1.0, (n, 3))
    sample = lab.Sample(X)
    for value, column in zip(sample.origin, X.T, strict=True):
        assert value in column
        assert np.sum(column < value) <= n // 2
        assert np.sum(column > value) <= n // 2
    np.testing.assert_array_equal(sample.points + sample.origin, X)


def test_shifting_the_data_by_an_exact_amount_changes_no_bit(rng: np.random.Generator):
    X = rng.integers(-1000, 1000, (50, 2)) / 64.0
    near, far = lab.Sample(X), lab.Sample(X + 2.0**30)
    np.testing.assert_array_equal(far.points, near.points)
    np.testing.assert_array_equal(far.covariance, near.covariance)
    np.testing.assert_array_equal(far.origin, near.origin + 2.0**30)


@pytest.mark.parametrize("d", [1, 3])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_covariance_and_variance_agree_with_numpy(rng: np.random.Generator, d: int, offset: float):
    X = rng.integers(-(2**16), 2**16, (60, d)) / 2.0**13  # exact with the offset added
    X[:, -1] += 0.5 * X[:, 0]
    weights = rng.uniform(0.0, 3.0, 60)
    sample = lab.Sample(X + offset, weights)
    expected = np.cov(X, rowvar=False, aweights=weights, ddof=0).reshape(d, d)
    np.testing.assert_allclose(sample.covariance, expected, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(sample.variance, np.diagonal(expected), rtol=1e-11)
    np.testing.assert_array_equal(sample.covariance, sample.covariance.T)


def test_log_unit_turns_values_into_the_users_units(rng: np.random.Generator):
    """The unit is the root of the average variance; NLLs per the user's unit are SciPy's."""
    X = rng.normal(size=(30, 2)) * [100.0, 300.0]
    sample = lab.Sample(X)
    assert sample.rows(None).unit == pytest.approx(np.sqrt(X.var(axis=0).mean()), rel=1e-12)
    mixture = gs.Mixture.location([[0.0, 0.0], [50.0, 50.0]], 80.0)
    rows = sample.rows(mixture)
    local = mixture.shifted(-sample.origin)
    nll = -rows.statistics(local, "none").log_likelihood + rows.log_unit
    assert nll == pytest.approx(-mixture.log_density(X).mean(), rel=1e-12)
    per_unit = -rows.log_densities(local).mean() + 2 * np.log(rows.unit)
    assert nll == pytest.approx(per_unit, rel=1e-12)


def test_equal_rows_have_the_unit_one():
    sample = lab.Sample(np.full((4, 2), 3.0))
    assert sample.rows(None).unit == 1.0
    np.testing.assert_array_equal(sample.covariance, np.zeros((2, 2)))


def test_one_row():
    sample = lab.Sample([[2.0, 3.0]])
    np.testing.assert_array_equal(sample.origin, [2.0, 3.0])
    np.testing.assert_array_equal(sample.points, [[0.0, 0.0]])
    np.testing.assert_array_equal(sample.weights, [1.0])


def test_shape_and_repr(rng: np.random.Generator):
    sample = lab.Sample(rng.normal(size=(7, 3)))
    assert (sample.n_samples, sample.n_features) == (7, 3)
    assert repr(sample) == "Sample(n_samples=7, n_features=3)"
    assert sample.truth is None


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
def test_input_is_never_modified(rng: np.random.Generator, dtype: Any, order: Any):
    X = np.array(100 * rng.normal(size=(20, 2)), dtype=dtype, order=order)
    weights = rng.uniform(1.0, 2.0, 20)
    before, weights_before = X.copy(), weights.copy()
    X.flags.writeable = weights.flags.writeable = False
    sample = lab.Sample(X, weights)
    mixture = gs.Mixture.location([[0.0, 0.0], [50.0, 50.0]], 80.0)
    sample.rows(mixture).statistics(mixture, "full")
    assert sample.covariance.shape == (2, 2)
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(weights, weights_before)


def test_later_changes_of_the_input_do_not_reach_the_sample(rng: np.random.Generator):
    X, weights = rng.normal(size=(20, 2)), rng.uniform(1.0, 2.0, 20)
    sample, expected = lab.Sample(X, weights), lab.Sample(X.copy(), weights.copy())
    X[...] = 7.0
    weights[...] = 0.0
    np.testing.assert_array_equal(sample.points, expected.points)
    np.testing.assert_array_equal(sample.origin, expected.origin)
    np.testing.assert_array_equal(sample.weights, expected.weights)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([[np.nan, 1.0], [np.nan, 2.0]], "X has no value in column 0: leave it out"),
        ([[np.nan, 2.0], [np.inf, 1.0]], "X has 1 entries that are infinite, the first in row 1, column 0"),
        ([1.0, 2.0], r"X has shape \(2,\).*X\.reshape\(-1, 1\)"),
        (scipy.sparse.csr_array(np.eye(2)), r"X is sparse.*toarray"),
        (np.array([[1j]]), "X is complex"),
        (np.zeros((0, 2)), r"X has shape \(0, 2\)"),
        (np.zeros((2, 0)), r"X has shape \(2, 0\)"),
        ([["a"], ["b"]], "X cannot be read as numbers"),
        ([[0.0, 1e-200], [1.0, 3e-200]], "variance of column 1 is not representable"),
        ([[0.0, 1e200], [1.0, -1e200]], "variance of column 1 is not representable"),
        ([[0.0, 9e153], [1.0, -9e153], [0.0, 0.0]], "squared distances .* column 1 spread over 1.8e.154"),
    ],
    ids=["nan", "inf", "1-d", "sparse", "complex", "no rows", "no columns", "text", "narrow", "wide", "far"],
)
def test_unusable_data_are_refused(X: Any, message: str):
    with pytest.raises(gs.DataError, match=message):
        lab.Sample(X)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0, -1.0, 1.0], r"sample_weight\[1\]=-1"),
        ([0.0, 0.0, 0.0], "sample_weight is zero everywhere"),
        ([1.0, np.nan, 1.0], r"sample_weight\[1\]=nan"),
        ([1.0, 1.0], r"sample_weight has shape \(2,\)"),
    ],
    ids=["negative", "zero", "nan", "short"],
)
def test_unusable_weights_are_refused(weights: Any, message: str):
    with pytest.raises(gs.DataError, match=message):
        lab.Sample([[0.0], [1.0], [5.0]], weights)


def test_a_column_is_constant_where_only_rows_without_weight_differ():
    sample = lab.Sample([[1.0, 0.0], [1.0, 3.0], [9.0, 4.0]], [1.0, 1.0, 0.0])
    assert sample.variance[0] == 0.0
    assert sample.variance[1] == pytest.approx(2.25)


def test_rows_of_weight_zero_are_as_if_left_out(rng: np.random.Generator):
    """Also where they are not representable beside the others, or would hide a constant column."""
    X, present = rng.normal(size=(60, 2)), np.arange(60) >= 40
    X[:, 1] = np.where(present, 0.1, 1e200)
    weights = np.where(present, rng.uniform(1, 2, 60), 0.0)
    a, b = lab.Sample(X, weights), lab.Sample(X[present], weights[present])
    np.testing.assert_array_equal(a.points, b.points)
    np.testing.assert_array_equal(a.covariance, b.covariance)
    assert a.variance[1] == 0.0
    assert a.digest == b.digest


def test_values_too_far_apart_for_float64_are_refused():
    with pytest.raises(gs.DataError, match="rescale"):
        lab.Sample([[1e308], [-1e308], [-1e308]])


def test_rows_are_copied_unless_told_not_to():
    X = np.array([[0.0, 1.0], [2.0, 5.0], [4.0, 3.0]])
    safe, shared = lab.Sample(X), lab.Sample(X, copy=False)
    before = safe.points
    X[0] = 100.0
    np.testing.assert_array_equal(safe.points, before)
    assert shared.points[0, 0] == 100.0 - shared.origin[0]


def test_the_origin_of_very_many_rows_is_one_of_their_values(monkeypatch: pytest.MonkeyPatch):
    with_effort(monkeypatch, summary_module, "measure", median_rows=50)
    X = np.random.default_rng(0).standard_normal((1001, 2)) + 7.0
    sample = lab.Sample(X)
    assert all(value in column for value, column in zip(sample.origin, X.T, strict=True))
    np.testing.assert_allclose(sample.origin, 7.0, atol=1.0)
    np.testing.assert_allclose(sample.covariance, np.cov(X.T, bias=True), rtol=1e-12)


@pytest.mark.parametrize("far", [1e200, 1e154])
def test_errors_of_a_column_call_it_by_its_name(far: float):
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"size": [0.0, 1.0, 2.0], "far [m]": [far, -far, 0.0]})
    with pytest.raises(gs.DataError, match=r"column 'far \[m\]'"):
        lab.Sample(table)
    with pytest.raises(gs.DataError, match=r"column 'far \[m\]'"):
        gs.GaussianMixture(1).fit(table)


def test_grids_of_columns_are_told_from_the_columns_alone(monkeypatch: pytest.MonkeyPatch):
    """Whole rows for each of them cost the square of the columns: two seconds of 5,000 x 500."""
    X = np.round(np.random.default_rng(0).normal(size=(300, 40)), 1)
    sample = lab.Sample(X)
    monkeypatch.setattr(type(sample._rows), "local", None)
    np.testing.assert_allclose(sample.steps, 0.1, rtol=1e-9)
