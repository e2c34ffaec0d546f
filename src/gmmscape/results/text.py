"""Tables of plain text, and numbers with their nouns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def aligned(rows: Iterable[Sequence[str]], indent: str = "  ") -> list[str]:
    """Return the rows of a table as lines, columns padded to equal width."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def left_out(number: int, most: int) -> list[str]:
    """Return the line that says how many rows a table lacks; none where it lacks none."""
    return [f"  and {number - most} more"] if number > most else []


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """Return a number with its noun."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"
