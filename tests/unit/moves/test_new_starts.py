"""Overlapping clusters: what no move of one or two components reaches, a new start may."""

from __future__ import annotations

import numpy as np
import pytest
from tests.efforts import with_effort

import gmmscape as gs
from gmmscape import lab
from gmmscape.families import Floor, family_named
from gmmscape.moves import mixture_problem as mixtures
from gmmscape.objective import Objective


@pytest.fixture(name="X")
def overlapping_clusters() -> np.ndarray:
    rng = np.random.default_rng(7)
    centers = rng.normal(0, 2.5, (5, 2))
    labels = rng.choice(5, 320, p=rng.dirichlet(np.full(5, 5.0)))
    return centers[labels] + rng.uniform(0.5, 1.5, (5, 2))[labels] * rng.standard_normal((320, 2))


def total(X: np.ndarray, seed: int, **options) -> float:
    model = gs.GaussianMixture(5, random_state=seed, nested="take", covariance_prior=0.0, **options).fit(X)
    return model.lower_bound_ * len(X)


def test_they_reach_what_moves_do_not(X: np.ndarray, monkeypatch: pytest.MonkeyPatch):
    with_new = [total(X, seed) for seed in range(4)]
    with_effort(monkeypatch, mixtures, "moves", new_starts=0)
    without = [total(X, seed) for seed in range(4)]
    assert all(new >= old - 1e-6 for new, old in zip(with_new, without, strict=True))
    assert max(np.subtract(with_new, without)) > 0.5


def test_they_are_numbered_like_the_fit(X: np.ndarray):
    sample = lab.Sample(X)
    fit = gs.GaussianMixture(5, random_state=0, escape=False).fit(X)
    mixture = gs.Mixture(fit.weights_, fit.means_, fit.covariances_, "full")
    here = mixture.shifted(-sample.origin)
    objective = Objective.near(sample, family_named("full", Floor.of(sample.variance)), here)
    problem = mixtures.MixtureProblem(objective, take_nested=True, seed=0)
    for start in problem._new_starts(here, [0]):
        cost = ((start.means[:, None] - here.means) ** 2).sum(axis=2)
        swapped = [cost[i, j] + cost[j, i] - cost[i, i] - cost[j, j] for i in range(5) for j in range(i)]
        assert min(swapped) >= -1e-9  # exchanging two would not bring them closer
