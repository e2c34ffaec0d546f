"""Isometries of truths: groups of known order, and what generates them."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.landscape.points.isometries import generators, isometries


def regular(n: int, side: float) -> np.ndarray:
    angles = 2 * np.pi * np.arange(n) / n
    return side / (2 * np.sin(np.pi / n)) * np.stack([np.cos(angles), np.sin(angles)], axis=1)


TETRAHEDRON = [[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]
CUBE = [[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)]


@pytest.mark.parametrize(
    ("centers", "weights", "order"),
    [
        ([-11.0, 0.0, 11.0], None, 2),
        ([-3.0, 3.0, 12.0], None, 1),
        ([-3.0, 3.0], [0.4, 0.6], 1),
        ([0.0, 0.0, 5.0], None, 1),
        ([0.0], None, 2),
        (regular(3, 10.0), None, 6),
        (regular(3, 10.0), [0.5, 0.25, 0.25], 2),
        (regular(4, 7.0), None, 8),
        (regular(6, 6.0) + 1e6, None, 12),
        (np.array([[0.0, 0.0], [5.0, 5.0]]), None, 4),  # the reflection on their line is one of them
        (np.array([[0.0, 0.0]] * 2 + [[5.0, 0.0]] * 2), None, 4),
        (TETRAHEDRON, None, 24),
        (CUBE, None, 48),
        (5.0 * np.eye(4), None, 48),
    ],
)
def test_groups_have_their_order(centers, weights, order):
    truth = gs.Mixture.location(centers, 1.0, weights)
    group = isometries(truth)
    assert len(group) == order
    np.testing.assert_allclose(group[0].matrix, np.eye(truth.n_features), atol=1e-12)
    scale = np.abs(truth.means).max()
    for one in group:
        np.testing.assert_allclose(one.image(truth.means), truth.means[list(one.centers)], atol=1e-9 * scale)
        np.testing.assert_allclose(truth.weights[list(one.centers)], truth.weights)
    made = generators(group)
    assert len(made) <= max(3, truth.n_features)
    products = [np.eye(truth.n_features)]
    for product in products:
        for one in made:
            new = one.matrix @ product
            if not any(np.allclose(new, known, atol=1e-9) for known in products):
                products.append(new)
    assert len(products) == order


def test_what_is_nearly_a_symmetry_is_none():
    assert len(isometries(gs.Mixture.location([-11.0, 0.0, 11.0 + 1e-6], 1.0))) == 1
    assert (
        len(isometries(gs.Mixture.location(regular(3, 10.0) + np.array([[1e-7, 0]] + [[0, 0]] * 2), 1.0))) < 6
    )


def test_covariances_are_kept_too():
    means = np.array([[-4.0, 0.0], [4.0, 0.0]])
    tilted = np.array([[2.0, 0.5], [0.5, 1.0]])
    same = gs.Mixture([0.5, 0.5], means, np.stack([tilted, tilted]), "full")
    # Half a turn keeps a tilted covariance, reflections do not.
    assert len(isometries(same)) == 2
    other = gs.Mixture([0.5, 0.5], means, np.stack([tilted, 2 * tilted]), "full")
    assert len(isometries(other)) == 1
