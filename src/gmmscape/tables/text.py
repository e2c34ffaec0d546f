"""Text tables: CSV, TSV and white-space separated files, gzipped or not, as rows of numbers."""

from __future__ import annotations

import csv
import gzip
import re
import stat
import zlib
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from itertools import chain
from math import isfinite
from pathlib import Path
from shlex import quote
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import DataError, InvalidParameterError
from gmmscape.results.text import counted

GZIP_MAGIC = b"\x1f\x8b"
DELIMITERS = ("\t", ";", ",")
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "-", "?"})
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?")


class Table(NamedTuple):
    """Columns of numbers with their names.

    Attributes
    ----------
    values : ndarray of shape (n, d)
        Finite.
    names : tuple of str
        From the header, or column1, column2 and so on.
    lines : tuple of int
        Line of the file in which each row begins, counted from 1.
    """

    values: FloatArray
    names: tuple[str, ...]
    lines: tuple[int, ...] = ()


class _Row(NamedTuple):
    line: int  # where it begins, counted from 1
    cells: list[str]


def read_table(
    path: str | Path,
    *,
    columns: str | Sequence[str] | None = None,
    drop: str | Sequence[str] | None = None,
    delimiter: str | None = None,
    header: bool | None = None,
) -> Table:
    """Read a text table of numbers.

    Parameters
    ----------
    path : str or Path
        UTF-8 text, gzipped or not. Empty lines are skipped.
    columns : str or sequence of str, optional
        Columns to keep, in this order: names, numbers from 1, or ranges such as "2-4"; one string may hold
        several, separated by commas. All by default.
    drop : str or sequence of str, optional
        Columns to leave out, named likewise.
    delimiter : str, optional
        One character, or " " for any white space. By default the first line decides: a tab, a semicolon, a
        comma, or else white space.
    header : bool, optional
        Whether the first line names the columns. By default it does where it is not made of numbers.

    Returns
    -------
    Table
        Values and names. Cost: one pass, all rows in memory.

    Raises
    ------
    DataError
        If a row has too few or too many cells, or a cell of a chosen column is missing or no finite number;
        the message says in which line and column. Also where the file is empty, is a header only or no text.
    InvalidParameterError
        If a column is asked for that is not there, or the delimiter is more than one character.
    """
    rows = _rows(path, delimiter)
    first = next(rows, None)
    if first is None:
        raise DataError(f"{path} is empty: pass a file with one row of numbers a line")
    named = not all(_looks_like_value(cell) for cell in first.cells) if header is None else header
    names = _names(path, first.cells) if named else _numbered(len(first.cells))
    chosen = _choose(names, columns, drop)
    values, lines = _numbers(path, names, chosen, rows if named else chain([first], rows))
    if not len(values):
        raise DataError(f"{path} has a header and no rows: pass a file with one row of numbers a line")
    return Table(values, tuple(names[i] for i in chosen), lines)


def _text(path: str | Path) -> str:
    if stat.S_ISCHR(Path(path).stat().st_mode):
        raise DataError(f"{path} is a device, which may have no end: pass a file")
    content = Path(path).read_bytes()
    try:
        if content.startswith(GZIP_MAGIC):
            content = gzip.decompress(content)
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text (byte {error.start}): save it as UTF-8") from error
    except (EOFError, OSError, zlib.error) as error:
        raise DataError(f"{path} is a damaged gzip file: {error}") from error
    if "\0" in text:
        raise DataError(f"{path} is no text: it contains NUL bytes")
    return text


def _rows(path: str | Path, delimiter: str | None) -> Iterator[_Row]:
    lines = _text(path).splitlines(keepends=True)
    start = next((line for line in lines if line.strip()), "")
    if delimiter is None:
        delimiter = next((mark for mark in DELIMITERS if mark in start), " ")
    elif len(delimiter) != 1:
        raise InvalidParameterError.of("delimiter", delimiter, "pass one character, or ' ' for white space")
    if delimiter == " ":
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield _Row(number, line.split())
        return
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
    number = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield _Row(number, [cell.strip() for cell in cells])
            number = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{path}, line {number}: {error}") from error


def _looks_like_value(cell: str) -> bool:
    return cell.lower() in MISSING or NUMBER.fullmatch(cell) is not None or cell.lower().lstrip("+-") == "inf"


def _names(path: str | Path, cells: list[str]) -> list[str]:
    names = [cell or f"column{i}" for i, cell in enumerate(cells, 1)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"{path}: the header names {', '.join(twice)} more than once: rename the columns")
    return names


def _numbered(n: int) -> list[str]:
    return [f"column{i}" for i in range(1, n + 1)]


