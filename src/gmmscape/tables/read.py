"""read_table: the numbers of a file, whatever it is, with what was done to get them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gmmscape.exceptions import NoResultError
from gmmscape.progress import Budget, Callback
from gmmscape.tables.arrays import read_arrays
from gmmscape.tables.columns import Wanted
from gmmscape.tables.finish import POLICIES, finished
from gmmscape.tables.layout import Asked
from gmmscape.tables.source import Source
from gmmscape.tables.table import Table
from gmmscape.tables.text import read_text
from gmmscape.validation import choice


def read_table(
    path: str | Path | Source,
    *,
    columns: str | Sequence[str] | None = None,
    drop: str | Sequence[str] | None = None,
    needed: Sequence[str] | None = None,
    weights_column: str | None = None,
    keep_index: bool = False,
    missing: str = "refuse",
    missing_words: str | Sequence[str] | None = None,
    delimiter: str | None = None,
    header: bool | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    comment: str | None = None,
    encoding: str | None = None,
    callback: Callback | None = None,
) -> Table:
    """Read a table of numbers.

    Parameters
    ----------
    path : str, Path or Source
        Text (CSV, TSV, separated by white space), an array of NumPy (NPY, NPZ), Parquet or Feather; text may
        be compressed by gzip, bzip2, xz or zstd. "-" is standard input. Blank lines are skipped.
    columns : str or sequence of str, optional
        Columns to keep, in this order: names (with or without a unit in brackets), numbers from 1, or ranges
        such as "2-4"; one string may hold several, separated by commas. All by default, but for a first one
        that counts or names the rows, which a note says.
    drop : str or sequence of str, optional
        Columns to leave out, named likewise.
    needed : sequence of str, optional
        Names, all of which must be there, such as those that a model was fitted on: the columns to keep where
        neither `columns` nor `drop` says otherwise. A note tells what is not used.
    weights_column : str, optional
        Column of weights of the rows, which is none of the others.
    keep_index : bool, default=False
        Whether a first column that counts the rows is used.
    missing : {"refuse", "drop", "keep"}, default="refuse"
        What is done where a value is missing: an error, the row is dropped, or it is NaN.
    missing_words : str or sequence of str, optional
        Further words for a missing value, such as "-999" or "unknown".
    delimiter : str, optional
        One character, or " " for any white space. By default the first lines decide.
    header : bool, optional
        Whether the first line names the columns. By default it does where it is not made of numbers.
    decimal : {".", ","}, optional
        The decimal mark. By default a comma where cells have one that can be nothing else, which a note says.
    thousands : {",", ".", "'", " "}, optional
        What groups of three digits are separated by. None by default.
    comment : str, optional
        What comment lines begin with. None by default.
    encoding : str, optional
        Of a text. By default what its first bytes say, or UTF-8, or Windows-1252 where it is not that.
    callback : callable, optional
        Called with an `Event` now and then; returning True ends the reading.

    Returns
    -------
    Table
        Values, names, lines, and notes on what was found out or left out. Cost: one pass, of blocks of a few
        million characters, and the values in memory.

    Raises
    ------
    DataError
        If a row has too few or too many cells, or a cell of a chosen column is missing (where that is
        refused) or no finite number; the message says in which line and column, and what to do. Also where
        the file is empty, a header only, damaged, or something else than a table, which the message names.
    InvalidParameterError
        If a column is asked for that is not there, or another parameter cannot be used.
    NotAvailableError
        If the file needs a package that is not installed.
    NoResultError
        If the callback ended the reading.
    OSError
        If the file cannot be read.
    """
    choice("missing", missing, POLICIES)
    wanted = Wanted(columns, drop, weights_column, None if needed is None else tuple(needed), keep_index)
    asked = Asked(delimiter, header, decimal, thousands, comment, missing_words)
    source = path if isinstance(path, Source) else Source(path)
    budget = Budget("read", None, callback)

    def told(n: int) -> None:
        if budget.asks_to_stop("rows", n):
            raise NoResultError(f"{source.name}: reading was stopped after {n} rows: let it go on")

    kind = source.binary_format()
    raw = (
        read_text(source, encoding, wanted, asked, told)
        if kind is None
        else read_arrays(source, kind, wanted)
    )
    return finished(raw, wanted, missing)
