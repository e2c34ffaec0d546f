"""Numbers of components of data as they come: rounded, repeated, weighted, with frequent values."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from marks import rest_slow


def groups(number: int, n: int, rng: np.random.Generator) -> np.ndarray:
    share = {2: [0.4, 0.6], 3: [0.3, 0.4, 0.3]}[number]
    return (np.array([0.0, 5.0, 11.0])[rng.choice(number, n, p=share)] + rng.normal(size=n))[:, None]


def rounded(step: float):
    return lambda X, rng: (np.round(X / step) * step, None)


def with_zeros(share: float):
    return lambda X, rng: (np.where(rng.random(X.shape) < share, 0.0, X + 5.0), None)


MESS = {
    "as drawn": lambda X, rng: (X, None),
    "rounded to a hundredth": rounded(0.01),
    "rounded to a tenth": rounded(0.1),
    "rounded to a half": rounded(0.5),
    "rounded to a standard deviation": rounded(1.0),
    "each row five times": lambda X, rng: (np.repeat(X[::5], 5, axis=0), None),
    "counts as weights": lambda X, rng: (X, rng.integers(1, 6, len(X))),
    "weights": lambda X, rng: (X, rng.uniform(0.2, 2.0, len(X))),
}


@pytest.mark.parametrize("seed", rest_slow(list(range(4)), 1))
@pytest.mark.parametrize("mess", list(MESS))
def test_the_groups_are_found(mess: str, seed: int):
    rng = np.random.default_rng([seed, 2])
    X, weights = MESS[mess](groups(2, 600, rng), rng)
    assert gs.select(X, range(1, 5), rng=0, sample_weight=weights).best_n_components == 2


@pytest.mark.parametrize("share", rest_slow([0.4, 0.05, 0.2, 0.6], 1))
@pytest.mark.parametrize("number", [1, 2])
def test_a_value_that_many_rows_have_is_a_group_of_its_own(number: int, share: float):
    rng = np.random.default_rng(int(100 * share))
    X = groups(2, 800, rng) if number == 2 else rng.normal(size=(800, 1))
    X, _ = with_zeros(share)(X, rng)
    found = gs.select(X, range(1, number + 4), rng=0)
    assert found.best_n_components == number + 1
    spike = np.argmin(found.best.mixture.covariances[:, 0, 0])
    assert found.best.mixture.weights[spike] == pytest.approx(np.mean(X == 0.0), abs=0.01)


@pytest.mark.slow
def test_a_grid_gains_nothing_for_components_that_sit_on_it():
    """Of many rows too: the floor of a rounded column grows with their number."""
    X = np.round(np.random.default_rng(0).normal(20.0, 1.0, (20_000, 1)))
    assert gs.select(X, [1, 2, 3], rng=0).best_n_components == 1
    free = gs.select(X, [1, 2, 3], rng=0, covariance_prior=0, reg_covar=1e-3, least_rows=0)
    assert free.best_n_components > 1  # negative control
