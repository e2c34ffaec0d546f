"""What a benchmark says about itself on the page of results, and how figures are written there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple


class Table(NamedTuple):
    """A further table of a page: what it shows, its columns and its rows."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


class Shown(NamedTuple):
    """What is shown of a result: figures for the sentences, by name, one table, and what may follow it."""

    figures: dict[str, Any]
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    more: Sequence[Table] = ()


class Page(NamedTuple):
    """The words of a benchmark; those in braces are figures of its result.

    Attributes
    ----------
    question, setup : str
        What is asked; how it is measured, in one line.
    sentence : str
        What the table says.
    claim, number, loses : str
        Its row in the table on top of the page: what is claimed, the figure, and where we lose.
    shown : callable
        From the summary of a result to what is shown of it.
    """

    question: str
    setup: str
    sentence: str
    claim: str
    number: str
    loses: str
    shown: Callable[[dict[str, Any]], Shown]


def part_of(part: Any, whole: Any) -> str:
    """Return a count with what it is a part of."""
    return f"{part} of {whole}"


def short(value: float | None, digits: int = 3) -> str:
    """Return a number to some digits without an exponent where that is short, or a dash for none."""
    if value is None:
        return "-"
    text = f"{value:.{digits}g}"
    return f"{value:.0f}" if "e" in text and 1 <= abs(value) < 1e7 else text


def percent(share: float, digits: int = 2) -> str:
    """Return a share in percent."""
    return f"{short(100 * share, digits)} %"
