"""What may be wrong with the numbers of a table: a row of totals, columns that number rows or hold dates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import DataError
from gmmscape.tables.columns import Wanted
from gmmscape.tables.raw import Raw
from gmmscape.tolerances import TOLERANCES

#: Names, in small letters, of columns that number or name what the rows are of.
IDENTIFIER = re.compile(r"(.*[ _.])?(id|nr|no|n\u00b0|num|key|row|obs|case|record|index)\.?|#")
#: Codes for a missing value, without their sign.
NINES = re.compile("9{2,}")
#: How days are written as whole numbers.
DAY = "%Y%m%d"


def check_no_totals(raw: Raw) -> None:
    """Raise DataError where the last row holds the sums of the rows above it."""
    values, share = raw.values, TOLERANCES.measure.total
    if len(values) <= TOLERANCES.measure.rows_of_a_total or raw.weights is not None:
        return
    last, above = values[-1], values[:-1]
    told = ~np.isnan(last)
    fewest = 1 if len(above) >= TOLERANCES.measure.counted_rows else 2
    some = above[:: max(1, len(above) // EFFORT.measure.reach_rows)]  # nearly all tables are through by these
    if told.sum() < fewest or not all(_beyond(last, rows, share)[told].all() for rows in (some, above)):
        return
    with np.errstate(over="ignore"):
        sums = np.add.reduce(above, axis=0, where=~np.isnan(above))
    if np.allclose(last[told], sums[told], rtol=share, atol=0.0):
        raise DataError(
            f"{raw.file}, {raw.place} {raw.lines[-1]}: it holds the sums of the rows above it; remove the row"
        )


def _beyond(last: FloatArray, above: FloatArray, share: float) -> BoolArray:
    """Say where a row is clearly larger in size than all above it, so that it is no sum by chance."""
    reach = np.maximum(np.fmax.reduce(above, axis=0), -np.fmin.reduce(above, axis=0))
    return np.abs(last) / (1.0 + share) > reach


def remarks(raw: Raw, wanted: Wanted) -> list[str]:
    """Return notes on columns that are used and may be no measurements.

    Parameters
    ----------
    raw : Raw
        The columns that are used.
    wanted : Wanted
        Where columns were asked for by name, or by a model, there are none.

    Returns
    -------
    list of str
        For the user.
    """
    if wanted.columns is not None or wanted.needed is not None or wanted.keep_index:
        return []
    if len(raw.values) < TOLERANCES.measure.counted_rows or len(raw.names) < 2:
        return []
    notes = [
        f"column {name} has the value {code:g}, which stands for a missing one in many files; "
        f"missing_words={code:g} takes it for that"
        for name, code in _codes(raw)
    ]
    for name, column in zip(raw.names, raw.values.T, strict=True):
        if _is_days(column):
            notes.append(f"column {name} may hold dates ({column[0]:.0f}); drop={name} leaves it out")
        elif _numbers_rows(name, column):
            notes.append(f"column {name} may number the rows; drop={name} leaves it out")
    return notes


def _codes(raw: Raw) -> Iterator[tuple[str, float]]:
    """Return columns with a value of nines, such as -999, that is far from all others, and that value."""
    ends = np.fmin.reduce(raw.values, axis=0), np.fmax.reduce(raw.values, axis=0)
    for place, name in enumerate(raw.names):
        for end in ends:
            code = end[place]
            if not NINES.fullmatch(f"{abs(code):.0f}") or code != np.round(code):
                continue
            column = raw.values[:, place]
            others = np.abs(column[(column != code) & ~np.isnan(column)])
            if len(others) and abs(code) > TOLERANCES.measure.code_beyond * others.max():
                yield name, float(code)


def _numbers_rows(name: str, column: FloatArray) -> bool:
    few = column[: EFFORT.measure.lines_told]
    if not (np.diff(few) > 0).all() or not (few == np.round(few)).all():
        return False
    steps = np.diff(column)
    if not (steps > 0).all() or not (column == np.round(column)).all():
        return False
    return IDENTIFIER.fullmatch(name.lower()) is not None or bool((steps == 1).all() and column[0] in (0, 1))


def _is_days(column: FloatArray) -> bool:
    looked_at = column[:: max(1, len(column) // EFFORT.measure.lines_told)]
    if not (looked_at == np.round(looked_at)).all() or len(f"{looked_at[0]:.0f}") != len("YYYYMMDD"):
        return False
    try:
        for value in looked_at.tolist():
            datetime.strptime(f"{value:.0f}", DAY)
    except ValueError:
        return False
    return True
