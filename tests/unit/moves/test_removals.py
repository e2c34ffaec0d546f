"""What removals predict, against what the whole mixture then loses; which pairs are looked at."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from bad_fits import nll, problem
from gmmscape.moves.component_rows import covered_by
from gmmscape.moves.moves import merged
from gmmscape.moves.neighbours import neighbours
from gmmscape.moves.removals import merging_bounds, propose_removals


def merged_whole(fit: gs.Mixture, i: int, j: int) -> gs.Mixture:
    weights, means, covariances = fit.weights.copy(), fit.means.copy(), fit.covariances.copy()
    total, mean, covariance = merged(weights, means, covariances, fit.kind, np.array([[i, j]]))
    weights[i], means[i], covariances[i] = total[0], mean[0], covariance[0]
    weights[j] = 0.0
    return gs.Mixture(weights, means, covariances, fit.covariance_type)


@pytest.mark.parametrize("kind", ["full", "diag", "spherical"])
def test_runnalls_bounds_the_divergence_of_a_merger(kind: str):
    _, fit = problem(kind)
    pairs = np.array([(0, 1), (0, 2), (1, 3)])
    bounds = merging_bounds(fit, pairs)
    np.testing.assert_allclose(bounds, merging_bounds(fit, pairs[:, ::-1]), rtol=1e-9, atol=1e-12)
    rows, _ = fit.sample(200_000, 0)
    for (i, j), bound in zip(pairs, bounds, strict=True):
        change = fit.log_density(rows) - merged_whole(fit, i, j).log_density(rows)
        assert change.mean() <= bound + 4 * change.std() / np.sqrt(len(rows))


@pytest.mark.parametrize("kind", ["full", "diag", "spherical"])
def test_proposed_mergers_cost_no_more_than_said(kind: str):
    objective, fit = problem(kind)
    removals = propose_removals(objective, fit, covered_by(objective, fit))
    assert [r.cost for r in removals] == sorted(r.cost for r in removals)
    pairs = [removal for removal in removals if len(removal.components) == 2]
    assert pairs
    for removal in pairs:
        exact = nll(objective, merged_whole(fit, *removal.components)) - nll(objective, fit)
        assert exact <= removal.cost + 1e-3  # parts leave out responsibilities below COVERED


def test_of_few_components_all_pairs_are_looked_at():
    _, fit = problem("full")
    assert neighbours(fit, np.empty((0, 2), dtype=int)).tolist() == [
        [0, 1],
        [0, 2],
        [0, 3],
        [1, 2],
        [1, 3],
        [2, 3],
    ]


def test_of_many_those_nearby_and_those_that_overlap(rng: np.random.Generator):
    means = rng.uniform(0, 100, (200, 2)) * [1.0, 1000.0]
    variances = np.tile([1.0, 1e6], (200, 1))
    fit = gs.Mixture(None, means, variances, "diag")
    far = np.array([[0, 199]])
    found = {tuple(pair) for pair in neighbours(fit, far).tolist()}
    assert all(i < j for i, j in found)
    assert len(found) <= 200 * 8 + 1
    assert (0, 199) in found
    distance = np.linalg.norm((means[:, None] - means) / [1.0, 1000.0], axis=2)
    np.fill_diagonal(distance, np.inf)
    for i in range(200):
        for j in np.argsort(distance[i])[:8]:
            assert (min(i, j), max(i, j)) in found


def test_merging_costs_half_the_growth_of_a_shared_log_determinant():
    C, weights = np.array([[2.0, 0.5], [0.5, 1.0]]), [0.5, 0.1, 0.4]
    means = np.array([[0.0, 0.0], [3.0, 1.0], [9.0, 9.0]])
    gap = means[1] - means[0]
    grown = C + 0.5 * 0.1 / 0.6 * np.outer(gap, gap)
    expected = 0.5 * (np.linalg.slogdet(grown)[1] - np.linalg.slogdet(C)[1])
    found = merging_bounds(gs.Mixture(weights, means, C, "tied"), np.array([[0, 1]]))
    assert found[0] == pytest.approx(expected, rel=1e-12)
