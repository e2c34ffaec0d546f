"""Where followings with more freedom begin, what they keep equal, and ways between fits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.landscape.freedom.features import coincident, made_equal
from gmmscape.landscape.freedom.saddle_search import trails
from gmmscape.landscape.freedom.starts import between

LINE = gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)
FIT = gs.Mixture(
    [0.5, 0.3, 0.2],
    [[0.0, 1.0], [4.0, -1.0], [5.0, 0.0]],
    np.array([1.0, 2.0, 3.0])[:, None, None] * np.eye(2),
)


def landscape(weights: Any, sigma: Any, family: str = "spherical") -> lab.FreeLandscape:
    return lab.FreeLandscape(lab.Population(LINE), 3, family=family, weights=weights, sigma=sigma)


@pytest.mark.parametrize("weights", ["equal", "free", (0.2, 0.3, 0.5)], ids=str)
@pytest.mark.parametrize("sigma", ["free", "common"])
def test_steps_keep_equal_what_is_equal_and_the_gradient_lies_along_them(weights: Any, sigma: Any):
    descent = landscape(weights, sigma)._descent
    start = descent.random_start(np.random.default_rng(1))
    groups = ((0, 2),)
    start = made_equal(start, groups, shared=weights == "free")
    kept, whole = descent.everywhere(groups).at(start), descent.everywhere().at(start)
    assert len(kept.slope) == len(whole.slope) - (1 + (sigma == "free") + (weights == "free"))
    # What the gradient has is along the directions that keep the two equal.
    np.testing.assert_allclose(kept.basis @ kept.slope, whole.basis @ whole.slope, atol=1e-12)
    to = kept.moved(0.3 * np.random.default_rng(2).standard_normal(len(kept.slope)))
    assert coincident(to, 1e-9) == groups
    assert to.weights[0] / to.weights[2] == pytest.approx(start.weights[0] / start.weights[2])
    assert abs(to.means[0, 0] - start.means[0, 0]) > 1e-3


def test_components_that_differ_in_shape_alone_do_not_coincide():
    wide, tall = np.diag([4.0, 1.0]), np.diag([1.0, 4.0])
    crossed = gs.Mixture(None, np.zeros((3, 2)), np.array([wide, tall, wide]))
    assert coincident(crossed, 1e-6) == ((0, 2),)


def test_the_way_between_two_fits_is_the_same_in_any_linear_coordinates():
    freedom = lab.FreeLandscape(lab.Population(FIT), 3, family="full").freedom
    rng = np.random.default_rng(0)
    roots = rng.standard_normal((3, 2, 2))
    other = gs.Mixture(
        [0.2, 0.2, 0.6], rng.standard_normal((3, 2)), roots @ roots.transpose(0, 2, 1) + np.eye(2)
    )
    for share, end in ((0.0, FIT), (1.0, other)):
        there = between(freedom, FIT, other, share)
        np.testing.assert_allclose(there.weights, end.weights)
        np.testing.assert_allclose(there.means, end.means)
        np.testing.assert_allclose(there.full_covariances(), end.full_covariances(), atol=1e-12)
    turn = np.array([[2.0, 1.0], [-0.5, 3.0]])

    def turned(fit: gs.Mixture) -> gs.Mixture:
        return gs.Mixture(fit.weights, fit.means @ turn.T, turn @ fit.full_covariances() @ turn.T)

    one = turned(between(freedom, FIT, other, 0.3))
    two = between(freedom, turned(FIT), turned(other), 0.3)
    np.testing.assert_allclose(one.means, two.means)
    np.testing.assert_allclose(one.full_covariances(), two.full_covariances(), atol=1e-12)


def test_passes_between_minima_begin_where_it_is_highest():
    land = landscape("equal", "free")
    atlas = land.explore(0, n_starts=4)
    minima = list(atlas.minima)
    descent = land._descent
    found = trails(descent, minima, [], 0, 0)
    first = found[0]
    assert (first.groups, first.uphill) == ((), 1)
    # Two labellings for each pair of minima, and for each minimum with itself.
    n = len(minima)
    assert len(found) - len(trails(descent, [], [], 0, 0)) == n * (n + 1)
    value = descent.common.value(first.start)
    assert value > descent.common.value(minima[0].local)


def test_followings_of_a_seed_are_the_same_again():
    descent = landscape("free", "free")._descent
    one, two = (trails(descent, [], [], 3, 1) for _ in range(2))
    assert len(one) == len(two) > 10
    for a, b in zip(one, two, strict=True):
        assert a.start == b.start
        assert (a.groups, a.uphill) == (b.groups, b.uphill)
