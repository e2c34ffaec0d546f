"""Page: what a report says, before it is laid out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gmmscape.report.html import Html

#: How a verdict is marked: the word is beside the colour.
TONES = ("good", "bad", "open", "plain")


@dataclass(frozen=True)
class Section:
    """A heading with what stands below it.

    Attributes
    ----------
    title : str
        The heading.
    blocks : sequence of Html or None
        Paragraphs, tables, pictures; None is left out.
    brief : bool
        Whether the short form shows it too.
    """

    title: str
    blocks: Sequence[Html | None]
    brief: bool = False


@dataclass(frozen=True)
class Page:
    """What a report says.

    Attributes
    ----------
    title : str
        What the result is.
    verdict : str
        One sentence.
    next_step : str
        What to do; empty where nothing is to be done.
    tone : str
        One of `TONES`.
    facts : sequence of (str, object)
        A few numbers, by what they are.
    picture : Html or None
        What is looked at first.
    brief_picture : Html or None
        The same without script.
    sections : sequence of Section
        In the order of reading; empty ones are left out.
    provenance : sequence of (str, object)
        What the result came from, by what it is.
    """

    title: str
    verdict: str
    next_step: str = ""
    tone: str = "plain"
    facts: Sequence[tuple[str, Any]] = ()
    picture: Html | None = None
    brief_picture: Html | None = None
    sections: Sequence[Section] = field(default_factory=tuple)
    provenance: Sequence[tuple[str, Any]] = ()
