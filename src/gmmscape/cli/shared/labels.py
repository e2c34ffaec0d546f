"""CSV that commands write: the component of each row of a file, rows that were drawn."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import click

from gmmscape.cli.shared.files import STDOUT
from gmmscape.cli.shared.rows import Layout, Rows
from gmmscape.exceptions import InvalidParameterError
from gmmscape.prediction.labels import RowLabels
from gmmscape.tables.source import Source
from gmmscape.tables.text import first_and_records
from gmmscape.wholefile import unfinished

#: Columns beside the line, or the file's own.
COLUMNS = ("label", "probability", "uncertainty", "log_density")
#: What they are called where the file has one of these names itself.
OTHERWISE = tuple(f"gmmscape_{name}" for name in COLUMNS)


def write_csv(rows: Iterable[Sequence[Any]], file: str) -> None:
    """Write rows to standard output, or to a file: whole or not at all."""
    if file == STDOUT:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        for row in rows:
            writer.writerow(row)
            if text.tell() > io.DEFAULT_BUFFER_SIZE:
                click.echo(text.getvalue(), nl=False)
                text.seek(0)
                text.truncate()
        click.echo(text.getvalue(), nl=False)
        return
    with unfinished(file) as beside, beside.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, lineterminator="\n").writerows(rows)


def labelled(found: RowLabels, rows: Rows) -> Iterator[Sequence[Any]]:
    """Return a header and, for each row of the file, its line and what was found: nothing if dropped."""
    yield (rows.place, *COLUMNS)
    by_line = dict.fromkeys(rows.dropped, ()) | dict(zip(rows.lines, _found(found), strict=True))
    for line in sorted(by_line):
        yield (line, *(by_line[line] or ("",) * len(COLUMNS)))


def labelled_beside_columns(
    found: RowLabels, rows: Rows, source: Source, layout: Layout
) -> Iterator[Sequence[Any]]:
    """Return the rows of the file as they stand there, with what was found behind them.

    Raises
    ------
    InvalidParameterError
        If the file is no text.
    """
    if source.binary_format() is not None:
        raise InvalidParameterError(
            f"--with-columns: {source.name} is no text: leave it out, and join by row"
        )
    own, records = first_and_records(source, layout.encoding, layout.asked)
    names = tuple(name or "row" for name in own.names)
    taken = set(names) & set(COLUMNS)
    yield (*names, *(OTHERWISE if taken else COLUMNS))
    by_line = dict(zip(rows.lines, _found(found), strict=True))
    for record in records:
        if record.line in by_line or record.line in rows.dropped:
            yield (*record.cells, *by_line.get(record.line, ("",) * len(COLUMNS)))


def _found(found: RowLabels) -> Iterator[tuple[Any, ...]]:
    columns = (found.labels, found.probability, found.uncertainty, found.log_density)
    return zip(*(column.tolist() for column in columns), strict=True)
