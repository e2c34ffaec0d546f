"""What control groups of Linux, as containers and batch systems make them, leave a process of memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

#: Where they stand on most machines.
MOUNTED = "sys/fs/cgroup"


class _Files(NamedTuple):
    """How a version calls what it says: the limit, what is used, and what of that is given back if needed."""

    folder: str
    limit: str
    used: str
    kept_pages: str


VERSIONS = {
    1: _Files("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    2: _Files("", "memory.max", "memory.current", "inactive_file"),
}


def left_by_groups(root: Path) -> list[int]:
    """Return the bytes that each group with a limit leaves this process; `root` is that of the file system.

    A group counts the pages of files that its processes have read; those not in use are given back first.
    """
    return [
        max(0, left)
        for version, path in _paths(root)
        for folder in _upwards(root / MOUNTED / VERSIONS[version].folder, path)
        if (left := _left(folder, VERSIONS[version])) is not None
    ]


def _paths(root: Path) -> Iterator[tuple[int, str]]:
    """The version and the path of the groups of this process that may bound its memory."""
    for line in _read(root / "proc/self/cgroup").splitlines():
        number, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        if number == "0" and not names:
            yield 2, path
        elif "memory" in names.split(","):
            yield 1, path


def _upwards(mounted: Path, path: str) -> Iterator[Path]:
    """The folder of a group and of all that hold it; in a container only the last may be there."""
    parts = [part for part in path.split("/") if part and part != ".."]
    for length in range(len(parts), -1, -1):
        yield mounted.joinpath(*parts[:length])


def _left(folder: Path, files: _Files) -> int | None:
    limit, used = _read(folder / files.limit).strip(), _read(folder / files.used).strip()
    if not limit.isdecimal() or not used.isdecimal():  # "max" is no limit
        return None
    stated = dict(line.split(" ", 1) for line in _read(folder / "memory.stat").splitlines() if " " in line)
    given_back = stated.get(files.kept_pages, "0").strip()
    return int(limit) - int(used) + (int(given_back) if given_back.isdecimal() else 0)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
