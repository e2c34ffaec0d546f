"""Which columns of a table are used: by name, number or range, and the ones that only count the rows."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches
from typing import NamedTuple

from gmmscape.effort import EFFORT
from gmmscape.exceptions import DataError, InvalidParameterError

#: What pandas calls an index that it writes behind the columns of a Parquet or Feather file.
LAST = "__index_level_0__"
#: Names, in small letters, that R, pandas and others give to the column that counts or names the rows.
INDEX_NAMES = frozenset(
    {
        "",
        "unnamed: 0",
        "rownames",
        "row.names",
        "rowname",
        "row names",
        "index",
        "level_0",
        "..1",
        LAST,
    }
)
#: What stands behind a name: "height (cm)", "height [cm]".
UNIT = re.compile(r"(?<!\s)\s*[(\[][^()\[\]]*[)\]]\s*$")


class Wanted(NamedTuple):
    """Which columns are asked for.

    Attributes
    ----------
    columns, drop : str, sequence of str or None
        Names, numbers from 1, or ranges such as "2-4"; one string may hold several, separated by commas.
    weights : str or None
        The column of weights.
    needed : tuple of str or None
        Names, all of which must be there, such as those that a model was fitted on.
    keep_index : bool
        Whether a column that counts the rows is one of numbers, too.
    """

    columns: str | Sequence[str] | None = None
    drop: str | Sequence[str] | None = None
    weights: str | None = None
    needed: tuple[str, ...] | None = None
    keep_index: bool = False


class Chosen(NamedTuple):
    """Places of the columns that are used, of the weights, and of an index that is left out by its name.

    The note is for the user, where a model leaves columns unused.
    """

    places: list[int]
    weights: int | None
    index_place: int | None
    note: str | None = None


def choose(name: str, names: Sequence[str], wanted: Wanted, *, named: bool) -> Chosen:
    """Return the places of the columns that are wanted.

    Parameters
    ----------
    name : str
        Of the file.
    names : sequence of str
        Of its columns.
    wanted : Wanted
        What is asked for.
    named : bool
        Whether the names stand in the file.

    Returns
    -------
    Chosen
        In the order in which they are asked for.

    Raises
    ------
    InvalidParameterError
        If a column is asked for that is not there, or none is left.
    DataError
        If one is not there that a model needs.
    """
    weights = _weights(names, wanted.weights)
    index = None
    if wanted.needed is not None and wanted.columns is None and wanted.drop is None:
        found = _needed(name, names, wanted.needed)
        unused = [one or "the first" for i, one in enumerate(names) if i not in (*found, weights)]
        note = f"not used, as the model has no such column: {_shown(unused)}" if unused else None
        return Chosen(found, weights, None, note)
    if wanted.columns is None:
        chosen = list(range(len(names)))
        if named and not wanted.keep_index and len(names) > 1:
            index = _index_in(names)
    else:
        chosen = places("columns", names, wanted.columns)
    left_out = set() if wanted.drop is None else set(places("drop", names, wanted.drop))
    chosen = [i for i in chosen if i not in left_out and i not in (weights, index)]
    if not chosen:
        parameter, value = ("columns", wanted.columns) if wanted.drop is None else ("drop", wanted.drop)
        told = value if value is None or isinstance(value, str) else ",".join(value)
        raise InvalidParameterError.of(parameter, told, "leave at least one column")
    return Chosen(_as_the_model_has(chosen, names, wanted), weights, index)


def check_names(name: str, names: Sequence[str]) -> None:
    """Raise DataError where two columns of a file have one name."""
    twice = sorted(one for one, number in Counter(names).items() if number > 1)
    if twice:
        raise DataError(f"{name}: the header names {', '.join(twice)} more than once: rename the columns")


def _index_in(names: Sequence[str]) -> int | None:
    """The place of a column that counts or names the rows by its name: the first, or one that pandas adds."""
    return 0 if names[0].lower() in INDEX_NAMES else names.index(LAST) if LAST in names else None


def _as_the_model_has(chosen: list[int], names: Sequence[str], wanted: Wanted) -> list[int]:
    """The same columns in the model's order where they are asked for by its names; by number they stay."""
    needed, columns = wanted.needed, wanted.columns
    if needed is None or columns is None:
        return chosen
    given = [columns] if isinstance(columns, str) else columns
    asked = [part for text in given for part in _parts(text, names)]
    return [names.index(one) for one in needed] if sorted(asked) == sorted(needed) else chosen


def _needed(name: str, names: Sequence[str], needed: tuple[str, ...]) -> list[int]:
    missing = [one for one in needed if one not in names]
    if missing:
        raise DataError(
            f"{name} lacks {', '.join(missing)}: the model was fitted on columns {', '.join(needed)}, and "
            f"the file has {_shown(names)}: rename its columns, or say which stand for them by columns=..."
        )
    return [names.index(one) for one in needed]


def _weights(names: Sequence[str], wanted: str | None) -> int | None:
    if wanted is None:
        return None
    found = places("weights_column", names, [wanted])
    if len(found) != 1:
        raise InvalidParameterError.of("weights_column", wanted, f"it names {len(found)} columns: name one")
    return found[0]


def places(parameter: str, names: Sequence[str], wanted: str | Sequence[str]) -> list[int]:
    """Return where the columns stand that names, numbers or ranges call; raises InvalidParameterError."""
    given = [wanted] if isinstance(wanted, str) else [str(part) for part in wanted]
    found: list[int] = []
    for text in given:
        for part in _parts(text, names):
            found.extend(_places_of(parameter, part, names))
    twice = [i for place, i in enumerate(found) if i in found[:place]]
    if twice and parameter == "columns":
        called = names[twice[0]] or "1"
        raise InvalidParameterError.of(parameter, ",".join(given), f"name column {called} once, not twice")
    return found


def _parts(text: str, names: Sequence[str]) -> list[str]:
    """What commas separate, quoted parts in one; a name with commas is one part where it is there."""
    if text.strip() in names:
        return [text.strip()]
    return [part.strip() for part in next(csv.reader([text], skipinitialspace=True), [""])]


def _places_of(parameter: str, part: str, names: Sequence[str]) -> list[int]:
    span = re.fullmatch(r"(\d+)(?:-(\d+))?", part)
    if part in names:
        return [names.index(part)]
    if span and 1 <= int(span[1]) <= int(span[2] or span[1]) <= len(names):
        return list(range(int(span[1]) - 1, int(span[2] or span[1])))
    bare = [i for i, name in enumerate(names) if UNIT.sub("", name) == part]
    if len(bare) == 1:
        return bare
    remedy = f"choose among {_shown(names)}, or by number from 1 to {len(names)}"
    raise InvalidParameterError.of(parameter, part, _meant(part, names) + remedy)


def _shown(names: Sequence[str]) -> str:
    most = EFFORT.measure.lines_told
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")


def _meant(part: str, names: Sequence[str]) -> str:
    """Ask about the column whose name is most like what was written."""
    alike = {name.lower(): name for name in reversed(names)}
    near = get_close_matches(part.lower(), alike, n=1)
    return f"did you mean {alike[near[0]]}? " if near else ""
