"""How many threads computations may use, and values that threads and forked children never wait for."""

from __future__ import annotations

import functools
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

_limits = threading.local()


def machine_threads() -> int:
    """Return how many threads this process may use: its cores, and no more than OMP_NUM_THREADS says."""
    return _allowed(os.environ.get("OMP_NUM_THREADS", ""))


@cache
def _allowed(asked: str) -> int:
    # A list such as "4,2" is for nested levels: the first is ours.
    first = asked.partition(",")[0].strip()
    return min(_cores(), int(first)) if first.isdecimal() and int(first) > 0 else _cores()


@cache
def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        return os.cpu_count() or 1


def thread_count() -> int:
    """Return how many threads the next call from this thread will use at most."""
    limit = getattr(_limits, "value", None)
    return machine_threads() if limit is None else min(limit, machine_threads())


@contextmanager
def limited(n_jobs: int | None) -> Iterator[None]:
    """Bound the threads of calls from this thread: None and negative numbers set no bound.

    Bounds inside bounds only lower them.
    """
    before = getattr(_limits, "value", None)
    if n_jobs is not None and n_jobs > 0:
        _limits.value = n_jobs if before is None else min(n_jobs, before)
    try:
        yield
    finally:
        _limits.value = before


class ForkLock:
    """A lock that is free in a child of a fork, where whoever held it is no more.

    Parameters
    ----------
    make : callable, default=threading.Lock
        Makes the lock.
    """

    def __init__(self, make: Callable[[], AbstractContextManager[Any]] = threading.Lock) -> None:
        self._make, self._lock = make, make()
        _LOCKS.add(self)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold it; a child that is forked meanwhile has another one."""
        with self._lock:
            yield

    def _renew(self) -> None:
        self._lock = self._make()


_LOCKS: WeakSet[ForkLock] = WeakSet()


def _renew_all() -> None:
    for lock in list(_LOCKS):
        lock._renew()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_renew_all)


if TYPE_CHECKING or sys.version_info >= (3, 12):
    from functools import cached_property as cached_property
else:

    class cached_property(functools.cached_property):  # noqa: N801  # it stands for that of functools
        """A value of an instance that is computed when it is first asked for.

        That of functools holds a lock of the whole class while it computes, until Python 3.12: a process
        forked meanwhile waits for it for ever. Here two threads may both compute; one value stays.
        """

        def __get__(self, instance, owner=None):
            """Return the value; the property itself where it is asked of the class."""
            if instance is None:
                return self
            known = instance.__dict__
            if self.attrname not in known:
                known.setdefault(self.attrname, self.func(instance))
            return known[self.attrname]
