"""A lock on a checkpoint: one process at a time works with it."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from weakref import WeakValueDictionary

from gmmscape.exceptions import InvalidParameterError
from gmmscape.threads import ForkLock

try:
    import fcntl
except ImportError:  # Windows: nothing is locked there
    fcntl = None

#: What is added to the name of a file for the one beside it that is locked.
ENDING = ".lock"


class FileLock:
    """Holds a file for this process, by a lock on one beside it, until it is released or forgotten.

    The system takes the lock from a process that ends, however it does; on file systems that know no locks
    nothing is held. Within one process the last one that asks has it: an earlier one may be left over from
    work that an error has ended, which a notebook remembers.

    Parameters
    ----------
    path : Path
        The file, links followed; it need not be there.

    Raises
    ------
    InvalidParameterError
        If another process holds it.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._side = path, path.with_name(path.name + ENDING)
        self._process = os.getpid()
        self._descriptor: int | None = None
        self._lost = False
        with _GUARD.held():
            before = _HELD.pop(path, None)
            if before is None or before._process != self._process:
                self._descriptor = _taken(path, self._side)
            else:
                self._descriptor, before._descriptor, before._lost = before._descriptor, None, True
            _HELD[path] = self

    def check(self) -> None:
        """Raise InvalidParameterError if other work in this process has taken over."""
        if self._lost:
            raise InvalidParameterError.of(
                "checkpoint", str(self._path), "other work in this process has it now: name another file"
            )

    def release(self) -> None:
        """Let others have it."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None or self._process != os.getpid():  # the child of a fork holds nothing
            return
        with suppress(OSError):
            self._side.unlink()
        os.close(descriptor)

    def __del__(self) -> None:
        if getattr(self, "_descriptor", None) is not None:
            self.release()


#: Who holds what in this process.
_HELD: WeakValueDictionary[Path, FileLock] = WeakValueDictionary()
_GUARD = ForkLock()


def _taken(path: Path, side: Path) -> int | None:
    """The descriptor of the locked file; None where there are no locks."""
    if fcntl is None:
        return None
    while True:
        try:
            descriptor = os.open(side, os.O_CREAT | os.O_RDWR, 0o666)
        except OSError as error:
            raise InvalidParameterError.of(
                "checkpoint", str(path), f"{side.name} cannot be written beside it ({error.strerror})"
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(descriptor), side.stat()):
                os.ftruncate(descriptor, 0)
                os.write(descriptor, b"%d\n" % os.getpid())
                return descriptor
        except FileNotFoundError:  # whoever had it has removed it: another one may be there by now
            pass
        except OSError as error:
            whose = os.pread(descriptor, 20, 0).split(b"\n")[0].decode("ascii", "replace")
            os.close(descriptor)
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                return None
            raise InvalidParameterError.of(
                "checkpoint",
                str(path),
                f"another process ({whose or 'unknown'}) is at work with it: wait, or name another file",
            ) from error
        os.close(descriptor)
