"""Rows that no scale may depend on: which they are, and that fits do not see them."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.measure.wild_rows import wild_rows

CENTERS = np.array([[0.0, 0.0], [8.0, 0.0], [0.0, 8.0]])


def clusters(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.repeat(CENTERS, 60, axis=0) + rng.standard_normal((180, 2))


@pytest.mark.parametrize("far", [2e3, -9999.0, 1e6, -1e12, 1e200, -1.7e308])
def test_a_row_far_beyond_all_others_is_wild(far: float):
    X = np.insert(clusters(), 77, [1.0, far], axis=0)
    np.testing.assert_array_equal(wild_rows(X), [77])
    np.testing.assert_array_equal(wild_rows(np.column_stack([np.full(len(X), np.nan), X])), [77])


def test_clusters_tails_and_rare_values_are_not():
    rng = np.random.default_rng(0)
    assert len(wild_rows(np.concatenate([clusters(), clusters() + 1e9]))) == 0
    assert len(wild_rows(rng.standard_t(2, (5000, 2)))) == 0
    assert len(wild_rows((rng.random((500, 1)) < 0.01) * 1e6)) == 0  # most rows are zero
    assert len(wild_rows(np.array([[0.0], [1.0], [1e3]]))) == 0
    assert len(wild_rows(rng.standard_normal((5000, 1)) ** 5)) == 0
    claims = np.where(rng.random((5000, 1)) < 0.06, rng.lognormal(5.0, 1.0, (5000, 1)), 0.0)
    assert len(wild_rows(claims)) == 0
    claims[17] = 1e7  # of mostly one value, the others say how far rows reach
    np.testing.assert_array_equal(wild_rows(claims), [17])


@pytest.mark.parametrize("family", ["full", "tied", "diag", "spherical"])
def test_a_fit_is_that_of_the_other_rows_and_names_it(family: str):
    X = clusters()
    with_it = np.insert(X, 20, [1e12, 1.0], axis=0)
    fit = gs.GaussianMixture(3, covariance_type=family, random_state=0).fit(X)
    with pytest.warns(UserWarning, match="rows set aside.*row 20"):
        found = gs.GaussianMixture(3, covariance_type=family, random_state=0).fit(with_it)
    np.testing.assert_array_equal(found.means_, fit.means_)
    np.testing.assert_array_equal(found.covariances_, fit.covariances_)
    (finding,) = (f for f in found.diagnosis_.findings if f.name == "rows set aside")
    assert finding.rows == (20,)
    assert found.diagnosis_.total == 180
    assert np.isfinite(found.predict_proba(with_it)).all()


def test_weights_go_with_their_rows():
    X = np.insert(clusters(), 20, [1e12, 1.0], axis=0)
    weights = np.random.default_rng(0).uniform(0.5, 2.0, len(X))
    weights[:5] = 0.0
    sample = lab.Sample(X, weights, wild="aside")
    np.testing.assert_array_equal(sample.set_aside, [20])
    np.testing.assert_array_equal(sample.places(np.arange(3)), [5, 6, 7])
    rest = np.delete(weights, 20)
    np.testing.assert_allclose(sample.weights, rest[rest > 0] / rest.sum(), rtol=1e-14)
    assert len(lab.Sample(X, weights).set_aside) == 0


def test_a_selection_is_that_of_the_other_rows():
    X = clusters()
    with_it = np.insert(X, 3, [1.0, -1e9], axis=0)
    one = gs.select(X, [2, 3, 4], rng=0)
    with pytest.warns(UserWarning, match="rows set aside.*row 3"):
        other = gs.select(with_it, [2, 3, 4], rng=0)
    with pytest.warns(UserWarning, match="rows set aside.*row 3"):
        gs.local_optima(with_it, 3, n_starts=2, rng=0)
    assert one.best_n_components == other.best_n_components == 3
    np.testing.assert_array_equal(one.best.mixture.means, other.best.mixture.means)


@pytest.mark.parametrize("far", [80.0, 300.0])
def test_a_row_that_takes_a_component_is_named(far: float):
    X = np.insert(clusters(), 20, [far, 1.0], axis=0)
    fit = gs.GaussianMixture(3, random_state=0).fit(X)
    (finding,) = (f for f in fit.diagnosis_.findings if f.name == "outliers")
    assert finding.rows == (20,)
    assert "far from all others, row 20" in finding.message
    more = gs.GaussianMixture(4, random_state=0).fit(X)
    rest = np.delete(more.predict(X), 20)
    assert len(set(rest[:60])) == len(set(rest[60:120])) == len(set(rest[120:])) == 1
