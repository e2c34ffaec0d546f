"""Matching of means against brute force over all permutations."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from gmmscape.matching import match_means


def cheapest(means: np.ndarray, reference: np.ndarray) -> float:
    """Return the smallest sum of squared distances over all relabellings."""
    return min(
        float(((means[list(order)] - reference) ** 2).sum())
        for order in itertools.permutations(range(len(means)))
    )


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("k", [1, 2, 3, 5, 6])
@pytest.mark.parametrize("d", [1, 2])
def test_matching_is_as_cheap_as_the_best_permutation(d: int, k: int, seed: int):
    rng = np.random.default_rng([d, k, seed])
    means, reference = rng.normal(size=(k, d)), rng.normal(size=(k, d))
    order, distance = match_means(means, reference)
    assert sorted(order) == list(range(k))
    gaps = means[order] - reference
    assert (gaps**2).sum() == pytest.approx(cheapest(means, reference), rel=1e-12)
    assert distance == pytest.approx(max(np.hypot.reduce(gap) for gap in gaps), rel=1e-12)


@pytest.mark.parametrize("d", [1, 2, 4])
def test_a_relabelling_is_undone(rng: np.random.Generator, d: int):
    reference = rng.normal(size=(7, d))
    shuffle = rng.permutation(7)
    order, distance = match_means(reference[shuffle], reference)
    np.testing.assert_array_equal(shuffle[order], np.arange(7))
    assert distance == 0.0


@pytest.mark.parametrize("d", [1, 2])
def test_the_order_does_not_depend_on_the_labels_of_the_reference(rng: np.random.Generator, d: int):
    means, reference = rng.normal(size=(6, d)), rng.normal(size=(6, d))
    shuffle = rng.permutation(6)
    order, distance = match_means(means, reference)
    shuffled, same = match_means(means, reference[shuffle])
    np.testing.assert_array_equal(shuffled, order[shuffle])
    assert same == pytest.approx(distance, rel=1e-14)


@pytest.mark.parametrize("d", [1, 2])
def test_coincident_means_are_each_used_once(d: int):
    means = np.repeat([[1.0], [1.0], [4.0]], d, axis=1)
    reference = np.repeat([[4.5], [0.0], [2.0]], d, axis=1)
    order, distance = match_means(means, reference)
    assert order[0] == 2
    assert set(order.tolist()) == {0, 1, 2}
    assert distance == pytest.approx(np.sqrt(d))


def test_distance_is_the_largest_not_the_sum():
    order, distance = match_means(np.array([[10.0], [0.0]]), np.array([[0.5], [13.0]]))
    np.testing.assert_array_equal(order, [1, 0])
    assert distance == 3.0


def test_nearest_neighbours_taken_greedily_would_cost_more():
    """Negative control: row 0 of the reference is nearest to mean 1, which row 1 needs more."""
    means, reference = np.array([[0.0, 0.0], [2.0, 0.0]]), np.array([[1.1, 0.0], [10.0, 0.0]])
    order, _ = match_means(means, reference)
    np.testing.assert_array_equal(order, [0, 1])


def test_means_too_far_off_for_squares_are_matched():
    far = np.array([[1e308, 0.0], [-1e308, 0.0], [0.0, 1.0]])
    order, _ = match_means(far[[2, 0, 1]], far)
    np.testing.assert_array_equal(order, [1, 2, 0])
