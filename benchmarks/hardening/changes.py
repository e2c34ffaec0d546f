"""Single changes of files: bytes, values and fields of JSON, members of archives; each is one edit."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

Change = Callable[[np.random.Generator, bytes], bytes]
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[][{},:]')
#: Where JSON begins within a file that is none: the header of a model file.
HEADER = "header.json"
NUMBER = re.compile(rb"-?\d")


class Field(NamedTuple):
    """Where a field of an object stands: from its name to the end of its value."""

    begin: int
    end: int


class Tokens(NamedTuple):
    """What a text of JSON is made of: spans of values without parts, and of fields."""

    values: tuple[tuple[int, int], ...]
    fields: tuple[Field, ...]


@lru_cache(maxsize=256)
def tokens(text: bytes) -> Tokens:
    """Return the values and fields of a text of JSON."""
    found = [(match.start(), match.end(), match.group()) for match in TOKEN.finditer(text)]
    values, fields = [], []
    for i, (begin, end, token) in enumerate(found):
        name = i + 1 < len(found) and found[i + 1][2] == b":"
        if name:
            fields.append(Field(begin, _end_of_value(found, i + 2)))
        elif token not in b"[]{},:":
            values.append((begin, end))
    return Tokens(tuple(values), tuple(fields))


def _end_of_value(found: Sequence[tuple[int, int, bytes]], i: int) -> int:
    depth = 0
    for _, end, token in found[i:]:
        depth += (token in (b"{", b"[")) - (token in (b"}", b"]"))
        if not depth:
            return end
    return found[-1][1]


def flipped(rng: np.random.Generator, data: bytes) -> bytes:
    """Return a file with one byte changed: in one bit, in all, or to any other."""
    at = int(rng.integers(len(data)))
    mask = int(rng.choice([1 << int(rng.integers(8)), 255, int(rng.integers(1, 256))]))
    return data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]


def cut(rng: np.random.Generator, data: bytes) -> bytes:
    """Return a file that was cut off."""
    return data[: int(rng.integers(len(data)))]


def value_changed(rng: np.random.Generator, text: bytes) -> bytes:
    """Return a text with one value of another type, sign or size."""
    spans = tokens(text).values
    begin, end = spans[int(rng.integers(len(spans)))]
    return text[:begin] + _other_value(rng, text[begin:end]) + text[end:]


def _other_value(rng: np.random.Generator, value: bytes) -> bytes:
    other = [b"null", b"true", b"false", b'"text"', b"[]", b"{}", b"0", b"[%b]" % value]
    if NUMBER.match(value):
        signed = value[1:] if value.startswith(b"-") else b"-" + value
        number = float(value)
        sized = [repr(x).encode() for x in (number * 10.0, number * (1.0 + 1e-15), number + 1.0)]
        other += [signed, signed, *sized, *sized, b"1e308", b"1e400", b"1e-320", b'"%b"' % value, b"NaN"]
    elif value.startswith(b'"'):
        other += [value[:-1] + b'x"', b'""', b"1", b'"\\ud800"']
    else:
        other += [b"1", b"-1.5"]
    other = [one for one in other if one != value]
    return other[int(rng.integers(len(other)))]


def field_removed(rng: np.random.Generator, text: bytes) -> bytes:
    """Return a text without one field of one object."""
    field = _field(rng, text)
    before, after = text[: field.begin].rstrip(), text[field.end :].lstrip()
    if after.startswith(b","):
        return before + after[1:].lstrip()
    return (before[:-1] if before.endswith(b",") else before) + after


def field_added(rng: np.random.Generator, text: bytes) -> bytes:
    """Return a text with a field more in one object."""
    field = _field(rng, text)
    return text[: field.begin] + b'"added": 1, ' + text[field.begin :]


def field_doubled(rng: np.random.Generator, text: bytes) -> bytes:
    """Return a text with one field twice in its object, with the same value or another."""
    field = _field(rng, text)
    same = text[field.begin : field.end]
    name = same[: same.index(b'"', 1) + 1] if b'"' in same[1:] else same
    twice = same if rng.random() < 0.5 else name + b": 1"
    return text[: field.begin] + twice + b", " + text[field.begin :]


def _field(rng: np.random.Generator, text: bytes) -> Field:
    fields = tokens(text).fields
    return fields[int(rng.integers(len(fields)))]


#: The single changes of a text of JSON, and how often each is taken.
OF_JSON: tuple[tuple[str, Change, float], ...] = (
    ("a byte", flipped, 0.35),
    ("cut off", cut, 0.1),
    ("a value", value_changed, 0.35),
    ("a field removed", field_removed, 0.08),
    ("a field added", field_added, 0.04),
    ("a field doubled", field_doubled, 0.08),
)


def changed_json(rng: np.random.Generator, text: bytes) -> tuple[str, bytes]:
    """Return what was changed in a text of JSON, and the text."""
    at = int(rng.choice(len(OF_JSON), p=[share for *_, share in OF_JSON]))
    what, change, _ = OF_JSON[at]
    return what, change(rng, text)


def changed_archive(rng: np.random.Generator, data: bytes) -> tuple[str, bytes]:
    """Return what was changed in a model file, and the file: its bytes, its header or its members."""
    draw = rng.random()
    if draw < 0.5:
        return "a byte", flipped(rng, data)
    if draw < 0.6:
        return "cut off", cut(rng, data)
    members = members_of(data)
    if draw < 0.9:
        text = dict(members)[HEADER]
        what, change, _ = OF_JSON[int(rng.integers(2, len(OF_JSON)))]
        return what, archive([(n, change(rng, text) if n == HEADER else one) for n, one in members])
    at = int(rng.integers(len(members)))
    if draw < 0.94:
        return "a field removed", archive([one for i, one in enumerate(members) if i != at])
    if draw < 0.97:
        return "a field added", archive([*members, ("added.npy", members[at][1])])
    return "a field doubled", archive([*members, members[at]])


def members_of(data: bytes) -> list[tuple[str, bytes]]:
    """Return the members of an archive by name, in order."""
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        return [(name, opened.read(name)) for name in opened.namelist()]


def archive(members: Sequence[tuple[str, bytes]]) -> bytes:
    """Return an archive of these members, stored as they are, whether or not names are there twice."""
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as opened:
        warnings.simplefilter("ignore")
        for name, content in members:
            opened.writestr(zipfile.ZipInfo(name), content)
    return stream.getvalue()
