"""Overlapping clusters: what no move of one or two components reaches, a new start may."""

from __future__ import annotations

import numpy as np
import pytest
from tests.efforts import with_effort

import gmmscape as gs
from gmmscape import lab
from gmmscape.effort import EFFORT
from gmmscape.families import Floor, family_named
from gmmscape.moves import mixture_problem as mixtures
from gmmscape.objective import Objective
from gmmscape.solve import EM, descend
from gmmscape.tolerances import TOLERANCES


@pytest.fixture(name="X")
def overlapping_clusters() -> np.ndarray:
    rng = np.random.default_rng(1)
    centers = rng.normal(0, 2.5, (5, 2))
    labels = rng.choice(5, 320, p=rng.dirichlet(np.full(5, 5.0)))
    return centers[labels] + rng.uniform(0.5, 1.5, (5, 2))[labels] * rng.standard_normal((320, 2))


def total(X: np.ndarray, seed: int, **options) -> float:
    model = gs.GaussianMixture(5, random_state=seed, nested="take", covariance_prior=0.0, **options).fit(X)
    return model.lower_bound_ * len(X)


@pytest.mark.slow
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
    for start in problem._new_starts(here, 8, [0]):
        cost = ((start.means[:, None] - here.means) ** 2).sum(axis=2)
        swapped = [cost[i, j] + cost[j, i] - cost[i, i] - cost[j, j] for i in range(5) for j in range(i)]
        assert min(swapped) >= -1e-9  # exchanging two would not bring them closer


def given_up_with(X: np.ndarray, k: int, centers: np.ndarray, **options) -> tuple[int, list[int]]:
    """How many moves are tried in the last round, and how many starts in each attempt that has some."""
    sample = lab.Sample(X)
    fit = gs.GaussianMixture(k, random_state=0, means_init=centers, escape=False).fit(X)
    here = gs.Mixture(fit.weights_, fit.means_, fit.covariances_, "full").shifted(-sample.origin)
    objective = Objective.near(sample, family_named("full", Floor.of(sample.variance)), here)
    solution = descend(EM(), objective, here)
    problem = mixtures.MixtureProblem(objective, take_nested=False, seed=0, **options)
    attempts = list(problem.proposals(solution, 1, lambda: None))
    moves = sum(len(one.alternatives) for one in attempts)
    return moves, [len(one.starts) for one in attempts if one.starts]


def test_where_each_component_is_a_cluster_of_its_own_there_are_few(rng: np.random.Generator):
    centers = np.array([[0.0, 0.0], [20.0, 0.0], [0.0, 20.0], [60.0, 60.0]])
    apart = np.repeat(centers, 60, axis=0) + rng.standard_normal((240, 2))
    few = [EFFORT.moves.new_starts_of_clear]
    # There, moves that promise nothing are not tried either, but where the highest is asked for.
    assert given_up_with(apart, 4, centers) == (0, few)
    moves, starts = given_up_with(apart, 4, centers, pursue="likelihood")
    assert moves > 0
    assert starts == few
    # One component on two clusters, however far from others, and clusters that overlap, are no such fits.
    many = [len(TOLERANCES.moves.perturbations), EFFORT.moves.new_starts]
    near = np.repeat(centers / 8, 60, axis=0) + rng.standard_normal((240, 2))
    for X, k, begin in ((apart, 3, np.array([[10.0, 0.0], *centers[2:]])), (near, 4, centers / 8)):
        moves, starts = given_up_with(X, k, begin)
        assert moves > 0
        assert starts == many
