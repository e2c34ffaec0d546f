"""Options that several commands share, and what they make of the file they speak of."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.cli.files import Written
from gmmscape.diagnosis.findings import set_aside
from gmmscape.exceptions import DataError, InvalidParameterError
from gmmscape.jsonfile import writable_target
from gmmscape.measure import Sample
from gmmscape.tables.text import read_table

Command = Callable[..., Any]
max_seconds_option = click.option(
    "--max-seconds", type=click.FloatRange(min=0), help="Stop after this time with what is found."
)
checkpoint_option = click.option(
    "--checkpoint", type=Written(), help="Keep what is done in this file; go on from it."
)
#: Of commands whose result is a report on standard output.
quiet_option = click.option("--quiet", is_flag=True, help="No result on standard output and no progress.")
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

    columns: str | None
    drop: str | None
    delimiter: str | None
    no_header: bool
    weights_column: str | None

    def read(self, file: str, names: tuple[str, ...] | None = None) -> Rows:
        """Read the columns asked for, or, where `names` gives them, those that a model was fitted on."""
        columns: Any = self.columns
        from_model = names is not None and columns is None and self.drop is None
        if from_model:
            columns = list(names or ())
        drop = [] if self.drop is None else self.drop.split(",")
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
            values = self._table(file, [self.weights_column], None).values
        except InvalidParameterError as error:
            raise click.BadParameter(str(error), param_hint="--weights-column") from error
        if values.shape[1] != 1:
            raise click.BadParameter(
                f"{self.weights_column!r} names {values.shape[1]} columns: name one",
                param_hint="--weights-column",
            )
        return values[:, 0]

    def _table(self, file: str, columns: Any, drop: Any) -> Any:
        delimiter = {"tab": "\t", "\\t": "\t", "space": " "}.get(self.delimiter or "", self.delimiter)
        header = False if self.no_header else None
        return read_table(Path(file), columns=columns, drop=drop, delimiter=delimiter, header=header)


def layout_of(options: dict[str, Any]) -> Layout:
    """Take the options of `table_options` out of a command's arguments."""
    return Layout(*(options.pop(field) for field in Layout._fields))


def table_options(command: Command) -> Command:
    """Add the options that say how a file is read."""
    for option in (
        click.option("--columns", help="Columns to use: names or numbers from 1, as in A,B or 1-3."),
        click.option("--drop", help="Columns to leave out, named likewise."),
        click.option("--delimiter", help="One character, or tab or space; found out by default."),
        click.option("--no-header", is_flag=True, help="The first line is data, whatever it looks like."),
        click.option("--weights-column", help="Column with the weight of each row; not used as data."),
    ):
        command = option(command)
    return command


def run_options(command: Command) -> Command:
    """Add the options of whatever takes time and chance."""
    for option in (
        click.option("--n-jobs", type=int, help="Threads at most; all cores by default."),
        click.option(
            "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of all that is random."
        ),
        click.option("--quiet", is_flag=True, help="No table and no progress."),
    ):
        command = option(command)
    return command


def laboratory_options(*, checkpoint: bool) -> Callable[[Command], Command]:
    """Add the options of what searches landscapes, with --checkpoint where the work can be resumed."""
    options = [
        quiet_option,
        max_seconds_option,
        click.option("--n-jobs", type=int, default=1, show_default=True, help="Processes; -1 for all cores."),
        click.option(
            "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of all that is random."
        ),
    ]
    if checkpoint:
        options.insert(1, checkpoint_option)

    def add(command: Command) -> Command:
        for option in options:
            command = option(command)
        return command

    return add


def search_options(*, nested: str) -> Callable[[Command], Command]:
    """Add the options of the search for a better fit; `nested` is the default of --nested."""
    option = click.option(
        "--nested",
        type=click.Choice(["offer", "take"]),
        default=nested,
        show_default=True,
        help="Gains by components nested in one cluster: list them, or take them.",
    )
    return lambda command: run_options(option(command))


class PriorRows(click.ParamType):
    """A number of rows, or auto."""

    name = "rows"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float | str:
        """Return the number, or "auto"."""
        if value == "auto":
            return value
        try:
            return float(value)
        except ValueError:
            self.fail(f"{value!r} is no number of rows: write auto, or 0 for none", param, ctx)


pursue_option = click.option(
    "--pursue",
    type=click.Choice(["evidence", "likelihood"]),
    default="evidence",
    show_default=True,
    help="Make moves whose gain new rows would see too, or all that gain on these.",
)


def regularity_options(command: Command) -> Command:
    """Add what keeps covariances from collapsing, by default what the model or the function has."""
    for option in (
        click.option("--reg-covar", type=float, help="Least variance, in squared units of the data."),
        click.option("--covariance-floor", type=float, help="Least variance, as a share of the data's."),
        click.option(
            "--covariance-prior",
            type=PriorRows(),
            help="Rows of the components' pooled covariance that each is given: auto, or a number; 0 for "
            "maximum likelihood.",
        ),
    ):
        command = option(command)
    return command


def check_writable(file: str | None, option: str) -> None:
    """Raise a usage error now if a file could not be written later."""
    if file is None:
        return
    try:
        writable_target(file)
    except InvalidParameterError as error:
        raise click.BadParameter(str(error), param_hint=option) from error


def plain(value: Any) -> Any:
    """Return arrays and NumPy scalars as what JSON can hold, numbers that are not finite as None."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    return value
