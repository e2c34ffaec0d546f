"""Clusters that the background has swallowed are found again."""

from __future__ import annotations

import numpy as np
import pytest
from tests.efforts import with_effort
from tests.oracles import dense_background

from gmmscape import lab
from gmmscape.families import family_named
from gmmscape.mixture import Mixture
from gmmscape.moves import births as module
from gmmscape.moves.births import births, with_births, with_one_born
from gmmscape.moves.component_rows import covered_by
from gmmscape.moves.mixture_problem import MixtureProblem
from gmmscape.moves.moves import Removal
from gmmscape.moves.search import search
from gmmscape.objective import Objective
from gmmscape.progress import Budget
from gmmscape.solve import EM, descend

RNG = np.random.default_rng(5)
#: One wide cluster, a small dense one in a corner, noise.
ROWS = np.vstack(
    [RNG.normal(size=(200, 2)), RNG.normal(size=(40, 2)) * 0.4 + [18.0, 18.0], RNG.uniform(-5, 25, (60, 2))]
)


def stuck(kind: str = "full"):
    """Two components on the wide cluster; the small one is the background's."""
    sample = lab.Sample(ROWS, background="box")
    family = family_named(kind)
    start = family.made(
        None, np.array([[-0.8, 0.0], [0.8, 0.0]]) - sample.origin, family.kind.repeated(np.eye(2), 2)
    )
    objective = Objective.near(sample, family, start)
    return objective, descend(EM(), objective, start)


def test_the_densest_place_is_the_swallowed_cluster():
    objective, end = stuck()
    left = 1.0 - objective.rows.responsibilities(end.local).sum(axis=1)
    assert left[200:240].min() > 0.9  # swallowed
    born = births(objective, end.local, np.random.default_rng(0))
    assert born[0].mean + objective.measure.origin == pytest.approx([18.0, 18.0], abs=0.5)
    assert 0.0 < born[0].weight < 0.2


def test_of_many_rows_of_the_background_some_are_looked_at(monkeypatch: pytest.MonkeyPatch):
    objective, end = stuck()
    with_effort(monkeypatch, module, "moves", birth_rows=60)
    born = births(objective, end.local, np.random.default_rng(0))
    assert born[0].mean + objective.measure.origin == pytest.approx([18.0, 18.0], abs=0.5)
    with_effort(monkeypatch, module, "moves", birth_rows=5)  # fewer than a component takes
    assert births(objective, end.local, np.random.default_rng(0)) == []


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
def test_starts_are_mixtures_with_the_cluster(kind: str):
    objective, end = stuck(kind)
    born = births(objective, end.local, np.random.default_rng(0))
    for start in with_births(objective, end.local, born[:1], [Removal((1,), 0.0), Removal((0, 1), 0.0)]):
        assert start.weights.sum() == pytest.approx(1.0)
        assert start.means[1] + objective.measure.origin == pytest.approx([18.0, 18.0], abs=0.5)
    assert with_one_born(objective, end.local, np.random.default_rng(0))[0].n_components == 3


@pytest.mark.parametrize("kind", ["full", "diag", "spherical"])
def test_the_search_finds_it(kind: str):
    objective, end = stuck(kind)
    found = search(MixtureProblem(objective, take_nested=False, seed=0), end, Budget("diagnose")).fit
    distance = np.linalg.norm(found.mixture.means - [18.0, 18.0], axis=1)
    assert distance.min() < 0.3
    assert found.value < end.value - 0.1


def test_deleting_a_component_costs_what_the_others_and_the_background_do_not_take_over():
    objective, end = stuck()
    costs = covered_by(objective, end.local).deletion_costs
    weight = end.mixture.background_weight
    fit = dense_background.Dense(
        np.append(end.mixture.weights, weight), end.mixture.means, end.mixture.covariances, 0.0
    )
    densities = dense_background.joint(ROWS, fit, end.mixture.background.volume)
    for i in range(2):
        rest = np.delete(densities, i, axis=1).sum(axis=1) / (1.0 - end.mixture.weights[i])
        expected = np.log(densities.sum(axis=1)).mean() - np.log(rest).mean()
        assert costs[i] == pytest.approx(expected, rel=1e-3)


def test_nothing_is_born_without_a_background():
    sample = lab.Sample(ROWS)
    here = Mixture([1.0], [[0.0, 0.0]], [np.eye(2)])
    objective = Objective.near(sample, family_named("full"), here)
    assert births(objective, here, np.random.default_rng(0)) == []
