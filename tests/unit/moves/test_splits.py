"""What splits predict, against what the whole mixture then gains."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from bad_fits import KINDS, fitted, nll, problem
from gmmscape.moves.component_rows import Covered, covered_by
from gmmscape.moves.mixture_problem import MixtureProblem
from gmmscape.moves.moves import Move, Removal, Split, applied
from gmmscape.moves.splits import overloaded, propose_resplits, propose_splits
from gmmscape.objective import Objective
from gmmscape.solve import EM, descend
from gmmscape.tolerances import TOLERANCES


def seeded() -> np.random.Generator:
    return np.random.default_rng(0)


def splits_of(objective: Objective, fit: gs.Mixture) -> list[Split]:
    return propose_splits(objective, covered_by(objective, fit).parts, seeded()).splits


def with_children(fit: gs.Mixture, split: Split) -> gs.Mixture:
    """The mixture of one component more that a split makes."""
    a = split.component
    weights = np.append(fit.weights, fit.weights[a] * split.children.weights[1])
    weights[a] *= split.children.weights[0]
    means = np.vstack([fit.means, split.children.means[1]])
    means[a] = split.children.means[0]
    if fit.covariance_type == "tied":
        assert split.shed is not None
        covariances = fit.covariances - fit.weights[a] * split.shed
    else:
        covariances = np.concatenate([fit.covariances, split.children.covariances[1:]])
        covariances[a] = split.children.covariances[0]
    return gs.Mixture(weights, means, covariances, fit.covariance_type)


@pytest.mark.parametrize("kind", ["full", "diag", "spherical"])
@pytest.mark.parametrize("seed", range(3))
def test_a_split_gains_at_least_what_its_small_problem_does(kind: str, seed: int):
    objective, fit = problem(kind, seed=seed)
    splits = splits_of(objective, fit)
    assert max(split.gain for split in splits) > 0.05
    for split in splits:
        gained = nll(objective, fit) - nll(objective, with_children(fit, split))
        assert gained >= split.gain - 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_the_best_split_finds_the_two_clusters_of_an_overloaded_component(kind: str):
    rng = np.random.default_rng(0)
    X = np.concatenate(
        [rng.normal(-5, 1, (100, 2)), rng.normal(5, 1, (50, 2)), rng.normal((40, 0), 1, (100, 2))]
    )
    objective, fit = fitted(X, np.array([[-2.0, -2.0], [40.0, 0.0]]), kind)
    best = max(splits_of(objective, fit), key=lambda split: split.gain)
    assert best.component == 0
    assert not best.nested
    order = np.argsort(best.children.means[:, 0])
    origin = objective.measure.origin
    np.testing.assert_allclose(
        best.children.means[order] + origin, [X[:100].mean(0), X[100:150].mean(0)], atol=0.02
    )
    np.testing.assert_allclose(best.children.weights[order], [2 / 3, 1 / 3], atol=0.01)


def test_a_core_in_a_halo_is_proposed_as_nested():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 1, (300, 2)), rng.normal(0, 6, (300, 2))])
    objective, fit = fitted(X, X.mean(axis=0)[None], "full")
    best = max(splits_of(objective, fit), key=lambda split: split.gain)
    assert best.nested
    assert best.gain > 0.3


def six_around(rng: np.random.Generator) -> np.ndarray:
    """Six clusters of which two components, set free, make a narrow one and one that is wide all around."""
    angles = np.arange(5) * 2 * np.pi / 5
    centers = np.concatenate([[[2.0, 0.0]], 9 * np.stack([np.cos(angles), np.sin(angles)], axis=1)])
    return np.repeat(centers, [200, 60, 60, 60, 60, 60], axis=0) + rng.standard_normal((500, 2))


def test_a_component_that_is_wide_because_of_clusters_is_no_halo():
    objective, fit = fitted(six_around(np.random.default_rng(0)), np.zeros((1, 2)), "spherical")
    splits = splits_of(objective, fit)
    assert splits
    assert not any(split.nested for split in splits)
    assert overloaded(objective, covered_by(objective, fit).parts, seeded()).all()


def test_a_gaussian_holds_one_cluster(rng: np.random.Generator):
    for kind in ("full", "diag", "spherical"):
        objective, fit = fitted(rng.standard_normal((400, 3)), np.zeros((1, 3)), kind)
        assert not overloaded(objective, covered_by(objective, fit).parts, seeded()).any()


def test_nothing_is_proposed_on_too_few_rows():
    X = np.concatenate(
        [np.random.default_rng(0).normal(size=(200, 2)), [[50.0, 0.0], [51.0, 1.0], [50.0, 2.0]]]
    )
    objective, fit = fitted(X, np.array([[0.0, 0.0], [50.0, 0.0]]), "spherical")
    splits = splits_of(objective, fit)
    assert {split.component for split in splits} == {0}
    for split in splits:  # and no child is one or two rows
        assert split.children.weights.min() * fit.weights[0] * len(X) > 3


@pytest.mark.parametrize("kind", KINDS)
def test_neighbours_that_share_badly_are_offered_a_better_way(kind: str):
    rng = np.random.default_rng(3)
    X = np.concatenate([rng.normal((0, 0), 1, (100, 2)), rng.normal((9, 0), 1, (100, 2))])
    objective, crosswise = fitted(X, np.array([[4.5, -1.0], [4.5, 1.0]]), kind, tol=1e6)
    parts = covered_by(objective, crosswise).parts
    moves = propose_resplits(objective, crosswise, [Removal((0, 1), 0.1)], parts, seeded())
    found = [applied(crosswise, objective.family, [move]) for move in moves]
    best = min((mixture for mixture in found if mixture is not None), key=lambda m: nll(objective, m))
    np.testing.assert_allclose(np.sort(best.means[:, 0] + objective.measure.origin[0]), [0.0, 9.0], atol=0.3)
    if kind != "tied":
        gain = nll(objective, crosswise) - nll(objective, best)
        assert gain == pytest.approx(max(move.estimate for move in moves), abs=0.02)


def test_neighbours_that_would_share_as_they_do_are_not_tried(rng: np.random.Generator):
    X = np.concatenate([rng.normal((0, 0), 1, (100, 2)), rng.normal((9, 0), 1, (100, 2))])
    objective, fit = fitted(X, np.array([[0.0, 0.0], [9.0, 0.0]]), "full")
    parts = covered_by(objective, fit).parts
    moves = propose_resplits(objective, fit, [Removal((0, 1), 0.1)], parts, seeded())
    as_now = [move for move in moves if abs(move.estimate) <= TOLERANCES.moves.same / len(X)]
    assert as_now
    problem = MixtureProblem(objective, take_nested=False, seed=0, pursue="likelihood")
    solution = descend(EM(), objective, fit)
    tried = [
        move.estimate
        for attempt in problem.proposals(solution, 1, lambda: None)
        for alternative in attempt.alternatives
        for move in alternative
    ]
    assert tried
    assert min(map(abs, tried)) > TOLERANCES.moves.same / len(X)


def test_without_pairs_there_is_nothing_to_share():
    objective, fit = problem("full")
    assert propose_resplits(objective, fit, [], covered_by(objective, fit).parts, seeded()) == []


def moves_of(covered: Covered, objective: Objective) -> list[Move]:
    return [Move(s, Removal((3,), 0.0)) for s in propose_splits(objective, covered.parts, seeded()).splits]


def test_proposals_do_not_depend_on_the_engine(monkeypatch: pytest.MonkeyPatch):
    objective, fit = problem("full")
    native = moves_of(covered_by(objective, fit), objective)
    monkeypatch.setenv("GMMSCAPE_ENGINE", "reference")
    reference = moves_of(covered_by(objective, fit), objective)
    assert [m.split.component for m in native] == [m.split.component for m in reference]
    np.testing.assert_allclose([m.estimate for m in native], [m.estimate for m in reference], rtol=1e-8)
