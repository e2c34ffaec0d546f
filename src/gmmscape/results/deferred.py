"""Records whose fields are computed when one of them is first asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from gmmscape.results.fields import names_of
from gmmscape.results.records import Record
from gmmscape.threads import ForkLock


class _Pending(NamedTuple):
    compute: Callable[[], Any]
    lock: ForkLock


class Deferred(Record):
    """A record that may stand for one that is still to be computed.

    Asking for any field, and so printing, comparing, writing, copying and pickling, computes all of them,
    once; from then on it is as any other. What ends that computation, an error or Ctrl-C, goes to whoever
    asked, and the next one to ask begins anew. No field has a class attribute as its default: it would be
    found in the place of the computed value.
    """

    @classmethod
    def later(cls, compute: Callable[[], Self]) -> Self:
        """Return the record that `compute` will return, and compute it when it is asked for.

        Parameters
        ----------
        compute : callable
            Kept alive, with all that it refers to, until it has returned.

        Returns
        -------
        Deferred
            Of this class.
        """
        made = cls.__new__(cls)
        made.__dict__["_pending"] = _Pending(compute, ForkLock(threading.RLock))
        return made

    @property
    def pending(self) -> bool:
        """Whether it is still to be computed."""
        return "_pending" in self.__dict__

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name in names_of(type(self)):
                self._compute()
                if name in self.__dict__:
                    return self.__dict__[name]
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _compute(self) -> None:
        pending = self.__dict__.get("_pending")
        if pending is None:
            return
        with pending.lock.held():
            if self.pending:  # no other thread was first
                try:
                    found = pending.compute().__getstate__()
                except AttributeError as error:  # which would read as if there were no such field
                    raise RuntimeError(f"a deferred {type(self).__name__} failed: {error}") from error
                self.__dict__.update(found)
                del self.__dict__["_pending"]

    def __getstate__(self) -> dict[str, Any]:
        self._compute()
        return self.__dict__.copy()
