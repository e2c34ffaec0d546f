"""Starts from different rows: values that differ where there are enough, and the same draws as ever."""

from __future__ import annotations

import numpy as np

from gmmscape import lab
from gmmscape.solve import different_row_means, random_row_means


def test_means_differ_where_rows_are_repeated():
    sample = lab.Sample(np.repeat([[0.0], [1.0], [5.0], [9.0]], [500, 3, 3, 3], 0))
    for seed in range(20):
        means = different_row_means(sample, 3, np.random.default_rng(seed))
        assert len(np.unique(means)) == 3


def test_too_few_values_are_drawn_twice():
    sample = lab.Sample(np.repeat([[0.0], [1.0]], 5, 0))
    means = different_row_means(sample, 3, np.random.default_rng(0)) + sample.origin
    assert set(means[:, 0]) == {0.0, 1.0}


def test_rows_without_repetitions_are_drawn_as_ever():
    sample = lab.Sample(np.random.default_rng(0).normal(size=(40, 2)))
    for seed in range(5):
        one, other = (
            draw(sample, 4, np.random.default_rng(seed)) for draw in (different_row_means, random_row_means)
        )
        np.testing.assert_array_equal(one, other)
