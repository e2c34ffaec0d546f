"""Who watches long work: a clock, a callback, lines on the screen; and how it is ended early."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from gmmscape.solve import asks_to_stop

#: Seconds between two lines of `verbose`.
PRINTED_EVERY = 2.0


class Stop(Exception):  # noqa: N818 - it is no error
    """The budget is used up, or the user asked to stop; the message is the stop reason."""


class Watch:
    """Counts the time and tells a callback; raises `Stop` where either ends the work.

    Parameters
    ----------
    max_seconds : float or None
        Time budget.
    callback : callable or None
        Sees events; returning True stops.
    """

    def __init__(self, max_seconds: float | None, callback: Callable[[Any], Any] | None) -> None:
        self._budget, self._callback = max_seconds, callback
        self._began = time.monotonic()

    def saw(self, event: Callable[[float], Any], *, last: bool = False) -> None:
        """Take note of a piece of work.

        Parameters
        ----------
        event : callable
            From the seconds since the work began to what the callback sees.
        last : bool, default=False
            Whether nothing is left to do, so that the budget ends nothing.

        Raises
        ------
        Stop
            With "interrupted" or "time_limit".
        """
        seconds = time.monotonic() - self._began
        if self._callback is not None and asks_to_stop(self._callback(event(seconds))):
            raise Stop("interrupted")
        if self._budget is not None and seconds >= self._budget and not last:
            raise Stop("time_limit")


class Printer:
    """A callback that prints now and then how far the work has come.

    Parameters
    ----------
    text : callable
        From an event, which has `seconds`, to a line.
    """

    def __init__(self, text: Callable[[Any], str]) -> None:
        self._text, self._next = text, PRINTED_EVERY

    def __call__(self, event: Any) -> None:
        if event.seconds >= self._next:
            self._next = event.seconds + PRINTED_EVERY
            print(f"gmmscape: {self._text(event)}, {event.seconds:.1f} s", flush=True)
