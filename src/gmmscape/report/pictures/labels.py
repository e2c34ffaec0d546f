"""Places for labels: beside their marks, on no mark and on no other label."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi, sin
from typing import NamedTuple


class Place(NamedTuple):
    """Where a label stands: its middle, and whether a line has to lead to its mark."""

    x: float
    y: float
    led: bool


def places(
    marks: Sequence[tuple[float, float]],
    widths: Sequence[float],
    box: tuple[float, float, float, float],
    *,
    height: float = 13.0,
    radius: float = 6.0,
) -> list[Place | None]:
    """Return where the labels of marks stand.

    Each is tried close to its mark first, then on wider and wider rings.

    Parameters
    ----------
    marks : sequence of (float, float)
        Where the marks are.
    widths : sequence of float
        Of the labels.
    box : tuple of four float
        Left, top, right and bottom of where labels may stand.
    height : float, default=13.0
        Of the labels.
    radius : float, default=6.0
        Of the marks.

    Returns
    -------
    list of (Place or None)
        One for each mark; None where there is no room, or the mark is outside.
    """
    found: list[Place | None] = []
    taken: list[tuple[float, float, float]] = []
    for (x, y), width in zip(marks, widths, strict=True):
        place = None
        if box[0] <= x <= box[2] and box[1] <= y <= box[3]:
            place = _free(x, y, width, height, radius, marks, taken, box)
        if place is not None:
            taken.append((place.x, place.y, width))
        found.append(place)
    return found


def _free(
    x: float,
    y: float,
    width: float,
    height: float,
    radius: float,
    marks: Sequence[tuple[float, float]],
    taken: Sequence[tuple[float, float, float]],
    box: tuple[float, float, float, float],
) -> Place | None:
    for ring in range(12):
        reach = radius + height / 2 + 2 + 11.0 * ring
        for turn in range(8 + 4 * ring):
            angle = -pi / 4 + 2 * pi * turn / (8 + 4 * ring)
            at_x, at_y = x + (reach + width / 2 - height / 2) * cos(angle), y + reach * sin(angle)
            inside = (
                box[0] <= at_x - width / 2
                and at_x + width / 2 <= box[2]
                and box[1] <= at_y - height / 2
                and at_y + height / 2 <= box[3]
            )
            if (
                inside
                and all(abs(at_x - u) >= (width + w) / 2 or abs(at_y - v) >= height for u, v, w in taken)
                and all(
                    abs(at_x - u) >= width / 2 + radius or abs(at_y - v) >= height / 2 + radius
                    for u, v in marks
                )
            ):
                return Place(at_x, at_y, ring > 0)
    return None
