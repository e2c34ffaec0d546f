"""What the files of blocks give: rows as they stand there, and where they stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from gmmscape.arrays import FloatArray


class Part(NamedTuple):
    """Rows of a file that follow each other.

    Attributes
    ----------
    values : ndarray of shape (m, d)
        NaN where a value is missing.
    weights : ndarray of shape (m,) or None
        Of the column of weights.
    first : int
        Where the first row stands in the file, counted from 1.
    """

    values: FloatArray
    weights: FloatArray | None
    first: int


class FileParts(Protocol):
    """A file whose rows are read part by part.

    Attributes
    ----------
    file : str
        Its name.
    names : tuple of str
        Of the columns that are used.
    named : bool
        Whether these names stand in the file.
    """

    @property
    def file(self) -> str:
        """Its name."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns that are used."""
        ...

    @property
    def named(self) -> bool:
        """Whether these names stand in the file."""
        ...

    def parts(self, rows: int) -> Iterator[Part]:
        """Yield all rows, so many at a time."""
        ...
