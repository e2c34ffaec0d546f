"""Pieces of work kept in a checkpoint by name and number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

from gmmscape.work.journal import Journal
from gmmscape.work.kept_file import as_kept

R = TypeVar("R")


class Pieces:
    """Pieces of a computation by name and number: what is done next depends on results alone, so that a new
    run asks for the same pieces in the same order.

    Parameters
    ----------
    journal : Journal or None
        Where they are kept; None keeps nothing.
    """

    def __init__(self, journal: Journal | None) -> None:
        self._journal = journal
        self._asked: Counter[str] = Counter()

    def piece(
        self, name: str, compute: Callable[[], R], kept: Callable[[R], Any], read: Callable[[Any], R]
    ) -> R:
        """Return a piece: the one kept, or a new one, which is kept unless `kept` returns None for it.

        A kept one went through the values of the file, just now or before: so a run that goes on and one that
        never stopped have the same bits.

        Parameters
        ----------
        name : str
            Of what is counted together.
        compute : callable
            Returns a new piece.
        kept : callable
            Returns a piece in plain numbers, lists and strings, or None.
        read : callable
            Returns the piece that `kept` was told of.
        """
        self._asked[name] += 1
        numbered = f"{name} {self._asked[name]}"
        if self._journal is None:
            return compute()
        if numbered not in self._journal:
            result = compute()
            content = kept(result)
            if content is None:
                return result
            self._journal.put(numbered, content)
        with as_kept():
            return read(self._journal[numbered])

    def close(self) -> None:
        """Write what is kept to the file, and let other processes have it."""
        if self._journal is not None:
            self._journal.close()
