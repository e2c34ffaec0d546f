"""What a file is when it is no text, by its first bytes, and what to do about it."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import BinaryIO

EXPORT = "save the sheet as CSV in the program that made it, and pass that"
#: First bytes, what such a file is, and what to do.
FOREIGN = (
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)", EXPORT),
    (b"\x89PNG", "a picture (PNG)", "pass the numbers that it shows, as CSV"),
    (b"\xff\xd8\xff", "a picture (JPEG)", "pass the numbers that it shows, as CSV"),
    (b"GIF8", "a picture (GIF)", "pass the numbers that it shows, as CSV"),
    (b"\x89HDF", "an HDF5 file", "write the table in it as CSV or NPY, with h5py or pandas"),
    (b"CDF\x01", "a NetCDF file", "write the table in it as CSV or NPY"),
    (b"CDF\x02", "a NetCDF file", "write the table in it as CSV or NPY"),
    (b"SQLite format 3", "an SQLite database", "write the table in it as CSV, by `sqlite3 -header -csv`"),
    (b"RDX", "an R workspace (.RData)", "write the data frame in R by write.csv"),
    (b"X\n\x00\x00", "an R object (.rds)", "write the data frame in R by write.csv"),
    (b"$FL2", "an SPSS file", "export it as CSV"),
    (b"MATLAB 5.0", "a MATLAB file", "write the matrix by writematrix"),
    (b"FEA1", "an old Feather file", "write it anew: pyarrow writes version 2"),
    (b"Obj\x01", "an Avro file", "write its table as CSV or Parquet"),
    (b"ORC", "an ORC file", "write its table as CSV or Parquet"),
    (b"7z\xbc\xaf", "a 7-Zip archive", "unpack it and pass the table in it"),
    (b"Rar!", "a RAR archive", "unpack it and pass the table in it"),
    (b"\x80\x02", "a pickle", "loading one can run any code: write the table as CSV"),
    (b"\x80\x03", "a pickle", "loading one can run any code: write the table as CSV"),
    (b"\x80\x04", "a pickle", "loading one can run any code: write the table as CSV"),
    (b"\x80\x05", "a pickle", "loading one can run any code: write the table as CSV"),
)
#: Files of tables that are no text.
BINARY = ((b"\x93NUMPY", "npy"), (b"PAR1", "parquet"), (b"ARROW1", "feather"))
#: Bytes that no text holds.
CONTROL = bytes({*range(0x20)} - {0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x1A, 0x1B})
#: How files begin that are text, and no table: in small letters.
MARKUP = (
    (b"%pdf", "a PDF", "a table in it has to be copied out: pass the data as CSV"),
    (b"{\\rtf", "a text document (RTF)", "save its table as plain CSV"),
    (b"<stata_dta>", "a Stata file", "export it as CSV"),
    (b"<!doctype html", "a web page (HTML)", "save the table in it as CSV"),
    (b"<html", "a web page (HTML)", "save the table in it as CSV"),
    (b"<table", "a web page (HTML)", "save the table in it as CSV"),
    (b"<?xml", "an XML file", "write its table as CSV"),
)


def binary_format(head: bytes, opened: BinaryIO) -> str | None:
    """Return "npy", "npz", "parquet" or "feather" where a file, which can be sought in, is one of these."""
    for begin, name in BINARY:
        if head.startswith(begin):
            return name
    return "npz" if head.startswith(b"PK\x03\x04") and all_arrays(opened) else None


def has_control(head: bytes) -> bool:
    """Say whether bytes hold one that no text does."""
    return any(byte in CONTROL for byte in head)


def all_arrays(opened: BinaryIO) -> bool:
    """Say whether all members of a ZIP archive are arrays of NumPy."""
    names = _members(opened)
    return bool(names) and all(name.endswith(".npy") for name in names)


def foreign(head: bytes, opened: BinaryIO) -> tuple[str, str] | None:
    """Return what a file is that is no text, and what to do; None where its first bytes say nothing."""
    for begin, what, remedy in FOREIGN if has_control(head) else ():
        if head.startswith(begin):
            return what, remedy
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for begin, what, remedy in MARKUP:
        if text.startswith(begin):
            return what, remedy
    if head.startswith(b"PK\x03\x04"):
        return _archive(_members(opened))
    if head[257:262] == b"ustar":
        return "a TAR archive", "unpack it and pass the table in it"
    if text.startswith((b'{"', b"{\n", b"{ ", b"[{", b"[[")):
        return "JSON", "pass a table: one row of numbers a line; a model stands before the data"
    return None


def _archive(names: list[str]) -> tuple[str, str]:
    if any(name.startswith("xl/") for name in names):
        return "an Excel workbook (.xlsx)", EXPORT
    if "content.xml" in names and "mimetype" in names:
        return "an OpenDocument file (.ods)", EXPORT
    if any(name.startswith("word/") for name in names):
        return "a Word document", "save its table as CSV"
    held = f" of {', '.join(names[:3])}{', ...' if len(names) > 3 else ''}" if names else ""
    return f"a ZIP archive{held}", "unpack it and pass the table in it"


def _members(opened: BinaryIO) -> list[str]:
    try:
        opened.seek(0)
        return zipfile.ZipFile(BytesIO(opened.read())).namelist()
    except (zipfile.BadZipFile, OSError):
        return []
