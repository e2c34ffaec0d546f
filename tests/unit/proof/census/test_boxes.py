"""Boxes as arrays."""

from __future__ import annotations

import numpy as np

from gmmscape.proof.census.boxes import Boxes, hulls, joined


def some() -> Boxes:
    low = np.array([[0.0, 0.0], [1.0, 0.0], [5.0, 5.0]])
    return Boxes(low, low + np.array([1.0, 0.5]), np.array([0, 1, 2]))


def test_halves_cover_a_box_and_share_a_face():
    halves = some().halves()
    assert len(halves) == 6
    assert halves.volumes.sum() == some().volumes.sum()
    assert halves.high[0].tolist() == [0.5, 0.5]
    assert halves.low[3].tolist() == [0.5, 0.0]
    assert halves.rule.tolist() == [0, 1, 2, 0, 1, 2]


def test_hulls_hold_all_boxes_and_join_those_that_are_near():
    found = hulls(some(), 0.1)
    assert [(low.tolist(), high.tolist()) for low, high in found] == [
        ([0.0, 0.0], [2.0, 0.5]),
        ([5.0, 5.0], [6.0, 5.5]),
    ]
    assert len(hulls(some(), 10.0)) == 1
    assert hulls(Boxes.none(2), 1.0) == []


def test_boxes_go_into_files_and_come_back():
    boxes = joined([some(), some().finer()])
    back = Boxes.of_content(boxes.content(), 2)
    assert np.array_equal(back.low, boxes.low)
    assert np.array_equal(back.high, boxes.high)
    assert back.rule.tolist() == [0, 1, 2, 1, 2, 3]
    assert Boxes.of_content(Boxes.none(3).content(), 3).low.shape == (0, 3)
