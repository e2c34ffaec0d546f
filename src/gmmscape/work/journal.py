"""Pieces of a long computation kept in a file, so that a new run of the same one goes on where it stopped."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError
from gmmscape.validation import seed_of
from gmmscape.wholefile import writable_target
from gmmscape.work.kept_file import Kept, load, write
from gmmscape.work.lock import FileLock


def seed_for(path: str | Path | None, rng: Any) -> int:
    """Return the seed that `rng` is or gives; for None that of a journal at the path, if there is one."""
    kept = kept_seed(path) if rng is None else None
    return seed_of(rng) if kept is None else kept


def kept_seed(path: str | Path | None) -> int | None:
    """Return the seed of a journal at the path, or None where there is none."""
    file = None if path is None else writable_target(path, "checkpoint")
    if file is None or not file.is_file():
        return None
    kept = load(file)[0].facts.get("rng")
    return kept if isinstance(kept, int) else None


class Journal:
    """Results by name, in a file if there is one.

    Parameters
    ----------
    path : str, Path or None
        JSON file; None keeps nothing. One that exists must be of the same computation; where it is damaged,
        the one before it is read. It is held for this process until the journal is closed or forgotten.
    task : str
        Name of the function whose work it is.
    facts : dict
        What must be the same for the results in it to be of use, in values of JSON; a seed as "rng".

    Raises
    ------
    InvalidParameterError
        If the file is of another computation, cannot be written, or another process is at work with it.
    FormatError
        If it is no file of this format, or damaged, as is the one before it.

    Warns
    -----
    UserWarning
        If the file is damaged, and the one before it is gone on from.
    """

    def __init__(self, path: str | Path | None, task: str, facts: dict[str, Any]) -> None:
        self._path = None if path is None else writable_target(path, "checkpoint")
        self._task, self._facts = task, facts
        self._done: dict[str, Any] = {}
        self._new = False
        self._next = 0.0
        #: Whether the file that is there is one to keep when another takes its place.
        self._whole = False
        self._lock = None if self._path is None else FileLock(self._path)
        if self._path is not None and self._path.exists():
            try:
                self._read(self._path)
            except BaseException:
                self.close()
                raise

    def __contains__(self, name: str) -> bool:
        return name in self._done

    def __getitem__(self, name: str) -> Any:
        return self._done[name]

    def get(self, name: str, compute: Callable[[], Any]) -> Any:
        """Return a result of plain numbers, lists and strings: the one kept, or a new one, which is kept."""
        if name not in self._done:
            self.put(name, compute())
        return self._done[name]

    def put(self, name: str, result: Any) -> None:
        """Keep a result of plain numbers, lists and strings."""
        self._done[name] = result
        self._new = True
        self.save()

    @property
    def due(self) -> bool:
        """Whether what is put now is written at once."""
        return self._path is not None and time.monotonic() >= self._next

    def save(self, *, now: bool = False) -> None:
        """Write the file, at most so often that it takes a small part of the time."""
        began = time.monotonic()
        if self._path is None or not self._new or not (now or self.due):
            return
        assert self._lock is not None
        self._lock.check()
        write(Kept(self._task, self._facts, self._done), self._path, keep=self._whole)
        self._new, self._whole = False, True
        self._next = time.monotonic() + EFFORT.files.saving_share * (time.monotonic() - began)

    def close(self) -> None:
        """Write what is not written yet, and let other processes have the file: nothing is put any more."""
        try:
            self.save(now=True)
        finally:
            if self._lock is not None:
                self._lock.release()

    def _read(self, path: Path) -> None:
        kept, remark = load(path)
        if kept.task != self._task:
            raise InvalidParameterError(
                f"checkpoint: {path} is one of {kept.task}, not of {self._task}: name another file"
            )
        for name, value in self._facts.items():
            if name not in kept.facts or kept.facts[name] != value:
                raise InvalidParameterError(
                    f"checkpoint: {path} was made with another {name}: use the same, or name another file"
                )
        if remark is not None:
            warnings.warn(remark, UserWarning, stacklevel=2)
        self._done, self._whole = kept.done, remark is None
