"""Signals that end a command as Ctrl-C does: of `kill`, of schedulers, of a terminal that is closed."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gmmscape.effort import EFFORT

#: Which, where the system has them.
NAMES = ("SIGTERM", "SIGHUP")


@contextmanager
def ending_signals() -> Iterator[None]:
    """Let these signals raise KeyboardInterrupt within the block.

    One that is ignored, as `nohup` has it, or that somebody else handles, stays so; and only the main thread
    of a process gets signals.
    """
    before: dict[int, Any] = {}
    last = float("-inf")

    def interrupt(*_: Any) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= EFFORT.files.signals_together:
            last = now
            raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        for number in (getattr(signal, name) for name in NAMES if hasattr(signal, name)):
            if signal.getsignal(number) == signal.SIG_DFL:
                before[number] = signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
