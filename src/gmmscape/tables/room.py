"""How much of the memory that is free a table may take, and what is said where it takes more."""

from __future__ import annotations

from typing import NamedTuple, Self

from gmmscape.effort import EFFORT
from gmmscape.exceptions import DataError
from gmmscape.machine import free_memory
from gmmscape.results.text import told_bytes

#: What reads files that need not fit into memory.
BLOCKS = "read it in blocks, by `gmmscape fit --memory 1GB` or gmmscape.open_rows"


class Room(NamedTuple):
    """What a table may take of the memory that was free when its reading began.

    Attributes
    ----------
    name : str
        Of the file.
    free : int or None
        Bytes; None where the system does not say, and nothing is refused.
    """

    name: str
    free: int | None

    @classmethod
    def of(cls, name: str) -> Self:
        """Return the room that there is for a file now."""
        return cls(name, free_memory())

    @property
    def most(self) -> int | None:
        """Bytes that the numbers may take, or what a pipe gave: what is done with them takes the rest."""
        return None if self.free is None else int(self.free * EFFORT.measure.share_of_memory)

    @property
    def longest(self) -> int:
        """Characters that one row may have, -1 for any number."""
        return -1 if self.most is None else max(1, self.most // EFFORT.measure.bytes_a_character)

    def check(self, taken: int, what: str = "its numbers", remedy: str = BLOCKS) -> None:
        """Raise DataError where so many bytes are more than there is room for."""
        if self.most is not None and taken > self.most:
            raise DataError(
                f"{self.name}: {what} take {told_bytes(taken)} or more, and a table may take "
                f"{told_bytes(self.most)} of the {told_bytes(self.free or 0)} of memory that are free: "
                f"{remedy}, or use fewer columns or rows"
            )

    def check_row(self, line: int, *, quoted: bool) -> None:
        """Raise DataError: the row that begins in this line is longer than there is room for."""
        why = "is a quotation mark left open there?" if quoted else "does each row end in a line end?"
        raise DataError(
            f"{self.name}, line {line}: a row of more than {self.longest} characters, which takes more than "
            f"there is room for in {told_bytes(self.free or 0)} of free memory: {why}"
        )
