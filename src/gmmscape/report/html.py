"""HTML by construction: text is escaped where it enters, so that no string becomes markup by accident."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from typing import Any

from gmmscape.effort import EFFORT

#: Elements that have no end tag.
VOID = frozenset(["br", "col", "hr", "input", "meta"])
NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9]*")
ATTRIBUTE = re.compile(r"(?!on)[a-zA-Z][a-zA-Z0-9-]*")
#: What no document may hold: control characters, and halves of surrogate pairs.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class Html(str):
    """Text that is markup already: made by the functions of this module only."""

    __slots__ = ()


def text(value: Any) -> Html:
    """Return a value as text in markup: what is `Html` stays as it is, all else is escaped."""
    if isinstance(value, Html):
        return value
    return Html(escape(FORBIDDEN.sub("\ufffd", str(value)), quote=True))


def element(tag: str, *children: Any, **attributes: Any) -> Html:
    """Return an element.

    Parameters
    ----------
    tag : str
        Its name, from our own code.
    *children : object
        `Html`, or anything else, of which the text is escaped; None is left out.
    **attributes : object
        Values are escaped. None and False leave the attribute out, True gives one without a value. In names
        an underscore stands for a hyphen, one at the end is dropped.

    Returns
    -------
    Html
        The markup.

    Raises
    ------
    ValueError
        If the name of the element or of an attribute is none: these are never data.
    """
    if not NAME.fullmatch(tag):
        raise ValueError(f"{tag!r} names no element")
    start = [tag]
    for name, value in attributes.items():
        name = name.rstrip("_").replace("_", "-")
        if not ATTRIBUTE.fullmatch(name):
            raise ValueError(f"{name!r} names no attribute")
        if value is True:
            start.append(name)
        elif value is not None and value is not False:
            start.append(f'{name}="{escape(FORBIDDEN.sub(chr(0xFFFD), str(value)), quote=True)}"')
    if tag in VOID:
        return Html(f"<{' '.join(start)}>")
    return Html(f"<{' '.join(start)}>{joined(children)}</{tag}>")


def joined(parts: Iterable[Any]) -> Html:
    """Return parts one after the other: markup as it is, text escaped, None left out."""
    return Html("".join(text(part) for part in parts if part is not None))


def raw_element(tag: str, content: str, **attributes: Any) -> Html:
    """Return a script or style element, whose content is no markup and cannot be escaped.

    Raises
    ------
    ValueError
        If the content would end the element, or begin what only a parser of HTML would see.
    """
    if tag not in ("script", "style"):
        raise ValueError(f"{tag!r} takes escaped content: use `element`")
    if re.search(rf"</{tag}|<!--|<script", content, re.IGNORECASE):
        raise ValueError(f"the content would end the {tag} element")
    empty = element(tag, **attributes)
    return Html(empty.removesuffix(f"</{tag}>") + content + f"</{tag}>")


def name_text(value: Any) -> Html:
    """Return a name that a user gave, such as that of a column: shortened, and kept to its own direction."""
    return element("bdi", shortened(value))


def shortened(value: Any) -> str:
    """Return a name without line breaks and of bounded length."""
    name, most = " ".join(str(value).split()), EFFORT.report.name_characters
    return name if len(name) <= most else name[: most - 1] + "\u2026"
