"""The search by itself, on a problem made of numbers: what it tries, takes, and keeps when it is stopped."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.escape.moves import Move, Removal, Split
from gmmscape.escape.search import Budget, Event, search

CHILDREN = gs.Mixture([0.5, 0.5], [[0.0], [1.0]], [1.0, 1.0], "spherical")


class Number(NamedTuple):
    """A fit that is nothing but its value."""

    value: float


class Toy:
    """Moves named by the component they split; `worth` says what each brings, once."""

    def __init__(self, groups, worth, refusals=()):
        self.groups, self.worth, self.refusals = groups, dict(worth), refusals
        self.tried: list[tuple[int, ...]] = []

    def proposals(self, fit, number, check):
        for group in self.groups:
            yield [(move, gain) for move, gain in group if self.worth.get(move.split.component) is not None]

    def applied(self, fit, moves):
        return fit, tuple(move.split.component for move in moves)

    def value(self, start):
        return start[0].value

    def refined(self, start, target, check):
        check()
        fit, splits = start
        self.tried.append(splits)
        return Number(fit.value - sum(self.worth[split] for split in splits))

    def outcome(self, before, after, moves):
        if any(move.split.component in self.refusals for move in moves):
            return "nested"
        if after.value >= before.value:
            return "no gain"
        for move in moves:
            self.worth[move.split.component] = None
        return "taken"


def move(component: int, *removed: int) -> Move:
    return Move(Split(component, CHILDREN, None, 0.0, False), Removal(removed, 0.0))


def unlimited() -> Budget:
    return Budget(None, None)


def test_disjoint_promising_moves_are_made_at_once():
    toy = Toy(
        [[(move(0, 5), 3.0), (move(1, 5), 2.0), (move(2, 6), 1.0), (move(3, 7), -1.0)]],
        {0: 1, 1: 1, 2: 1, 3: 1},
    )
    found = search(toy, Number(10.0), unlimited())
    assert toy.tried[0] == (0, 2)  # 1 wants the same slot, 3 promises nothing
    assert found.fit.value == 6.0


def test_second_best_is_tried_and_realised_gain_decides():
    toy = Toy([[(move(0, 5), 9.0), (move(1, 5), 1.0), (move(2, 5), -4.0)]], {0: -1.0, 1: 0.0, 2: 2.0})
    found = search(toy, Number(10.0), unlimited())
    assert toy.tried[:3] == [(0,), (1,), (2,)]
    assert found.fit.value == 8.0
    assert [tried.splits for tried in found.taken] == [(2,)]
    assert found.taken[0].realised_gain == 2.0


def test_a_later_group_is_needed_only_when_the_first_fails():
    toy = Toy([[(move(0, 5), 1.0)], [(move(1, 6), 1.0)]], {0: 1.0, 1: 1.0})
    found = search(toy, Number(10.0), unlimited())
    assert toy.tried[:2] == [(0,), (1,)]
    assert found.fit.value == 8.0
    assert found.ended == "completed"


def test_gains_that_may_not_be_taken_are_offered():
    toy = Toy([[(move(0, 5), 1.0), (move(1, 6), 0.5)]], {0: 3.0, 1: -1.0}, refusals=(0,))
    found = search(toy, Number(10.0), unlimited())
    assert found.fit.value == 10.0
    assert (0,) in [tried.splits for tried in found.alternatives]
    assert [tried.splits for tried in found.refused] == [(1,)]


def test_a_callback_stops_the_search_and_keeps_what_is_found():
    seen: list[Event] = []

    def stop(event: Event) -> bool:
        seen.append(event)
        return event.tried == 1

    toy = Toy([[(move(0, 5), 1.0)], [(move(1, 6), 1.0)]], {0: 1.0, 1: 1.0})
    found = search(toy, Number(10.0), Budget(None, stop))
    assert found.ended == "interrupted"
    assert found.fit.value == 9.0
    assert [event.tried for event in seen] == [0, 1]
    assert all(event.stage == "moves" for event in seen)


def test_the_time_budget_ends_it():
    toy = Toy([[(move(0, 5), 1.0)]], {0: 1.0})
    found = search(toy, Number(10.0), Budget(0.0, None))
    assert found.ended == "time_limit"
    assert found.fit.value == 10.0


def test_ctrl_c_keeps_what_is_found():
    class Interrupted(Toy):
        def refined(self, start, target, check):
            if len(self.tried) == 1:
                raise KeyboardInterrupt
            return super().refined(start, target, check)

    toy = Interrupted([[(move(0, 5), 1.0)], [(move(1, 6), 1.0)]], {0: 1.0, 1: 1.0})
    found = search(toy, Number(10.0), unlimited())
    assert found.ended == "interrupted"
    assert found.fit.value == 9.0


def test_records_say_what_json_can_hold():
    toy = Toy([[(move(0, 3, 5), 1.0)]], {0: 1.0})
    (record,) = search(toy, Number(10.0), unlimited()).taken
    assert record.to_dict() == {
        "splits": [0],
        "removals": [[3, 5]],
        "predicted_gain": 0.0,
        "realised_gain": 1.0,
        "outcome": "taken",
    }


def test_budget_counts_down():
    assert unlimited().left is None
    left = Budget(100.0, None).left
    assert left is not None
    assert left == pytest.approx(100.0, abs=5.0)
    assert np.isfinite(left)
