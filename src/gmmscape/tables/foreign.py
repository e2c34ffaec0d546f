"""What a file is when it is no table, by its first bytes, and what to do about it."""

from __future__ import annotations

import re
import zipfile
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
    (b"$FL3", "an SPSS file", "export it as CSV"),
    (b"\0" * 12 + b"\xc2\xea\x81\x60", "a SAS file (.sas7bdat)", "export it as CSV, by proc export"),
    (b"\x71\x02\x01\0", "a Stata file (.dta)", "export it as CSV, by export delimited"),
    (b"\x72\x02\x01\0", "a Stata file (.dta)", "export it as CSV, by export delimited"),
    (b"\x73\x02\x01\0", "a Stata file (.dta)", "export it as CSV, by export delimited"),
    (b"MATLAB 5.0", "a MATLAB file", "write the matrix by writematrix"),
    (b"FEA1", "an old Feather file", "write it anew: pyarrow writes version 2"),
    (b"Obj\x01", "an Avro file", "write its table as CSV or Parquet"),
    (b"ORC", "an ORC file", "write its table as CSV or Parquet"),
    *((begin, "a compressed file within another", "unpack it once") for begin in (b"\x1f\x8b", b"\xfd7zXZ")),
    (b"\x1f\x9d", "a file of `compress` (.Z)", "unpack it, or write it anew by gzip"),
    (b"\x5d\0\0", "an LZMA file of the old kind", "unpack it, or write it anew by xz"),
    (b"\x04\x22\x4d\x18", "an LZ4 file", "unpack it, or write it anew by gzip"),
    (b"PK\x05\x06", "an empty ZIP archive", "pass a table"),
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
WEB = "a web page (HTML)"
#: How files begin that are text, and no table of numbers: in small letters, white space before them left out.
MARKUP = tuple(
    (re.compile(begin), what, remedy)
    for begin, what, remedy in (
        (rb"%pdf", "a PDF", "a table in it has to be copied out: pass the data as CSV"),
        (rb"\{\\rtf", "a text document (RTF)", "save its table as plain CSV"),
        (rb"<stata_dta>", "a Stata file", "export it as CSV"),
        (rb"<(!doctype html|html|table|meta|div|head|body)\b", WEB, "save the table in it as CSV"),
        (rb"<([?!]|[a-z][^<>\t,;]*>(\r?\n[ \t]*)?<)", "an XML file", "write its table as CSV"),
        (rb"\\(begin|documentclass)", "a LaTeX file", "write its table as CSV"),
        (rb"@relation\s", "an ARFF file", "remove the lines up to @data, and write the names in one line"),
        (rb"simple  =", "a FITS file", "write the table in it as CSV"),
        (rb"header record\*", "a SAS transport file", "export it as CSV, by proc export"),
        (
            rb"([^\n]*\r?\n)?[ \t]*[|+]?[ \t]*:?-{3,}[-+|: \t]*[+|-]?\r?\n",
            "a table drawn with lines",
            "write it as CSV, such as by psql --csv or sqlite3 -csv",
        ),
        (
            rb"\{\s*\"|\[\s*[\[{]|\[\s*-?\d",
            "JSON, or an array as it is printed",
            "pass a table: one row of numbers a line; a model stands before the data",
        ),
    )
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
        if begin.match(text):
            return what, remedy
    if head.startswith(b"PK\x03\x04"):
        return _archive(_members(opened))
    if head[257:262] == b"ustar":
        return "a TAR archive", "unpack it and pass the table in it"
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
        return zipfile.ZipFile(opened).namelist()
    except (zipfile.BadZipFile, NotImplementedError, OSError):
        return []
