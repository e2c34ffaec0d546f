"""Blocks are spread over workers as evenly as whole ones can be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmmscape.dask.placing import evened


def longest(holders: list[str], rows: list[int], threads: dict[str, int]) -> float:
    return max(
        sum(n for worker, n in zip(holders, rows, strict=True) if worker == one) / threads[one]
        for one in threads
    )


@pytest.mark.parametrize(
    ("holders", "threads", "moves"),
    [
        ("aaaaabbb", {"a": 1, "b": 1}, 1),
        ("aaaabbbb", {"a": 1, "b": 1}, 0),
        ("aaaaaaaa", {"a": 1, "b": 1, "c": 2}, 6),
        ("aaabbb", {"a": 2, "b": 1}, 1),
        ("a", {"a": 1, "b": 1}, 0),
    ],
)
def test_so_many_blocks_of_one_size_move(holders: str, threads: dict[str, int], moves: int):
    assert len(evened(list(holders), [1000] * len(holders), threads)) == moves


def test_a_large_block_stays_where_it_is_alone():
    rows = [9000, 500, 500, 500]
    assert evened(["a", "a", "a", "a"], rows, {"a": 1, "b": 1}) == {0: "b"}
    assert evened(["a", "b", "b", "b"], rows, {"a": 1, "b": 1}) == {}


@given(st.data())
def test_no_worker_takes_longer_than_before_and_none_waits_for_a_whole_block(data: st.DataObject):
    threads = data.draw(st.dictionaries(st.sampled_from("abcde"), st.integers(1, 4), min_size=1))
    rows = data.draw(st.lists(st.integers(0, 10_000), max_size=12))
    holders = [data.draw(st.sampled_from(sorted(threads))) for _ in rows]
    moved = evened(holders, rows, threads)
    after = [moved.get(i, worker) for i, worker in enumerate(holders)]
    before, now = longest(holders, rows, threads), longest(after, rows, threads)
    assert now <= before
    assert all(0 <= i < len(rows) and rows[i] > 0 for i in moved)
    if len(set(threads.values())) == 1 and rows:
        each = next(iter(threads.values()))
        assert now <= sum(rows) / len(threads) / each + 1.06 * max(rows) / each + 1e-9 or not moved
