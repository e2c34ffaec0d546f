"""What all pictures share: colours and marks of the kinds of block, figures without global state, numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO
from textwrap import wrap
from typing import Any

import numpy as np

from gmmscape.exceptions import InvalidParameterError, NotAvailableError
from gmmscape.structure.structure import Block

#: Colour and marker of each kind; the shapes tell the kinds apart in print and for the colour-blind.
#: Red is darker and orange lighter than blue, so that those who see no red tell them apart as well.
COLOURS = {
    "exact": "#3b78b5",
    "one-fits-many": "#c8102e",
    "many-fit-one": "#f2a01d",
    "empty": "#8c8c8c",
    "unstructured": "#555555",
    "nested": "#a569bd",
    "mixed": "#1f8a70",
    "background": "#9a9a9a",
    "collapsed": "#111111",
    "not examined": "#6d6d6d",
}
MARKERS = {
    "exact": "o",
    "one-fits-many": "s",
    "many-fit-one": "^",
    "empty": "P",
    "unstructured": "X",
    "nested": "D",
    "mixed": "p",
    "background": "h",
    "collapsed": "X",
    "not examined": "v",
}
#: Kinds of block in the order in which they colour a whole fit: what is wrong with it.
WORST_FIRST = ("unstructured", "empty", "one-fits-many", "many-fit-one", "exact")
#: What the kinds of component mean, in one line; the order of legends.
KINDS = {
    "exact": "one component on one cluster",
    "one-fits-many": "one component on several clusters",
    "many-fit-one": "several components on one cluster",
    "nested": "a core in a wider component",
    "mixed": "shares its cluster's rows with others",
    "background": "a wide one behind several others",
    "collapsed": "too few rows for its covariance",
    "not examined": "nothing was tried on it",
}
#: Colours of what has no kind, in turn.
HUES = ("#c8102e", "#3b78b5", "#f2a01d", "#1f8a70", "#a569bd", "#7d5a44", "#17a2b8", "#6b6b00")
INK = "#333333"
FAINT = "#9a9a9a"
SMALL = 8.5
#: Brightness, of 255, of letters.
DARK = 95.0
#: Characters of the usual size in an inch.
CHARACTERS = 11.5


class Display:
    """A picture that has been, or can be, drawn.

    Attributes
    ----------
    figure_ : matplotlib Figure
        What it was drawn in; there once `plot` has run.
    ax_ : matplotlib Axes
        The first of its axes.
    axes_ : ndarray of matplotlib Axes
        All of them.
    """

    figure_: Any
    ax_: Any
    axes_: Any

    def plot(self, ax: Any = None) -> Display:
        """Draw the picture; every class of picture defines it."""
        raise NotImplementedError

    def _keep(self, axes: Iterable[Any]) -> None:
        self.axes_ = np.array(list(axes), dtype=object)
        self.ax_ = self.axes_[0]
        self.figure_ = self.ax_.figure

    def _repr_png_(self) -> bytes:
        """Return the picture as PNG: what notebooks show."""
        if not hasattr(self, "figure_"):
            self.plot()
        content = BytesIO()
        self.figure_.savefig(content, format="png")
        return content.getvalue()


def new_figure(width: float, height: float, layout: Any = "constrained") -> Any:
    """Return an empty figure that pyplot does not know of; raises NotAvailableError without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise NotAvailableError("plot needs matplotlib: install gmmscape[plot]") from error
    return Figure(figsize=(width, height), layout=layout)


def axes_or_new(ax: Any, width: float, height: float) -> Any:
    """Return the axes that were passed, or those of a new figure; raises as `checked_axes` does."""
    return new_figure(width, height).subplots() if ax is None else checked_axes(ax)


def checked_axes(ax: Any) -> Any:
    """Return the axes; InvalidParameterError where something else was passed, or axes that are not flat."""
    if getattr(ax, "name", None) != "rectilinear":
        raise InvalidParameterError.of("ax", ax, "pass matplotlib Axes with two straight axes, or None")
    return ax


def pair_of_axes(axes: Any) -> list[Any]:
    """Return two axes; InvalidParameterError where something else was passed."""
    given = np.atleast_1d(np.asarray(axes, dtype=object)).ravel().tolist()
    if len(given) != 2:
        raise InvalidParameterError.of("ax", axes, "pass two matplotlib Axes, for before and after, or None")
    return [checked_axes(one) for one in given]


