"""Budgets, callbacks and printed lines of long work."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.progress import Budget, Event, Printer, Stopped, asks_to_stop


def test_a_callback_sees_events_and_only_true_stops():
    seen: list[Event] = []
    budget = Budget("toy", None, lambda event: seen.append(event) or event.done == 2 or event.done)
    budget.report("first", 1, 3, 0.5, size=4)
    with pytest.raises(Stopped, match="interrupted"):
        budget.report("second", 2)
    assert [event._replace(seconds=0.0) for event in seen] == [
        Event("toy", "first", 1, 3, 0.5, 0.0, {"size": 4}),
        Event("toy", "second", 2, None, None, 0.0, {}),
    ]
    assert 0.0 <= seen[0].seconds <= seen[1].seconds


@pytest.mark.parametrize("answer", [True, np.True_])
def test_true_stops(answer):
    assert asks_to_stop(answer)


@pytest.mark.parametrize("answer", [1, "yes", None, False, np.False_])
def test_other_answers_mean_nothing(answer):
    assert not asks_to_stop(answer)


def test_time_stops_unless_nothing_is_left_to_do():
    budget = Budget("toy", 0.0)
    budget.report("only", 1, 1, last=True)
    with pytest.raises(Stopped, match="time_limit"):
        budget.report("only", 1, 2)
    with pytest.raises(Stopped, match="time_limit"):
        budget.check()
    unlimited = Budget("toy")
    unlimited.report("only", 1, 2)
    assert unlimited.left is None


def test_parts_report_as_the_whole_says():
    seen: list[Event] = []
    budget = Budget("whole", None, seen.append)
    budget.begin("up", 2, 5, n_components=3)
    budget.report("em", 17, None, 1.25, iteration=4)
    (event,) = seen
    assert (event.stage, event.done, event.total, event.value) == ("up", 2, 5, 1.25)
    assert event.detail == {"n_components": 3}


def test_lines_are_printed_where_a_stage_begins_and_every_two_seconds(capsys):
    tell = Printer()
    for done, seconds in enumerate((0.5, 2.4, 2.6, 4.4, 4.7)):
        assert tell(Event("toy", "search", done, 9, 1.5, seconds)) is None
    tell(Event("toy", "last", 1, None, None, 4.8, {"minima": 3, "found": object()}))
    assert capsys.readouterr().out.splitlines() == [
        "gmmscape toy: search 0 of 9, nll 1.5, 0.5 s",
        "gmmscape toy: search 2 of 9, nll 1.5, 2.6 s",
        "gmmscape toy: search 4 of 9, nll 1.5, 4.7 s",
        "gmmscape toy: last 1, minima 3, 4.8 s",
    ]


def test_iterations_are_printed_by_their_number(capsys):
    tell = Printer(every=10)
    for iteration in range(1, 31):
        tell(Event("fit", "em", 0, 1, 2.0, 0.1, {"iteration": iteration}))
    assert [line.split(", ")[1] for line in capsys.readouterr().out.splitlines()] == [
        "iteration 10",
        "iteration 20",
        "iteration 30",
    ]


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"max_seconds": -1.0}, "max_seconds"),
        ({"max_seconds": "long"}, "max_seconds"),
        ({"callback": 3}, "callback"),
        ({"verbose": -1}, "verbose"),
        ({"verbose": "loud"}, "verbose"),
    ],
)
def test_what_cannot_be_is_named(options, name):
    with pytest.raises(gs.InvalidParameterError, match=name):
        Budget.of("toy", **{"max_seconds": None, "callback": None, "verbose": 0} | options)
    Budget.of("toy", 1.0, print, True)
