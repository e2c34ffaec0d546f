"""Rows that occur more than once are found by their hashes."""

from __future__ import annotations

import numpy as np
import pytest
from tests.efforts import with_effort

from gmmscape import lab
from gmmscape.measure import duplicates
from gmmscape.measure.duplicates import Duplicates, row_keys


def by_sorting(X: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The weight of all rows equal to each, the slow way."""
    _, inverse = np.unique(X, axis=0, return_inverse=True)
    return np.bincount(inverse.ravel(), weights=weights)[inverse.ravel()]


@pytest.mark.parametrize("together", [20, 4])
@pytest.mark.parametrize(("n", "d", "values"), [(1, 1, 3), (300, 1, 40), (9000, 2, 30), (5000, 3, 1000)])
def test_group_weights(n: int, d: int, values: int, together: int, monkeypatch: pytest.MonkeyPatch):
    """Also where the hashes are sorted in many parts."""
    with_effort(
        monkeypatch, duplicates, "measure", columns_together=together if n < 1000 else max(together, 9)
    )
    rng = np.random.default_rng(n)
    X = rng.integers(-values, values, (n, d)) / 8.0
    sample = lab.Sample(X, rng.uniform(0.5, 2.0, n))
    cuts = np.array_split(np.arange(n), min(n, 7))
    found = Duplicates(
        lambda: ((row_keys(sample.points[own]), sample.weights[own]) for own in cuts), n
    ).group_weights(sample.points, sample.weights)
    np.testing.assert_allclose(found, by_sorting(X, sample.weights), rtol=1e-12)


def test_different_rows_stand_alone():
    sample = lab.Sample(np.random.default_rng(0).standard_normal((500, 2)))
    np.testing.assert_array_equal(
        sample.duplicates.group_weights(sample.points, sample.weights), sample.weights
    )
    assert sample.effective_rows == pytest.approx(500)


def test_keys_tell_rows_apart_and_zeros_not():
    assert len(np.unique(row_keys(np.random.default_rng(1).standard_normal((100_000, 2))))) == 100_000
    a, b, c, d = row_keys(np.array([[0.0, 1.0], [-0.0, 1.0], [1.0, 0.0], [0.0, -1.0]]))
    assert a == b
    assert len({int(a), int(c), int(d)}) == 3
