"""Table: columns of numbers with their names, and what was done to get them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gmmscape.arrays import FloatArray


class Table(NamedTuple):
    """Columns of numbers with their names.

    Attributes
    ----------
    values : ndarray of shape (n, d)
        Finite, or NaN where a value is missing and was to be kept.
    names : tuple of str
        From the header, or column1, column2 and so on.
    lines : sequence of int
        Where each row begins, counted from 1: the line of a text, or the row of another file.
    weights : ndarray of shape (n,) or None
        The column of weights, where one was named.
    notes : tuple of str
        What was found out about the file or left out of it, for the user to be told.
    dropped : tuple of int
        Lines of the rows that were dropped for missing values.
    place : str
        What `lines` counts: "line" or "row".
    """

    values: FloatArray
    names: tuple[str, ...]
    lines: Sequence[int] = ()
    weights: FloatArray | None = None
    notes: tuple[str, ...] = ()
    dropped: tuple[int, ...] = ()
    place: str = "line"
