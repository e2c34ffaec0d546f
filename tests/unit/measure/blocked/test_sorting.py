"""Blocks whose rows are sorted once by a mixture: sums of whole passes, and bits that no memory decides."""

from __future__ import annotations

import gc
import pickle

import numpy as np
import pytest
from tests.efforts import with_effort
from tests.unit.engine.test_truncated import clusters

from gmmscape.engine.extension import instruction_sets as available
from gmmscape.engine.native import NativeRows
from gmmscape.measure.blocked import ArrayBlocks, BlockedSample, LocalBlocks, RowBlock, facts_of, sorting
from gmmscape.measure.blocked import rows as blocked_rows
from gmmscape.measure.blocked.tasks import StatisticsTask
from gmmscape.solve.batch import truncation

pytestmark = pytest.mark.skipif(not available(), reason="the extension is not built")
X, MIXTURE = clusters("full", n=30_000, d=2, k=40, apart=9.0)
ENDS = [7, 7, 12_000, 21_000]


def sample() -> BlockedSample:
    rows = LocalBlocks(ArrayBlocks(np.split(X, ENDS)))
    return BlockedSample(rows, facts_of(rows))


def bits(found) -> list[bytes]:
    return [
        np.asarray(part).tobytes() for part in (found.mass, found.mean, found.scatter, found.log_likelihood)
    ]


def test_sums_are_those_of_whole_passes_and_orders_are_made_once(monkeypatch: pytest.MonkeyPatch):
    own = sample()
    start, moved = own.local_mixture(MIXTURE), own.local_mixture(MIXTURE.shifted(np.array([0.4, 0.2])))
    rows = own.rows(start)
    whole = rows.statistics(moved, "full")
    rows.sort_by(start, "full", truncation())
    made, order = [], NativeRows.order

    def seen(held, *arguments):
        made.append(len(held.X))
        return order(held, *arguments)

    monkeypatch.setattr(NativeRows, "order", seen)
    found = [rows.statistics(at, "full") for at in (start, moved, moved)]
    assert made == [7, 11_993, 9_000, 9_000]
    assert bits(found[1]) == bits(found[2]) != bits(whole)
    np.testing.assert_allclose(found[1].mass, whole.mass, rtol=1e-11)
    np.testing.assert_allclose(found[1].mean, whole.mean, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(found[1].scatter, whole.scatter, rtol=1e-9, atol=1e-9)


def test_orders_that_were_lost_are_made_again_to_the_bit():
    own = sample()
    start, moved = own.local_mixture(MIXTURE), own.local_mixture(MIXTURE.shifted(np.array([0.4, 0.2])))
    rows = own.rows(start)
    rows.sort_by(start, "full", truncation())
    rows.statistics(start, "full")
    kept = rows.statistics(moved, "full")
    sorting.forget(rows._sorting.name)
    assert bits(rows.statistics(moved, "full")) == bits(kept)
    # Another process has the task alone.
    task = StatisticsTask(rows.place, rows._parameters(moved), "full", rows._sorting)
    block = list(rows.blocks.source.blocks())[3]
    here = task(block, 3)
    other = pickle.loads(pickle.dumps(task))
    sorting.forget(rows._sorting.name)
    assert bits(other(block, 3)) == bits(here)


def test_rows_that_are_others_are_sorted_anew():
    """Blocks that somebody computes again may be others, or the same in another order."""
    own = sample()
    start = own.local_mixture(MIXTURE)
    rows = own.rows(start)
    rows.sort_by(start, "full", truncation())
    task = StatisticsTask(rows.place, rows._parameters(start), "full", rows._sorting)
    block, turned, fewer = X[:9_000], X[:9_000][::-1].copy(), X[:8_999]
    for points in (block, turned, fewer):
        found = task(RowBlock(points), 2)
        whole = StatisticsTask(rows.place, rows._parameters(start), "full")(RowBlock(points), 2)
        np.testing.assert_allclose(found.mass, whole.mass, rtol=1e-11)
        np.testing.assert_allclose(found.mean, whole.mean, rtol=1e-10, atol=1e-10)
        assert bits(found) != bits(whole)


def test_orders_go_with_the_rows_and_few_fits_have_some():
    before = set(sorting._kept)
    several = [sample() for _ in range(4)]
    for own in several:
        start = own.local_mixture(MIXTURE)
        own.rows(start).sort_by(start, "full", truncation())
        own.rows(start).statistics(start, "full")
    names = [own._rows._sorting.name for own in several]
    assert set(sorting._kept) - before == set(names[2:])
    several[-1]._rows.sort_by(
        several[-1].local_mixture(MIXTURE), "full", truncation()
    )  # in place of the first
    assert names[-1] not in sorting._kept
    del several, own
    gc.collect()
    assert not set(names) & set(sorting._kept)


def test_very_many_rows_are_not_sorted(monkeypatch: pytest.MonkeyPatch):
    with_effort(monkeypatch, blocked_rows, "blocked", bytes_of_orders=5.3 * len(X))
    own = sample()
    start = own.local_mixture(MIXTURE)
    rows = own.rows(start)
    whole = bits(rows.statistics(start, "full"))
    rows.sort_by(start, "full", truncation())
    assert bits(rows.statistics(start, "full")) == whole
