"""The container: a zip of one JSON header, checksums, and plain arrays; nothing in it is ever run.

NumPy reads the arrays too: ``numpy.load(path, allow_pickle=False)["means"]``. Members are stored as they are,
so that the sizes they claim can be held against the size of the file before anything is read.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import stat
import struct
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.lib import format as npy

from gmmscape.arrays import HEADER_ERRORS
from gmmscape.effort import EFFORT
from gmmscape.exceptions import FormatError, NotAvailableError
from gmmscape.jsonfile import number_held, refused_number
from gmmscape.wholefile import unfinished

Array = np.ndarray[Any, Any]
HEADER, SUMS = "header.json", "SHA256SUMS"
#: Names that members may have: those of a file in this folder, and of nothing else.
MEMBER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\.npy")
#: The fixed end of a zip without a comment, and what stands before it where sizes take 64 bits.
END, WIDE = struct.Struct("<4s4H2LH"), b"PK\x06\x07"
END_MARK, FIRST = b"PK\x05\x06", b"PK\x03\x04"
#: What else a file may begin with, and what that is.
OTHERS = {
    b"\x93NUMPY": "a NumPy array",
    b"\x80": "a pickle",
    b"\x1f\x8b": "a compressed file",
    b"BZh": "a compressed file",
    b"\xfd7zXZ": "a compressed file",
    b"\x89HDF": "an HDF5 file",
}


class Content(NamedTuple):
    """What a file holds: its header, and arrays by name."""

    header: dict[str, Any]
    arrays: dict[str, Array]


def write_archive(path: str | Path, header: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """Write a file whole or not at all; the same content gives the same bytes.

    Raises
    ------
    NotAvailableError
        If there is more to write than this format holds.
    OSError
        If the file cannot be written.
    """
    facts = {name: {"dtype": array.dtype.str, "shape": list(array.shape)} for name, array in arrays.items()}
    text = json.dumps({**header, "arrays": facts}, allow_nan=False, ensure_ascii=False)
    written = text.encode("utf-8", "backslashreplace")  # half a pair of UTF-16 as JSON writes it
    size = sum(array.nbytes for array in arrays.values())
    if len(written) > EFFORT.files.header_bytes or size >= EFFORT.files.most_bytes:
        raise NotAvailableError(
            f"a header of {len(written)} bytes and arrays of {size} are more than a model file holds: save "
            "the mixture_ alone"
        )
    members = {HEADER: written, **{f"{name}.npy": _npy(array) for name, array in arrays.items()}}
    lines = [f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in members.items()]
    with unfinished(path) as beside, zipfile.ZipFile(beside, "w", zipfile.ZIP_STORED) as archive:
        for name, data in {**members, SUMS: "".join(lines).encode()}.items():
            archive.writestr(zipfile.ZipInfo(name), data)  # of a fixed date


def _npy(array: Array) -> bytes:
    stream = io.BytesIO()
    npy.write_array(stream, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
    return stream.getvalue()


def is_archive(path: str | Path) -> bool:
    """Say whether a file begins as model files do; raises FormatError where it can be read only once."""
    check_regular(path)
    with Path(path).open("rb") as file:
        begin = file.read(len(FIRST) + 512)
    return begin.startswith(FIRST) and HEADER.encode() in begin and b'"format": "gmmscape-model"' in begin


def check_regular(path: str | Path) -> None:
    """Raise FormatError for pipes and devices, which end once or never; folders are the system's error."""
    mode = Path(path).stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise FormatError(f"{path} is a pipe or a device: write what it gives to a file, and pass that")


def read_archive(path: str | Path) -> Content:
    """Return what a file holds, once all of it has been checked.

    Raises
    ------
    FormatError
        If it is damaged, cut short, of another kind, holds objects, or claims more than is there.
    OSError
        If it cannot be read.
    """
    with _as_format_errors(path), Path(path).open("rb") as file:
        _check_end(file)
        with zipfile.ZipFile(file) as archive:
            members = _checked_members(archive, file.seek(0, io.SEEK_END))
            _check_sums(archive, members)
            header = _header(archive.read(HEADER))
            facts = _facts(header, members)
            arrays = {name: _array(archive, members[f"{name}.npy"], fact) for name, fact in facts.items()}
    return Content(header, arrays)


@contextmanager
def _as_format_errors(path: str | Path) -> Iterator[None]:
    try:
        yield
    except FormatError as error:
        raise FormatError(f"{path} is no usable model file: {error}") from error
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, struct.error, KeyError) as error:
        raise FormatError(f"{path} is no usable model file: it is damaged ({error})") from error


