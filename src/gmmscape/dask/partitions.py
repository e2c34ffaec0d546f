"""Dask's collections as partitions: columns that are numbers, weights beside them, nothing computed yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gmmscape.distributed import complete, package
from gmmscape.exceptions import DataError, InvalidParameterError
from gmmscape.measure.blocked import RowBlock


@dataclass(frozen=True)
class Partitions:
    """Rows that Dask has, or will have.

    Attributes
    ----------
    n_features : int
        Number of columns, without one of weights.
    names : tuple of str or None
        Of the columns of a table.
    blocks : tuple of Delayed
        A `RowBlock` each.
    """

    n_features: int
    names: tuple[str, ...] | None
    blocks: tuple[Any, ...]


def is_collection(X: Any) -> bool:
    """Say whether something is a collection of Dask, without importing Dask."""
    return type(X).__module__.partition(".")[0] == "dask" and hasattr(X, "__dask_graph__")


def is_table(X: Any) -> bool:
    """Say whether a collection is a table."""
    return hasattr(X, "map_partitions") and hasattr(X, "columns")


def partitions_of(X: Any, weights: Any = None) -> Partitions:
    """Return the partitions of a collection.

    Parameters
    ----------
    X : dask.array.Array of shape (n, d) or dask.dataframe.DataFrame
        Rows; the parts of an array are made to have all columns.
    weights : str, or collection or array_like of shape (n,), optional
        Of the rows, in partitions as the rows; of a table also the name of a column.

    Returns
    -------
    Partitions
        In the order of the rows.

    Raises
    ------
    DataError
        If X is no matrix or table of numbers, or weights are in other partitions.
    InvalidParameterError
        If X is no collection of Dask.
    NotAvailableError
        If Dask is not installed.
    """
    delayed = package("dask", "dask").delayed
    if not is_collection(X):
        raise InvalidParameterError.of(
            "X", type(X).__name__, "pass a dask.array or a dask.dataframe; fit other rows as they are"
        )
    if is_table(X):
        columns, own = _columns(X, weights)
        names = tuple(columns) if all(isinstance(name, str) for name in columns) else None
        called = [str(name) for name in columns]
        values, rows = X[columns], X[columns].to_delayed()
        count, make = len(columns), _of_table
        own = own if own is None or is_collection(own) else X[own]
    else:
        values, names, called = _matrix(X), None, None
        rows, count, make, own = values.to_delayed().ravel().tolist(), X.shape[1], _of_array, weights
    beside = [None] * len(rows) if own is None else _weights(own, values, len(rows))
    made = delayed(make, pure=False)
    blocks = [made(part, own, called, i) for i, (part, own) in enumerate(zip(rows, beside, strict=True))]
    return Partitions(count, names, tuple(blocks))


def _columns(X: Any, weights: Any) -> tuple[list[Any], Any]:
    """The columns of a table that are rows, and what its weights are."""
    columns = list(X.columns)
    if len(set(columns)) < len(columns):
        raise DataError("X has a column name twice: rename the columns")
    if isinstance(weights, str):
        if weights not in columns:
            raise InvalidParameterError.of("weights", weights, "pass the name of a column, or a dask series")
    elif weights is not None and not is_collection(weights):
        raise InvalidParameterError.of(
            "weights", type(weights).__name__, "pass the name of a column, or a dask series"
        )
    types = dict(X.dtypes.items())
    is_number = package("pandas.api.types", "dask").is_numeric_dtype
    for name, kind in types.items():
        if not is_number(kind) or str(kind).startswith("complex"):
            raise DataError(
                f"column {name!r} holds no numbers but {kind}: leave it out, as X.drop(columns={name!r}) does"
            )
    rest = [name for name in columns if not (isinstance(weights, str) and name == weights)]
    if not rest:
        raise DataError("X has no columns: pass a table with columns of numbers")
    return rest, weights


def _matrix(X: Any) -> Any:
    """An array whose parts have all its columns."""
    if X.ndim != 2 or np.isnan(X.shape[1]) or not X.shape[1]:
        raise DataError(f"X has shape {X.shape}: pass a matrix (rows, columns) with at least one column")
    if X.dtype.kind not in "biuf":
        raise DataError(f"X holds no numbers but {X.dtype}: pass an array of numbers")
    return X.rechunk({1: -1})


def _weights(weights: Any, rows: Any, count: int) -> list[Any]:
    """The parts of weights, as many as there are parts of rows."""
    if not is_collection(weights):
        own = np.asarray(weights, dtype=np.float64)
        if own.shape != rows.shape[:1]:
            raise DataError(
                f"weights have shape {own.shape}, X has shape {rows.shape}: pass one weight of each row, and "
                "of an array of unknown length a dask.array"
            )
        weights = package("dask.array", "dask").from_array(own, chunks=(rows.chunks[0],))
    elif hasattr(weights, "rechunk") and hasattr(rows, "chunks"):
        if weights.ndim != 1:
            raise DataError(f"weights have shape {weights.shape}: pass one weight of each row")
        if weights.shape == rows.shape[:1]:
            weights = weights.rechunk((rows.chunks[0],))
    parts = np.ravel(weights.to_delayed()).tolist()
    if len(parts) != count:
        raise DataError(
            f"weights are in {len(parts)} partitions, the rows in {count}: bring them into the same"
        )
    return parts


def _of_array(part: Any, weights: Any, names: Sequence[str] | None, place: int) -> RowBlock:
    """The block of a part of an array."""
    return complete(np.asarray(part), None if weights is None else np.asarray(weights), names, place)


def _of_table(part: Any, weights: Any, names: Sequence[str] | None, place: int) -> RowBlock:
    """The block of a part of a table."""
    own = None if weights is None else _numbers(weights)
    return complete(_numbers(part), own, names, place)


def _numbers(table: Any) -> Any:
    """A table or a column of pandas as floats, NaN for what is missing."""
    if hasattr(table, "to_numpy"):
        return table.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.asarray(table, dtype=np.float64)
