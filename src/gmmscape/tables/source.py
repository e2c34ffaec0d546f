"""Where a table comes from: a file or standard input, compressed or not, in whatever encoding."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import stat
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from gmmscape.effort import EFFORT
from gmmscape.exceptions import DataError, InvalidParameterError, NotAvailableError
from gmmscape.tables.foreign import binary_format, foreign, has_control
from gmmscape.tables.room import BLOCKS, Room
from gmmscape.tables.unpacked import Unpacked

#: The name of standard input.
STDIN = "-"
#: What to do with more of it than there is room for.
SAVED = f"save it as a file and {BLOCKS}"
#: First bytes of compressed files.
GZIP, BZIP2, XZ, ZSTD = b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd"
#: Marks that texts may begin with, and the encodings they stand for; the longer ones first.
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: What Windows programs write that do not write UTF-8.
WINDOWS = "cp1252"


def standard_input() -> BinaryIO:
    """Return what standard input gives; raises DataError where there is none."""
    if sys.stdin is None:  # the shell closed it
        raise DataError("standard input is closed: pipe something into it, or name a file")
    return sys.stdin.buffer


def read_all(stream: Any, room: Room, remedy: str = BLOCKS) -> bytes:
    """Return all that is left in a stream; raises DataError where that is more than there is room for."""
    held = io.BytesIO()
    while some := stream.read(EFFORT.measure.bytes_at_once):
        room.check(held.tell() + len(some), "its bytes", remedy)
        held.write(some)
    return held.getvalue()


class Text(NamedTuple):
    """A text that is read as it is needed, and the encoding that its bytes told or that was guessed."""

    stream: Any
    encoding: str
    guessed: bool


class Source:
    """A file, or what standard input holds; can be read more than once.

    Parameters
    ----------
    path : str or Path
        "-" is standard input.

    Raises
    ------
    DataError
        If it is a device that may have no end.
    OSError
        If it cannot be opened.
    """

    def __init__(self, path: str | Path) -> None:
        self.name = "standard input" if str(path) == STDIN else str(path)
        self._content: bytes | None = None
        self._path = Path(path)
        if str(path) == STDIN:
            self._content = read_all(standard_input(), Room.of(self.name), SAVED)
            return
        mode = self._path.stat().st_mode
        if stat.S_ISCHR(mode):
            raise DataError(f"{path} is a device, which may have no end: pass a file")
        if not stat.S_ISREG(mode):  # a pipe gives its bytes once; a folder is the system's error
            with self._path.open("rb") as pipe:
                self._content = read_all(pipe, Room.of(self.name), SAVED)

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """Open the bytes, uncompressed; what is damaged becomes a DataError."""
        with self._packed() as raw:
            head = raw.read(len(XZ))
            raw.seek(0)
            try:
                yield self._uncompressed(raw, head)
            except (EOFError, zlib.error, lzma.LZMAError, OSError) as error:
                if not head.startswith((GZIP, BZIP2, XZ, ZSTD)):
                    raise
                raise DataError(f"{self.name} is a damaged {_packing(head)} file: {error}") from error
            except MemoryError as error:  # what it is unpacked through is as large as the file says
                if not head.startswith(ZSTD):
                    raise
                raise DataError(f"{self.name} asks for more than the memory there is: {error}") from error

    def _packed(self) -> BinaryIO:
        return self._path.open("rb") if self._content is None else io.BytesIO(self._content)

    def _uncompressed(self, raw: BinaryIO, head: bytes) -> Any:
        if head.startswith(GZIP):
            return gzip.GzipFile(fileobj=raw)
        if head.startswith(BZIP2):
            return bz2.BZ2File(raw)
        if head.startswith(XZ):
            return lzma.LZMAFile(raw)
        if head.startswith(ZSTD):
            return self._zstd(raw)
        return raw

    def _zstd(self, raw: BinaryIO) -> Any:
        if sys.version_info >= (3, 14):
            return import_module("compression.zstd").ZstdFile(raw)
        if find_spec("pyarrow") is None:
            raise NotAvailableError(
                f"{self.name} is compressed by zstd, which needs one more package: "
                'pip install "gmmscape[data]", or unpack it first'
            )
        arrow = import_module("pyarrow")
        # It can only be read forward, and closes what it reads from.
        return io.BufferedReader(Unpacked(lambda: arrow.CompressedInputStream(self._packed(), "zstd")))

    def binary_format(self) -> str | None:
        """Return the name of a format of tables that is no text; DataError where it is no table at all."""
        with self.opened() as stream:
            head = stream.read(EFFORT.measure.bytes_looked_at)
            found = binary_format(head, stream)
            strange = None if found else foreign(head, stream)
        if strange is not None:
            what, remedy = strange
            raise DataError(f"{self.name} is {what}, and no table of numbers: {remedy}")
        return found

    @contextmanager
    def text(self, encoding: str | None) -> Iterator[Text]:
        """Open it as text, its lines ending in newlines whatever they end in there."""
        with self.opened() as stream:
            head = stream.read(EFFORT.measure.bytes_looked_at)
            stream.seek(0)
            found = self._encoding(head) if encoding is None else encoding
            try:
                codecs.lookup(found)
            except LookupError as error:
                raise InvalidParameterError.of(
                    "encoding", encoding, "pass the name of one, such as utf-8, cp1252, latin-1 or utf-16"
                ) from error
            yield Text(io.TextIOWrapper(stream, found), found, encoding is None)

    def _encoding(self, head: bytes) -> str:
        for mark, name in MARKS:
            if head.startswith(mark):
                return name
        odd, even = head[1::2].count(0), head[::2].count(0)
        if odd + even and min(odd, even) == 0 and 3 * (odd + even) > len(head):  # ASCII letters in UTF-16
            return "utf-16-le" if odd else "utf-16-be"
        if has_control(head):
            what = "NUL bytes" if 0 in head else "control characters"
            raise DataError(f"{self.name} is no text: it contains {what}")
        return "utf-8"


def _packing(head: bytes) -> str:
    names = {GZIP: "gzip", BZIP2: "bzip2", XZ: "xz", ZSTD: "zstd"}
    return next(name for begin, name in names.items() if head.startswith(begin))
