"""Grids that rounded columns lie on, and rows that say the same as others."""

from __future__ import annotations

import numpy as np
import pytest
from tests.efforts import with_effort

import gmmscape as gs
from gmmscape import lab
from gmmscape.measure import resolution
from gmmscape.measure.resolution import ascending, grid_step, in_one


@pytest.mark.parametrize("step", [1.0, 0.1, 0.25, 1e-3])
def test_the_step_of_rounded_values_is_found(step: float):
    x = np.round(np.random.default_rng(0).normal(3.0, 4.0 * step, 500) / step) * step
    assert grid_step(in_one(x), len(x)) == pytest.approx(step, rel=1e-6)


def test_other_values_lie_on_no_grid():
    rng = np.random.default_rng(0)
    assert grid_step(in_one(rng.normal(size=500)), 500) == 0.0
    assert grid_step(in_one(np.repeat(rng.normal(size=50), 10)), 500) == 0.0  # repeated, but not rounded
    assert grid_step(in_one(np.round(rng.normal(size=500), 6)), 500) == 0.0  # finer than the rows can tell
    assert grid_step(in_one(np.ones(10)), 10) == 0.0


def test_very_many_values_are_sorted_in_parts(monkeypatch: pytest.MonkeyPatch):
    """The same values and steps as of all at once; some value has most of the rows."""
    rng = np.random.default_rng(0)
    x = np.where(rng.random(20_000) < 0.4, 0.0, np.round(rng.normal(0.0, 30.0, 20_000), 2))
    for values in (x, np.sort(x)[::-1], rng.normal(size=20_000)):
        step, column = grid_step(in_one(values), len(values)), in_one(values)
        with monkeypatch.context() as patch:
            with_effort(patch, resolution, "measure", columns_together=9)
            parts = list(ascending(column, len(values)))
            assert grid_step(column, len(values)) == step
        assert len(parts) > 10
        np.testing.assert_array_equal(np.concatenate(parts), np.unique(values))
    assert step == 0.0


def effective(X: np.ndarray, weights: np.ndarray | None = None) -> float:
    return lab.Sample(X, weights).effective_rows


def test_rows_that_are_all_repeated_count_once():
    X = np.random.default_rng(0).normal(size=(200, 2))
    assert effective(X) == 200
    assert effective(np.repeat(X, 7, axis=0)) == pytest.approx(200)
    assert effective(X, np.full(200, 3.0)) == 200
    counts = np.random.default_rng(1).integers(1, 4, 200)
    assert effective(X, counts) == pytest.approx(effective(np.repeat(X, counts, axis=0)))
    assert effective(np.repeat(np.round(X, 1), 7, axis=0)) == pytest.approx(200, rel=0.2)


@pytest.mark.parametrize("decimals", [0, 1, 2, 3])
@pytest.mark.parametrize("d", [1, 2])
def test_rows_that_fine_rounding_makes_equal_are_no_repetitions(decimals: int, d: int):
    X = np.round(np.random.default_rng(0).gamma(2.0, 20.0, (3000, d)), decimals)
    assert effective(X) == pytest.approx(3000, rel=0.04)


@pytest.mark.parametrize(("decimals", "d"), [(2, 1), (3, 1), (0, 2), (1, 2)])
def test_repetition_shows_where_a_grid_has_room(decimals: int, d: int):
    X = np.round(np.random.default_rng(0).gamma(2.0, 20.0, (3000, d)), decimals)
    assert effective(np.repeat(X, 5, axis=0)) == pytest.approx(3000, rel=0.2)


def test_rounded_values_and_frequent_ones_count_as_often_as_they_occur():
    rng = np.random.default_rng(0)
    assert effective(np.round(rng.normal(0.0, 2.0, (1000, 1)))) == pytest.approx(1000, rel=0.05)
    assert effective(np.round(rng.normal(0.0, 2.0, (1000, 2)))) == pytest.approx(1000, rel=0.15)
    zeros = np.where(rng.random((1000, 1)) < 0.4, 0.0, rng.normal(5.0, 1.0, (1000, 1)))
    assert effective(zeros) == pytest.approx(1000)


@pytest.mark.parametrize("n", [300, 450])
def test_a_histogram_with_counts_is_its_rows(n: int):
    """Whole weights are repeated rows: of a grid too, where equal rows are no repetitions."""
    rng = np.random.default_rng(1)
    rows = np.round(np.where(rng.random(n) < 0.5, rng.normal(0.0, 1.0, n), rng.normal(15.0, 1.0, n)), 1)
    values, counts = np.unique(rows, return_counts=True)
    counted, expanded = lab.Sample(values[:, None], counts.astype(float)), lab.Sample(rows[:, None])
    assert counted.effective_rows == pytest.approx(expanded.effective_rows)
    assert counted.steps == pytest.approx(expanded.steps)
    fits = [
        gs.GaussianMixture(2, means_init=[[0.0], [15.0]], tol=1e-9).fit(X, sample_weight=weights)
        for X, weights in ((values[:, None], counts), (rows[:, None], None))
    ]
    assert fits[0].covariance_prior_.rows == fits[1].covariance_prior_.rows
    np.testing.assert_allclose(fits[0].covariance_prior_.scale, fits[1].covariance_prior_.scale, rtol=1e-3)
    np.testing.assert_allclose(fits[0].means_, fits[1].means_, atol=1e-6)
    np.testing.assert_allclose(fits[0].covariances_, fits[1].covariances_, rtol=1e-5)
