"""A table of shades, the darker the more; each cell says its number when pointed at."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

from gmmscape.report.blocks import number
from gmmscape.report.html import Html, element, shortened
from gmmscape.report.pictures.frame import Frame, coordinate, figure


def shades(
    name: str,
    values: Sequence[Sequence[float]],
    x_label: str,
    y_label: str,
    *,
    xs: Sequence[Any],
    ys: Sequence[Any],
    upwards: bool = True,
    what: str = "",
) -> Html | None:
    """Return a table of shades, the darker the more; None where it is empty."""
    rows, columns = len(values), len(values[0]) if len(values) else 0
    if not rows or not columns:
        return None
    frame = Frame((0.0, columns), (0.0, rows), height=min(560.0, 120.0 + 40.0 * rows), left=84.0)
    greatest = max((float(value) for row in values for value in row if isfinite(value)), default=0.0)
    parts = []
    for i, row in enumerate(values):
        low = float(i) if upwards else float(rows - 1 - i)
        for j, value in enumerate(row):
            told = f"{shortened(xs[j])}, {shortened(ys[i])}: {number(float(value))} {what}"
            level = round(9 * float(value) / greatest) if greatest > 0 and isfinite(value) else 0
            parts.append(
                element(
                    "rect",
                    element("title", told),
                    x=coordinate(frame.at_x(j)),
                    y=coordinate(frame.at_y(low + 1.0)),
                    width=coordinate(frame.at_x(j + 1.0) - frame.at_x(j)),
                    height=coordinate(frame.at_y(low) - frame.at_y(low + 1.0)),
                    class_=f"shade s{level}",
                )
            )
    parts += _names_beside(frame, xs, ys, upwards)
    return figure(
        frame.picture(name, *parts, *_axis_names(frame, x_label, y_label)),
        f"{name}. Darkest: {number(greatest)} {what}.",
    )


def _names_beside(frame: Frame, xs: Sequence[Any], ys: Sequence[Any], upwards: bool) -> list[Html]:
    parts, foot = [], frame.height - frame.bottom
    every_x, every_y = -(-len(xs) // 10), -(-len(ys) // 20)
    for j in range(0, len(xs), every_x):
        at = coordinate(frame.at_x(j + 0.5))
        parts.append(
            element("text", shortened(xs[j])[:9], x=at, y=foot + 17, text_anchor="middle", class_="tick")
        )
    for i in range(0, len(ys), every_y):
        place = i + 0.5 if upwards else len(ys) - i - 0.5
        at = coordinate(frame.at_y(place) + 4)
        parts.append(
            element("text", shortened(ys[i])[:8], x=frame.left - 7, y=at, text_anchor="end", class_="tick")
        )
    return parts


def _axis_names(frame: Frame, x_label: str, y_label: str) -> list[Html]:
    foot = frame.height - frame.bottom
    middle = coordinate((frame.left + frame.width - frame.right) / 2), coordinate((frame.top + foot) / 2)
    turned = f"rotate(-90 14 {middle[1]})"
    return [
        element("text", x_label, x=middle[0], y=frame.height - 8, text_anchor="middle", class_="axis"),
        element("text", y_label, x=14, y=middle[1], text_anchor="middle", class_="axis", transform=turned),
    ]