def _choose(
    names: list[str], columns: str | Sequence[str] | None, drop: str | Sequence[str] | None
) -> list[int]:
    chosen = list(range(len(names))) if columns is None else _places("columns", names, columns)
    left_out = set() if drop is None else set(_places("drop", names, drop))
    chosen = [i for i in chosen if i not in left_out]
    if not chosen:
        name, value = ("columns", columns) if drop is None else ("drop", drop)
        told = value if value is None or isinstance(value, str) else ",".join(value)
        raise InvalidParameterError.of(name, told, "leave at least one column")
    return chosen


def _places(parameter: str, names: list[str], wanted: str | Sequence[str]) -> list[int]:
    parts = wanted.split(",") if isinstance(wanted, str) else [str(part) for part in wanted]
    places: list[int] = []
    for part in (part.strip() for part in parts):
        span = re.fullmatch(r"(\d+)(?:-(\d+))?", part)
        if part in names:
            places.append(names.index(part))
        elif span and 1 <= int(span[1]) <= int(span[2] or span[1]) <= len(names):
            places.extend(range(int(span[1]) - 1, int(span[2] or span[1])))
        else:
            shown = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
            remedy = f"choose among {shown}, or by number from 1 to {len(names)}"
            raise InvalidParameterError.of(parameter, part, _meant(part, names) + remedy)
    return places


def _meant(part: str, names: list[str]) -> str:
    """Ask about the column whose name is most like what was written."""
    alike = {name.lower(): name for name in reversed(names)}
    near = get_close_matches(part.lower(), alike, n=1)
    return f"did you mean {alike[near[0]]}? " if near else ""


def _numbers(
    path: str | Path, names: list[str], chosen: list[int], rows: Iterator[_Row]
) -> tuple[FloatArray, tuple[int, ...]]:
    """The numbers of the chosen columns, and the line each row begins in."""
    values: list[list[float]] = []
    lines: list[int] = []
    for line, cells in rows:
        if len(cells) != len(names):
            comment = "; lines that begin with # are no comments here: remove them"
            marked = names[0].startswith("#") or cells[0].startswith("#")
            raise DataError(
                f"{path}, line {line}: {counted(len(cells), 'cell')} where the first line has {len(names)}"
                + (comment if marked else "")
            )
        kept = [cells[i] for i in chosen]
        try:
            row = [float(cell) for cell in kept]
        except ValueError:
            row = []
        if not row or not all(map(isfinite, row)) or any("_" in cell for cell in kept):
            complaint = _complaint([names[i] for i in chosen], kept, first=not values)
            raise DataError(f"{path}, line {line}, {complaint}{_more_missing(kept, chosen, names, rows)}")
        values.append(row)
        lines.append(line)
    return np.array(values, dtype=np.float64).reshape(len(values), len(chosen)), tuple(lines)


def _complaint(names: list[str], cells: list[str], *, first: bool) -> str:
    """Say what is wrong with the first unusable cell of a row, the first or a later one, and what to do."""
    text = [name for name, cell in zip(names, cells, strict=True) if not _looks_like_value(cell)]
    place = next(i for i, cell in enumerate(cells) if not _is_finite_number(cell))
    where, cell = f"column {names[place]}: ", cells[place]
    if cell.lower() in MISSING:
        return where + f"a missing value ({cell!r}); remove the row or fill it in"
    if DECIMAL_COMMA.fullmatch(cell):
        comma = f"{cell!r} has a decimal comma; write points"
        return where + comma + ", as `tr , .` does where no comma separates cells"
    if text and not first:
        return where + f"{cell!r} is no number, as there were above it; correct it or remove the row"
    if text:
        return where + f"{cell!r} is no number; leave out what is text: drop={quote(','.join(text))}"
    return where + f"{cell!r} is not finite; remove the row"


def _more_missing(cells: list[str], chosen: list[int], names: list[str], rows: Iterator[_Row]) -> str:
    """Say of a missing value how many rows from there on have one, and in which columns."""
    if not any(cell.lower() in MISSING for cell in cells):
        return ""
    counts = {names[i]: int(cell.lower() in MISSING) for i, cell in zip(chosen, cells, strict=True)}
    n = 1
    for _, other in rows:
        gaps = [i for i in chosen if i < len(other) and other[i].lower() in MISSING]
        n += bool(gaps)
        for i in gaps:
            counts[names[i]] += 1
    told = ", ".join(f"{name} {number}" for name, number in counts.items() if number)
    return "" if n == 1 else f" ({n} rows have missing values: {told}; leave out columns with many of them)"


def _is_finite_number(cell: str) -> bool:
    return NUMBER.fullmatch(cell) is not None and isfinite(float(cell))
