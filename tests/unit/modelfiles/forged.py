"""Files that are not what they say: made from a good one, member by member."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import gmmscape as gs

Members = dict[str, bytes]


def good(path: Path) -> Path:
    gs.Mixture.location([[0.0, 1.0], [3.0, 4.0]], 1.0, [0.25, 0.75]).save(path)
    return path


def members_of(path: Path) -> Members:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def written(path: Path, members: Members, *, sums: bool = True, **options: Any) -> Path:
    """Write members, with checksums that fit."""
    if sums:
        rest = {name: data for name, data in members.items() if name != "SHA256SUMS"}
        lines = [f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in rest.items()]
        members = {**rest, "SHA256SUMS": "".join(lines).encode()}
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def with_header(members: Members, change: Callable[[dict[str, Any]], object]) -> Members:
    header = json.loads(members["header.json"])
    change(header)
    return {**members, "header.json": json.dumps(header).encode()}


def npy(array: Any, **options: Any) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, version=(1, 0), **options)
    return stream.getvalue()


def claimed(shape: tuple[int, ...], data: bytes = b"", descr: str = "<f8") -> bytes:
    """An array whose header claims a shape, whatever follows."""
    stream = io.BytesIO()
    facts = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, facts)  # type: ignore[arg-type]
    return stream.getvalue() + data


def _swapped(name: str, data: bytes, shape: tuple[int, ...] | None = None) -> Callable[[Members], Members]:
    def change(members: Members) -> Members:
        new = {**members, name: data}
        if shape is None:
            return new
        return with_header(new, lambda header: header["arrays"]["means"].update(shape=list(shape)))

    return change


def _version(number: Any) -> Callable[[Members], Members]:
    return lambda members: with_header(members, lambda header: header.update(format_version=number))


HUGE = (10**6, 10**6)
NAN = npy(np.array([[0.0, np.nan], [3.0, 4.0]]))
OBJECTS = npy(np.array([[print, 1], [2, 3]], dtype=object), allow_pickle=True)
#: What is done to the members of a good file, and what the reason says.
MEMBERS: dict[str, tuple[Callable[[Members], Members], str]] = {
    "huge claim": (_swapped("means.npy", claimed(HUGE, b"\0" * 32), HUGE), "claims shape"),
    "claim beside header": (_swapped("means.npy", claimed((2, 3), b"\0" * 48)), "not of the shape"),
    "negative claim": (_swapped("means.npy", claimed((-2, -2), b"\0" * 32), (-2, -2)), "claims shape"),
    "nan": (_swapped("means.npy", NAN), "not finite"),
    "objects": (_swapped("means.npy", OBJECTS), "Python objects"),
    "text": (_swapped("means.npy", npy(np.array([["a", "b"], ["c", "d"]]))), "plain numbers"),
    "pickle in an array's place": (_swapped("means.npy", pickle.dumps([1.0])), "no usable model"),
    "no array": (lambda m: {k: v for k, v in m.items() if k != "means.npy"}, "does not name its arrays"),
    "more arrays": (_swapped("more.npy", npy(np.zeros(2))), "does not name its arrays"),
    "another folder": (_swapped("../means.npy", npy(np.zeros(2))), "'../means.npy', which no model has"),
    "root folder": (_swapped("/etc/x.npy", npy(np.zeros(2))), "which no model has"),
    "code": (_swapped("setup.py", b"print()"), "which no model has"),
    "pickle beside": (_swapped("model.pkl", pickle.dumps([1.0])), "which no model has"),
    "no header": (lambda m: {k: v for k, v in m.items() if k != "header.json"}, "no header.json"),
    "later version": (_version(99), "format_version=99.*update gmmscape"),
    "no version": (_version(None), "format_version=None"),
    "header of nan": (_swapped("header.json", b'{"format": NaN}'), "NaN"),
    "header of a list": (_swapped("header.json", b"[]"), "no object"),
    "deep header": (_swapped("header.json", b"[" * 1_000_000), "no usable model"),
    "long header": (_swapped("header.json", b"[" + b"{}," * 4_000_000 + b"{}]"), "more than a model has"),
    "another class": (
        lambda m: with_header(m, lambda h: h.update({"class": "os.system"})),
        "'os.system', which is not known",
    ),
    "another format": (lambda m: with_header(m, lambda h: h.update(format="x")), "format='x'"),
    "parameters of nobody": (
        lambda m: with_header(m, lambda h: h.update(parameters={"shell": "rm"})),
        "no usable model",
    ),
    "array of nowhere": (
        lambda m: with_header(m, lambda h: h["document"].update(means={"gmmscape-array": "x"})),
        "'x' is not there",
    ),
    "nothing in it": (lambda m: with_header(m, lambda h: h.pop("document")), "no usable model"),
    "covariances that are none": (_swapped("covariances.npy", npy(np.array([1.0, -1.0]))), "positive"),
}


def without_zeros(path: Path, length: int) -> Path:
    """A few kilobytes that unpack to gigabytes."""
    members = members_of(good(path))
    members["means.npy"] = claimed((length // 8,), b"\0" * (length))
    header = json.loads(members["header.json"])
    header["arrays"]["means"]["shape"] = [length // 8]
    members["header.json"] = json.dumps(header).encode()
    return written(path, members, compression=zipfile.ZIP_DEFLATED)


def overlapping(path: Path, times: int = 200) -> Path:
    """Many members that are all the same bytes of the file."""
    members = members_of(good(path))
    members["more.npy"] = claimed((1 << 17,), b"\0" * (1 << 20))
    written(path, members)
    data = path.read_bytes()
    end = data.rfind(b"PK\x05\x06")
    fields = list(struct.unpack("<4s4H2LH", data[end : end + 22]))
    directory = data[fields[6] : end]
    at = directory.rfind(b"PK\x01\x02", 0, directory.find(b"more.npy"))
    entry = directory[at : directory.find(b"more.npy") + 8]
    copies = [entry.replace(b"more.npy", f"m{i:03d}.npy".encode()) for i in range(times)]
    directory += b"".join(copies)
    fields[3] = fields[4] = fields[4] + times
    fields[5] = len(directory)
    path.write_bytes(data[: fields[6]] + directory + struct.pack("<4s4H2LH", *fields))
    return path


def many_entries(path: Path, entries: int = 600_000) -> Path:
    """A directory of very many members, which takes more memory than the file."""
    begin = good(path).read_bytes()
    entry = struct.pack("<4s4B4HL2L5H2L", b"PK\x01\x02", 20, 0, 20, 0, *[0] * 4, 0, 0, 0, 5, *[0] * 4, 0, 0)
    directory = b"".join(entry + b"a.npy" for _ in range(entries))
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65535, 65535, len(directory), len(begin), 0)
    path.write_bytes(begin + directory + end)
    return path
