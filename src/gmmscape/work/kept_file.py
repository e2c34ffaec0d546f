"""The file of a checkpoint: its digest, and the file before it, which is kept beside."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from gmmscape.effort import EFFORT
from gmmscape.exceptions import FormatError
from gmmscape.jsonfile import read_json
from gmmscape.wholefile import temporary_beside, unfinished

FORMAT = "gmmscape-checkpoint"
#: Versions that are read; the last one is written.
VERSIONS = [1, 2]
#: What is added to the name of a file for the one that was there before it.
ENDING = ".previous"
#: The digest is that of the whole file with this in its place.
BLANK = b"0" * 64
BEGIN = f'{{"format": "{FORMAT}", "format_version": {VERSIONS[-1]}, "sha256": "'.encode()


class Kept(NamedTuple):
    """What a checkpoint holds.

    Attributes
    ----------
    task : str
        Whose work it is.
    facts : dict
        What must be the same for it to be of use.
    done : dict
        Results by name.
    """

    task: str
    facts: dict[str, Any]
    done: dict[str, Any]


@contextmanager
def as_kept() -> Iterator[None]:
    """Raise FormatError where a result in a checkpoint is none that its work has kept.

    A digest finds damage; a file without one, of an earlier version or made by somebody, may hold anything.
    """
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise FormatError(
            f"checkpoint: it holds what this work has not kept ({error!r}): remove the file, or name another"
        ) from error


class DamagedCheckpointError(FormatError):
    """A checkpoint that is not as it was written."""


def previous_of(path: Path) -> Path:
    """Return where the file before this one is kept."""
    return path.with_name(path.name + ENDING)


def load(path: Path) -> tuple[Kept, str | None]:
    """Return what a checkpoint holds, or, if it is damaged, what the one before it does.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Kept, str or None
        The content, and where it is not that of the file what is to be said about it.

    Raises
    ------
    FormatError
        If it is no checkpoint, of a later version, or damaged as is the one before it.
    """
    try:
        return read(path), None
    except DamagedCheckpointError as damage:
        previous = previous_of(path)
        try:
            kept = read(previous)
        except (OSError, FormatError):
            raise FormatError(
                f"{path} is a damaged checkpoint ({damage}), and there is no whole one before it "
                f"({previous.name}): remove it"
            ) from damage
        return kept, (
            f"checkpoint: {path} is damaged ({damage}): going on from {previous.name}, written before it"
        )


def read(path: Path) -> Kept:
    """Return what a checkpoint holds.

    Raises
    ------
    DamagedCheckpointError
        If it was changed or cut off after it was written.
    FormatError
        If it is no checkpoint, or of a later version.
    OSError
        If it cannot be read.
    """
    content = path.read_bytes()
    if not content.strip(b"\0"):
        raise DamagedCheckpointError("it is empty")
    said = re.search(rb'"sha256": "([0-9a-f]{64})"', content[: 2 * len(BEGIN) + len(BLANK)])
    if said is not None and sha256(_blanked(content, said.start(1))).hexdigest() != said[1].decode():
        raise DamagedCheckpointError("its content is not the one that was written")
    if said is None and _begins_as_written(content):
        raise DamagedCheckpointError("it does not begin as the JSON that was written")
    found = read_json(path)
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise FormatError(f"{path} is no checkpoint ({FORMAT}): name another file, or remove it")
    if found.get("format_version", 1) not in VERSIONS:
        raise FormatError(
            f"{path} is a checkpoint of version {found['format_version']}, up to {VERSIONS[-1]} are read: "
            "update gmmscape, or name another file"
        )
    task, facts, done = (found.get(name) for name in Kept._fields)
    if not isinstance(task, str) or not isinstance(facts, dict) or not isinstance(done, dict):
        raise DamagedCheckpointError("something is missing in it")
    return Kept(task, facts, done)


def write(kept: Kept, path: Path, *, keep: bool) -> None:
    """Write a checkpoint, whole or not at all.

    Parameters
    ----------
    kept : Kept
        The content.
    path : Path
        The file.
    keep : bool
        Whether the file that is there becomes the one before it: not if it is damaged.
    """
    body = json.dumps(kept._asdict(), allow_nan=False)[1:].encode()
    content = BEGIN + BLANK + b'",\n' + body + b"\n"
    digest = sha256(content).hexdigest().encode()
    with unfinished(path) as beside:
        beside.write_bytes(content.replace(BLANK, digest, 1))
        if keep and path.is_file():
            _keep(path)


def _keep(path: Path) -> None:
    """Give the file the name of the previous one too, so that at no moment it lacks its own."""
    spare = temporary_beside(path)
    try:
        try:
            os.link(path, spare)
        except OSError:  # a file system without links
            shutil.copy(path, spare)
        spare.replace(previous_of(path))
    finally:
        with suppress(OSError):
            spare.unlink()


def _begins_as_written(content: bytes) -> bool:
    """Whether it is a checkpoint that was cut off early, or one with a few wrong bytes at the beginning."""
    if len(content) < len(BEGIN):
        return BEGIN.startswith(content)
    return sum(a != b for a, b in zip(content, BEGIN, strict=False)) <= EFFORT.files.damaged_bytes


def _blanked(content: bytes, at: int) -> bytes:
    return content[:at] + BLANK + content[at + len(BLANK) :]
