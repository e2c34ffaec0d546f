"""How a text table is laid out, found out from its first records: delimiter, header, units, decimal mark."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice, pairwise, takewhile
from typing import NamedTuple

from gmmscape.effort import EFFORT
from gmmscape.exceptions import DataError, InvalidParameterError
from gmmscape.results.text import counted
from gmmscape.tables.cells import MISSING, PLAIN, SEPARATORS, Notation, decimal_comma_in, looks_like_value
from gmmscape.tables.columns import check_names
from gmmscape.tables.preamble import DELIMITERS, check_layout, without_marks
from gmmscape.tables.records import (
    SPACE,
    Lines,
    Record,
    count_outside_quotes,
    first_texts,
    records,
    uncommented,
)

#: Excel's own first line, which names the delimiter.
SEP = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
#: Whole numbers as programs write them.
WHOLE = re.compile(r"[+-]?\d+")
#: Years that columns are called by.
YEAR = re.compile(r"(19|20)\d\d")
#: What is taken for a unit on a line of them: in brackets, or a usual one, with powers and quotients.
ONE_UNIT = (
    r"[numkMGhdc\u00b5\u03bc]?(?:m|g|s|A|K|mol|cd|Hz|N|Pa|J|W|C|V|F|\u03a9|ohm|T|H|L|l|bar|eV|pc|cal|b|B|Wh)"
    r"|min|h|hr|hours?|d|days?|yr|years?|months?|weeks?|sec|deg|\u00b0|\u00b0[CF]|rad|%|ppm|ppb|dB|mag|px|counts?"
    r"|in|ft|lb|oz|mi|mph|rpm|USD|EUR|GBP|units?|score|mm\s?Hg|mmHg|IU|U"
)
POWER = rf"(?:{ONE_UNIT})(?:\^?-?\d|[\u00b2\u00b3])?"
UNIT = re.compile(rf"[(\[].*[)\]]|{POWER}(?:[/*\u00b7 ]{POWER})*")


class Asked(NamedTuple):
    """What the caller says of the layout; None is for what is to be found out."""

    delimiter: str | None = None
    header: bool | None = None
    decimal: str | None = None
    thousands: str | None = None
    comment: str | None = None
    missing_words: str | Sequence[str] | None = None


class Layout(NamedTuple):
    """How the records of a text are to be read.

    Attributes
    ----------
    delimiter : str
        One character; a space is any white space.
    names : tuple of str
        Of the columns.
    named : bool
        Whether they stand in the file.
    begins : int
        Line of the first record of data.
    trailing : bool
        Whether records end in a delimiter.
    row_names : bool
        Whether the first column, which the header leaves out, names the rows.
    notation : Notation
        How numbers are written.
    notes : tuple of str
        What was found out that the user should know.
    """

    delimiter: str
    names: tuple[str, ...]
    named: bool
    begins: int
    trailing: bool
    row_names: bool
    notation: Notation
    notes: tuple[str, ...]


def without_sep_line(lines: Lines) -> tuple[Lines, str | None]:
    """Return the lines with Excel's line that names the delimiter made blank, and that delimiter."""
    for place, text in enumerate(lines.texts):
        if text.strip():
            found = SEP.fullmatch(text)
            if found is None:
                break
            rest = ["" if i == place else text for i, text in enumerate(lines.texts)]
            return Lines(lines.first, rest), found[1]
    return lines, None


