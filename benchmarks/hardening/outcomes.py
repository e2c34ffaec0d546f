"""How reading a file that may be anything ends: refused, as it should be, or in a way that it must not."""

from __future__ import annotations

import signal
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gmmscape.exceptions import GmmscapeError

REFUSED, SAME, OTHER, RAISED, HUNG = "refused", "same", "another result", "untyped error", "hangs"
#: Seconds of computing that reading one small file may take; so many times more of waiting.
PATIENCE, BUSY = 5.0, 20.0


class HangError(BaseException):
    """Reading took too long; no handler of errors within it may catch this."""


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Raise HangError in what takes longer."""

    def ring(*_: Any) -> None:
        raise HangError

    clocks = (
        (signal.ITIMER_PROF, signal.SIGPROF, seconds),
        (signal.ITIMER_REAL, signal.SIGALRM, BUSY * seconds),
    )
    before = [signal.signal(number, ring) for _, number, _ in clocks]
    for clock, _, limit in clocks:
        signal.setitimer(clock, limit)
    try:
        yield
    finally:
        for (clock, number, _), handler in zip(clocks, before, strict=True):
            signal.setitimer(clock, 0.0)
            signal.signal(number, handler)


def outcome_of(
    read: Callable[[], Any], holds: Callable[[Any], bool], seconds: float = PATIENCE
) -> tuple[str, str]:
    """Return how reading ends, and what it said.

    Parameters
    ----------
    read : callable
        Reads the file.
    holds : callable
        Says whether what was read is as it must be; it may raise what is found wrong.
    seconds : float
        For both.

    Returns
    -------
    str, str
        One of the outcomes above; the error, with the place that it comes from.
    """
    try:
        with patience(seconds), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", RuntimeWarning)  # numbers went wrong, and nobody looked
            return (SAME, "") if holds(read()) else (OTHER, "")
    except (GmmscapeError, OSError) as error:
        return REFUSED, f"{type(error).__name__}: {error}"
    except HangError:
        return HUNG, f"more than {seconds:g} s of computing"
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        last = traceback.extract_tb(error.__traceback__)[-1]
        return RAISED, f"{type(error).__name__}: {error} ({last.filename.rpartition('/')[2]}:{last.lineno})"
