"""Pieces of a long computation kept in a file, so that a new run of the same one goes on where it stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gmmscape.exceptions import FormatError, InvalidParameterError
from gmmscape.jsonfile import read_json, writable_target, write_json

#: The file is written again after this many times as long as writing it took.
SAVING_SHARE = 20.0


class Journal:
    """Results by name, in a file if there is one.

    Parameters
    ----------
    path : str, Path or None
        JSON file; None keeps nothing. One that exists must be of the same computation.
    about : dict
        What the computation is: compared with what the file says.

    Raises
    ------
    InvalidParameterError
        If the file is of another computation, or cannot be written.
    FormatError
        If it is no JSON file.
    """

    def __init__(self, path: str | Path | None, about: dict[str, Any]) -> None:
        self._path = None if path is None else writable_target(path)
        self._about = about
        self._done: dict[str, Any] = {}
        self._next = time.monotonic()
        if self._path is None or not self._path.exists():
            return
        content = read_json(self._path)
        if not isinstance(content, dict) or not isinstance(content.get("done"), dict):
            raise FormatError(f"{self._path} is no checkpoint: name another file")
        if content.get("about") != about:
            raise InvalidParameterError.of(
                "checkpoint", str(path), "it holds another computation: name another file, or delete it"
            )
        self._done = content["done"]

    def get(self, name: str, compute: Callable[[], Any]) -> Any:
        """Return a result of plain numbers, lists and strings: the one kept, or a new one, which is kept."""
        if name not in self._done:
            self.put(name, compute())
        return self._done[name]

    def __contains__(self, name: str) -> bool:
        return name in self._done

    def put(self, name: str, result: Any) -> None:
        """Keep a result."""
        self._done[name] = result
        if time.monotonic() >= self._next:
            self.save()

    def save(self) -> None:
        """Write the file now."""
        if self._path is None:
            return
        began = time.monotonic()
        write_json({"about": self._about, "done": self._done}, self._path)
        self._next = time.monotonic() + SAVING_SHARE * (time.monotonic() - began)
