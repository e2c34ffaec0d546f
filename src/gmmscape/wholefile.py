"""Files written whole or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from gmmscape.exceptions import InvalidParameterError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

#: Bits of a mode that let somebody write.
WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


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
        RuntimeError,
    ) as error:  # no name, a zero byte, too long, links in a circle
        raise InvalidParameterError.of(name, path, f"pass the name of a file ({error})") from error
    if target.is_symlink():  # as newer Pythons resolve links in a circle
        raise InvalidParameterError.of(name, str(path), "pass the name of a file: links lead in a circle")
    if not str(path):
        raise InvalidParameterError.of(name, str(path), "pass the name of a file")
    if there and not regular:
        raise InvalidParameterError.of(name, str(path), "pass a regular file: this is none")
    if there and not target.stat().st_mode & WRITABLE:  # replacing asks the folder only, and root may always
        raise InvalidParameterError.of(
            name, str(path), "the file there is read-only: make it writable, or name another file"
        )
    if not target.parent.is_dir() or not os.access(target.parent, os.W_OK):
        raise InvalidParameterError.of(name, str(path), "there is no folder there that can be written to")
    return target


def temporary_beside(target: Path) -> Path:
    """Return the name of a new temporary file beside a target: no two calls, in any process, return one."""
    return target.with_name(f"{_prefix(target)}{secrets.token_hex(8)}.part")


def _prefix(target: Path) -> str:
    """What the names of temporary files of a target begin with, those of no other do, and no others."""
    # Part of the name, since a name may have no more than 255 bytes.
    return f".{target.name[:40]}.{sha256(os.fsencode(target.name)).hexdigest()[:8]}."


@contextmanager
def unfinished(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield the name of a temporary file beside `path`, which takes its place when the block is through.

    Parameters
    ----------
    path : str or Path
        Where the file is to be; a link is followed. A failure leaves what is there alone, and so does a
        process that is killed: what it leaves beside is removed when the file is written again. The content
        is on the disk before it takes the name, so that a power failure leaves the old file or the new one.
        The new file has the old one's mode; other hard links to the old one keep its content.

    Raises
    ------
    InvalidParameterError
        If no file of that name can be written.
    OSError
        If it cannot be written after all; names `path`.
    """
    target = writable_target(path)
    beside, descriptor = None, -1
    try:
        _sweep(target)
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
        # What is to be private is so from the beginning.
        beside, descriptor = _created(target, 0o666 if mode is None else 0o600)
        yield beside
        if mode is not None:
            beside.chmod(mode)
        os.fsync(descriptor)
        if fcntl is None:  # an open file is not renamed there
            os.close(descriptor)
            descriptor = -1
        beside.replace(target)
        _settled(target.parent)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        if beside is not None:
            beside.unlink(missing_ok=True)
        if descriptor >= 0:
            os.close(descriptor)


def _created(target: Path, mode: int) -> tuple[Path, int]:
    """Create a temporary file beside a target, locked for as long as it is open."""
    while True:
        beside = temporary_beside(target)
        descriptor = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_RDWR, mode)
        if fcntl is None:
            return beside, descriptor
        with suppress(OSError):  # there may be no locks here; then nobody sweeps either
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return beside, descriptor
        os.close(descriptor)  # somebody who sweeps had the lock first


def _lock(descriptor: int) -> bool:
    """Lock a file for as long as this process has it open; False where another one has."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _sweep(target: Path) -> None:
    """Remove temporary files of a target whose writers are gone: nobody has them locked."""
    prefix = _prefix(target)
    with suppress(OSError):
        found = [one for one in target.parent.iterdir() if one.name.startswith(prefix)]
        for left in found:
            with suppress(OSError):
                descriptor = os.open(left, os.O_RDWR)
                try:
                    if _lock(descriptor):
                        left.unlink()
                finally:
                    os.close(descriptor)


def _settled(folder: Path) -> None:
    """Have the names in a folder written to the disk, where the system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
