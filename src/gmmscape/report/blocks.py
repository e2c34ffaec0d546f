"""What sections are made of: paragraphs, lists, tables, numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import floor, isfinite, log10
from typing import Any

from gmmscape.effort import EFFORT
from gmmscape.report.html import Html, element, joined, text

#: The sign of numbers below zero, as wide as a plus.
MINUS = "\u2212"


def number(value: Any, digits: int = 4) -> str:
    """Return a number as people read it: what is missing or not finite says so."""
    if value is None:
        return "\u2013"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if not isfinite(value):
        return "not a number" if value != value else "infinite" if value > 0 else "minus infinite"
    if 1e4 <= abs(value) < 1e12:
        decimals = max(digits - len(str(int(abs(value)))), 0)
        return f"{float(f'{value:.{digits}g}'):,.{decimals}f}".replace("-", MINUS)
    mantissa, _, exponent = f"{value:.{digits}g}".partition("e")
    return mantissa.replace("-", MINUS) + (f"e{int(exponent)}" if exponent else "")


def share(value: float) -> str:
    """Return a share in per cent."""
    return "under 0.001 %" if 0.0 < value < 1e-5 else f"{100.0 * value:.3g} %"


def with_spread(value: float, spread: float) -> str:
    """Return a number and its spread, both to the third digit of the spread."""
    if not (isfinite(value) and 1e-3 <= spread < 1e9) or abs(value) >= 1e12:
        return f"{number(value)}\u00a0\u00b1\u00a0{number(spread, 3)}"
    decimals = max(2 - floor(log10(spread)), 0)
    return "\u00a0\u00b1\u00a0".join(f"{one:,.{decimals}f}" for one in (value, spread)).replace("-", MINUS)


def amount(value: float, unit: str) -> str:
    """Return a gain with its unit; what is below any use is said to be that."""
    return f"under 0.000001 {unit}" if 0.0 < abs(value) < 1e-6 else f"{number(value)} {unit}"


def paragraph(*parts: Any, class_: str | None = None) -> Html:
    """Return a paragraph."""
    return element("p", *parts, class_=class_)


def bullets(items: Iterable[Any]) -> Html | None:
    """Return a list; None where it is empty."""
    made = [element("li", item) for item in items]
    return element("ul", *made) if made else None


def terms(pairs: Iterable[tuple[Any, Any]], class_: str = "terms") -> Html | None:
    """Return terms with what they are; None where there are none."""
    made = [element("div", element("dt", name), element("dd", value)) for name, value in pairs]
    return element("dl", *made, class_=class_) if made else None


def table(
    caption: str,
    head: Sequence[Any],
    rows: Iterable[Sequence[Any]],
    *,
    names: int = 1,
    most: int | None = None,
    marked: Iterable[int] = (),
) -> Html:
    """Return a table whose cells say what they are: header cells above, the first ones of each row beside.

    Parameters
    ----------
    caption : str
        What the table shows.
    head : sequence of object
        Headings of the columns.
    rows : iterable of sequences of object
        Cells.
    names : int, default=1
        Cells at the beginning of a row that are headings of it.
    most : int, optional
        Rows that are shown; the number of the others is said. `EFFORT.report` says by default.
    marked : iterable of int, optional
        Rows that stand out.

    Returns
    -------
    Html
        In a box that scrolls sideways and can be reached by keyboard.
    """
    rows, marked, most = list(rows), set(marked), EFFORT.report.table_rows if most is None else most
    body = []
    for i, row in enumerate(rows[:most]):
        cells = [
            element("th", cell, scope="row") if j < names else element("td", cell)
            for j, cell in enumerate(row)
        ]
        body.append(element("tr", *cells, class_="marked" if i in marked else None))
    left = len(rows) - most
    more = element("p", f"and {left:,} more, which the JSON below holds", class_="note") if left > 0 else None
    heads = [element("th", cell, scope="col") for cell in head]
    made = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *heads)),
        element("tbody", *body),
    )
    box = element("div", made, class_="scroll", tabindex="0", role="group", aria_label=caption)
    return joined([box, more])


def folded(title: str, *blocks: Any) -> Html:
    """Return blocks that are shown when asked for."""
    return element("details", element("summary", title), *blocks)


def with_code(sentence: str) -> Html:
    """Return a sentence in which what stands between backticks is marked as code."""
    parts = str(sentence).split("`")
    if len(parts) % 2 == 0:  # a backtick without its partner is a sign as any other
        return text(sentence)
    return joined(element("code", part) if i % 2 else part for i, part in enumerate(parts))


def plain_text(value: Any) -> Html:
    """Return text as it is laid out, in a fixed-width face."""
    lines = element("pre", text(value))
    return element("div", lines, class_="scroll", tabindex="0", role="group", aria_label="as text")