def layout_of(name: str, lines: Lines, said: str | None, asked: Asked) -> Layout:
    """Find out how a text is laid out.

    Parameters
    ----------
    name : str
        Of the file.
    lines : Lines
        Its first ones.
    said : str or None
        The delimiter that the file names itself.
    asked : Asked
        What the caller says of it.

    Returns
    -------
    Layout
        Of all of it.

    Raises
    ------
    DataError
        If there is no record, or two columns have one name.
    InvalidParameterError
        If something that was asked for cannot be.
    """
    if asked.delimiter is not None and len(asked.delimiter) != 1:
        raise InvalidParameterError.of(
            "delimiter", asked.delimiter, "pass one character, or ' ' for white space"
        )
    notation = Notation.of(asked.decimal, asked.thousands, asked.missing_words)
    lines = uncommented(lines, asked.comment)
    table, notes = (lines, []) if asked.comment else without_marks(lines, name)
    texts = first_texts(table.texts, None)
    if not texts:
        raise DataError(f"{name} is empty: pass a file with one row of numbers a line")
    delimiter = asked.delimiter or said or _delimiter(texts, asked.decimal)
    found = list(islice(records(table, delimiter, name), EFFORT.measure.records_looked_at))
    hollow = list(takewhile(lambda record: len(record.cells) > 1 and not any(record.cells), found))
    if hollow:
        notes.append(f"{counted(len(hollow), 'line')} with delimiters only above the table skipped")
        found = found[len(hollow) :]
    if not found:
        raise DataError(f"{name} is empty: pass a file with one row of numbers a line")
    first, rest = found[0], found[1:]
    if asked.header is None:
        named, note = _is_header(first.cells, rest)
        notes += [f"line {first.line} {note}"] if note else []
    else:
        named = asked.header
    names, trailing, row_names = _columns(first, rest, named=named)
    if named and rest and _are_units(names, rest):
        told = ", ".join(f"{one} in {unit}" for one, unit in zip(names, rest[0].cells, strict=False) if unit)
        notes.append(f"line {rest[0].line} is taken for units: {told}")
        rest = rest[1:]
    if named and rest and not first.cells[0] and _names_the_index(rest[0].cells):
        notes.append(f"line {rest[0].line} names the index ({rest[0].cells[0]}) and is skipped")
        rest = rest[1:]
    data = rest if named else found
    if named and not rest and any("\n" in cell for cell in first.cells):
        raise DataError(
            f"{name}, line {first.line}: there are names and no rows; is a quotation mark left open there?"
        )
    check_layout(name, lines, Record(first.line, names), data, named=named)
    if delimiter == "," and not named and (asked.delimiter, said, asked.decimal) == (None,) * 3:
        notes += _two_columns_or_one(name, data)
    notation, note = _with_decimal_mark(notation, asked, data)
    notes += [note] if note else []
    check_names(name, names)
    begins = data[0].line if data else lines.first + len(lines.texts)
    return Layout(delimiter, tuple(names), named, begins, trailing, row_names, notation, tuple(notes))


def _names_the_index(cells: Sequence[str]) -> bool:
    return len(cells) > 1 and not any(cells[1:]) and not looks_like_value(cells[0])


def _delimiter(texts: Sequence[str], decimal: str | None) -> str:
    first = texts[0]
    quoted = any('"' in text for text in texts[1:])
    marks = DELIMITERS if decimal != "," or quoted else DELIMITERS[:-1]
    there = [mark for mark in marks if count_outside_quotes(first, mark)]
    steady = [mark for mark in there if len({count_outside_quotes(text, mark) for text in texts}) == 1]
    chosen = next(iter(steady or there), SPACE)
    if chosen == ",":
        spaced, cells = first.split(), [cell.strip().strip('"') for cell in first.split(",")]
        between = len(spaced) > 1 and all(map(looks_like_value, spaced))
        if between and not all(map(looks_like_value, cells)):  # white space between decimal commas
            return SPACE
    return chosen


def _is_header(cells: Sequence[str], rest: Sequence[Record]) -> tuple[bool, str]:
    """Say whether a first record names the columns, and what the user should know if that is a guess."""
    if not all(map(looks_like_value, cells)):
        return True, ""
    told = list(cells[1:] if not cells[0] else cells)
    begin = told[0] if told and (told[0] == "0" or YEAR.fullmatch(told[0])) else None
    if begin is None or not rest or told != [str(int(begin) + i) for i in range(len(told))]:
        return False, ""
    fractions = any("." in cell or "," in cell for record in rest for cell in record.cells)
    if not cells[0] or (len(told) > 1 and fractions):
        return True, f"({begin}, {int(begin) + 1}, ...) is taken for names, as pandas writes them"
    if YEAR.fullmatch(begin) and len(told) > 1:
        return False, f"({begin}, {int(begin) + 1}, ...) is taken for data; pass header=True if it has names"
    return False, ""


