"""Coresets: likelihoods of all rows from few, small clusters among them."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.measure.blocked import ArrayBlocks, LocalBlocks, coreset_of, facts_of


def drawn(X: np.ndarray, m: int, seed: int, *ends: int, w: np.ndarray | None = None):
    own = None if w is None else np.split(w, ends)
    rows = LocalBlocks(ArrayBlocks(np.split(X, ends), own))
    return coreset_of(rows, facts_of(rows, seed), m, seed)


def clusters(n: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.normal(rng.integers(0, 5, (n, 1)) * [8.0, 3.0], 1.0)


@pytest.mark.slow
def test_sums_over_a_coreset_are_those_over_all_on_average() -> None:
    X = clusters(4_000)
    truth = X.mean(axis=0)
    mixture = gs.Mixture.location(np.arange(5.0)[:, None] * [8.0, 3.0], sigma=1.0)
    nll = -mixture.log_density(X).mean()
    means, values, sizes, masses = [], [], [], []
    for seed in range(20):
        found = drawn(X, 1_000, seed, 13, 13, 1_800)
        means.append(found.weights @ found.points / len(X))
        values.append(-found.weights @ mixture.log_density(found.points) / len(X))
        sizes.append(len(found.points))
        masses.append(found.weights.sum())
    for estimates, right in ((np.array(means), truth), (np.array(values), nll), (np.array(masses), 4_000)):
        error = estimates.std(axis=0, ddof=1) / np.sqrt(len(estimates))
        assert np.all(np.abs(estimates.mean(axis=0) - right) < 5 * error)
    assert 950 < np.mean(sizes) < 1_050
    # Drawn independently, a mean of 1,000 rows would spread by 11.3/sqrt(1000) = 0.36 in the first column.
    assert np.std(means, axis=0)[0] < 0.2


def test_a_small_cluster_and_a_far_row_are_in_it() -> None:
    rng = np.random.default_rng(1)
    X = np.concatenate([rng.normal(size=(60_000, 2)), rng.normal(size=(60, 2)) + 30.0, [[500.0, 0.0]]])
    X = X[rng.permutation(len(X))]
    found = drawn(X, 1_000, 0, 20_000, 40_000)
    small = np.linalg.norm(found.points - 30.0, axis=1) < 10
    # A draw by chance has one row of the cluster in a thousand.
    assert small.sum() >= 10
    assert abs(found.weights[small].sum() - 60) < 15
    assert (found.points[:, 0] == 500.0).sum() == 1
    assert found.weights[found.points[:, 0] == 500.0] < 1.5


def test_weights_of_rows_count() -> None:
    X = clusters(20_000)
    w = np.where(X[:, 0] > 16.0, 9.0, 1.0)
    found = drawn(X, 1_500, 0, 5_000, w=w)
    expected = w[X[:, 0] > 16.0].sum() / w.sum()
    share = found.weights[found.points[:, 0] > 16.0].sum() / found.weights.sum()
    assert abs(share - expected) < 0.02


def test_few_rows_are_all_there_with_their_weights() -> None:
    X = clusters(500)
    w = np.arange(500.0)
    found = drawn(X, 500, 0, 100, w=w)
    assert found.whole
    assert np.array_equal(found.points, X[1:])
    assert np.array_equal(found.weights, w[1:])


def test_a_draw_depends_on_seed_and_blocks_alone() -> None:
    X = clusters(5_000)
    one, again, other = drawn(X, 300, 0, 100), drawn(X, 300, 0, 100), drawn(X, 300, 1, 100)
    assert np.array_equal(one.points, again.points)
    assert not np.array_equal(one.points[:50], other.points[:50])


def test_columns_without_variance_and_equal_rows_do_no_harm() -> None:
    X = np.column_stack([clusters(5_000), np.full(5_000, 3.0)])
    found = drawn(X, 300, 0)
    assert np.isfinite(found.weights).all()
    equal = drawn(np.ones((5_000, 2)), 300, 0)
    assert abs(equal.weights.sum() - 5_000) < 50
    # In its first block a column varies by next to nothing.
    X = clusters(5_000)
    X[:2_000, 0], X[5, 0] = 0.0, 1e-310
    with np.errstate(all="raise", under="ignore"):
        assert np.isfinite(drawn(X, 300, 0, 2_000).weights).all()
