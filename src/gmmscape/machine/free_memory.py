"""How much memory this process may still take: by its own limits, those of its group, and the machine."""

from __future__ import annotations

import os
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

from gmmscape.machine.control_groups import left_by_groups

#: Lines of what Linux says of memory that a process can have.
FREE = ("MemAvailable:", "SwapFree:")
#: Root of the file system in which Linux says it.
ROOT = Path("/")


def free_memory(root: Path = ROOT) -> int | None:
    """Return the bytes that this process may still take, or None where the system does not say.

    Parameters
    ----------
    root : Path
        Of the file system that holds ``proc`` and ``sys``.

    Returns
    -------
    int or None
        The least of what is left by limits of the process (``ulimit -v``, ``ulimit -d``), by its control
        groups, and by other processes on this machine. Cost: a few small files of the system are read.
    """
    left = [*_left_by_limits(root), *left_by_groups(root), *_left_on_machine(root)]
    return min(left) if left else None


def _left_by_limits(root: Path) -> list[int]:
    """What the limits of the process leave: of all its addresses, and of those it writes to."""
    if find_spec("resource") is None:  # not on Windows
        return []
    resource = import_module("resource")
    pages = _words(root / "proc/self/statm")
    size = resource.getpagesize()
    taken = (int(pages[0]) * size, int(pages[5]) * size) if len(pages) > 5 else (0, 0)
    limits = [resource.getrlimit(which)[0] for which in (resource.RLIMIT_AS, resource.RLIMIT_DATA)]
    return [
        max(0, limit - own)
        for limit, own in zip(limits, taken, strict=True)
        if limit != resource.RLIM_INFINITY
    ]


def _left_on_machine(root: Path) -> list[int]:
    """What can be had without harm to other processes; all memory where the system tells no more."""
    words = _words(root / "proc/meminfo")
    known = {name: int(kilobytes) * 1024 for name, kilobytes in pairwise(words) if name in FREE}
    if FREE[0] in known:
        return [sum(known.values())]
    try:
        return [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    except (AttributeError, ValueError, OSError):
        return []


def _words(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return []
