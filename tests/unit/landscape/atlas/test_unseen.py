"""What is still unseen: coverage of the interval, what is no evidence, and shares of limited time."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.landscape.atlas.unseen import unseen


@pytest.mark.parametrize("n", [16, 64, 500])
@pytest.mark.parametrize("power", [0.5, 1.5, 3.0])
def test_the_interval_covers_what_is_left(n, power):
    rng = np.random.default_rng([n, int(10 * power)])
    shares = np.arange(1.0, 41.0) ** -power
    shares /= shares.sum()
    covered, estimates, left = 0, [], []
    for _ in range(200):
        hits = rng.multinomial(n, shares)
        found = unseen(hits.tolist(), [True] * len(hits))
        assert found is not None
        mass = shares[hits == 0].sum()
        covered += found.interval[0] <= mass <= found.interval[1]
        estimates.append(found.share)
        left.append(mass)
    assert covered >= 185
    error = np.std(np.array(estimates) - left) / np.sqrt(200)
    assert abs(np.mean(estimates) - np.mean(left)) < 4 * error + 1 / n


def test_without_minima_met_once_little_is_left():
    found = unseen([40, 24], [True, True])
    assert found is not None
    assert found.share == found.minima == found.interval[0] == 0.0
    assert 0.03 < found.interval[1] < 0.07
    assert unseen([0, 0], [True, True]) is None


def test_what_candidates_lead_to_is_no_evidence():
    chance, led = unseen([30, 1, 1], [True] * 3), unseen([30, 1, 1], [True, False, False])
    assert chance is not None
    assert led is not None
    assert chance.share == pytest.approx(2 / 32)
    assert led.share == 0.0


def test_an_atlas_says_what_is_unseen():
    X = np.random.default_rng(0).normal(size=(60, 1)) * 3.0
    land = lab.Landscape(lab.Sample(X), 5, sigma=0.3)
    atlas = land.explore(0, n_starts=24, candidates=False)
    once = sum(point.hits == 1 for point in atlas.minima)
    assert once > 0
    assert atlas.unseen is not None
    assert atlas.unseen.share == pytest.approx(once / sum(point.hits for point in atlas.minima))
    assert "unseen" in str(atlas)
    assert atlas.to_dict()["unseen"]["starts"] == atlas.unseen.starts
    # What moves in other minima lead to would be known without the starts.
    moved = land.explore(0, n_starts=24)
    led = {place for item in moved.moves for place in item.leads_to}
    left = sum(point.hits == 1 for place, point in enumerate(moved.minima) if place not in led)
    assert moved.unseen is not None
    assert moved.unseen.share == pytest.approx(left / sum(point.hits for point in moved.minima))
    assert left < once


@pytest.mark.slow
def test_limited_time_is_shared():
    """There are 17,000 candidates, more than there is time for."""
    centers = np.cumsum([0.0, 7.0, 9.0, 6.0, 8.0, 11.0, 7.0, 9.0])
    land = lab.Landscape(lab.Population(gs.Mixture.location(centers, 1.0)), 8)
    atlas = land.explore(0, n_starts=100_000, saddles=True, max_seconds=6.0)
    assert atlas.stop_reason == "time_limit"
    assert len(atlas.candidates) > 0
    assert atlas.starts > 0
    assert len(atlas.saddles) > 0
    assert atlas.untried + len(atlas.candidates) > 10_000