def kinds_of(blocks: Sequence[Block] | None, k: int) -> list[str | None]:
    """Return the kind of the block of each mean, None where there is no structure."""
    kinds: list[str | None] = [None] * k
    for block in blocks or ():
        for i in block.means:
            kinds[i] = block.kind
    return kinds


def colour(kind: str | None) -> str:
    """Return the colour of a kind, a neutral one for None."""
    return INK if kind is None else COLOURS[kind]


def dark(kind: str | None) -> str:
    """Return the colour of a kind as letters have it: dark enough to be read on white."""
    parts = [int(colour(kind)[i : i + 2], 16) for i in (1, 3, 5)]
    brightness = 0.30 * parts[0] + 0.59 * parts[1] + 0.11 * parts[2]
    shade = min(1.0, DARK / max(brightness, 1.0))
    return "#" + "".join(f"{int(shade * part):02x}" for part in parts)


def marker(kind: str | None) -> str:
    """Return the marker of a kind, a diamond for None."""
    return "D" if kind is None else MARKERS[kind]


def kind_legend(ax: Any, kinds: Iterable[str | None], outside: bool) -> None:
    """Add a legend of the kinds that occur: below the figure where it is ours, else above the axes."""
    from matplotlib.lines import Line2D

    seen = set(kinds)
    keys = [
        Line2D([], [], color=colour(kind), marker=marker(kind), linewidth=1, label=kind or "fitted mean")
        for kind in (*COLOURS, None)
        if kind in seen
    ]
    if outside:
        ax.figure.legend(
            handles=keys, loc="outside lower center", ncols=len(keys), fontsize=SMALL, frameon=False
        )
    elif keys:
        place = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "borderaxespad": 0.0}
        ax.legend(handles=keys, ncols=len(keys), fontsize=SMALL, frameon=False, **place)


def legend(ax: Any, ours: bool, handles: Any = None, most_columns: int = 4) -> Any:
    """Add the legend of what has a label: below the figure where it is ours, so that it covers nothing."""
    keys = ax.get_legend_handles_labels()[0] if handles is None else list(handles)
    if not ours:
        return ax.legend(handles=keys, fontsize=SMALL, frameon=False)
    longest = max((len(str(key.get_label())) for key in keys), default=1)
    columns = int(CHARACTERS * ax.figure.get_figwidth() / (longest + 6))
    style = {"fontsize": SMALL, "frameon": False, "ncols": max(1, min(len(keys), most_columns, columns))}
    return ax.figure.legend(handles=keys, loc="outside lower center", **style)


def number(value: float) -> str:
    """Return a value in four digits; what is below the accuracy of any picture is 0."""
    return "0" if abs(value) < 1e-9 else f"{value:.4g}"


def amount(value: float) -> str:
    """Return a height in nats, three digits."""
    return f"{value:.3g} nats"


def block_lines(blocks: Sequence[Block] | None, most: int = 3) -> list[tuple[str, str]]:
    """Return text and colour of each block; of more than `most`, exact ones are only counted.

    Where more than `most` others remain, they are counted as well.
    """
    if blocks is None:
        return []
    if len(blocks) <= most:
        return [(str(block), dark(block.kind)) for block in blocks]
    others = [block for block in blocks if block.kind != "exact"]
    lines = [(str(block), dark(block.kind)) for block in others[:most]]
    if len(others) > most:
        lines.append((f"{len(others) - most} more", INK))
    exact = len(blocks) - len(others)
    return [*lines, (f"{exact} exact", dark("exact"))] if exact else lines


def stacked(positions: Sequence[float], width: float) -> list[int]:
    """Return a level for each position such that those on one level are `width` apart."""
    last: list[float] = []
    levels = [0] * len(positions)
    for i in np.argsort(positions, kind="stable"):
        free = [level for level, x in enumerate(last) if positions[i] - x >= width]
        levels[i] = free[0] if free else len(last)
        if not free:
            last.append(0.0)
        last[levels[i]] = positions[i]
    return levels


def plain_text(text: str, most: int = 24) -> str:
    """Return text as it can stand in a picture: no formulas, nothing invisible, not too long."""
    shown = "".join(sign if sign.isprintable() else " " for sign in text)
    shown = " ".join(shown.split()) or "(no name)"
    if len(shown) > most:
        shown = shown[: most - 1] + "\N{HORIZONTAL ELLIPSIS}"
    return shown.replace("$", r"\$")


def wrapped(text: str, inches: float) -> str:
    """Return the name of an axis in lines that are no longer than the axis."""
    return "\n".join(wrap(text, max(12, int(CHARACTERS * inches)), break_on_hyphens=False))
