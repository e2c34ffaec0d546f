"""Pieces of a long computation kept in a file, so that a new run of the same one goes on where it stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gmmscape.exceptions import FormatError, InvalidParameterError
from gmmscape.jsonfile import read_json, write_json
from gmmscape.validation import seed_of
from gmmscape.wholefile import writable_target

FORMAT = "gmmscape-checkpoint"
#: The file is written again after this many times as long as writing it took.
SAVING_SHARE = 20.0


def seed_for(path: str | Path | None, rng: Any) -> int:
    """Return the seed that `rng` is or gives; for None that of a journal at the path, if there is one."""
    kept = kept_seed(path) if rng is None else None
    return seed_of(rng) if kept is None else kept


def kept_seed(path: str | Path | None) -> int | None:
    """Return the seed of a journal at the path, or None where there is none."""
    file = None if path is None else writable_target(path, "checkpoint")
    if file is None or not file.is_file():
        return None
    content = read_json(file)
    facts = content.get("facts") if isinstance(content, dict) else None
    kept = facts.get("rng") if isinstance(facts, dict) else None
    return kept if isinstance(kept, int) else None


class Journal:
    """Results by name, in a file if there is one.

    Parameters
    ----------
    path : str, Path or None
        JSON file; None keeps nothing. One that exists must be of the same computation.
    task : str
        Name of the function whose work it is.
    facts : dict
        What must be the same for the results in it to be of use, in values of JSON; a seed as "rng".

    Raises
    ------
    InvalidParameterError
        If the file is of another computation, or cannot be written.
    FormatError
        If it is no file of this format.
    """

    def __init__(self, path: str | Path | None, task: str, facts: dict[str, Any]) -> None:
        self._path = None if path is None else writable_target(path, "checkpoint")
        self._task, self._facts = task, facts
        self._done: dict[str, Any] = {}
        self._new = False
        self._next = 0.0
        if self._path is not None and self._path.exists():
            self._read(self._path)

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

    def save(self, *, now: bool = False) -> None:
        """Write the file, at most so often that it takes a small part of the time."""
        began = time.monotonic()
        if self._path is None or not self._new or not (now or began >= self._next):
            return
        write_json(
            {"format": FORMAT, "task": self._task, "facts": self._facts, "done": self._done}, self._path
        )
        self._new = False
        self._next = time.monotonic() + SAVING_SHARE * (time.monotonic() - began)

    def _read(self, path: Path) -> None:
        content = read_json(path)
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise FormatError(f"{path} is no checkpoint ({FORMAT}): name another file, or remove it")
        if content.get("task") != self._task:
            raise InvalidParameterError(
                f"checkpoint: {path} is one of {content.get('task')}, not of {self._task}: name another file"
            )
        facts, done = content.get("facts"), content.get("done")
        if not isinstance(facts, dict) or not isinstance(done, dict):
            raise FormatError(f"{path} is a damaged checkpoint: remove it")
        for name, value in self._facts.items():
            if name not in facts or facts[name] != value:
                raise InvalidParameterError(
                    f"checkpoint: {path} was made with another {name}: use the same, or name another file"
                )
        self._done = done
