"""What a callback sees while numbers of components are compared."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

from gmmscape.moves.search import Budget, Event


class SelectionEvent(NamedTuple):
    """Where a selection stands.

    Attributes
    ----------
    stage : str
        "up" while fits are made with ever more components, "down" with ever fewer, "heldout" while fits
        are judged by rows held out.
    round : int
        Passes up and down begun, from 1.
    covariance_type : str
        The family in work.
    n_components : int
        Components of the fit in work.
    value : float
        Its NLL so far, per unit mass.
    seconds : float
        Since the selection began.
    """

    stage: str
    round: int
    covariance_type: str
    n_components: int
    value: float
    seconds: float


class Watched:
    """The budget of a selection: one for all fits, and what the callback is told.

    Parameters
    ----------
    max_seconds : float or None
        Time for everything.
    callback : callable or None
        Called with a `SelectionEvent`; returning True stops.
    """

    def __init__(self, max_seconds: float | None, callback: Callable[[SelectionEvent], Any] | None) -> None:
        self._callback = callback
        self._at: tuple[str, int, str, int] = ("up", 1, "", 0)
        self._began = time.monotonic()
        self.budget = Budget(max_seconds, None if callback is None else self._forward)

    def begin(self, stage: str, number: int, covariance_type: str, n_components: int) -> None:
        """Say what is in work from now on; raise `Stopped` if the time is up."""
        self._at = (stage, number, covariance_type, n_components)
        self.budget.check()

    def check(self, ended: int = 0, iterations: int = 0, value: float = 0.0) -> bool:
        """Raise `Stopped` if the time is up or the callback asks for it; also serves as a `Watch`."""
        if iterations:
            self.budget.report("em", ended, iterations, value)
        self.budget.check()
        return False

    def _forward(self, event: Event) -> Any:
        assert self._callback is not None
        seconds = time.monotonic() - self._began
        return self._callback(SelectionEvent(*self._at, event.value, seconds))


def printed(event: SelectionEvent) -> None:
    """Print where a selection stands."""
    print(
        f"gmmscape: {event.stage} {event.round}, {event.covariance_type} k={event.n_components}, "
        f"{event.value:.10g}, {event.seconds:.1f} s"
    )