def _check_end(file: IO[bytes]) -> None:
    """Raise unless the file ends as those that are written here: the directory says how long it is."""
    begin = file.read(8)
    if not begin:
        raise FormatError("it is empty")
    if not begin.startswith(FIRST):
        what = next((what for mark, what in OTHERS.items() if begin.startswith(mark)), "something else")
        raise FormatError(f"it is {what}, and is not opened; pass what `save` has written")
    size = file.seek(0, io.SEEK_END)
    back = min(size, END.size + 20)
    file.seek(size - back)
    end = file.read(back)
    if len(end) < END.size or not end[-END.size :].startswith(END_MARK):
        raise FormatError("its end is missing: it was cut short, or something was added")
    _, disk, first_disk, here, entries, length, offset, comment = END.unpack(end[-END.size :])
    if end.startswith(WIDE) or disk or first_disk or comment or here != entries:
        raise FormatError("its end is not that of a model file")
    limit = EFFORT.files.most_members + 2
    if entries > limit or length > limit * EFFORT.files.entry_bytes:
        raise FormatError(f"it has {entries} members in a directory of {length} bytes: more than a model has")
    if offset + length + END.size != size:
        raise FormatError("its directory is not where it says: it was cut short, or something was added")


def _checked_members(archive: zipfile.ZipFile, size: int) -> dict[str, zipfile.ZipInfo]:
    """Return members by name; each is stored as it is, and together they are no longer than the file."""
    members: dict[str, zipfile.ZipInfo] = {}
    for one in archive.infolist():
        name = one.filename
        if name not in (HEADER, SUMS) and not MEMBER.fullmatch(name):
            raise FormatError(f"it has a member {name!r}, which no model has: it is not opened")
        if name in members:
            raise FormatError(f"it has two members {name!r}")
        if one.compress_type != zipfile.ZIP_STORED or one.file_size != one.compress_size or one.flag_bits & 1:
            raise FormatError(
                f"{name!r} is compressed or encrypted ({one.file_size} bytes in {one.compress_size}): a "
                "small file could fill the memory"
            )
        members[name] = one
    total = sum(one.file_size for one in members.values())
    if total > size:
        raise FormatError(f"its members claim {total} bytes, and the file has {size}")
    for name in (HEADER, SUMS):
        if name not in members:
            raise FormatError(f"it has no {name}: it is another zip, such as one of `numpy.savez`")
        if members[name].file_size > EFFORT.files.header_bytes:
            raise FormatError(f"its {name} has {members[name].file_size} bytes: more than a model has")
    return members


def _check_sums(archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo]) -> None:
    """Raise unless every member has the checksum that the file says, reading a little at a time."""
    wanted: dict[str, str] = {}
    for line in archive.read(SUMS).decode("ascii").splitlines():
        checksum, _, name = line.partition("  ")
        wanted[name] = checksum
    if set(wanted) != set(members) - {SUMS}:
        raise FormatError(f"{SUMS} does not name its members")
    for name, checksum in wanted.items():
        digest = hashlib.sha256()
        with archive.open(members[name]) as stream:
            while block := stream.read(EFFORT.files.block_bytes):
                digest.update(block)
        if digest.hexdigest() != checksum:
            raise FormatError(f"{name!r} does not have its checksum: it was changed or damaged")


def _header(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text.decode("utf-8"), parse_constant=refused_number, parse_float=number_held)
    except RecursionError as error:
        raise FormatError(f"its {HEADER} is nested too deeply") from error
    if not isinstance(header, dict):
        raise FormatError(f"its {HEADER} is no object")
    return header


def _facts(header: Mapping[str, Any], members: Mapping[str, zipfile.ZipInfo]) -> dict[str, Any]:
    """Return dtype and shape of each array, which have to be those that there are."""
    facts = header.get("arrays")
    if not isinstance(facts, dict) or {f"{name}.npy" for name in facts} != set(members) - {HEADER, SUMS}:
        raise FormatError(f"its {HEADER} does not name its arrays")
    return facts


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, fact: Any) -> Array:
    """Return an array, once what it claims agrees with the header and with its size."""
    name = member.filename
    with archive.open(member) as stream:
        if npy.read_magic(stream) != (1, 0):  # type: ignore[arg-type]
            raise FormatError(f"{name!r} is no array of version 1.0")
        try:
            shape, fortran, dtype = npy.read_array_header_1_0(stream)  # type: ignore[arg-type]
        except HEADER_ERRORS as error:
            raise FormatError(f"{name!r} has no readable header") from error
        if dtype.hasobject:
            raise FormatError(f"{name!r} holds Python objects, which are not opened: they can run any code")
        if dtype.kind not in "fiub" or not dtype.isnative or fortran:
            raise FormatError(f"{name!r} holds {dtype}, not plain numbers in rows")
        if not isinstance(fact, dict) or fact != {"dtype": dtype.str, "shape": list(shape)}:
            raise FormatError(f"{name!r} is not of the shape that {HEADER} says")
        length = dtype.itemsize
        for side in shape:
            length *= side
        if min(shape, default=0) < 0 or stream.tell() + length != member.file_size:
            raise FormatError(f"{name!r} claims shape {shape}, {length} bytes, and has {member.file_size}")
        data, at = bytearray(length), 0
        while at < length:
            block = stream.read(min(EFFORT.files.block_bytes, length - at))
            if not block:
                raise FormatError(f"{name!r} ends too early")
            data[at : at + len(block)] = block
            at += len(block)
    return np.frombuffer(data, dtype).reshape(shape) if length else np.empty(shape, dtype)
