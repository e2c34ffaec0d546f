"""The search by itself, on a problem made of numbers: what it tries, takes, and keeps when it is stopped."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.moves.moves import Move, Removal, Split
from gmmscape.moves.search import Attempt, search
from gmmscape.progress import Budget, Event

CHILDREN = gs.Mixture([0.5, 0.5], [[0.0], [1.0]], [1.0, 1.0], "spherical")


class Number(NamedTuple):
    """A fit that is nothing but its value."""

    value: float


class Toy:
    """Moves named by the component they split; `worth` says what each brings, once.

    Attempts are (alternatives, rough). `rest` is what EM brings to a fit that was refined roughly.
    """

    same = 0.0

    def __init__(self, attempts, worth, refusals=(), rest=0.0):
        self.attempts, self.worth, self.refusals, self.rest = attempts, dict(worth), refusals, rest
        self.tried: list[tuple[int, ...]] = []

    def proposals(self, fit, number, check):
        for alternatives, rough in self.attempts:
            left = [
                moves for moves in alternatives if all(self.worth.get(name(m)) is not None for m in moves)
            ]
            yield Attempt(left, rough)

    def applied(self, fit, moves):
        return fit, tuple(name(move) for move in moves)

    def refined(self, starts, target, rough, check):
        check()
        ends = []
        for fit, splits in starts:
            self.tried.append(splits)
            ends.append((fit.value, Number(fit.value - sum(self.worth[split] for split in splits))))
        return ends

    def settled(self, fit, check):
        self.tried.append(())
        return Number(fit.value - self.rest)

    def rank(self, fit):
        return (fit.value,)

    def held_out_gain(self, before, after):
        return 0.5 * (before.value - after.value)

    def outcome(self, before, after, moves):
        if any(name(move) in self.refusals for move in moves):
            return "nested"
        if after.value >= before.value:
            return "no gain"
        for move in moves:
            self.worth[name(move)] = None
        return "taken"


def name(move: Move) -> int:
    return move.split.component


def singly(*moves: Move):
    return [[move] for move in moves], False


def at_once(*moves: Move):
    return [list(moves)], True


def move(component: int, *removed: int) -> Move:
    return Move(Split(component, CHILDREN, None, 0.0, False), Removal(removed, 0.0))


def unlimited() -> Budget:
    return Budget("toy")


def test_moves_of_one_attempt_are_made_together():
    toy = Toy([at_once(move(0, 5), move(2, 6))], {0: 1.0, 2: 1.0})
    found = search(toy, Number(10.0), unlimited())
    assert toy.tried[0] == (0, 2)
    assert found.fit.value == 8.0
    assert found.taken[0].splits == (0, 2)
    assert found.taken[0].realised_gain == 2.0


def test_of_alternatives_the_one_that_realises_most_is_taken():
    toy = Toy([singly(move(0, 5), move(1, 5), move(2, 5))], {0: -1.0, 1: 0.5, 2: 2.0})
    found = search(toy, Number(10.0), unlimited())
    assert toy.tried[:3] == [(0,), (1,), (2,)]
    assert [tried.splits for tried in found.taken] == [(2,)]
    assert found.taken[0].realised_gain == 2.0


def test_a_later_attempt_is_needed_only_when_the_first_fails():
    toy = Toy([singly(move(0, 5)), singly(move(1, 6))], {0: 1.0, 1: 1.0})
    found = search(toy, Number(10.0), unlimited())
    assert toy.tried[:2] == [(0,), (1,)]
    assert found.fit.value == 8.0
    assert found.stop_reason == "completed"


def test_after_rough_moves_the_fit_settles_before_single_ones_are_tried():
    toy = Toy([at_once(move(0, 5)), singly(move(1, 6))], {0: 1.0, 1: 1.0}, rest=0.25)
    found = search(toy, Number(10.0), unlimited())
    assert toy.tried == [(0,), (), (1,)]
    assert found.fit.value == 7.75
    assert found.settled
    assert [fit.value for fit in found.way] == [9.0, 8.75, 7.75]


def test_a_fit_that_came_unsettled_settles_even_without_moves():
    toy = Toy([singly(move(0, 5))], {0: -1.0}, rest=0.5)
    found = search(toy, Number(10.0), unlimited(), settled=False)
    assert toy.tried == [(), (0,)]
    assert found.fit.value == 9.5


def test_gains_that_may_not_be_taken_are_offered():
    toy = Toy([singly(move(0, 5), move(1, 6))], {0: 3.0, 1: -1.0}, refusals=(0,))
    found = search(toy, Number(10.0), unlimited())
    assert found.fit.value == 10.0
    assert (0,) in [tried.splits for tried in found.alternatives]
    assert [tried.splits for tried in found.refused] == [(1,)]


def test_a_callback_stops_the_search_and_keeps_what_is_found():
    seen: list[Event] = []

    def stop(event: Event) -> bool:
        seen.append(event)
        return event.done == 1

    toy = Toy([singly(move(0, 5)), singly(move(1, 6))], {0: 1.0, 1: 1.0})
    found = search(toy, Number(10.0), Budget("toy", None, stop))
    assert found.stop_reason == "interrupted"
    assert found.fit.value == 9.0
    assert [event.done for event in seen] == [0, 1]
    assert all(event.stage == "moves" for event in seen)


def test_the_time_budget_ends_it():
    toy = Toy([singly(move(0, 5))], {0: 1.0})
    found = search(toy, Number(10.0), Budget("toy", 0.0))
    assert found.stop_reason == "time_limit"
    assert found.fit.value == 10.0


def test_ctrl_c_keeps_what_is_found():
    class Interrupted(Toy):
        def refined(self, starts, target, rough, check):
            if len(self.tried) == 1:
                raise KeyboardInterrupt
            return super().refined(starts, target, rough, check)

    toy = Interrupted([singly(move(0, 5)), singly(move(1, 6))], {0: 1.0, 1: 1.0})
    found = search(toy, Number(10.0), unlimited())
    assert found.stop_reason == "interrupted"
    assert found.fit.value == 9.0


def test_records_say_what_json_can_hold():
    toy = Toy([singly(move(0, 3, 5))], {0: 1.0})
    (record,) = search(toy, Number(10.0), unlimited()).taken
    content = record.to_dict()
    assert {name: content[name] for name in content if "format" not in name and "version" not in name} == {
        "splits": [0],
        "removals": [[3, 5]],
        "predicted_gain": 0.0,
        "realised_gain": 1.0,
        "outcome": "taken",
        "held_out_gain": 0.5,
    }


def test_budget_counts_down():
    assert unlimited().left is None
    left = Budget("toy", 100.0).left
    assert left is not None
    assert left == pytest.approx(100.0, abs=5.0)
    assert np.isfinite(left)
