"""Text tables: CSV, TSV and white-space separated files as rows of numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from math import isfinite
from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import DataError
from gmmscape.results.text import counted
from gmmscape.tables.cells import complaint
from gmmscape.tables.columns import Chosen, Wanted, choose
from gmmscape.tables.growing import GrowingLines, GrowingRows
from gmmscape.tables.layout import Asked, Layout, layout_of, without_sep_line
from gmmscape.tables.preamble import COMMENT_MARKS
from gmmscape.tables.raw import Gap, Raw
from gmmscape.tables.records import SPACE, Lines, Record, line_blocks, records, uncommented, without_blanks
from gmmscape.tables.room import Room
from gmmscape.tables.source import WINDOWS, Source


def read_text(
    source: Source, encoding: str | None, wanted: Wanted, asked: Asked, told: Callable[[int], None]
) -> Raw:
    """Return the columns of a text that are wanted.

    Parameters
    ----------
    source : Source
        The text.
    encoding : str or None
        None for what it says itself, or else UTF-8, or Windows-1252 where it is not.
    wanted : Wanted
        Which columns.
    asked : Asked
        What the caller says of its layout.
    told : callable
        Called with the number of rows that are read, now and then.

    Returns
    -------
    Raw
        Missing values are NaN.

    Raises
    ------
    DataError, InvalidParameterError
        As `read_table` says.
    """
    try:
        with source.text(encoding) as text:
            return _read(text.stream, source.name, wanted, asked, told)
    except UnicodeError as error:
        if encoding is not None or not isinstance(error, UnicodeDecodeError) or error.encoding != "utf-8":
            raise DataError(
                f"{source.name} is not {encoding or 'the UTF-16 that it says'}: pass another encoding='...'"
            ) from error
    try:
        with source.text(WINDOWS) as text:
            raw = _read(text.stream, source.name, wanted, asked, told)
    except UnicodeDecodeError as error:
        raise DataError(
            f"{source.name} is neither UTF-8 nor Windows-1252 text: save it as UTF-8, or pass encoding='...'"
        ) from error
    note = "it is not UTF-8 and is read as Windows-1252; if names look wrong, pass encoding='...'"
    return raw._replace(notes=(note, *raw.notes))


def text_parts(source: Source, encoding: str | None, wanted: Wanted, asked: Asked) -> Iterator[Raw]:
    """Yield the columns of a text that are wanted, some millions of characters at a time; see `read_text`."""
    with source.text(encoding) as text:
        room = Room.of(source.name)
        layout, blocks = _begun(text.stream, source.name, asked, room)
        chosen = choose(source.name, layout.names, _as_named(wanted, layout), named=layout.named)
        reading = _Reading(source.name, layout, chosen, room)
        for lines in blocks:
            reading.add(lines)
            yield reading.raw()


def first_and_records(source: Source, encoding: str | None, asked: Asked) -> tuple[Layout, Iterator[Record]]:
    """Return the layout of a text and all its records of data as they stand there, for writing them again."""
    try:
        return _layout_and_records(source, encoding, asked)
    except UnicodeDecodeError:
        return _layout_and_records(source, encoding or WINDOWS, asked)


def _layout_and_records(
    source: Source, encoding: str | None, asked: Asked
) -> tuple[Layout, Iterator[Record]]:
    found: list[Record] = []
    with source.text(encoding) as text:
        layout, blocks = _begun(text.stream, source.name, asked, Room.of(source.name))
        for lines in blocks:
            found += _data_records(lines, layout, source.name)
    return layout, iter(found)


def _begun(stream: Any, name: str, asked: Asked, room: Room) -> tuple[Layout, Iterator[Lines]]:
    """Return the layout and all blocks of lines, comments blank."""
    blocks = line_blocks(stream, name, room)
    first, said = without_sep_line(next(blocks, Lines(1, [])))
    layout = layout_of(name, first, said, asked)
    return layout, (uncommented(lines, asked.comment) for lines in chain([first], blocks))


def _read(stream: Any, name: str, wanted: Wanted, asked: Asked, told: Callable[[int], None]) -> Raw:
    room = Room.of(name)
    layout, blocks = _begun(stream, name, asked, room)
    chosen = choose(name, layout.names, _as_named(wanted, layout), named=layout.named)
    reading = _Reading(name, layout, chosen, room)
    for lines in blocks:
        reading.add(lines)
        told(reading.n)
    return reading.raw()


def _as_named(wanted: Wanted, layout: Layout) -> Wanted:
    """What names the rows is no column of numbers, whatever is asked for."""
    return wanted._replace(keep_index=False) if layout.row_names else wanted


class _Reading:
    """The blocks of one text, turned into numbers one by one."""

    def __init__(self, name: str, layout: Layout, chosen: Chosen, room: Room) -> None:
        self.name, self.layout, self.chosen = name, layout, chosen
        self.use = chosen.places + ([] if chosen.weights is None else [chosen.weights])
        self.called = [layout.names[i] or "the first, without a name," for i in self.use]
        self.n = 0
        mark = re.escape(layout.delimiter)
        # Without the delimiter, which may be any character: two ways to read it would be tried in turn.
        letters = {*"0123456789eE+- ", layout.notation.decimal} - {layout.delimiter}
        cell = f"[{re.escape(''.join(sorted(letters)))}]+"
        self._plain = re.compile(r"[0-9eE+\-., \t]+" if mark == "\\ " else f"{cell}(?:{mark}{cell})*{mark}?")
        self._values = GrowingRows(len(self.use), room)
        self._lines = GrowingLines()
        self._gap: Gap | None = None
        self._hollow: list[int] = []
        self._odd = False

    def add(self, lines: Lines) -> None:
        """Take a block: at once where all is plain, row by row where not."""
        if lines.first < self.layout.begins:
            lines = Lines(self.layout.begins, lines.texts[self.layout.begins - lines.first :])
        numbers, texts = without_blanks(lines)
        # Where the block before had odd lines, all at once would most likely be in vain.
        values = self._at_once(texts) if texts and not self._odd else None
        if values is None:
            found = self._odd_lines_apart(numbers, texts) if texts and not lines.quoted else None
            self._odd, before = found is not None, self._odd
            values = self._at_once(texts) if texts and before and found is None else None
            if values is None:
                values, numbers = self._row_by_row(lines) if found is None else found
        self._values.add(values)
        self._lines.add(numbers)
        self.n += len(values)

    def raw(self) -> Raw:
        """Return all that was read since this was called last."""
        notes = [*self.layout.notes, *([self.chosen.note] if self.chosen.note else [])]
        if self._hollow:
            notes.append(f"{counted(len(self._hollow), 'line')} with delimiters only skipped")
        values, lines = self._values.taken(), self._lines.taken()
        weights = values[:, -1].copy() if self.chosen.weights is not None else None
        return Raw(
            self.name,
            values if weights is None else values[:, :-1],
            tuple(self.layout.names[i] for i in self.chosen.places),
            tuple(self.chosen.places),
            lines,
            weights,
            self._gap,
            tuple(notes),
            None if self.chosen.index_place is None else self.layout.names[self.chosen.index_place],
        )

    def _at_once(self, texts: list[str]) -> FloatArray | None:
        """Return the numbers of lines that NumPy reads, None where some cell needs a closer look."""
        layout = self.layout
        delimiter, width = layout.delimiter, len(layout.names)
        if layout.notation.decimal == ",":
            if delimiter == "," or any("." in text for text in texts):
                return None
            texts = [text.replace(",", ".") for text in texts]
        whole = self.use == list(range(width)) and not layout.trailing
        if not whole and not _all_of_width(texts, delimiter, width, trailing=layout.trailing):
            return None
        try:
            values = np.loadtxt(
                texts,
                delimiter=None if delimiter == SPACE else delimiter,
                comments=None,
                quotechar='"',
                ndmin=2,
                usecols=None if whole else self.use,
            )
        except ValueError:
            return None
        if values.shape != (len(texts), len(self.use)) or not np.isfinite(values).all():
            return None
        missing = layout.notation.missing_numbers
        return None if missing and np.isin(values, list(missing)).any() else values

    def _odd_lines_apart(
        self, numbers: Sequence[int], texts: list[str]
    ) -> tuple[FloatArray, list[int]] | None:
        """Return the numbers of lines of which some hold more than numbers, and only these need a look."""
        odd = [i for i, text in enumerate(texts) if not self._plain.fullmatch(text)]
        if len(odd) in (0, len(texts)):
            return None
        apart = set(odd)
        values = self._at_once([text for i, text in enumerate(texts) if i not in apart])
        if values is None:
            return None
        among = np.ones(len(texts), dtype=bool)
        among[odd] = False
        found = np.empty((len(texts), len(self.use)))
        found[among] = values
        for i in odd:
            row, at = self._row_by_row(Lines(numbers[i], [texts[i]]), first=not among[:i].any())
            among[i] = bool(at)
            found[i] = row[0] if at else 0.0
        return found[among], [number for number, kept in zip(numbers, among, strict=True) if kept]

    def _row_by_row(self, lines: Lines, *, first: bool = True) -> tuple[FloatArray, list[int]]:
        rows: list[list[float]] = []
        numbers: list[int] = []
        for record in _data_records(lines, self.layout, self.name):
            if len(record.cells) > 1 and not any(record.cells):
                self._hollow.append(record.line)
                continue
            rows.append(self._row(record, first=first and not self.n and not rows))
            numbers.append(record.line)
        return np.array(rows, dtype=np.float64).reshape(len(rows), len(self.use)), numbers

    def _row(self, record: Record, *, first: bool) -> list[float]:
        if len(record.cells) != len(self.layout.names):
            raise DataError(self._uneven(record))
        kept = [record.cells[i] for i in self.use]
        try:
            row = self._plainly(kept) or [self.layout.notation.value(cell) for cell in kept]
        except ValueError:
            if tuple(record.cells) == self.layout.names:
                again = "the names of the columns stand here again; remove the line"
                raise DataError(f"{self.name}, line {record.line}: {again}") from None
            said = complaint(self.called, kept, self.layout.notation, first=first)
            raise DataError(f"{self.name}, line {record.line}, {said}") from None
        if self._gap is None:
            place = next((i for i, number in enumerate(row) if number != number), None)
            self._gap = None if place is None else Gap(record.line, self.called[place], kept[place])
        return row

    def _plainly(self, cells: list[str]) -> list[float] | None:
        """The numbers of cells that are as Python writes them, None where some is not."""
        notation = self.layout.notation
        if notation.decimal == "," or notation.missing_numbers:
            return None
        try:
            row = [float(cell) for cell in cells]
        except ValueError:
            return None
        return row if all(map(isfinite, row)) and not any("_" in cell for cell in cells) else None

    def _uneven(self, record: Record) -> str:
        cells, first = record.cells, self.layout.names
        told = f"{self.name}, line {record.line}: {counted(len(cells), 'cell')} where the first line has "
        told += str(len(first) - self.layout.row_names)
        if any("\n" in cell for cell in cells):
            return told + "; is a quotation mark left open there?"
        for mark in COMMENT_MARKS:
            if first[0].startswith(mark) or cells[0].startswith(mark):
                return told + f"; lines that begin with {mark} are comments where comment={mark!r} is passed"
        if self.layout.delimiter == SPACE and self.layout.named:
            return told + "; names with spaces need quotation marks, or pass the delimiter="
        if self.layout.delimiter == "," and len(cells) > len(first):
            return told + "; a decimal comma, or a comma in a text without quotation marks, makes one more"
        if len(cells) == 1:
            return told + "; remove the line if it is no row, such as a note"
        if len(cells) < len(first):
            return told + "; write a delimiter for each missing value"
        return told


def _data_records(lines: Lines, layout: Layout, name: str) -> Iterator[Record]:
    """The records of data, without what a delimiter at their end makes."""
    width = len(layout.names)
    for record in records(lines, layout.delimiter, name):
        if record.line < layout.begins:
            continue
        if len(record.cells) == width + 1 and not record.cells[-1]:
            record.cells.pop()
        yield record


def _all_of_width(texts: list[str], delimiter: str, width: int, *, trailing: bool) -> bool:
    """Say whether each line has as many cells as there are columns, where delimiters in quotes count too."""
    if delimiter == SPACE:
        return all(len(text.split()) == width for text in texts) and not any('"' in text for text in texts)
    marks = width - 1 + trailing
    return all(text.count(delimiter) == marks for text in texts)
