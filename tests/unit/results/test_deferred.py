"""Records that are computed when they are asked for: once, whole, by whoever asks first."""

from __future__ import annotations

import copy
import pickle
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import pytest

from gmmscape.results.deferred import Deferred


@dataclass(frozen=True, eq=False)
class Pair(Deferred):
    format: ClassVar[str] = "tests-deferred-pair"

    first: int
    second: int = field(default_factory=int)


class Counting:
    def __init__(self, *answers: Any) -> None:
        self.answers, self.calls = list(answers), 0

    def __call__(self) -> Pair:
        self.calls += 1
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer


@pytest.mark.parametrize(
    "ask",
    [
        lambda pair: pair.first,
        lambda pair: pair.second,
        repr,
        hash,
        lambda pair: pair == Pair(1, 2),
        lambda pair: Pair(1, 2) == pair,
        lambda pair: pair.to_dict(),
        lambda pair: replace(pair, first=3),
        lambda pair: pickle.dumps(pair),
        copy.copy,
        copy.deepcopy,
    ],
)
def test_asking_for_anything_computes_all_of_it_once(ask: Callable[[Pair], Any]) -> None:
    compute = Counting(Pair(1, 2))
    pair = Pair.later(compute)
    assert pair.pending
    assert compute.calls == 0
    assert repr(ask(pair)) == repr(ask(Pair(1, 2))) or ask is hash
    assert not pair.pending
    assert (pair.first, pair.second, compute.calls) == (1, 2, 1)


def test_one_that_waits_for_another_is_computed_through_it() -> None:
    inner = Pair.later(Counting(Pair(1, 2)))
    assert Pair.later(lambda: inner) == Pair(1, 2)


def test_what_is_pickled_is_computed() -> None:
    again = pickle.loads(pickle.dumps(Pair.later(Counting(Pair(1, 2)))))
    assert not again.pending
    assert again == Pair(1, 2)


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), ValueError("no")])
def test_what_was_stopped_begins_anew_for_the_next_one(stop: BaseException) -> None:
    compute = Counting(stop, Pair(1, 2))
    pair = Pair.later(compute)
    with pytest.raises(type(stop)):
        _ = pair.first
    assert pair.pending
    assert pair.first == 1
    assert compute.calls == 2


def test_a_lost_attribute_inside_is_no_lost_field() -> None:
    pair = Pair.later(Counting(AttributeError("of something else")))
    with pytest.raises(RuntimeError, match="of something else"):
        _ = pair.first


def test_other_names_are_not_there() -> None:
    compute = Counting(Pair(1, 2))
    pair = Pair.later(compute)
    assert not hasattr(pair, "third")
    assert compute.calls == 0


def test_threads_that_ask_together_compute_once() -> None:
    entered, calls, found = threading.Barrier(4), [], []

    def compute() -> Pair:
        calls.append(1)
        return Pair(1, 2)

    pair = Pair.later(compute)

    def ask() -> None:
        entered.wait()
        found.append((pair.first, pair.second))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert found == [(1, 2)] * 4
    assert len(calls) == 1
