"""Rows and lines that come part by part."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from gmmscape.exceptions import DataError
from gmmscape.tables.growing import GrowingLines, GrowingRows
from gmmscape.tables.room import Room


def test_rows_are_those_that_came_and_begin_anew_when_taken():
    held = GrowingRows(3, Room("file", None))
    rng = np.random.default_rng(0)
    for _ in range(2):
        parts = [rng.normal(size=(n, 3)) for n in (2, 0, 1_000, 7, 4_000)]
        for part in parts:
            held.add(part)
        taken = held.taken()
        assert np.array_equal(taken, np.concatenate(parts))
        assert taken.base is None  # what was taken ahead went back
    assert held.taken().shape == (0, 3)


def test_rows_beyond_their_room_are_refused():
    held = GrowingRows(2, Room("file", 1_200))
    held.add(np.zeros((18, 2)))
    with pytest.raises(DataError, match=r"file: its numbers take 0\.000304 MB"):
        held.add(np.zeros((1, 2)))


PARTS = (range(3, 3), range(3, 6), [6, 7], range(8, 9), [9, 11], [12], range(20, 22))


@pytest.mark.parametrize("parts", [PARTS[:n] for n in range(len(PARTS) + 1)])
def test_lines_are_one_range_as_long_as_they_follow(parts):
    held = GrowingLines()
    for part in parts:
        held.add(part)
    taken, wanted = held.taken(), list(itertools.chain(*parts))
    assert list(taken) == wanted
    assert isinstance(taken, range) == (wanted == list(range(3, 3 + len(wanted))))
    assert len(held.taken()) == 0
