"""Over- and under-specified fits on a line, 12 and 16 sigma apart: every minimum is structured."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from marks import rest_slow, tuples_rest_slow

SIZES = [(2, 3), (4, 3), (5, 3), (3, 5), (2, 2), (1, 3), (6, 3), (4, 2)]


@cache
def explore(k, k_star, separation):
    truth = gs.Mixture.location(separation * np.arange(k_star), 1.0)
    return lab.Landscape(lab.Population(truth), k).explore(0, n_starts=24)


@pytest.mark.parametrize("separation", rest_slow([12.0, 16.0], 1))
@pytest.mark.parametrize(("k", "k_star"), tuples_rest_slow(SIZES, 4))
def test_every_minimum_is_structured(k, k_star, separation):
    atlas = explore(k, k_star, separation)
    assert atlas.minima
    for minimum in atlas.minima:
        assert minimum.is_minimum
        assert minimum.decoding.is_structured
        smallest = np.abs(minimum.eigenvalues).min()
        assert minimum.flat == (smallest <= 1e-10)
        assert minimum.decoding.errors.max() < 1.0
        assert minimum.gradient_norm < 1e-8


@pytest.mark.parametrize(("k", "k_star"), SIZES)
def test_every_candidate_is_accounted_for(k, k_star):
    atlas = explore(k, k_star, 12.0)
    assert len(atlas.candidates) == len(lab.candidates(k, k_star))
    assert {c.structure.orbit for c in atlas.candidates} == {c.orbit for c in lab.candidates(k, k_star)}
    for structure, outcome, place in atlas.candidates:
        assert outcome in ("realised", "flat", "saddle", "dissolved")
        if outcome in ("realised", "flat"):
            minimum = atlas.minima[place]
            assert minimum.decoding.structure.orbit == structure.orbit
            assert minimum.flat == (outcome == "flat")
    realised = {c.minimum for c in atlas.candidates if c.outcome in ("realised", "flat")}
    assert realised == set(range(len(atlas.minima)))


def test_known_atlases():
    """What two equal components fitted by two means, and one fitted by one, must give."""
    (truth,) = explore(2, 2, 12.0).minima
    assert truth.decoding.identified == (0, 1)
    (single,) = explore(1, 3, 12.0).minima
    assert single.means[0, 0] == pytest.approx(12.0, abs=1e-12)  # the mean of the truth, exactly
    assert single.eigenvalues[0] == pytest.approx(1.0, abs=1e-12)
    pair = explore(2, 3, 12.0).minima
    assert {str(m.decoding.structure) for m in pair} == {"0>0,1  1>2", "0>0  1>1,2"}
    assert pair[0].kl == pytest.approx(pair[1].kl, abs=1e-14)  # mirror images


def test_multiples_are_flat():
    """Two means on every center: the splitting curvatures vanish exactly."""
    atlas = explore(4, 2, 12.0)
    best = atlas.minima[0]
    assert best.flat
    assert sorted(best.decoding.structure.orbit) == [((0,), 2), ((1,), 2)]
    assert np.abs(np.sort(best.means[:, 0]) - [0, 0, 12, 12]).max() < 1e-3
    assert "flat" in str(atlas)


@pytest.mark.parametrize("method", ["newton", "em", "gradient"])
@pytest.mark.parametrize(("near", "k_star"), [([12.0], 3), ([0.1, 13.0], 3), ([0.5], 1), ([6, 23, 25], 3)])
def test_a_mean_out_of_reach_ends_on_a_plateau(near, k_star, method):
    centers = 12.0 * np.arange(k_star)
    land = lab.Landscape(lab.Population(gs.Mixture.location(centers, 1.0)), len(near) + 1)
    for far in (centers[-1] + 40.0, centers[0] - 40.0):
        point = land.descend([*near, far], method, max_iter=200)
        assert point.stop_reason == "plateau"
        assert not point.is_minimum
        assert point.means[-1, 0] == far  # nothing pulls it, and no rounding moves it
        assert point.gradient_norm == np.inf


def test_plateaus_do_not_enter_an_atlas():
    """All other starts of an exploration end in minima; a plateau is counted, not listed."""
    truth = gs.Mixture([0.999999, 0.000001], [0.0, 60.0], [1.0, 1.0], "spherical")
    atlas = lab.Landscape(lab.Population(truth), 2).explore(0, n_starts=8)
    assert all(minimum.stop_reason == "converged" for minimum in atlas.minima)
    assert sum(atlas.ends.values()) == 8


def test_a_saddle_whose_slopes_are_below_the_rounding_of_the_value_is_left():
    """Two means 1e-7 apart on one of three centers: the way down gains 1e-17 nats."""
    land = lab.Landscape(lab.Population(gs.Mixture.location([0.0, 12.0, 24.0], 1.0)), 6)
    point = land.descend([-4.2e-8, 4.2e-8, 12.0, 24 - 1.625e-4, 24 + 4.54e-6, 24 + 1.579e-4])
    assert point.is_minimum
    assert np.abs(point.means[:2, 0]) == pytest.approx([1.97e-4] * 2, rel=0.01)
