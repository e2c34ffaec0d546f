"""JSON files: read with typed errors, written whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from gmmscape.exceptions import FormatError, InvalidParameterError


def read_json(path: str | Path) -> Any:
    """Return the content of a JSON file; raises FormatError where it is none."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # also wrong bytes, huge numbers, bottomless nesting
        raise FormatError(f"{path} is not a JSON file: {error}") from error


def writable_target(path: str | os.PathLike[str], name: str = "path") -> Path:
    """Return where a file would be written, links followed.

    Parameters
    ----------
    path : str or Path
        Name of the file.
    name : str, default="path"
        What the parameter is called.

    Raises
    ------
    InvalidParameterError
        If no file of that name can be written.
    """
    try:
        target = Path(path).resolve()
        there, regular = target.exists(), target.is_file()
    except (
        TypeError,
        ValueError,
        OSError,
    ) as error:  # no name, a zero byte, too long, links in a circle
        raise InvalidParameterError.of(name, path, f"pass the name of a file ({error})") from error
    if not str(path):
        raise InvalidParameterError.of(name, str(path), "pass the name of a file")
    if there and not regular:
        raise InvalidParameterError.of(name, str(path), "pass a regular file: this is none")
    if not target.parent.is_dir() or not os.access(target.parent, os.W_OK):
        raise InvalidParameterError.of(name, str(path), "there is no folder there that can be written to")
    return target


def write_json(content: dict[str, Any], path: str | Path) -> None:
    """Write JSON through a temporary file beside `path`, so that a failure leaves the old file alone."""
    target = writable_target(path)
    text = json.dumps(content, indent=1, allow_nan=False) + "\n"
    # Part of the name, so that two files written at once do not meet, and no more than a name may have.
    unfinished = target.with_name(f".{target.name[:60]}.{os.getpid()}.part")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(target)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        unfinished.unlink(missing_ok=True)