def _two_columns_or_one(name: str, data: Sequence[Record]) -> list[str]:
    """What is to be known where lines may be two whole numbers, or one with a decimal comma.

    Digits behind a comma begin with zeros, and end in none where their number differs, as programs write
    them; whole numbers are otherwise, sooner or later. Raises DataError where they look like such digits.
    """
    if not data or not all(len(one.cells) == 2 and all(map(WHOLE.fullmatch, one.cells)) for one in data):
        return []
    behind = [one.cells[1] for one in data]
    if not all(map(str.isdecimal, behind)):
        return []
    shown = ",".join(data[0].cells)
    led = any(len(digits) > 1 and digits[0] == "0" for digits in behind)
    uneven = len(set(map(len, behind))) > 1 and not any(len(one) > 1 and one[-1] == "0" for one in behind)
    if led or uneven or any(one.cells[0] == "-0" for one in data):
        raise DataError(
            f"{name}: lines as {shown} may be one number with a decimal comma, or two whole numbers: pass "
            "decimal=',' or delimiter=','"
        )
    return [f"lines as {shown} are read as two whole numbers; pass decimal=',' if they are one each"]


def _columns(first: Record, rest: Sequence[Record], *, named: bool) -> tuple[list[str], bool, bool]:
    """Return the names, whether records end in a delimiter, and whether unnamed cells name the rows."""
    cells, n = list(first.cells), len(first.cells)
    longer = bool(rest) and all(len(record.cells) == n + 1 for record in rest)
    last_empty = bool(rest) and all(not record.cells[-1] for record in rest)
    trailing = (
        n > 1
        and not cells[-1]
        and bool(rest)
        and all(
            len(record.cells) == n - 1 or (len(record.cells) == n and not record.cells[-1]) for record in rest
        )
    )
    if trailing:
        cells.pop()
    row_names = named and longer and not last_empty and _name_rows([record.cells[0] for record in rest])
    if not named:
        return [f"column{i}" for i in range(1, len(cells) + 1)], trailing, False
    names = [" ".join(cell.split()) or f"column{i}" for i, cell in enumerate(cells, 1)]
    if not cells[0]:
        names[0] = ""
    if row_names:
        names.insert(0, "row names")
    return names, trailing or (longer and last_empty), row_names


def _name_rows(cells: Sequence[str]) -> bool:
    """Say whether cells are names that differ, or count rows."""
    if len(set(cells)) < len(cells):
        return False
    if all(cell.isdecimal() for cell in cells):
        return all(int(b) > int(a) for a, b in pairwise(cells))
    return not any(PLAIN.fullmatch(cell) for cell in cells)


def _are_units(names: Sequence[str], rest: Sequence[Record]) -> bool:
    if len(rest) < 2 or len(rest[0].cells) != len(rest[1].cells):
        return False
    cells = [
        unit
        for unit, value in zip(rest[0].cells, rest[1].cells, strict=True)
        if looks_like_value(value) and value.lower() not in MISSING
    ]
    told = [cell for cell in cells if cell.lower() not in MISSING]
    # A number anywhere makes it a row of data.
    numbers = any(looks_like_value(cell) and cell.lower() not in MISSING for cell in rest[0].cells)
    return bool(told) and not numbers and all(map(UNIT.fullmatch, told))


def _with_decimal_mark(notation: Notation, asked: Asked, data: Sequence[Record]) -> tuple[Notation, str]:
    """Return the notation with a decimal comma where cells have one that can be nothing else."""
    if asked.decimal is not None or notation.decimal == "," or notation.thousands == ",":
        return notation, ""
    marks = SEPARATORS.get(notation.thousands or "", "")
    bare = str.maketrans("", "", marks)
    cells = [cell.translate(bare) for record in data for cell in record.cells]
    if not decimal_comma_in(cells):
        return notation, ""
    return notation._replace(decimal=","), "numbers have decimal commas and are read so"
