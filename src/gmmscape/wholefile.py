"""Files written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gmmscape.exceptions import InvalidParameterError


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
        there, regular = Path(path).exists(), Path(path).is_file()
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


@contextmanager
def unfinished(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield the name of a temporary file beside `path`, which takes its place when the block is through.

    Parameters
    ----------
    path : str or Path
        Where the file is to be; a link is followed. A failure leaves what is there alone.

    Raises
    ------
    InvalidParameterError
        If no file of that name can be written.
    OSError
        If it cannot be written after all; names `path`.
    """
    target = writable_target(path)
    # Part of the name, so that two files written at once do not meet, and no more than a name may have.
    beside = target.with_name(f".{target.name[:60]}.{os.getpid()}.part")
    try:
        yield beside
        beside.replace(target)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        beside.unlink(missing_ok=True)
