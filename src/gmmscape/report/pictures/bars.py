"""Bars from zero, with intervals; each says its number when pointed at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from gmmscape.report.blocks import number
from gmmscape.report.html import Html, element, joined, shortened
from gmmscape.report.pictures.frame import Frame, coordinate, figure, ticks


@dataclass(frozen=True)
class Bar:
    """A bar with its name.

    Attributes
    ----------
    name : str
        Beside it.
    value : float
        Its length.
    interval : tuple of two float or None
        Where the number lies.
    tone : str
        A class of the style.
    """

    name: str
    value: float
    interval: tuple[float, float] | None = None
    tone: str = "c0"


def bars(name: str, items: Sequence[Bar], label: str, *, most: int = 40) -> Html | None:
    """Return horizontal bars from zero, the first one at the top; None where there is none."""
    items = [item for item in items if isfinite(item.value)]
    if not items:
        return None
    shown, left = items[:most], len(items) - most
    longest = max([item.value for item in shown] + [item.interval[1] for item in shown if item.interval])
    height = 22.0 * len(shown) + 60.0
    frame = Frame((0.0, 1.05 * longest or 1.0), (0.0, 1.0), height=height, left=150.0, top=8.0)
    parts = [_horizontal(frame, label)]
    for i, item in enumerate(shown):
        middle = frame.top + 22.0 * i + 11.0
        end = frame.at_x(item.value)
        told = f"{shortened(item.name)}: {number(item.value)}"
        if item.interval:
            told += f" ({number(item.interval[0])} to {number(item.interval[1])})"
        parts += [
            element(
                "text",
                shortened(item.name)[:22],
                x=142,
                y=coordinate(middle + 4),
                text_anchor="end",
                class_="tick",
            ),
            element(
                "rect",
                element("title", told),
                x=frame.left,
                y=coordinate(middle - 7),
                width=coordinate(max(end - frame.left, 1.0)),
                height=14,
                class_=f"bar {item.tone}",
            ),
        ]
        if item.interval:
            low, high = (coordinate(frame.at_x(value)) for value in item.interval)
            y = coordinate(middle)
            parts.append(element("line", x1=low, x2=high, y1=y, y2=y, class_="whisker"))
    more = f" {left} more are in the table." if left > 0 else ""
    return figure(frame.picture(name, *parts), name, ".", more)


def _horizontal(frame: Frame, label: str) -> Html:
    """A horizontal axis alone."""
    foot, parts = frame.height - frame.bottom, []
    for value in ticks(*frame.x):
        x = coordinate(frame.at_x(value))
        parts += [
            element("line", x1=x, x2=x, y1=frame.top, y2=foot, class_="grid"),
            element("text", number(value), x=x, y=foot + 17, text_anchor="middle", class_="tick"),
        ]
    middle = coordinate((frame.left + frame.width - frame.right) / 2)
    label_ = element("text", label, x=middle, y=frame.height - 8, text_anchor="middle", class_="axis")
    return joined([*parts, label_])
