"""A partition as a block of rows, and what is computed of it where it is."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any, TypeVar

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import DataError, NotAvailableError
from gmmscape.measure.blocked import BlockTask, RowBlock
from gmmscape.threads import limited

Result = TypeVar("Result")


def package(name: str, extra: str) -> Any:
    """Return a package or a module of one, or say how it is installed.

    Parameters
    ----------
    name : str
        Dotted name.
    extra : str
        Of gmmscape, that brings it.

    Returns
    -------
    module
        Imported here and not before: it may take seconds.

    Raises
    ------
    NotAvailableError
        If it is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise NotAvailableError(
            f'{name} is missing ({error}): pip install "gmmscape[{extra}]", here and on every worker'
        ) from error


def complete(
    points: FloatArray, weights: FloatArray | None, names: Sequence[str] | None, place: int
) -> RowBlock:
    """Return a partition as a block.

    Parameters
    ----------
    points : ndarray of shape (m, d)
        Its rows; NaN where a value is missing.
    weights : ndarray of shape (m,) or None
        Of the rows.
    names : sequence of str or None
        Of the columns.
    place : int
        Of the partition among all, from 0.

    Returns
    -------
    RowBlock
        In float64, row by row.

    Raises
    ------
    DataError
        If a value is missing or infinite, or there are not as many weights as rows.
    """
    points = np.ascontiguousarray(points, dtype=np.float64)
    finite = np.isfinite(points)
    if not finite.all():
        column = int(np.flatnonzero(~finite.all(axis=0))[0])
        called = column if names is None else repr(names[column])
        raise DataError(
            f"column {called} has {int((~finite[:, column]).sum())} values that are missing or infinite in "
            f"partition {place}, of {len(points)} rows: leave such rows out (dropna), or fill them in"
        )
    if weights is None:
        return RowBlock(points)
    own = np.ascontiguousarray(weights, dtype=np.float64)
    if own.shape != points.shape[:1]:
        raise DataError(
            f"partition {place} has {len(points)} rows and weights of shape {own.shape}: pass one of each row"
        )
    if not np.isfinite(own).all():
        raise DataError(f"a weight in partition {place} is missing or not finite: fill it in")
    return RowBlock(points, own)


def computed(task: BlockTask[Result], block: RowBlock, place: int) -> tuple[int, Result]:
    """Return the number of rows of a block and what a task makes of it, by one thread.

    Schedulers count a task as one thread: as many tasks as there are threads run beside each other.
    """
    with limited(1):
        return len(block.points), task(block, place)
