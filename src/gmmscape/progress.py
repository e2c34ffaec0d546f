"""Progress of long work: what its callback sees, the budget that ends it, the lines that are printed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from gmmscape.exceptions import InvalidParameterError
from gmmscape.validation import optional_seconds, whole_number

#: Seconds between two printed lines of one stage.
PRINTED_EVERY = 2.0
#: How values are told, and with which sign: fits' as the log-likelihoods that tables show.
VALUES = {
    "nll": ("nll", 1.0),
    "of a fit": ("log-likelihood + prior per row", -1.0),
    "inertia": ("inertia per row", 1.0),
    "distortion": ("distortion", 1.0),
}
#: Tasks whose values are those of fits to rows.
OF_FITS = ("fit", "diagnose", "select", "local_optima")


class Event(NamedTuple):
    """Where long work stands, as its callback sees it; a callback that returns True ends the work.

    Attributes
    ----------
    task : str
        The function at work, such as "fit", "diagnose", "select" or "explore".
    stage : str
        The part of the work; stages may come again.
    done : int
        Pieces of the stage that are done.
    total : int or None
        How many there are; None where nobody knows.
    value : float or None
        What is minimised, as far as it has come, mostly the NLL in nats per unit mass; None where there is no
        one value.
    seconds : float
        Since the work began.
    detail : mapping
        What else is known, by name: which names there are depends on the task alone, and its docstring says.
    value_is : str
        What the value is: a key of `VALUES`.
    """

    task: str
    stage: str
    done: int
    total: int | None
    value: float | None
    seconds: float
    detail: Mapping[str, Any] = MappingProxyType({})
    value_is: str = "nll"


#: Sees events; True ends the work, other answers, such as those of a print, mean nothing.
Callback = Callable[[Event], Any]


class Stopped(Exception):  # noqa: N818 - it is no error
    """The budget is used up, or the user asked to stop; the message is the stop reason."""


class Budget:
    """The time of one piece of work and who watches it; the one place where work is ended early.

    Parameters
    ----------
    task : str
        Name of the work in its events.
    max_seconds : float, optional
        Time for all of it.
    callback : callable, optional
        Called with an `Event`; returning True ends the work.
    each_iteration : bool, default=False
        Whether the callback is to see each iteration of a solver, and not only where it stands now and then.
    """

    def __init__(
        self,
        task: str,
        max_seconds: float | None = None,
        callback: Callback | None = None,
        *,
        each_iteration: bool = False,
    ) -> None:
        self.task, self.each_iteration = task, each_iteration
        self.value_is = "of a fit" if task in OF_FITS else "nll"
        self._max_seconds, self._callback = max_seconds, callback
        self._began = time.monotonic()
        self._within: Event | None = None

    @classmethod
    def of(cls, task: str, max_seconds: Any, callback: Any, verbose: Any = 0) -> Budget:
        """Return the budget that a caller's parameters ask for, with a printer where nobody else watches.

        Raises
        ------
        InvalidParameterError
            If `max_seconds` is no non-negative number, `callback` cannot be called, or `verbose` is no whole
            number from 0 on.
        """
        checked_callback(callback)
        level = checked_verbose(verbose)
        return cls(
            task, optional_seconds("max_seconds", max_seconds), callback or (Printer() if level else None)
        )

    @property
    def seconds(self) -> float:
        """Since the work began."""
        return time.monotonic() - self._began

    @property
    def max_seconds(self) -> float | None:
        """Time for all of it, or None where there is no limit."""
        return self._max_seconds

    @property
    def left(self) -> float | None:
        """Seconds left, or None where there is no limit."""
        return None if self._max_seconds is None else max(0.0, self._max_seconds - self.seconds)

    @property
    def until(self) -> float | None:
        """Time of the monotonic clock at which it is up, or None where there is no limit."""
        return None if self._max_seconds is None else self._began + self._max_seconds

    def is_past(self, share: float | None) -> bool:
        """Say whether this share of the time is used up; never where there is no limit."""
        return (
            share is not None and self._max_seconds is not None and self.seconds >= share * self._max_seconds
        )

    def check(self) -> None:
        """Raise `Stopped` if the time is up."""
        if self.left == 0.0:
            raise Stopped("time_limit")

    def asks_to_stop(
        self, stage: str, done: int, total: int | None = None, value: float | None = None, **detail: Any
    ) -> bool:
        """Tell the callback, and return whether it asks to stop."""
        if self._callback is None:
            return False
        event = Event(self.task, stage, done, total, value, self.seconds, detail, self.value_is)
        if self._within is not None:
            event = self._within._replace(value=value, seconds=event.seconds)
        return asks_to_stop(self._callback(event))

    def report(
        self,
        stage: str,
        done: int,
        total: int | None = None,
        value: float | None = None,
        *,
        last: bool = False,
        **detail: Any,
    ) -> None:
        """Tell the callback; raise `Stopped` if it asks to stop, or the time is up and work is left."""
        if self.asks_to_stop(stage, done, total, value, **detail):
            raise Stopped("interrupted")
        if not last:
            self.check()

    def begin(self, stage: str, done: int, total: int | None = None, **detail: Any) -> None:
        """Say what is in work: until the next call, parts that report are told as this, with their values.

        Raises
        ------
        Stopped
            If the time is up.
        """
        self._within = Event(self.task, stage, done, total, None, 0.0, detail, self.value_is)
        self.check()


class Printer:
    """A callback that prints a line where a stage begins, and every two seconds while it lasts.

    Parameters
    ----------
    every : int, optional
        Print each event whose number in its stage (its iteration, where it has one) is a multiple of this
        instead.
    """

    def __init__(self, every: int | None = None) -> None:
        self._every, self._stage, self._next = every, "", 0.0

    def __call__(self, event: Event) -> None:
        if self._every is not None:
            due = event.detail.get("iteration", event.done) % self._every == 0
        else:
            due = event.stage != self._stage or event.seconds >= self._next
        if due:
            self._stage, self._next = event.stage, event.seconds + PRINTED_EVERY
            print(f"gmmscape {event.task}: {described(event)}, {event.seconds:.1f} s", flush=True)


def described(event: Event) -> str:
    """Return what an event says in words: stage, how much is done, numbers of its detail, and its value."""
    of = "" if event.total is None else f" of {event.total}"
    parts = [f"{event.stage} {event.done}{of}"]
    parts += [f"{name} {item}" for name, item in event.detail.items() if isinstance(item, int | str)]
    parts += [f"{name} {item:.6g}" for name, item in event.detail.items() if isinstance(item, float)]
    if event.value is not None:
        name, sign = VALUES[event.value_is]
        parts.append(f"{name} {sign * event.value:.8g}")
    return ", ".join(parts).replace("_", " ")


def asks_to_stop(answer: Any) -> bool:
    """Say whether a callback returned True; other answers, such as those of a print, mean nothing."""
    return isinstance(answer, bool | np.bool_) and bool(answer)


def checked_callback(callback: Any) -> None:
    """Raise InvalidParameterError unless `callback` is None or can be called."""
    if callback is not None and not callable(callback):
        raise InvalidParameterError.of("callback", callback, "pass a function of one argument, or None")


def checked_verbose(verbose: Any) -> int:
    """Return `verbose` as a whole number; True counts as 1."""
    return whole_number("verbose", int(verbose) if isinstance(verbose, bool | np.bool_) else verbose)
