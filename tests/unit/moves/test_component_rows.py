"""What components cover: the rows, what stands for very many, and what a component is worth."""

from __future__ import annotations

import numpy as np
import pytest
from tests.efforts import with_effort

import gmmscape as gs
from bad_fits import KINDS, fitted, nll, problem
from gmmscape.effort import EFFORT
from gmmscape.measure import WeightedRows
from gmmscape.moves import component_rows
from gmmscape.moves.component_rows import Parts, covered_by
from gmmscape.tolerances import TOLERANCES


def without(mixture: gs.Mixture, i: int) -> gs.Mixture:
    kept = [j for j in range(mixture.n_components) if j != i]
    tied = mixture.covariance_type == "tied"
    covariances = mixture.covariances if tied else mixture.covariances[kept]
    weights = mixture.weights[kept] / mixture.weights[kept].sum()
    return gs.Mixture(weights, mixture.means[kept], covariances, mixture.covariance_type)


def test_parts_hold_the_responsibilities_that_count():
    objective, fit = problem("full")
    full = fit.responsibilities(objective.rows.local(slice(None)))
    parts = covered_by(objective, fit).parts
    for i in range(4):
        rows = np.flatnonzero(full[:, i] >= TOLERANCES.moves.covered)
        own = slice(parts.ends[i], parts.ends[i + 1])
        np.testing.assert_array_equal(parts.rows.local(own), objective.rows.local(rows))
        expected = full[rows, i] * objective.rows.weights[rows]
        np.testing.assert_allclose(parts.weights[own], expected, rtol=1e-14)
        assert parts.mass[i] == pytest.approx(expected.sum())


@pytest.mark.parametrize("kind", KINDS)
def test_deletion_costs_are_those_of_deleting(kind: str):
    objective, fit = problem(kind)
    expected = [nll(objective, without(fit, i)) - nll(objective, fit) for i in range(4)]
    found = covered_by(objective, fit).deletion_costs
    # Responsibilities below COVERED count to first order: half a percent of what they are.
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=0.01 * TOLERANCES.moves.covered)


def test_what_has_all_the_weight_cannot_be_spared():
    objective, fit = fitted(np.random.default_rng(0).normal(size=(50, 2)), np.zeros((1, 2)), "full")
    np.testing.assert_array_equal(covered_by(objective, fit).deletion_costs, [np.inf])


def test_pairs_that_share_rows_overlap_and_others_do_not():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(c, 1, (100, 1)) for c in (0.0, 3.0, 100.0)])
    objective, fit = fitted(X, np.array([[0.0], [3.0], [100.0]]), "spherical")
    assert covered_by(objective, fit).overlaps.tolist() == [[0, 1]]


def test_of_very_many_rows_a_part_stands_for_all(monkeypatch: pytest.MonkeyPatch):
    objective, fit = problem("full")
    whole = covered_by(objective, fit)
    assert whole.ranking is objective.rows
    with_effort(monkeypatch, component_rows, "moves", rows_each=40)
    some = covered_by(objective, fit)
    assert np.all(some.parts.sizes <= 40)
    np.testing.assert_allclose(some.parts.mass, whole.parts.mass, rtol=0.3)
    np.testing.assert_array_equal(some.deletion_costs, whole.deletion_costs)
    assert some.ranking.nll(fit) == pytest.approx(objective.rows.nll(fit), abs=0.2)
    with_effort(monkeypatch, component_rows, "moves", proposal_rows=200, fewest_proposal_rows=0)
    few = covered_by(objective, fit)
    assert few.parts.ends[-1] < 400
    np.testing.assert_allclose(few.deletion_costs, whole.deletion_costs, rtol=0.5)


def test_the_smallest_component_keeps_enough_of_the_rows(rng: np.random.Generator):
    assert EFFORT.moves.fewest_proposal_rows == 20_000
    for share, looked_at in ((0.5, 20_000), (0.01, 25_000), (0.001, None)):
        fit = gs.Mixture([1.0 - share, share], [[0.0], [9.0]], [1.0, 1.0], "spherical")
        found = component_rows._some(200_000, fit, rng)
        assert (None if found is None else len(found)) == looked_at
        if found is not None:
            assert np.ptp(np.diff(found)) <= 2 * 200_000 / len(found)  # evenly
    empty = gs.Mixture([1.0, 0.0], [[0.0], [9.0]], [1.0, 1.0], "spherical")
    assert len(component_rows._some(200_000, empty, rng)) == 20_000
    assert component_rows._some(20_000, empty, rng) is None


def test_parts_are_joined_and_thinned():
    parts = Parts(WeightedRows(np.arange(10.0)[:, None], np.full(10, 0.1), 1.0), np.array([0, 2, 7, 10]))
    joined = parts.taken([[2, 0], [1, 1]])
    np.testing.assert_array_equal(joined.rows.data[:5, 0], [7, 8, 9, 0, 1])
    np.testing.assert_array_equal(joined.sizes, [5, 10])
    thin = parts.taken(np.array([1]), most=2)
    np.testing.assert_array_equal(thin.rows.data[:, 0], [2, 5])
    assert thin.mass[0] == pytest.approx(0.6)
    assert len(parts.taken([]).rows) == 0
