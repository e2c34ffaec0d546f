"""What of a file a command works on: its rows, as the options of `table_options` say."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import click

from gmmscape.arrays import FloatArray
from gmmscape.diagnosis.findings import set_aside
from gmmscape.exceptions import DataError, InvalidParameterError
from gmmscape.measure import Sample
from gmmscape.tables.text import read_table

Command = Callable[..., Any]
MISSING_COLUMN = "the model was fitted on columns {names}, which {file} does not have: use --columns"


class Rows(NamedTuple):
    """Data of a file: values (n, d), names of the columns, weights of the rows or None, and their lines."""

    values: FloatArray
    names: tuple[str, ...]
    weights: FloatArray | None
    lines: tuple[int, ...] = ()


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
    delimiter: str | None
    no_header: bool
    weights_column: str | None

    def read(self, file: str, names: tuple[str, ...] | None = None) -> Rows:
        """Read the columns asked for, or, where `names` gives them, those that a model was fitted on."""
        from_model = names is not None and not self.columns and not self.drop
        columns = list(names or ()) if from_model else _parts(self.columns) or None
        if columns is not None and names is not None and sorted(columns) == sorted(names):
            columns = list(names)  # the model's own, in whatever order: they go to where it has them
        drop = _parts(self.drop)
        if self.weights_column is not None:
            drop.append(self.weights_column)
        weights = self._weights(file)
        try:
            table = self._table(file, columns, drop or None)
        except InvalidParameterError as error:
            if not from_model or not str(error).startswith("columns="):
                raise
            raise DataError(MISSING_COLUMN.format(names=", ".join(names or ()), file=file)) from error
        return Rows(table.values, table.names, weights, table.lines)

    def _weights(self, file: str) -> FloatArray | None:
        if self.weights_column is None:
            return None
        try:
            table = self._table(file, [self.weights_column], None)
        except InvalidParameterError as error:
            remedy = str(error).partition(": ")[2]
            raise click.BadParameter(
                f"{self.weights_column!r} is no column: {remedy}", param_hint="--weights-column"
            ) from error
        if len(table.names) != 1:
            raise click.BadParameter(
                f"{self.weights_column!r} names {len(table.names)} columns: name one",
                param_hint="--weights-column",
            )
        weights = table.values[:, 0]
        for line, weight in zip(table.lines, weights, strict=True):
            if weight < 0:
                raise DataError(
                    f"{file}, line {line}, column {table.names[0]}: the weight {weight:g} is negative: "
                    "weights are 0 or more"
                )
        return weights

    def _table(self, file: str, columns: Any, drop: Any) -> Any:
        delimiter = {"tab": "\t", "\\t": "\t", "space": " "}.get(self.delimiter or "", self.delimiter)
        header = False if self.no_header else None
        return read_table(Path(file), columns=columns, drop=drop, delimiter=delimiter, header=header)


def _parts(given: tuple[str, ...]) -> list[str]:
    """All that an option was given, once or more, with commas or without."""
    return [part for text in given for part in text.split(",")]


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
        click.option("--delimiter", help="One character, or tab or space; found out by default."),
        click.option("--no-header", is_flag=True, help="The first line is data, whatever it looks like."),
        click.option("--weights-column", help="Column with the weight of each row; not used as data."),
    ):
        command = option(command)
    return command
