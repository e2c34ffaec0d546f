"""Many components: neighbourhoods stand for the whole, and moves begin before EM has converged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.efforts import with_effort

import gmmscape as gs
from bad_fits import fitted
from gmmscape.diagnosis import fit
from gmmscape.effort import EFFORT
from gmmscape.moves.component_rows import covered_by
from gmmscape.moves.mixture_problem import _at_once
from gmmscape.moves.moves import Move, Removal, applied
from gmmscape.moves.pairing import disjoint, paired
from gmmscape.moves.prediction import predicted
from gmmscape.moves.removals import propose_removals
from gmmscape.moves.splits import propose_splits
from gmmscape.solve import EM, run

GRID = np.stack(np.meshgrid(np.arange(6), np.arange(6)), axis=-1).reshape(-1, 2) * 8.0


@pytest.fixture(name="X")
def clusters_on_a_grid(rng: np.random.Generator) -> np.ndarray:
    return np.repeat(GRID, 60, axis=0) + rng.standard_normal((36 * 60, 2))


@pytest.mark.parametrize("kind", ["spherical", "full", "tied"])
def test_all_are_found_from_random_rows(kind: str, X: np.ndarray):
    assert len(GRID) > EFFORT.moves.all_pairs
    for seed in range(3):
        model = gs.GaussianMixture(
            36, covariance_type=kind, init_params="random_from_data", random_state=seed
        ).fit(X)
        nearest = np.linalg.norm(model.means_[:, None] - GRID, axis=2)
        assert sorted(nearest.argmin(axis=1)) == list(range(36))
        assert nearest.min(axis=1).max() < 1
        assert model.em_diagnosis_.verdict == "bad optimum"
        assert model.diagnosis_.verdict == "no better fit found"
        assert model.diagnosis_.rounds < 15
        assert {component.kind for component in model.diagnosis_.components} == {"exact"}


def test_a_neighbourhood_promises_no_more_than_the_whole_keeps(X: np.ndarray):
    rng = np.random.default_rng(0)
    objective, fit = fitted(X, X[rng.choice(len(X), 36, replace=False)], "spherical")
    covered = covered_by(objective, fit)
    splits = propose_splits(objective, covered.parts, rng).splits
    moves = paired(splits, propose_removals(objective, fit, covered), 6)
    assert len(moves) == 6
    promised = predicted(objective, fit, moves, covered, lambda: None)
    assert max(promised) > 0.01
    for move, gain in zip(moves, promised, strict=True):
        start = applied(fit, objective.family, [move])
        assert start is not None
        whole = run(EM(tol=1e-6), objective, start).nll
        assert objective.rows.nll(fit) - whole >= gain - 1e-3


def test_moves_made_at_once_touch_nothing_twice(X: np.ndarray):
    rng = np.random.default_rng(0)
    objective, fit = fitted(X, X[rng.choice(len(X), 36, replace=False)], "spherical")
    covered = covered_by(objective, fit)
    splits = propose_splits(objective, covered.parts, rng).splits
    moves = disjoint(splits, propose_removals(objective, fit, covered), 0.0)
    assert len(moves) >= 2
    touched = [component for move in moves for component in move.touched]
    assert len(touched) == len(set(touched))
    assert all(move.estimate > 0 for move in moves)
    assert disjoint(splits, [], 0.0) == []
    assert disjoint([], [Removal((0,), 0.0)], 0.0) == []
    assert disjoint(splits, [Removal((0,), 1e9)], 0.0) == []


def test_a_removal_of_the_split_component_itself_is_no_move(X: np.ndarray):
    objective, fit = fitted(X, GRID[:4] + 0.5, "spherical")
    splits = propose_splits(objective, covered_by(objective, fit).parts, np.random.default_rng(0)).splits
    own = [Removal((split.component,), 0.0) for split in splits[:1]]
    assert all(
        isinstance(move, Move) and move.split.component != own[0].components[0]
        for move in paired(splits, own, 9)
    )


def test_where_a_pass_is_expensive_moves_begin_early(X: np.ndarray, monkeypatch: pytest.MonkeyPatch):
    options = {"covariance_type": "spherical", "init_params": "random_from_data", "random_state": 1}
    patient = gs.GaussianMixture(36, **options).fit(X)
    with_effort(monkeypatch, fit, "diagnosis", eager_pass=1000)
    early = gs.GaussianMixture(36, **options).fit(X)
    assert early.em_diagnosis_.input_state == "not converged"
    assert "before EM had converged" in early.em_diagnosis_.reasons[-1]
    assert early.diagnosis_.input_state == "converged"
    assert early.converged_
    assert early.lower_bound_ == pytest.approx(patient.lower_bound_, abs=1e-9)
    assert patient.em_diagnosis_.input_state == "converged"
    assert np.all(np.diff(early.history_) <= 1e-12)


@pytest.mark.parametrize(("n", "sizes"), [(0, []), (1, [1]), (2, [2]), (3, [3, 1]), (8, [8, 4])])
def test_all_moves_are_made_at_once_and_should_that_not_do_the_better_half(n: int, sizes: list[int]):
    moves: list[Any] = [f"move {i}" for i in range(n)]
    assert [len(some) for some in _at_once(moves)] == sizes
    assert all(some == moves[: len(some)] for some in _at_once(moves))
