"""Names of columns: checked, and found among those that there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np

from gmmscape.exceptions import InvalidParameterError
from gmmscape.results.text import counted, shortened


def checked_names(names: Sequence[str] | None, d: int) -> tuple[str, ...] | None:
    """Return names of d columns as a tuple, or raise InvalidParameterError."""
    if names is None:
        return None
    found = () if isinstance(names, str) else tuple(names)
    if len(found) != d or not all(isinstance(name, str) for name in found):
        raise InvalidParameterError.of("feature_names", names, f"pass {counted(d, 'name')}, as strings")
    if len(set(found)) < d:
        twice = next(name for name in found if found.count(name) > 1)
        raise InvalidParameterError.of("feature_names", names, f"{twice!r} is there twice: rename one")
    return tuple(map(str, found))


def places_of(columns: Any, names: Sequence[str] | None, d: int, *, what: str = "columns") -> list[int]:
    """Return the places of columns given by name or by number, from 0; at least one, each once.

    Parameters
    ----------
    columns : str, int, or iterable of these
        As the user gave them.
    names : sequence of str or None
        Of all columns.
    d : int
        How many there are.
    what : str, default="columns"
        What the parameter is called.

    Returns
    -------
    list of int
        In the order of `columns`.

    Raises
    ------
    InvalidParameterError
        If one is not known or there twice, or there is none.
    """
    if isinstance(columns, str | int | np.integer):
        asked: list[Any] = [columns]
    elif isinstance(columns, Iterable):
        asked = list(columns)
    else:
        raise InvalidParameterError.of(what, columns, "pass names or numbers of columns")
    found = [_place(column, names, d, what) for column in asked]
    if not found or len(set(found)) < len(found):
        raise InvalidParameterError.of(what, asked, "pass one column or more, each once")
    return found


def _place(column: Any, names: Sequence[str] | None, d: int, what: str) -> int:
    known = list(names or ())
    if isinstance(column, str) and column in known:
        return known.index(column)
    if isinstance(column, int | np.integer) and not isinstance(column, bool) and 0 <= column < d:
        return int(column)
    if not known and isinstance(column, str):
        raise InvalidParameterError.of(
            what, column, f"these columns have no names: pass a number from 0 to {d - 1}"
        )
    near = get_close_matches(column, known, n=1, cutoff=0.5) if isinstance(column, str) else []
    if not near and isinstance(column, str):
        near = [name for name in known if name.casefold() == column.casefold()]
    if near:
        raise InvalidParameterError.of(what, column, f"there is no such column: did you mean {near[0]!r}?")
    listed = ", ".join(repr(shortened(name)) for name in known[:8])
    more = ", ..." if len(known) > 8 else ""
    named = f"one of {listed}{more} or " if known else ""
    raise InvalidParameterError.of(what, column, f"pass {named}a number from 0 to {d - 1}")
