"""Ctrl-C for the tests that press it, also where the suite was started with SIGINT ignored."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGINT raise KeyboardInterrupt here, and end processes that are started meanwhile.

    A shell starts what it runs in the background with SIGINT ignored, and processes hand that on to
    their children: no signal would reach what is to be interrupted.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
