"""Starts: rows drawn by their weights, k-means++, and mixtures around means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.efforts import with_effort

import gmmscape as gs
from gmmscape import lab
from gmmscape.families import Floor, family_named
from gmmscape.solve import (
    kmeans_plusplus_means,
    mixture_around,
    mixture_of_responsibilities,
    random_row_means,
    starts,
)

Array = NDArray[np.float64]
Draw = Callable[[lab.Sample, int, np.random.Generator], Array]

KINDS = ("spherical", "diag", "tied", "full")
NO_FLOOR = Floor(np.zeros(2))
both_draws = pytest.mark.parametrize("draw", [random_row_means, kmeans_plusplus_means])


def indices_of(means: Array, sample: lab.Sample, X: Array) -> list[int]:
    """Return which row each local mean is up to rounding; fails if one is no row. The rows must differ."""
    equal = np.isclose(means[:, None], X - sample.origin, rtol=1e-13, atol=1e-11).all(axis=2)
    np.testing.assert_array_equal(equal.sum(axis=1), 1)
    return equal.argmax(axis=1).tolist()


@both_draws
@pytest.mark.parametrize("weights", [None, "random"])
@pytest.mark.parametrize("k", [1, 3, 12])
def test_means_are_different_rows(draw: Draw, weights: str | None, k: int):
    """In local coordinates; the rows are far from zero."""
    rng = np.random.default_rng(k)
    X = rng.normal(1000.0, 100.0, (12, 2))
    sample = lab.Sample(X, None if weights is None else rng.uniform(0.1, 5.0, 12))
    for _ in range(10):
        means = draw(sample, k, rng)
        assert means.shape == (k, 2)
        assert len(set(indices_of(means, sample, X))) == k


@both_draws
def test_rows_of_weight_zero_are_never_drawn(draw: Draw, rng: np.random.Generator):
    """The rows without weight are the far ones, which k-means++ would like best."""
    X = np.concatenate([rng.normal(0.0, 1.0, (10, 2)), rng.normal(500.0, 50.0, (10, 2))])
    sample = lab.Sample(X, [1.0] * 10 + [0.0] * 10)
    for _ in range(40):
        assert max(indices_of(draw(sample, 4, rng), sample, X)) < 10


@both_draws
def test_all_rows_with_weight_can_be_asked_for(draw: Draw, rng: np.random.Generator):
    X = np.arange(8.0)[:, None]
    sample = lab.Sample(X, [0, 1, 0, 2, 5, 0, 1, 0])
    for _ in range(20):
        assert sorted(indices_of(draw(sample, 4, rng), sample, X)) == [1, 3, 4, 6]


@both_draws
@pytest.mark.parametrize(
    ("weights", "k", "present"), [(None, 4, 3), ([1.0, 0.0, 2.0], 3, 2), ([0.0, 0.0, 1.0], 2, 1)]
)
def test_too_few_rows_with_weight_are_refused(draw: Draw, weights: Any, k: int, present: int):
    sample = lab.Sample([[0.0], [1.0], [5.0]], weights)
    with pytest.raises(gs.DataError, match=f"n_components={k} but only {present} rows"):
        draw(sample, k, np.random.default_rng(0))


@both_draws
def test_first_mean_is_drawn_by_weight(draw: Draw):
    """A single mean, 1000 draws: every row as often as its weight says."""
    X, weights = np.arange(4.0)[:, None], np.array([1.0, 2.0, 5.0, 12.0]) / 20.0
    sample, rng, n = lab.Sample(X, weights), np.random.default_rng(5), 1000
    drawn = [indices_of(draw(sample, 1, rng), sample, X)[0] for _ in range(n)]
    counts = np.bincount(drawn, minlength=4)
    z = (counts - n * weights) / np.sqrt(n * weights * (1 - weights))
    assert np.abs(z).max() < 4.5
    assert counts[3] > counts[0] + 100


def test_heavy_rows_are_drawn_more_often_without_replacement():
    """Two of three rows with weights 1/2, 1/4, 1/4: the heavy one is among them in 5/6 of the draws."""
    X, n = np.arange(3.0)[:, None], 3000
    sample, rng = lab.Sample(X, [2.0, 1.0, 1.0]), np.random.default_rng(6)
    with_heavy = sum(0 in indices_of(random_row_means(sample, 2, rng), sample, X) for _ in range(n))
    expected = 0.5 + 2 * (0.25 * 0.5 / 0.75)
    assert abs(with_heavy - n * expected) < 4.5 * np.sqrt(n * expected * (1 - expected))


def test_kmeans_plusplus_picks_rows_far_from_each_other(rng: np.random.Generator):
    """Three tight clouds far apart: one row of each, every time; random rows often miss one."""
    X = np.concatenate([rng.normal(m, 0.01, (20, 2)) for m in (0.0, 100.0, 200.0)])
    sample = lab.Sample(X)
    missed = 0
    for _ in range(40):
        assert sorted(i // 20 for i in indices_of(kmeans_plusplus_means(sample, 3, rng), sample, X)) == [
            0,
            1,
            2,
        ]
        missed += len({i // 20 for i in indices_of(random_row_means(sample, 3, rng), sample, X)}) < 3
    assert missed > 10


@both_draws
def test_draws_follow_the_generator_only(draw: Draw):
    X = np.random.default_rng(0).normal(size=(50, 2))
    sample = lab.Sample(X)
    first = draw(sample, 3, np.random.default_rng(1))
    np.random.seed(99)
    np.testing.assert_array_equal(draw(sample, 3, np.random.default_rng(1)), first)
    assert not np.array_equal(draw(sample, 3, np.random.default_rng(2)), first)


@pytest.mark.parametrize("n", [60, 9000], ids=["one block", "three blocks"])
@pytest.mark.parametrize("kind", KINDS)
def test_mixture_around_pools_the_scatter_about_the_nearest_mean(kind: str, n: int):
    rng = np.random.default_rng(n)
    means = np.array([[0.0, 0.0], [10.0, 5.0], [-8.0, 3.0]]) + 40.0
    X = means[rng.integers(0, 3, n)] + rng.normal(size=(n, 2)) * [2.0, 0.5]
    weights = rng.uniform(0.0, 2.0, n)
    sample = lab.Sample(X, weights)
    mixture = mixture_around(sample, family_named(kind, NO_FLOOR), means - sample.origin)
    np.testing.assert_array_equal(mixture.means, means - sample.origin)
    np.testing.assert_allclose(mixture.weights, 1.0 / 3.0, rtol=1e-15)
    assert mixture.covariance_type == kind
    nearest = ((X[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    deviation = X - means[nearest]
    pooled = np.einsum("n,ni,nj->ij", weights / weights.sum(), deviation, deviation)
    expected = {
        "spherical": np.eye(2) * np.trace(pooled) / 2,
        "diag": np.diag(np.diagonal(pooled)),
        "tied": pooled,
        "full": pooled,
    }[kind]
    np.testing.assert_allclose(mixture.full_covariances(), [expected] * 3, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_mixture_around_every_row_needs_a_floor(kind: str):
    X = np.array([[0.0, 0.0], [3.0, 1.0], [5.0, 7.0]])
    sample = lab.Sample(X)
    with pytest.raises(gs.DataError, match="no scatter around the starting means"):
        mixture_around(sample, family_named(kind, NO_FLOOR), sample.points)
    floor = Floor(np.array([0.25, 0.25]))
    mixture = mixture_around(sample, family_named(kind, floor), sample.points)
    np.testing.assert_allclose(mixture.full_covariances(), [0.25 * np.eye(2)] * 3, rtol=1e-14)


def test_mixture_around_ignores_rows_of_weight_zero():
    X = np.array([[0.0, 0.0], [2.0, 1.0], [1000.0, 1000.0]])
    family = family_named("full", Floor(np.array([0.01, 0.01])))
    means = np.array([[1.0, 0.5]])
    samples = (lab.Sample(X, [1.0, 1.0, 0.0]), lab.Sample(X[:2]))
    with_row, without = (mixture_around(one, family, means - one.origin) for one in samples)
    np.testing.assert_allclose(with_row.covariances, without.covariances, rtol=1e-13)


def test_kmeans_plusplus_prefers_duplicates_to_rows_of_weight_zero():
    sample = lab.Sample([[5.0], [1.0], [1.0]], [0, 1, 1])
    for seed in range(5):
        means = kmeans_plusplus_means(sample, 2, np.random.default_rng(seed))
        np.testing.assert_array_equal(means + sample.origin, [[1.0], [1.0]])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("init_params", ["kmeans", "k-means++", "random_from_data"])
def test_a_part_of_very_many_rows_serves_as_starts(
    init_params: str, weighted: bool, monkeypatch: pytest.MonkeyPatch
):
    """Rows of next to no weight are not drawn; the others are."""
    with_effort(monkeypatch, starts, "solve", start_rows=200)
    rng = np.random.default_rng(4)
    X = np.concatenate([rng.normal(0, 1, (2000, 2)), rng.normal(50, 1, (2000, 2))])
    weights = np.repeat([1.0, 1e-12], 2000) if weighted else None
    sample = lab.Sample(X, weights)
    assert len(starts._part(sample, 6, rng)[0]) == 200
    family = family_named("full", Floor.of(sample.variance))
    start = starts.start_around(sample, family, 6, init_params, np.random.default_rng(1))
    far = start.means[:, 0] + sample.origin[0] > 25
    assert far.any() == (not weighted)


def test_kmeans_of_few_rows_starts_no_threads(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch):
    asked = []
    bounded = starts._openmp_threads
    monkeypatch.setattr(starts, "_openmp_threads", lambda most: asked.append(most) or bounded(most))
    sample = lab.Sample(rng.standard_normal((300, 2)))
    means = starts.kmeans_means(sample, 3, np.random.default_rng(0))
    with_effort(monkeypatch, starts, "solve", shared_pass=1000)
    monkeypatch.setattr(starts, "thread_count", lambda: 2)
    np.testing.assert_allclose(starts.kmeans_means(sample, 3, np.random.default_rng(0)), means, rtol=1e-12)
    assert asked == [1, 2]


def test_rows_of_one_value_make_no_component_without_a_floor():
    sample, psi = lab.Sample([[0.0], [0.0], [1.0], [2.0]]), np.eye(2)[[0, 0, 1, 1]]
    with pytest.raises(gs.DataError, match="responsible for have no scatter, and no floor lifts"):
        mixture_of_responsibilities(sample, family_named("full", NO_FLOOR), psi)
    found = mixture_of_responsibilities(sample, family_named("full", Floor(np.array([0.25]))), psi)
    np.testing.assert_allclose(found.covariances.ravel(), 0.25)
