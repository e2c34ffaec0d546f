"""What a walk over blocks finds out about rows."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from efforts import with_effort
from gmmscape.measure import Sample
from gmmscape.measure.blocked import ArrayBlocks, BlockedSample, LocalBlocks, facts_of
from gmmscape.measure.blocked import facts as blocked_facts


def facts(blocks, weights=None, **options):
    return facts_of(LocalBlocks(ArrayBlocks(blocks, weights)), **options)


def test_weights_are_counted_as_those_of_a_sample() -> None:
    X = np.random.default_rng(0).normal(size=(60, 2))
    for w in (np.full(60, 2.0), np.arange(60) % 3 * 2.0, np.random.default_rng(1).random(60)):
        found = facts(np.split(X, [20, 21]), np.split(w, [20, 21]))
        assert found.counted_rows == pytest.approx(Sample(X, w).counted_rows, rel=1e-12)
    assert not found.equal_weights
    assert facts([X], [np.ones(60)]).equal_weights
    assert facts([X]).equal_weights


def test_rows_that_cannot_be_used_are_named() -> None:
    X = np.ones((5, 2))
    X[3, 1] = np.nan
    with pytest.raises(gs.DataError, match="row 3 of block 1"):
        facts([np.zeros((2, 2)), X])
    with pytest.raises(gs.DataError, match="no row of positive weight"):
        facts([np.empty((0, 2))])
    with pytest.raises(gs.DataError, match="no row of positive weight"):
        facts([np.ones((2, 2))], [np.zeros(2)])
    with pytest.raises(gs.DataError, match="negative or not finite"):
        facts([np.ones((2, 2))], [np.array([1.0, -1.0])])

    class Vanishing(ArrayBlocks):
        walks = 0

        def blocks(self):
            self.walks += 1
            return super().blocks() if self.walks == 1 else iter(())

    with pytest.raises(gs.DataError, match="no row of positive weight"):
        facts_of(LocalBlocks(Vanishing([np.ones((3, 2))])))


def test_a_variance_beyond_float64_is_refused() -> None:
    for far in (1e200, 9e153, 1e-160):
        rows = LocalBlocks(ArrayBlocks([np.array([[far], [-far], [0.0]])]))
        with pytest.raises(gs.DataError, match="not representable"):
            BlockedSample(rows, facts_of(rows))


def test_the_pilot_is_a_fair_draw_whatever_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    with_effort(monkeypatch, blocked_facts, "blocked", pilot_rows=400)
    X = np.arange(10_000.0)[:, None]
    for cuts in ([9_000, 9_990], [10]):
        means = [facts(np.split(X, cuts), seed=seed).pilot.mean() for seed in range(20)]
        # The mean of 400 of 10,000 numbers has a standard deviation of 144; of 20 such means 32.
        assert abs(np.mean(means) - 4999.5) < 5 * 32
    assert len(facts([X]).pilot) == 400


def test_a_digest_tells_data_apart() -> None:
    X = np.random.default_rng(0).normal(size=(60, 2))
    one = facts([X[:30], X[30:]], digest=True).digest
    assert one == facts([X[:30], X[30:]], digest=True).digest != ""
    other = X.copy()
    other[40, 1] = np.nextafter(other[40, 1], 9.0)
    assert one != facts([other[:30], other[30:]], digest=True).digest
    assert one != facts([X[:30], X[30:]], [np.full(30, 2.0), np.ones(30)], digest=True).digest
    assert facts([X]).digest == ""
