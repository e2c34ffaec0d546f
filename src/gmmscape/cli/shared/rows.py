"""What of a file a command works on: its rows, as the options of `table_options` say."""

from __future__ import annotations

import warnings
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import compress
from typing import Any, NamedTuple

import click
import numpy as np

from gmmscape.arrays import BoolArray, FloatArray
from gmmscape.cli.shared.progress import progress
from gmmscape.cli.shared.spoken import of_an_error
from gmmscape.diagnosis.findings import set_aside
from gmmscape.exceptions import DataError
from gmmscape.measure import Sample
from gmmscape.results.text import counted
from gmmscape.tables.finish import listed
from gmmscape.tables.layout import Asked
from gmmscape.tables.read import read_table
from gmmscape.tables.source import Source
from gmmscape.tables.table import Table

Command = Callable[..., Any]
#: What commands do about missing values unless they are told: "refuse" or, where fits take NaN, "keep".
MISSING = "keep"


class Rows(NamedTuple):
    """Data of a file: values (n, d), names of the columns, weights of the rows or None, and their lines.

    Also the lines of rows that were dropped, and what they are: a "line" of a text, or a "row".
    """

    values: FloatArray
    names: tuple[str, ...]
    weights: FloatArray | None
    lines: Sequence[int] = ()
    dropped: tuple[int, ...] = ()
    place: str = "line"


@contextmanager
def saying_what_is_set_aside(rows: Rows) -> Iterator[None]:
    """Say on standard error which lines are left out, in place of Python's warning with their numbers."""
    for finding in set_aside(Sample(rows.values, rows.weights, copy=False, wild="aside")):
        click.echo(f"warning: {finding.told(rows.names, rows.lines)}", err=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


class Layout(NamedTuple):
    """How a file is to be read, as the options of `table_options` say."""

    columns: tuple[str, ...]
    drop: tuple[str, ...]
    keep_index: bool
    delimiter: str | None
    header: bool | None
    decimal: str | None
    thousands: str | None
    comment: str | None
    encoding: str | None
    missing: str
    missing_words: tuple[str, ...]
    weights_column: str | None

    def read(
        self,
        file: str | Source,
        names: tuple[str, ...] | None = None,
        *,
        quiet: bool = False,
        whole: bool = False,
    ) -> Rows:
        """Read the columns asked for, or, where `names` gives them, those that a model was fitted on.

        Notes on what was found out, or left out, go to standard error. Where rows must be `whole`, missing
        values are refused unless they are to be dropped.
        """
        source = file if isinstance(file, Source) else Source(file)
        with progress("reading", quiet=quiet) as callback:
            table = read_table(
                source,
                columns=self.columns or None,
                drop=self.drop or None,
                needed=names,
                weights_column=self.weights_column,
                keep_index=self.keep_index,
                missing="refuse" if whole and self.missing == "keep" else self.missing,
                callback=callback,
                encoding=self.encoding,
                **self.asked._asdict(),
            )
        for note in table.notes:
            click.echo(f"note: {source.name}: {of_an_error(note)}", err=True)
        if table.weights is not None:
            _check_weights(source.name, self.weights_column, table)
        return Rows(table.values, table.names, table.weights, table.lines, table.dropped, table.place)

    @property
    def given(self) -> bool:
        """Whether any option says something."""
        return any(self._replace(missing="")) or self.missing != MISSING

    @property
    def asked(self) -> Asked:
        """What the options say of the layout of a text."""
        return Asked(
            _mark(self.delimiter),
            self.header,
            self.decimal,
            _mark(self.thousands),
            self.comment,
            self.missing_words or None,
        )


def _mark(given: str | None) -> str | None:
    """The character that a word stands for, where one is used."""
    return {"tab": "\t", "\\t": "\t", "space": " "}.get(given or "", given)


def _check_weights(file: str, column: str | None, table: Table) -> None:
    for line, weight in zip(table.lines, table.weights if table.weights is not None else (), strict=True):
        if weight < 0:
            raise DataError(
                f"{file}, {table.place} {line}, column {column}: the weight {weight:g} is negative: weights "
                "are 0 or more"
            )


def observed(rows: Rows) -> Rows:
    """Return the rows of which something is observed, and say which others there are, and what is missing."""
    holes = np.isnan(rows.values)
    empty: BoolArray = np.logical_and.reduce(holes, axis=1)
    some = int(np.count_nonzero(np.logical_or.reduce(holes, axis=1) & ~empty))
    if some:
        click.echo(f"note: {counted(some, 'row')} with missing values: judged by what is observed", err=True)
    if not empty.any():
        return rows
    without = tuple(rows.lines[i] for i in np.flatnonzero(empty).tolist())
    many = f"{rows.place}{'s' if len(without) > 1 else ''} {listed(without)}"
    click.echo(f"note: {counted(len(without), 'row')} without any value left out: {many}", err=True)
    if empty.all():
        raise DataError("no row has a value in a column that is used: say which by --columns")
    return rows._replace(
        values=rows.values[~empty],
        weights=None if rows.weights is None else rows.weights[~empty],
        lines=array("q", compress(rows.lines, (~empty).tolist())),
        dropped=tuple(sorted((*rows.dropped, *without))),
    )


def layout_of(options: dict[str, Any]) -> Layout:
    """Take the options of `table_options` out of a command's arguments."""
    return Layout(*(options.pop(field) for field in Layout._fields))


def table_options(command: Command) -> Command:
    """Add the options that say how a file is read."""
    for option in (
        click.option(
            "--columns",
            multiple=True,
            help="Columns to use: names or numbers from 1, as in A,B or 1-3; may be repeated.",
        ),
        click.option("--drop", multiple=True, help="Columns to leave out, named likewise."),
        click.option("--keep-index", is_flag=True, help="Use a first column that counts the rows, too."),
        click.option("--delimiter", help="One character, or tab or space; found out by default."),
        click.option(
            "--header/--no-header",
            default=None,
            help="The first line names the columns, or is data; found out by default.",
        ),
        click.option("--decimal", type=click.Choice([".", ","]), help="Decimal mark; found out by default."),
        click.option("--thousands", help="What separates thousands: , . ' or space; nothing by default."),
        click.option("--comment", help="What lines begin with that are no data, as in --comment '#'."),
        click.option("--encoding", help="Of the text, such as cp1252 or utf-16; found out by default."),
        click.option(
            "--drop-missing",
            "missing",
            flag_value="drop",
            default=MISSING,
            help="Leave out rows with missing values, and say which.",
        ),
        click.option(
            "--missing-value",
            "missing_words",
            multiple=True,
            help="Another word or number for a missing value, such as -999; may be repeated.",
        ),
        click.option("--weights-column", help="Column with the weight of each row; not used as data."),
    ):
        command = option(command)
    return command
