"""What an estimator takes as rows: arrays and tables of any kind, checked as scikit-learn checks them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn.utils.validation import validate_data

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import DataError
from gmmscape.given_rows import (
    OF_TEXT,
    called,
    column_names,
    columns_of,
    given_rows,
    names_of_columns,
    text_among,
    warn_of_inexact,
)

#: What scikit-learn notes of the columns of data before anything else is known of them.
OF_COLUMNS = ("n_features_in_", "feature_names_in_")


class NoNumbersError(DataError, TypeError):
    """Data of a type that is not read as numbers; a TypeError too, which is what scikit-learn raises."""


def checked_data(model: Any, X: Any, *, reset: bool) -> FloatArray:
    """Return rows as scikit-learn checks them, with names of columns; its ValueErrors become DataErrors.

    float32 stays what it is, everything else becomes float64; NaN is what is missing. The kind of table, the
    order in memory and the order of bytes change no bit of the numbers.
    """
    X = given_rows(X)
    if isinstance(X, np.ndarray) and not X.dtype.isnative:
        X = X.astype(X.dtype.newbyteorder("="))
    text = text_among(X)
    if text is not None:  # scikit-learn reads '1' as a number, where everything else here refuses it
        raise NoNumbersError(f"could not convert text to numbers: {text!r}{_where(X, 'could not convert')}")
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # it adds all numbers up, infinite ones too
            rows: FloatArray = validate_data(
                model,
                X,
                reset=reset,
                dtype=[np.float64, np.float32],
                order="C",
                accept_sparse=False,
                ensure_all_finite="allow-nan",
            )
    except ValueError as error:
        raise DataError(f"{error}{_where(X, str(error))}") from error
    except TypeError as error:
        raise NoNumbersError(_no_numbers(X, str(error))) from error
    warn_of_inexact(X, rows)
    return rows


@contextmanager
def as_it_was_if_refused(model: Any) -> Iterator[None]:
    """Leave what a model says of its columns as it was where data are refused, as the fit before is."""
    kept = {name: vars(model)[name] for name in OF_COLUMNS if name in vars(model)}
    try:
        yield
    except BaseException:
        for name in OF_COLUMNS:
            vars(model).pop(name, None)
        vars(model).update(kept)
        raise


def _no_numbers(X: Any, message: str) -> str:
    """What is not read as numbers, and what to do: a column's name that is no text, or a cell."""
    names = names_of_columns(X)
    if names is not None and column_names(X) is None and any(isinstance(name, str) for name in names):
        other = next(name for name in names if not isinstance(name, str))
        return (
            f"X has columns named by text and one named {other!r}, a {type(other).__name__}: name all "
            "by text, as X.columns = X.columns.astype(str) does"
        )
    cells = np.asarray(X, dtype=object)
    for place in np.ndindex(cells.shape) if cells.ndim == 2 else ():
        try:
            float(cells[place])
        except TypeError:
            (row, column), value = place, cells[place]
            return (
                f"X has {type(value).__name__} in row {row}, column {called(column, names)}: make it a "
                f"number, or leave the column out ({message})"
            )
    return message


def _where(X: Any, message: str) -> str:
    """Where the first infinite value is, or text, if that is what the message is about, and what to do."""
    if "could not convert" in message:
        text = columns_of(X, OF_TEXT) if hasattr(X, "columns") else None
        where = "" if text is None else f". Text may be in {text}"
        return f"{where}: make numbers of it, or leave it out"
    places = np.argwhere(np.isinf(np.asarray(X, dtype=np.float64))) if "infinity" in message else []
    if not len(places):
        return ""
    (row, column), names = places[0].tolist(), column_names(X)
    where = f"row {row}, column {called(column, names)}"
    return f" The first is in {where}: correct it, or make it NaN, as missing."


def in_precision(values: FloatArray, *of: Any) -> FloatArray:
    """Return numbers in single precision where all that they come from is in it; else as they are."""
    return values.astype(np.float32) if all(one.dtype == np.float32 for one in of) else values
