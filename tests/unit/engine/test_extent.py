"""Lowest and highest values of columns."""

from __future__ import annotations

import numpy as np
import pytest

from gmmscape.engine import extent


@pytest.mark.parametrize(("n", "d"), [(1, 1), (4096, 2), (10_001, 3), (4097, 33), (50, 40)])
@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_they_are_those_of_the_columns(n: int, d: int, kind: type):
    X = np.random.default_rng(n).standard_normal((n, d)).astype(kind)
    lowest, highest = extent(X)
    np.testing.assert_array_equal(lowest, X.min(axis=0))
    np.testing.assert_array_equal(highest, X.max(axis=0))
    X[n // 2, d // 2] = np.nan
    lowest, highest = extent(X)
    np.testing.assert_array_equal(lowest, X.min(axis=0))
    np.testing.assert_array_equal(highest, X.max(axis=0))
