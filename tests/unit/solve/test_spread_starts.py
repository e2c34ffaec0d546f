"""Many starts by k-means++ at once."""

from __future__ import annotations

import numpy as np
import pytest
from tests.efforts import with_effort

from gmmscape import lab
from gmmscape.solve import kmeans_plusplus_means, spread_means, spread_starts


def potential(X: np.ndarray, means: np.ndarray) -> float:
    return float(np.square(X[:, None] - means).sum(axis=2).min(axis=1).sum())


def seeded(starts: int) -> list[np.random.Generator]:
    return [np.random.default_rng([5, i]) for i in range(starts)]


def test_means_are_rows_far_from_each_other(rng: np.random.Generator):
    centers = np.array([[0.0, 0.0], [50.0, 0.0], [0.0, 50.0], [50.0, 50.0]])
    X = np.repeat(centers, 40, axis=0) + rng.standard_normal((160, 2))
    sample = lab.Sample(X)
    means = spread_means(sample, 4, seeded(10)) + sample.origin
    assert means.shape == (10, 4, 2)
    rows = {tuple(row) for row in X.round(9)}
    for own in means:
        assert {tuple(row) for row in own.round(9)} <= rows
        nearest = np.linalg.norm(own[:, None] - centers, axis=2).argmin(axis=1)
        assert sorted(nearest) == [0, 1, 2, 3]


def test_they_are_as_good_as_scikit_learns(rng: np.random.Generator):
    X = rng.standard_normal((400, 3))
    sample = lab.Sample(X)
    ours = [potential(X - sample.origin, own) for own in spread_means(sample, 12, seeded(60))]
    theirs = [potential(X - sample.origin, kmeans_plusplus_means(sample, 12, rng)) for _ in range(60)]
    error = np.hypot(np.std(ours), np.std(theirs)) / np.sqrt(60)
    assert abs(np.mean(ours) - np.mean(theirs)) < 4 * error


def test_rows_are_drawn_by_their_weights():
    X = np.array([[0.0], [1.0], [10.0]])
    sample = lab.Sample(X, [1.0, 3.0, 1e-9])
    first = spread_means(sample, 1, seeded(4000))[:, 0, 0] + sample.origin[0]
    assert np.mean(first == 1.0) == pytest.approx(0.75, abs=4 * np.sqrt(0.75 * 0.25 / 4000))


def test_they_do_not_depend_on_how_many_are_found_at_once(monkeypatch: pytest.MonkeyPatch):
    sample = lab.Sample(np.random.default_rng(1).standard_normal((50, 2)))
    together = spread_means(sample, 5, seeded(6))
    with_effort(monkeypatch, spread_starts, "solve", distances_together=1)
    np.testing.assert_array_equal(spread_means(sample, 5, seeded(6)), together)
    np.testing.assert_array_equal(spread_means(sample, 5, seeded(6)[3:]), together[3:])
    assert spread_means(sample, 5, []).shape == (0, 5, 2)


def test_fewer_different_rows_than_means_end_in_repeated_ones():
    sample = lab.Sample(np.repeat([[0.0], [1.0]], 5, axis=0))
    means = spread_means(sample, 4, seeded(3)) + sample.origin
    assert means.shape == (3, 4, 1)
    assert set(means.ravel()) <= {0.0, 1.0}
