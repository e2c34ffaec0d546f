"""Rows in another order have the same optimum, from the fit's own starts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import gmmscape as gs
from marks import rest_slow

NUMBERS = {"hepta": 7, "r15": 15, "unbalance": 8, "s1": 15}


@pytest.mark.parametrize("name", rest_slow(list(NUMBERS), 2))
def test_the_optimum_is_that_of_the_rows_in_any_order(name: str, data_dir: Path):
    X = np.loadtxt(data_dir / "suite" / f"{name}.data.gz", ndmin=2)
    order = np.random.default_rng(0).permutation(len(X))
    one, other = (
        gs.GaussianMixture(NUMBERS[name], covariance_prior=0.0, random_state=0).fit(rows)
        for rows in (X, X[order])
    )
    assert other.lower_bound_ == pytest.approx(one.lower_bound_, rel=1e-6)
    assert one.history_[0] != other.history_[0]  # they began elsewhere
