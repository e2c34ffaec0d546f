"""Rows as users have them: lists, arrays, tables of any library; NaN stands for what is missing."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping, Sequence, Set
from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import DataError

#: How names of types begin in NumPy, pandas, polars and Arrow: of dates and times; of what may be text.
OF_TIME = ("date", "time", "duration", "period")
OF_TEXT = ("object", "str", "large_string", "category", "categorical", "enum")
#: Types with whole numbers that float64 does not all tell apart.
OF_LONG_INTEGERS = ("int64", "uint64")


def given_rows(X: Any, name: str = "X") -> Any:
    """Return what a user passed as rows, with NaN in place of masks and of what libraries have for NA.

    Parameters
    ----------
    X : array_like or table
        Never modified; returned as it is where nothing is to be replaced.
    name : str, default="X"
        For messages.

    Returns
    -------
    array_like or table
        Of the same kind; lists that hold NA, and arrays with a mask, become plain arrays.

    Raises
    ------
    DataError
        If X is no table: sparse, lazy, a dictionary, an iterator; or has dates.
    """
    _refuse(X, name)
    if isinstance(X, np.ma.MaskedArray):
        return unmasked(X)
    if isinstance(X, list | tuple) and "pandas" in sys.modules:
        return _listed(X)
    if isinstance(X, np.ndarray):
        return _without_na(X) if X.dtype == object else X
    return _of_pandas(X) if hasattr(X, "iloc") and hasattr(X, "isetitem") else X


def _refuse(X: Any, name: str) -> None:
    if hasattr(X, "toarray") and hasattr(X, "nnz"):
        raise DataError(f"{name} is sparse: pass a dense array, for example {name}.toarray()")
    if isinstance(X, np.matrix):
        raise DataError(f"{name} is a numpy.matrix: pass numpy.asarray({name})")
    if isinstance(X, Set):
        raise DataError(f"{name} is a set, whose rows have no order: pass a list of rows")
    if isinstance(X, Mapping):
        raise DataError(f"{name} is a dictionary: make a table of it, as pandas.DataFrame({name}) does")
    if hasattr(X, "__next__"):
        raise DataError(f"{name} is an iterator, whose rows can be read only once: pass list({name})")
    if hasattr(X, "collect") and not hasattr(X, "__array__"):
        raise DataError(f"{name} is a lazy table: pass {name}.collect()")
    dated = columns_of(X, OF_TIME)
    if dated is not None:
        where = "" if isinstance(X, np.ndarray) else f" in {dated}"
        raise DataError(
            f"{name} has dates or times{where}: make numbers of them, as days since the first, or leave "
            "them out"
        )


def columns_of(X: Any, beginnings: tuple[str, ...]) -> str | None:
    """Return in words which columns have types whose names begin so; None where none has."""
    found = [i for i, kind in enumerate(_types(X)) if str(kind).lower().startswith(beginnings)]
    names = column_names(X)
    listed = ", ".join(repr(names[i]) if names else str(i) for i in found[:10])
    return f"column{'s' if len(found) > 1 else ''} {listed}" if found else None


def text_among(X: Any) -> str | None:
    """Return a text among the values of an array, a list or a table, or None; it may look like a number."""
    if not isinstance(X, np.ndarray | list | tuple) and columns_of(X, OF_TEXT) is None:
        return None
    try:
        array = np.asarray(X)
    except ValueError:  # ragged, of which others say more
        return None
    if array.dtype.kind not in "OUS":
        return None
    return next((str(item) for item in array.flat if isinstance(item, str | bytes)), None)


def warn_of_inexact(X: Any, values: FloatArray, name: str = "X") -> None:
    """Warn where whole numbers of 64 bits were rounded on the way to float64.

    Parameters
    ----------
    X : array_like or table
        As it came; types of columns are looked at.
    values : ndarray of shape (n_samples, n_features)
        What it became.
    name : str, default="X"
        For messages.
    """
    types = _types(np.asarray(X) if isinstance(X, list | tuple) else X)
    long = [i for i, kind in enumerate(types) if str(kind).lower() in OF_LONG_INTEGERS]
    looked_at = values if isinstance(X, np.ndarray | list | tuple) and long else values[:, long]
    if not looked_at.size:
        return
    # The ends say all, and need no array of the size of the rows.
    most, least = np.fmax.reduce(looked_at, axis=None), np.fmin.reduce(looked_at, axis=None)
    if max(most, -least) > 2.0**53:
        warnings.warn(
            f"{name} has whole numbers beyond 2^53, of which float64 does not tell all apart: where the last "
            "digits count, subtract a constant from the column first",
            UserWarning,
            stacklevel=3,
        )


def _types(X: Any) -> list[Any]:
    """The types of the columns of a table, or of an array; empty where these are not said."""
    if isinstance(X, np.ndarray):
        return [X.dtype]
    found: Any = getattr(X, "dtypes", None)
    if found is None:
        found = getattr(getattr(X, "schema", None), "types", None)
    return list(found) if hasattr(found, "__iter__") else []


def unmasked(X: Any) -> Any:
    """Return an array with NaN where its mask is, of whole numbers one of float64; others as they are."""
    if not isinstance(X, np.ma.MaskedArray):
        return X
    return np.ma.filled(X.astype(np.float64) if X.dtype.kind in "biu" else X, np.nan)


def _listed(X: Any) -> Any:
    """A list, or an array in place of one that holds NA."""
    try:
        array = np.asarray(X)
    except ValueError:  # ragged, of which others say more
        return X
    return _without_na(array) if array.dtype == object else X


def _without_na(X: Any) -> Any:
    """An array of objects with NaN for pandas' NA; None and decimals become NaN where numbers are read."""
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return X
    missing = pandas.isna(X)
    return np.where(missing, np.nan, X) if missing.any() else X


def _of_pandas(X: Any) -> Any:
    """A table of pandas, dense, whose columns of objects have NaN for NA."""
    types = list(X.dtypes)
    if types and all(type(dtype).__name__ == "SparseDtype" for dtype in types):
        return X.sparse.to_dense()
    objects = [j for j, dtype in enumerate(types) if str(dtype) == "object"]
    if not objects:
        return X
    table = X.copy(deep=False)
    for j in objects:
        table.isetitem(j, _without_na(X.iloc[:, j].to_numpy(dtype=object)))
    return table


def column_names(X: Any) -> tuple[str, ...] | None:
    """Return the names of a table's columns, or None where they are not all strings."""
    names = names_of_columns(X)
    return None if names is None or not all(isinstance(name, str) for name in names) else tuple(names)


def called(column: int, names: Sequence[str] | None) -> str:
    """Return what errors call a column: its name in quotes, or its number where there are no names."""
    return str(column) if names is None else repr(names[column])


def names_of_columns(X: Any) -> Any:
    """Return the names of columns as a table has them, or None; Arrow calls them otherwise."""
    schema = getattr(X, "schema", None)
    arrow = getattr(schema, "names", None)
    return getattr(X, "columns", None) if not isinstance(arrow, list) else arrow


def columns_in_order(X: Any, names: Any) -> Any:
    """Return the columns of a table that have these names, in their order; other data as they are.

    Raises
    ------
    DataError
        If the table lacks some.
    """
    own = names_of_columns(X)
    if own is None or names is None:
        return X
    missing = [name for name in names if name not in list(own)]
    if missing:
        raise DataError(f"X lacks the columns {', '.join(missing)} that the model was fitted on")
    return X.select(list(names)) if hasattr(X, "select") and not hasattr(X, "iloc") else X[list(names)]
