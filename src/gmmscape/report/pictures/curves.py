"""Curves in one frame, with their intervals, marks and a legend; a point says its numbers when pointed at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from gmmscape.report.blocks import number
from gmmscape.report.html import Html, element, joined, shortened
from gmmscape.report.pictures.frame import Frame, coordinate, figure, ticks, widened

#: Colours that follow each other; as many as can be told apart by all.
COLOURS = range(8)


@dataclass(frozen=True)
class Curve:
    """Points that a line joins.

    Attributes
    ----------
    name : str
        Of the curve.
    xs, ys : sequence of float
        Points; those that are not finite are left out.
    intervals : sequence of (float, float), optional
        Of each point.
    dashed : bool
        Whether the line is dashed.
    joined : bool
        Whether there is a line at all.
    """

    name: str
    xs: Sequence[float]
    ys: Sequence[float]
    intervals: Sequence[tuple[float, float]] = field(default_factory=tuple)
    dashed: bool = False
    joined: bool = True


def curves(
    name: str,
    lines: Sequence[Curve],
    x_label: str,
    y_label: str,
    *,
    marks: Sequence[tuple[float, str]] = (),
    dots: bool = True,
    whole: bool = False,
) -> Html | None:
    """Return curves in one frame, with a legend; None where there is no point.

    Parameters
    ----------
    name : str
        What the picture shows.
    lines : sequence of Curve
        The curves.
    x_label, y_label : str
        Names of the axes, with units.
    marks : sequence of (float, str), optional
        Places on the horizontal axis that are marked, with what they are.
    dots : bool, default=True
        Whether points are drawn.
    whole : bool, default=False
        Whether horizontal places are whole numbers.

    Returns
    -------
    Html or None
        A figure.
    """
    lines = [_finite(line) for line in lines]
    lines = [line for line in lines if line.xs]
    if not lines:
        return None
    xs = [x for line in lines for x in line.xs] + [x for x, _ in marks]
    ys = [y for line in lines for y in line.ys]
    ys += [end for line in lines for pair in line.intervals for end in pair if isfinite(end)]
    frame = Frame(_span(xs), _span(ys))
    whole_ticks = [x for x in ticks(*frame.x) if x == int(x)] if whole else None
    parts = [frame.axes(x_label, y_label, x_ticks=whole_ticks)]
    for x, what in marks:
        at = coordinate(frame.at_x(x))
        mark = element(
            "line",
            element("title", what),
            x1=at,
            x2=at,
            y1=frame.top,
            y2=frame.height - frame.bottom,
            class_="mark",
        )
        parts.append(mark)
    parts += [_drawn(frame, line, i, dots) for i, line in enumerate(lines)]
    return figure(frame.picture(name, *parts), name, ". ", _legend(lines, marks))


def _span(values: Sequence[float]) -> tuple[float, float]:
    """What an axis spans: numbers that differ by less than a millionth count as equal, as for a reader."""
    low, high = min(values), max(values)
    middle = (low + high) / 2
    equal = high - low < 1e-6 * max(abs(low), abs(high))
    return widened(middle, middle) if equal else widened(low, high)


def _finite(line: Curve) -> Curve:
    kept = [i for i, pair in enumerate(zip(line.xs, line.ys, strict=True)) if all(map(isfinite, pair))]
    intervals = [line.intervals[i] for i in kept] if line.intervals else ()
    return Curve(
        line.name,
        [float(line.xs[i]) for i in kept],
        [float(line.ys[i]) for i in kept],
        intervals,
        line.dashed,
        line.joined,
    )


def _drawn(frame: Frame, line: Curve, place: int, dots: bool) -> Html:
    colour = f"c{place % len(COLOURS)}"
    points = [
        (coordinate(frame.at_x(x)), coordinate(frame.at_y(y))) for x, y in zip(line.xs, line.ys, strict=True)
    ]
    way = "M" + "L".join(f"{x} {y}" for x, y in points)
    parts = (
        []
        if not line.joined
        else [element("path", d=way, class_=f"line {colour}{' dashed' if line.dashed else ''}")]
    )
    for (low, high), (x, _) in zip(line.intervals, points, strict=False):
        if isfinite(low) and isfinite(high):
            ends = coordinate(frame.at_y(low)), coordinate(frame.at_y(high))
            parts.append(element("line", x1=x, x2=x, y1=ends[0], y2=ends[1], class_=f"line {colour}"))
    if dots:
        for (x, y), at, value in zip(points, line.xs, line.ys, strict=True):
            told = element("title", f"{shortened(line.name)}: {number(value, 6)} at {number(at, 6)}")
            parts.append(element("circle", told, cx=x, cy=y, r=4, class_=f"dot {colour}"))
    return joined(parts)


def _legend(lines: Sequence[Curve], marks: Sequence[tuple[float, str]]) -> Html:
    keys: list[Any] = []
    if len(lines) > 1:
        keys = [
            element("span", shortened(line.name), class_=f"key c{i % len(COLOURS)}")
            for i, line in enumerate(lines)
        ]
    keys += [element("span", f"{what} at {number(x)}", class_="key key-mark") for x, what in marks]
    return joined(keys)
