"""Moves keep the moments that they promise to keep, and the places of what they do not touch."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.families import Floor, family_named
from gmmscape.moves.moves import Move, Removal, Split, applied, applied_each, merged

KINDS = ("full", "tied", "diag", "spherical")


def mixture(kind: str, k: int = 4, d: int = 2, seed: int = 0) -> gs.Mixture:
    rng = np.random.default_rng(seed)
    roots = rng.standard_normal((k, d, d)) + 2 * np.eye(d)
    matrices = roots @ np.swapaxes(roots, 1, 2)
    diagonal = np.diagonal(matrices, axis1=1, axis2=2)
    covariances = {
        "full": matrices,
        "tied": matrices[0],
        "diag": diagonal,
        "spherical": diagonal[:, 0],
    }[kind]
    return gs.Mixture(rng.dirichlet(np.ones(k)), rng.normal(0, 5, (k, d)), covariances, kind)


def moments(of: gs.Mixture) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of the whole mixture."""
    mean = of.weights @ of.means
    gaps = of.means - mean
    within = np.einsum("k,kde->de", of.weights, of.full_covariances())
    return mean, within + np.einsum("k,kd,ke->de", of.weights, gaps, gaps)


def seen_by(kind: str, matrix: np.ndarray) -> np.ndarray:
    """What a family can keep of a covariance."""
    if kind == "spherical":
        return np.array(np.trace(matrix))
    return np.diagonal(matrix) if kind == "diag" else matrix


def children_of(parent: gs.Mixture, a: int) -> tuple[gs.Mixture, np.ndarray | None]:
    """Two components with the moments of component a, and what a tied covariance sheds."""
    kind, gap = parent.covariance_type, 0.3 * np.ones(parent.n_features)
    weights = np.array([0.25, 0.75])
    means = parent.means[a] + np.array([0.75, -0.25])[:, None] * gap
    matrix = parent.full_covariances()[a] - np.outer(gap, gap) * 0.25 * 0.75
    diagonal = np.diagonal(matrix)
    if kind == "tied":
        return gs.Mixture(weights, means, matrix, kind), parent.covariances - matrix
    covariances = {"full": matrix, "diag": diagonal, "spherical": diagonal.mean()}[kind]
    return gs.Mixture(weights, means, np.stack([covariances] * 2), kind), None


def no_floor(kind: str):
    return family_named(kind, Floor(np.zeros(2)))


def move(parent: gs.Mixture, a: int, removed: tuple[int, ...]) -> Move:
    children, shed = children_of(parent, a)
    return Move(Split(a, children, shed, 0.0, False), Removal(removed, 0.0))


@pytest.mark.parametrize("kind", KINDS)
def test_merge_and_split_keep_the_moments_of_the_whole(kind: str):
    before = mixture(kind)
    after = applied(before, no_floor(kind), [move(before, 0, (1, 3))])
    assert after is not None
    for one, other in zip(moments(before), moments(after), strict=True):
        if one.ndim == 2:
            one, other = seen_by(kind, one), seen_by(kind, other)
        np.testing.assert_allclose(other, one, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_untouched_components_keep_their_place(kind: str):
    before = mixture(kind)
    after = applied(before, no_floor(kind), [move(before, 0, (1, 3))])
    assert after is not None
    np.testing.assert_array_equal(after.means[2], before.means[2])
    np.testing.assert_allclose(after.weights[2], before.weights[2], rtol=1e-15)
    np.testing.assert_allclose(after.weights[[0, 3]].sum(), before.weights[0], rtol=1e-14)
    if kind != "tied":
        np.testing.assert_array_equal(after.covariances[2], before.covariances[2])


@pytest.mark.parametrize("kind", ["full", "diag", "spherical"])
def test_merging_keeps_the_term_between_the_means(kind: str):
    before = mixture(kind)
    pair = [1, 3]
    total, mean, covariance = merged(
        before.weights, before.means, before.covariances, before.kind, np.array([pair, [0, 2]])
    )
    share = before.weights[pair] / before.weights[pair].sum()
    both = gs.Mixture(share, before.means[pair], before.covariances[pair], kind)
    one = gs.Mixture([1.0], mean[:1], covariance[:1], kind)
    assert total[0] == pytest.approx(before.weights[pair].sum())
    for x, y in zip(moments(both), moments(one), strict=True):
        if x.ndim == 2:
            x, y = seen_by(kind, x), seen_by(kind, y)
        np.testing.assert_allclose(y, x, rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_deleting_leaves_the_odds_of_the_others(kind: str):
    before = mixture(kind)
    after = applied(before, no_floor(kind), [move(before, 0, (3,))])
    assert after is not None
    np.testing.assert_allclose(after.weights[1] / after.weights[2], before.weights[1] / before.weights[2])
    np.testing.assert_allclose(after.weights.sum(), 1.0, rtol=1e-15)


@pytest.mark.parametrize("kind", KINDS)
def test_disjoint_moves_at_once_are_the_moves_one_by_one(kind: str):
    before = mixture(kind, k=6)
    first, second = move(before, 0, (1, 3)), move(before, 2, (4, 5))
    family = no_floor(kind)
    at_once = applied(before, family, [first, second])
    one = applied(before, family, [first])
    assert at_once is not None
    assert one is not None
    both = applied(one, family, [second])
    assert both is not None
    for field in ("weights", "means", "covariances"):
        np.testing.assert_allclose(getattr(at_once, field), getattr(both, field), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("kind", KINDS)
def test_moves_made_each_by_itself_are_those_made_one_by_one(kind: str):
    before, family = mixture(kind, k=6), family_named(kind, Floor(np.full(2, 0.5)))
    moves = [move(before, 0, (1, 3)), move(before, 2, (4,)), move(before, 5, (2, 4))]
    each = applied_each(before, family, moves)
    for at, one in enumerate(moves):
        alone = applied(before, family, [one])
        assert alone is not None
        for field in ("weights", "means", "covariances"):
            np.testing.assert_allclose(
                getattr(each, field)[at], getattr(alone, field), rtol=1e-13, atol=1e-15
            )
    alone = applied_each(before, family, [moves[1]])
    np.testing.assert_array_equal(alone.means[0], each.means[1])


def test_a_covariance_that_would_not_be_one_is_refused():
    before = mixture("tied")
    children, _ = children_of(before, 0)
    too_much = Move(Split(0, children, 1e6 * np.eye(2), 0.0, False), Removal((3,), 0.0))
    assert applied(before, no_floor("tied"), [too_much]) is None
