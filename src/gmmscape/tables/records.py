"""The records of a text: its lines, many at once, and the cells that delimiters and quotation marks make."""

from __future__ import annotations

import csv
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress
from typing import Any, NamedTuple

from gmmscape.effort import EFFORT
from gmmscape.exceptions import DataError
from gmmscape.tables.room import Room

#: Any white space, as a delimiter.
SPACE = " "
#: How DOS ends a text.
END_OF_FILE = "\x1a"
QUOTED = re.compile(r'"((?:[^"\\]|\\.|"")*)"(?=\s|$)|(\S+)')


class Record(NamedTuple):
    """Cells of a row, and the line in which it begins, counted from 1."""

    line: int
    cells: list[str]


class Lines(NamedTuple):
    """Some lines of a text, without their ends; no record goes on beyond the last."""

    first: int
    texts: list[str]

    @property
    def quoted(self) -> bool:
        """Whether there are quotation marks."""
        return any('"' in text for text in self.texts)


def line_blocks(stream: Any, name: str, room: Room) -> Iterator[Lines]:
    """Read the lines of a text, about a million characters at once.

    Raises
    ------
    DataError
        If it holds a NUL, or a row that is longer than there is room for.
    """
    first = 1
    while block := stream.read(EFFORT.measure.characters_at_once):
        block = _to_the_end_of_a_row(block, stream, first, room)
        if first == 1:  # a mark that the encoding, as it was given, takes for a character
            block = block.removeprefix("\ufeff")
        if "\0" in block:
            line = first + block.count("\n", 0, block.index("\0"))
            raise DataError(
                f"{name}, line {line}: no text holds NUL bytes; write the file anew, as it may be damaged "
                "from there on"
            )
        texts = block.split("\n")
        if texts[-1] in ("", END_OF_FILE):
            texts.pop()
        yield Lines(first, texts)
        first += len(texts)


def _to_the_end_of_a_row(block: str, stream: Any, first: int, room: Room) -> str:
    """Return a block with what is missing of its last row, whose quotation marks may join lines."""
    parts = [block]
    length, quoted = 0, block.count('"') % 2 == 1
    while (length == 0 and not block.endswith("\n")) or quoted:
        more = stream.readline(room.longest)
        if not more:
            break
        parts.append(more)
        length += len(more)
        if 0 <= room.longest < length or (len(more) == room.longest and not more.endswith("\n")):
            begins = block.rfind('"') if quoted else len(block)
            room.check_row(first + block.count("\n", 0, begins), quoted=quoted)
        quoted ^= more.count('"') % 2 == 1
    return "".join(parts) if length else block


def records(lines: Lines, delimiter: str, name: str) -> Iterator[Record]:
    """Return the records of lines, blank lines left out, cells without white space around them.

    Raises
    ------
    DataError
        If a cell is longer than any can be.
    """
    if delimiter == SPACE:
        yield from _spaced(lines)
        return
    # Ends of lines are put back, for those within quotation marks.
    reader = csv.reader((f"{text}\n" for text in lines.texts), delimiter=delimiter, skipinitialspace=True)
    number = lines.first
    try:
        for cells in reader:
            if len(cells) > 1 or (cells and cells[0].strip()):
                yield Record(number, [cell.strip() for cell in cells])
            number = lines.first + reader.line_num
    except csv.Error as error:
        raise DataError(
            f"{name}, line {number}: {error}; close the quotation mark that may be open there, or leave the "
            "column of long texts out of the file"
        ) from error


def _spaced(lines: Lines) -> Iterator[Record]:
    for number, text in enumerate(lines.texts, lines.first):
        if '"' in text:
            cells = [found[2] or found[1].replace('\\"', '"') for found in QUOTED.finditer(text)]
        else:
            cells = text.split()
        if cells:
            yield Record(number, cells)


def without_blanks(lines: Lines) -> tuple[Sequence[int], list[str]]:
    """Return the lines that say something, with their numbers."""
    numbers: Sequence[int] = range(lines.first, lines.first + len(lines.texts))
    if all(lines.texts):  # white space alone shows in what is made of it
        return numbers, lines.texts
    kept = [not _idle(text, None) for text in lines.texts]
    return array("q", compress(numbers, kept)), list(compress(lines.texts, kept))


def _idle(text: str, comment: str | None) -> bool:
    return not text or text.isspace() or (comment is not None and text.lstrip().startswith(comment))


def uncommented(lines: Lines, comment: str | None) -> Lines:
    """Return the lines with comments made blank, so that numbers stay."""
    if comment is None:
        return lines
    return Lines(lines.first, ["" if text.lstrip().startswith(comment) else text for text in lines.texts])


def count_outside_quotes(text: str, mark: str) -> int:
    """Return how often a mark stands in a line outside of quotation marks."""
    return sum(part.count(mark) for part in text.split('"')[::2])


def first_texts(lines: Iterable[str], comment: str | None) -> list[str]:
    """Return the first lines that say something, those that quotation marks join put together.

    A mark that stays open joins nothing: it is no quotation.
    """
    found: list[str] = []
    joined: list[str] = []
    for text in lines:
        if not joined and _idle(text, comment):
            continue
        joined.append(text)
        if sum(part.count('"') for part in joined) % 2 == 0:
            found.append(" ".join(joined))
            joined = []
        elif len(joined) == EFFORT.measure.joined_lines:
            found += joined
            joined = []
        if len(found) >= EFFORT.measure.records_looked_at:
            break
    return found + joined
