"""The exterior lemma: outermost means are pulled inward."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from gmmscape.proof.census.exterior import exterior_reach, is_pulled_inward


def pull(means: np.ndarray, centers: np.ndarray, weights: np.ndarray) -> float:
    """E[psi (x - mu)] / E[psi] of the largest mean, sigma 1, by sums scaled against underflow."""
    x = np.arange(-60.0, 60.0, 1e-3)
    truth = np.log(weights)[:, None] - (x - centers[:, None]) ** 2 / 2
    parts = -((x - means[:, None]) ** 2) / 2
    log_psi = parts[-1] - np.logaddexp.reduce(parts, axis=0)
    mass = np.logaddexp.reduce(truth, axis=0) + log_psi
    mass = np.exp(mass - mass.max())
    return float((mass * (x - means[-1])).sum() / mass.sum())


@pytest.mark.parametrize("k", [2, 3, 4])
def test_means_beyond_reach_are_pulled_inward(k: int):
    rng = np.random.default_rng(k)
    reach = float(exterior_reach(k))
    for _ in range(60):
        centers = -rng.exponential(4.0, 3) * rng.integers(0, 2, 3)
        centers[0] = 0.0
        others = reach - rng.exponential(rng.choice([0.3, 2.0, 8.0]), k - 1)
        means = np.sort([*others, reach + rng.exponential(1.0) * rng.integers(0, 2)])
        assert pull(means, centers, rng.dirichlet(np.ones(3))) < 0


def test_means_within_reach_may_be_pulled_outward():
    assert pull(np.array([-1.0, 0.1]), np.array([0.0]), np.array([1.0])) > 0


def test_the_lemma_is_not_proved_where_it_does_not_hold():
    # The spurious minimum of (-3, 3, 12) has a mean 0.2187 beyond its outermost center.
    assert not is_pulled_inward(3, Fraction(2187, 10000))
    for k in (2, 3, 4):
        reach = exterior_reach(k)
        assert is_pulled_inward(k, reach)
        assert not is_pulled_inward(k, reach - Fraction(1, 64))


def test_farther_out_the_lemma_goes_on_to_hold():
    assert all(is_pulled_inward(3, exterior_reach(3) + Fraction(n, 8)) for n in range(60))


def test_very_many_means_reach_no_farther_than_needed():
    assert exterior_reach(2) < exterior_reach(3) < exterior_reach(6) < 3
