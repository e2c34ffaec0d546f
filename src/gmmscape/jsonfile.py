"""JSON files: read with typed errors, written whole or not at all."""

from __future__ import annotations

import json
import stat
from collections.abc import Mapping
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import Any, NoReturn

from gmmscape.effort import EFFORT
from gmmscape.exceptions import FormatError
from gmmscape.wholefile import unfinished

#: The field of a file that holds the digest of all others.
DIGEST = "sha256"
#: What may stand before a text: marks of encodings (and the zeros of UTF-16), white space.
BEFORE = b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"


def read_json(path: str | Path, *, most_bytes: int | None = None) -> Any:
    """Return the content of a JSON file, in UTF-8 or, as PowerShell writes it, in UTF-16.

    Parameters
    ----------
    path : str or Path
        The file.
    most_bytes : int, optional
        Longer ones are refused; any by default.

    Raises
    ------
    FormatError
        If it is no JSON or too long. What does not begin as JSON does is refused before it is read.
    """
    try:
        return json.loads(
            _bytes(Path(path), most_bytes),
            object_pairs_hook=_once_each,
            parse_constant=refused_number,
            parse_float=number_held,
        )
    except _TwiceError as error:
        raise FormatError(f"{path} has {error}: remove one of them") from error
    except (ValueError, RecursionError) as error:  # also wrong bytes, huge numbers, bottomless nesting
        raise FormatError(f"{path} is not a JSON file: {error}") from error


def refused_number(text: str) -> NoReturn:
    """Raise ValueError: such a number, NaN or beyond float64, is in no file that was written here."""
    raise ValueError(f"it holds {text}, which is no number")


def number_held(text: str) -> float:
    """Return the number that a text of JSON says; ValueError where float64 does not hold it."""
    value = float(text)
    return value if isfinite(value) else refused_number(text)


class _TwiceError(Exception):
    """A field stands twice in one object."""


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of these fields; of two that have one name readers differ in which they take."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _TwiceError(f"the field {twice!r} twice in one object")
    return found


def _bytes(path: Path, most_bytes: int | None) -> bytes:
    with path.open("rb") as file:
        there = path.stat()
        if stat.S_ISCHR(there.st_mode):
            raise ValueError("it is a device, which may have no end")
        begin = file.read(EFFORT.measure.bytes_looked_at)
        if not begin:
            raise ValueError("it is empty")
        if not begins_as_json(begin):
            raise ValueError(f"it begins with {begin[:20].decode('utf-8', 'replace')!r}")
        if most_bytes is not None and there.st_size > most_bytes:
            raise ValueError(
                f"it has {there.st_size} bytes, and up to {most_bytes} are read of a model in JSON; write "
                "it by `save` or `gmmscape fit --save`"
            )
        return begin + file.read()


def begins_as_json(begin: bytes, *, objects_only: bool = False) -> bool:
    """Say whether first bytes are those of a JSON text, or of one that holds an object."""
    first = begin.lstrip(BEFORE)[:1]
    return first == b"{" or (not objects_only and first != b"" and first in b'["-0123456789tfn')


def digest_of(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 digest of a content, whatever the order of its fields."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return sha256(text.encode()).hexdigest()


def with_digest(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return a content with the digest of its fields as the last one."""
    return {**content, DIGEST: digest_of(content)}


def without_digest(content: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return a content without its digest, if it has one; FormatError where that is of another content."""
    rest = {name: value for name, value in content.items() if name != DIGEST}
    try:
        same = DIGEST not in content or digest_of(rest) == content[DIGEST]
    except (ValueError, TypeError, RecursionError):  # NaN, or what is nested too deeply: none was written
        same = False
    if not same:
        raise FormatError(
            f"{where} was changed after it was written: its {DIGEST} is that of another content; take the "
            f"file as it was, or, if the change is meant, remove the field {DIGEST!r}"
        )
    return rest


def json_text(content: dict[str, Any]) -> str:
    """Return the text of a JSON file."""
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def write_json(content: dict[str, Any], path: str | Path) -> None:
    """Write JSON whole or not at all: a failure leaves the old file alone."""
    text = json_text(content)
    with unfinished(path) as file:
        file.write_text(text, encoding="utf-8")
