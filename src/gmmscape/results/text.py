"""Tables of plain text that fit a width, and numbers with their nouns."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from textwrap import wrap
from typing import NamedTuple

#: What a text may be asked to show in full.
PARTS = ("columns", "components", "covariances")
#: Names in a table are cut here, at their end.
LONGEST_NAME = 40


class Printing(NamedTuple):
    """How results are told.

    Attributes
    ----------
    width : int or None
        Cells of a line; None for as many as it takes.
    verbose : bool
        Whether details are told: what was tried, and what the verdict rests on.
    show : frozenset of str
        Which of `PARTS` are shown in full.
    """

    width: int | None = None
    verbose: bool = False
    show: frozenset[str] = frozenset()


_CURRENT: ContextVar[Printing] = ContextVar("printing", default=Printing())  # noqa: B039 - it cannot change


def printing() -> Printing:
    """Return how results are told now."""
    return _CURRENT.get()


@contextmanager
def printed(wanted: Printing) -> Iterator[None]:
    """Tell results in another way inside the block."""
    token = _CURRENT.set(wanted)
    try:
        yield
    finally:
        _CURRENT.reset(token)


@contextmanager
def indented(by: int) -> Iterator[None]:
    """Lay out lines inside the block that will be indented."""
    current = printing()
    with printed(current._replace(width=None if current.width is None else current.width - by)):
        yield


def aligned(rows: Iterable[Sequence[str]], indent: str = "  ", keys: int = 1) -> list[str]:
    """Return the rows of a table as lines, columns padded to equal width.

    A table that is wider than a line is broken into blocks of columns, one below the other; each begins with
    the first `keys` columns, which name the rows.
    """
    table = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(cells, column)) for column in zip(*table, strict=True)]
    lines: list[str] = []
    for block in _blocks(widths, len(indent), keys):
        lines += [""] if lines else []
        for row in table:
            padded = (row[i] + " " * (widths[i] - cells(row[i])) for i in block)
            lines.append(indent + "  ".join(padded).rstrip())
    return lines


def _blocks(widths: Sequence[int], indent: int, keys: int) -> list[list[int]]:
    """Which columns stand beside each other."""
    width = printing().width
    names = list(range(min(keys, len(widths))))
    if width is None:
        return [list(range(len(widths)))]
    start = indent + sum(widths[i] + 2 for i in names) - 2
    blocks, used = [[*names]], start
    for i in range(len(names), len(widths)):
        if used + 2 + widths[i] > width and len(blocks[-1]) > len(names):
            blocks.append([*names])
            used = start
        blocks[-1].append(i)
        used += 2 + widths[i]
    return blocks


def folded(text: str) -> str:
    """Return a text whose lines are broken between words where they are longer than a line may be."""
    width = printing().width
    if width is None:
        return text
    return "\n".join(part for line in text.splitlines() for part in _folded(line, width))


def _folded(line: str, width: int) -> list[str]:
    if cells(line) <= width:
        return [line]
    start = line[: len(line) - len(line.lstrip())]
    return wrap(
        line.strip(),
        max(width, len(start) + 20),
        initial_indent=start,
        subsequent_indent=start + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def cells(text: str) -> int:
    """Return how many cells of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(mark) else 1 + (unicodedata.east_asian_width(mark) in "WF")
        for mark in text
    )


def printable(text: str) -> str:
    """Return a text in which nothing moves a terminal's cursor or turns its direction."""
    if text.isprintable():
        return text
    return "".join(mark if mark.isprintable() else repr(mark)[1:-1] for mark in text)


def shortened(name: str) -> str:
    """Return a name as tables show it."""
    name, width = printable(name), printing().width
    most = LONGEST_NAME if width is None else min(LONGEST_NAME, max(12, width // 4))
    return name if cells(name) <= most else name[: most - 3] + "..."


def left_out(number: int, most: int) -> list[str]:
    """Return the line that says how many rows a table lacks; none where it lacks none."""
    return [f"  and {number - most} more"] if number > most else []


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """Return a number with its noun."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def told_bytes(size: int) -> str:
    """Return a number of bytes as "1.23 GB" or "12.3 MB"."""
    return f"{size / 1e9:.3g} GB" if size >= 999_500_000 else f"{size / 1e6:.3g} MB"
