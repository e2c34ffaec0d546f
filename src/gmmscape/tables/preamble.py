"""What stands above a table in its file: comments, names behind a comment mark, titles."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from gmmscape.effort import EFFORT
from gmmscape.exceptions import DataError
from gmmscape.results.text import counted
from gmmscape.tables.cells import looks_like_value
from gmmscape.tables.records import SPACE, Lines, Record, count_outside_quotes, records

#: Delimiters that are tried where none is given; white space is what is left.
DELIMITERS = ("\t", ";", "|", ",")
#: What programs begin comments with: NumPy, R and gnuplot, and MATLAB.
COMMENT_MARKS = ("#", "%")
#: What NumPy and gnuplot write before names; a per cent sign belongs to a name.
NAMING = "#"


def without_marks(lines: Lines, name: str) -> tuple[Lines, list[str]]:
    """Return the lines with comments above the table made blank, and names behind a mark without it.

    Parameters
    ----------
    lines : Lines
        The first of a text.
    name : str
        Of the file.

    Returns
    -------
    lines : Lines
        With the same numbers.
    notes : list of str
        What was done.
    """
    above: list[int] = []
    mark, below = "", None
    for i in (i for i, text in enumerate(lines.texts) if text.strip()):
        begin = lines.texts[i].lstrip()[0]
        if begin not in COMMENT_MARKS or begin != (mark or begin):
            below = i
            break
        above, mark = [*above, i], begin
    if not above or below is None:
        return lines, []
    bare = lines.texts[above[-1]].lstrip().lstrip(mark)
    if bare.startswith(DELIMITERS) and len(above) == 1:  # a column of this name
        return lines, []
    notes: list[str] = []
    texts = list(lines.texts)
    if _are_names(bare, texts[below], name):
        named = above.pop()
        if mark == NAMING:
            texts[named] = bare.strip()
            notes.append(f"line {lines.first + named}: the names are read without the {mark} before them")
    for i in above:
        texts[i] = ""
    if above:
        numbers = ", ".join(str(lines.first + i) for i in above[: EFFORT.measure.lines_told])
        which = f"lines {numbers} begin" if len(above) > 1 else f"line {numbers} begins"
        notes.append(f"{which} with {mark} and {'are' if len(above) > 1 else 'is'} skipped")
    return Lines(lines.first, texts), notes


def _are_names(text: str, below: str, name: str) -> bool:
    """Say whether a line names the columns of the one below it, which has to hold a number."""
    delimiter = next((mark for mark in DELIMITERS if count_outside_quotes(below, mark)), SPACE)
    rows = [list(records(Lines(1, [one]), delimiter, name)) for one in (text, below)]
    if not all(rows):
        return False
    names, values = (found[0].cells for found in rows)
    return (
        len(names) == len(values)
        and all(names)
        and not all(map(looks_like_value, names))
        and any(map(looks_like_value, values))
    )


def check_layout(name: str, lines: Lines, first: Record, data: Sequence[Record], *, named: bool) -> None:
    """Raise DataError, with what to do, where the first record cannot be that of the table.

    Parameters
    ----------
    name : str
        Of the file.
    lines : Lines
        Its first ones.
    first : Record
        What is taken for its names.
    data : sequence of Record
        Those below it.
    named : bool
        Whether the names stand in the file.
    """
    if not named or not data:
        return
    width = len(first.cells)
    quoted = lines.texts[first.line - lines.first].lstrip().startswith('"')
    for mark in DELIMITERS if width == 1 and quoted else ():
        marks = first.cells[0].count(mark)
        if (
            marks
            and f"{mark} " not in first.cells[0]
            and all(record.cells[0].count(mark) == marks for record in data)
        ):
            raise DataError(
                f"{name}, line {first.line}: each line stands in one pair of quotation marks; remove them"
            )
    whole = all(
        len(record.cells) == width or (len(record.cells) == width + 1 and not record.cells[-1])
        for record in data
    )
    if whole and any(map(looks_like_value, data[0].cells)):
        return
    table = _table_below(name, lines)
    if table is not None:
        shown = ", ".join(table.cells[: EFFORT.measure.lines_told])
        raise DataError(
            f"{name}, line {table.line}: the table seems to begin here ({shown}); remove the "
            f"{counted(table.line - 1, 'line')} above it"
        )


def _table_below(name: str, lines: Lines) -> Record | None:
    """The first record of names from which on all records have as many cells, where others stand above."""
    for delimiter in (*DELIMITERS, SPACE):
        found = list(islice(records(lines, delimiter, name), EFFORT.measure.records_looked_at))
        width = len(found[-1].cells) if found else 0
        begin = len(found)
        while begin and len(found[begin - 1].cells) == width:
            begin -= 1
        if not begin or width < 2 or len(found) - begin < 2:
            continue
        first, values = found[begin], found[begin + 1].cells
        names = first.cells if first.cells[-1] else first.cells[:-1]  # a delimiter at the end
        if all(names) and not looks_like_value(names[0]) and any(map(looks_like_value, values)):
            return Record(first.line, names)
    return None
