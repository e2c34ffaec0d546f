"""Budgets, callbacks and printed lines of long work."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from gmmscape.work.progress import Printer, Stop, Watch


def test_a_callback_sees_events_and_only_true_stops():
    seen = []
    watch = Watch(None, lambda event: seen.append(event) or event)
    watch.saw(lambda seconds: 1)
    with pytest.raises(Stop, match="interrupted"):
        watch.saw(lambda seconds: True)
    assert seen == [1, True]


def test_a_budget_stops_unless_nothing_is_left():
    watch = Watch(0.0, None)
    watch.saw(float, last=True)
    with pytest.raises(Stop, match="time_limit"):
        watch.saw(float)


def test_lines_are_printed_every_two_seconds(capsys):
    tell = Printer(lambda event: f"{event.n} found")
    for n, seconds in enumerate((0.5, 2.5, 3.0, 4.4, 4.6)):
        assert tell(SimpleNamespace(n=n, seconds=seconds)) is None
    assert capsys.readouterr().out == "gmmscape: 1 found, 2.5 s\ngmmscape: 4 found, 4.6 s\n"
