"""Raw: the columns of a file as they were read, before anything is left out or refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gmmscape.arrays import FloatArray


class Gap(NamedTuple):
    """The first missing value: where it is, and what stands there."""

    line: int
    column: str
    cell: str


class Raw(NamedTuple):
    """Columns as they were read.

    Attributes
    ----------
    file : str
        Name of the file.
    values : ndarray of shape (n, d)
        Missing values are NaN.
    names : tuple of str
        Of the columns.
    places : tuple of int
        Where they stand in the file.
    lines : sequence of int
        Of the rows.
    weights : ndarray of shape (n,) or None
        Of the rows.
    gap : Gap or None
        The first missing value, where that is known.
    notes : tuple of str
        For the user.
    index_name : str or None
        Name of an index that was left out.
    place : str
        What `lines` counts.
    """

    file: str
    values: FloatArray
    names: tuple[str, ...]
    places: tuple[int, ...]
    lines: Sequence[int]
    weights: FloatArray | None
    gap: Gap | None
    notes: tuple[str, ...]
    index_name: str | None
    place: str = "line"
