"""Frame: where numbers come to lie in an SVG picture, with its axes, ticks and labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, floor, log10
from typing import Any

from gmmscape.report.blocks import MINUS
from gmmscape.report.html import Html, element, joined, shortened


@dataclass(frozen=True)
class Frame:
    """A rectangle of a picture with two scales.

    Attributes
    ----------
    x, y : tuple of two float
        Least and greatest number of each axis.
    width, height : float
        Of the picture, in its own units.
    left, right, top, bottom : float
        Margins.
    """

    x: tuple[float, float]
    y: tuple[float, float]
    width: float = 520.0
    height: float = 340.0
    left: float = 78.0
    right: float = 14.0
    top: float = 14.0
    bottom: float = 48.0

    def at_x(self, value: float) -> float:
        """Return where a number lies from the left."""
        low, high = self.x
        return self.left + (value - low) / (high - low) * (self.width - self.left - self.right)

    def at_y(self, value: float) -> float:
        """Return where a number lies from the top."""
        low, high = self.y
        return (
            self.height - self.bottom - (value - low) / (high - low) * (self.height - self.top - self.bottom)
        )

    def axes(self, x_label: Any, y_label: Any, *, x_ticks: Sequence[float] | None = None) -> Html:
        """Return grid lines, ticks and labels."""
        foot, end = self.height - self.bottom, self.width - self.right
        parts = []
        across, up = ticks(*self.x) if x_ticks is None else x_ticks, ticks(*self.y)
        for value in across:
            x = coordinate(self.at_x(value))
            parts += [
                element("line", x1=x, x2=x, y1=self.top, y2=foot, class_="grid"),
                element(
                    "text", tick_text(value, across), x=x, y=foot + 17, text_anchor="middle", class_="tick"
                ),
            ]
        for value in up:
            y = self.at_y(value)
            parts += [
                element("line", x1=self.left, x2=end, y1=coordinate(y), y2=coordinate(y), class_="grid"),
                element(
                    "text",
                    tick_text(value, up),
                    x=self.left - 7,
                    y=coordinate(y + 4),
                    text_anchor="end",
                    class_="tick",
                ),
            ]
        middle = coordinate((self.left + end) / 2), coordinate((self.top + foot) / 2)
        parts += [
            element(
                "text",
                shortened(x_label),
                x=middle[0],
                y=self.height - 8,
                text_anchor="middle",
                class_="axis",
            ),
            element(
                "text",
                shortened(y_label),
                x=14,
                y=middle[1],
                text_anchor="middle",
                class_="axis",
                transform=f"rotate(-90 14 {middle[1]})",
            ),
        ]
        return joined(parts)

    def picture(self, name: str, *content: Any) -> Html:
        """Return the SVG element, with a name for those who do not see it."""
        return element(
            "svg",
            *content,
            viewBox=f"0 0 {self.width:g} {self.height:g}",
            role="img",
            aria_label=name,
            class_="chart",
        )


def with_equal_units(frame: Frame) -> Frame:
    """Return the frame with one of its scales widened, so that both have as much room for one unit."""
    wide, high = (scale[1] - scale[0] for scale in (frame.x, frame.y))
    across = (frame.width - frame.left - frame.right) / wide
    up = (frame.height - frame.top - frame.bottom) / high
    if across > up:
        return replace(frame, x=_stretched(frame.x, across / up))
    return replace(frame, y=_stretched(frame.y, up / across))


def _stretched(scale: tuple[float, float], factor: float) -> tuple[float, float]:
    middle, half = (scale[0] + scale[1]) / 2, factor * (scale[1] - scale[0]) / 2
    return middle - half, middle + half


def figure(picture: Html, *caption: Any) -> Html:
    """Return a picture with what stands below it."""
    return element("figure", picture, element("figcaption", *caption))


def coordinate(value: float) -> str:
    """Return a place in a picture, to a tenth of its unit."""
    return f"{value:.1f}"


def ticks(low: float, high: float, about: int = 6) -> list[float]:
    """Return round numbers between two others."""
    width = high - low
    if not width > 0:
        return [low]
    step = 10.0 ** floor(log10(width / about))
    step *= next((factor for factor in (1, 2, 5) if width / (step * factor) <= about), 10)
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [i * step for i in range(first, last + 1)]


def tick_text(value: float, others: Sequence[float]) -> str:
    """Return a number of an axis, in as many digits as tell it from its neighbours."""
    step = others[1] - others[0] if len(others) > 1 else abs(value) or 1.0
    if abs(value) < 1e-6 * step:
        return "0"
    largest = max(step, *map(abs, others))
    digits = min(ceil(log10(largest / step) - 1e-9) + 2, 15)
    if 1e-4 <= abs(value) < 1e7:
        shown = f"{value:.{digits}g}" if abs(value) < 1e4 else f"{value:.{max(digits - 5, 0)}f}"
        return shown.replace("-", MINUS)
    mantissa, _, exponent = f"{value:.{digits}e}".partition("e")
    return mantissa.rstrip("0").rstrip(".").replace("-", MINUS) + f"e{int(exponent)}"


def widened(low: float, high: float, share: float = 0.05) -> tuple[float, float]:
    """Return an interval with a margin; one of width around numbers that are equal."""
    margin = share * (high - low) or max(abs(high), 1.0) * share
    return low - margin, high + margin
