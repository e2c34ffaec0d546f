"""From the numbers of a file to a table: what counts the rows is left out, missing values are dealt with."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import compress

import numpy as np

from gmmscape.arrays import BoolArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import DataError
from gmmscape.results.text import counted
from gmmscape.tables.columns import Wanted
from gmmscape.tables.raw import Raw
from gmmscape.tables.remarks import check_no_totals, remarks
from gmmscape.tables.table import Table
from gmmscape.tolerances import TOLERANCES

#: What can be done about missing values.
POLICIES = ("refuse", "drop", "keep")


def finished(raw: Raw, wanted: Wanted, missing: str) -> Table:
    """Return the table that columns make.

    Parameters
    ----------
    raw : Raw
        As read.
    wanted : Wanted
        Which columns were asked for.
    missing : {"refuse", "drop", "keep"}
        What is done about rows with missing values.

    Returns
    -------
    Table
        With all that the user should know in its notes.

    Raises
    ------
    DataError
        If there are no rows, or values are missing that may not be.
    """
    if not len(raw.values):
        raise DataError(f"{raw.file} has a header and no rows: pass a file with one row of numbers a line")
    check_no_totals(raw)
    notes = list(raw.notes)
    if raw.index_name is not None:
        told = f"column {raw.index_name}" if raw.index_name else "the first column, which has no name,"
        notes.append(f"{told} names or counts the rows and is left out" + _how_to_keep(raw))
    elif _counts_rows(raw, wanted):
        first, last = int(raw.values[0, 0]), int(raw.values[-1, 0])
        notes.append(
            f"column {raw.names[0]} counts the rows ({first} to {last}) and is left out" + _how_to_keep(raw)
        )
        raw = raw._replace(values=raw.values[:, 1:].copy(), names=raw.names[1:], places=raw.places[1:])
    raw = _without_empty(raw, wanted, notes)
    notes += remarks(raw, wanted)
    names = tuple(name or "column1" for name in raw.names)
    holes = np.isnan(raw.values)
    gaps: BoolArray = np.logical_or.reduce(holes, axis=1)
    if raw.weights is not None and np.isnan(raw.weights).any():
        line = raw.lines[int(np.flatnonzero(np.isnan(raw.weights))[0])]
        raise DataError(f"{raw.file}, {raw.place} {line}: the weight is missing; fill it in")
    if missing == "keep" or not gaps.any():
        return Table(raw.values, names, raw.lines, raw.weights, tuple(notes), (), raw.place)
    if missing == "refuse":
        raise DataError(_refused(raw, names, holes, gaps))
    return _without(raw, names, holes, gaps, notes)


def _without_empty(raw: Raw, wanted: Wanted, notes: list[str]) -> Raw:
    """Leave out columns without a name in which nothing stands, as trailing delimiters make them."""
    if wanted.columns is not None or wanted.needed is not None:
        return raw
    nameless = [name == f"column{place + 1}" for name, place in zip(raw.names, raw.places, strict=True)]
    if not any(nameless):
        return raw
    kept = ~(np.array(nameless) & np.isnan(raw.values).all(axis=0))
    if kept.all() or not kept.any():
        return raw
    left_out = [name for name, keep in zip(raw.names, kept.tolist(), strict=True) if not keep]
    notes.append(f"left out, as no name and no value stands there: {', '.join(left_out)}")
    return raw._replace(
        values=raw.values[:, kept].copy(),
        names=tuple(name for name, keep in zip(raw.names, kept.tolist(), strict=True) if keep),
        places=tuple(place for place, keep in zip(raw.places, kept.tolist(), strict=True) if keep),
    )


def _how_to_keep(raw: Raw) -> str:
    return "" if raw.index_name == "row names" else "; keep_index=True uses it"


def _counts_rows(raw: Raw, wanted: Wanted) -> bool:
    """Say whether the first column is 0, 1, ... or 1, 2, ..., and others are there."""
    n = len(raw.values)
    if wanted.columns is not None or wanted.needed is not None or wanted.keep_index:
        return False
    if n < TOLERANCES.measure.counted_rows or len(raw.places) < 2 or raw.places[0] != 0:
        return False
    column = raw.values[:, 0]
    return column[0] in (0, 1) and bool(np.array_equal(column, column[0] + np.arange(n)))


def _refused(raw: Raw, names: tuple[str, ...], holes: BoolArray, gaps: BoolArray) -> str:
    row = int(np.flatnonzero(gaps)[0])
    line = raw.lines[row]
    column = names[int(np.flatnonzero(holes[row])[0])]
    shown = f" ({raw.gap.cell!r})" if raw.gap is not None and raw.gap.line == line else ""
    n = int(gaps.sum())
    more = (
        ""
        if n == 1
        else (
            f" ({n} rows have missing values: {_by_column(names, holes)}; leave out columns with many of "
            "them)"
        )
    )
    return (
        f"{raw.file}, {raw.place} {line}, column {column}: a missing value{shown}; leave such rows out by "
        f"missing='drop', or fill it in{more}"
    )


def _by_column(names: tuple[str, ...], holes: BoolArray) -> str:
    numbers = holes.sum(axis=0)
    return ", ".join(f"{name} {number}" for name, number in zip(names, numbers, strict=True) if number)


def _without(raw: Raw, names: tuple[str, ...], holes: BoolArray, gaps: BoolArray, notes: list[str]) -> Table:
    if gaps.all():
        raise DataError(
            f"{raw.file}: every row has a missing value ({_by_column(names, holes)}): leave out columns with "
            "many of them"
        )
    dropped = tuple(raw.lines[i] for i in np.flatnonzero(gaps).tolist())
    notes.append(
        f"{len(dropped)} of {counted(len(gaps), 'row')} dropped for missing values "
        f"({_by_column(names, holes)}): {raw.place}{'s' if len(dropped) > 1 else ''} {listed(dropped)}"
    )
    kept = ~gaps
    lines = array("q", compress(raw.lines, kept.tolist()))  # a tuple of them would outweigh few columns
    weights = None if raw.weights is None else raw.weights[kept]
    return Table(raw.values[kept], names, lines, weights, tuple(notes), dropped, raw.place)


def listed(lines: Sequence[int]) -> str:
    """Return the first lines, and how many more there are."""
    most = EFFORT.measure.lines_told
    more = f" and {len(lines) - most} more" if len(lines) > most else ""
    return ", ".join(map(str, lines[:most])) + more
