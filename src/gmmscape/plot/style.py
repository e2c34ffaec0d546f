"""What all pictures share: colours and marks of the kinds of block, figures without global state, numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any

import numpy as np

from gmmscape.exceptions import NotAvailableError
from gmmscape.structure.structure import Block

#: Colour and marker of each kind; the shapes tell the kinds apart in print and for the colour-blind.
COLOURS = {
    "exact": "#4c78a8",
    "one-fits-many": "#e45756",
    "many-fit-one": "#f58518",
    "unstructured": "#555555",
}
MARKERS = {"exact": "o", "one-fits-many": "s", "many-fit-one": "^", "unstructured": "X"}
INK = "#333333"
FAINT = "#9a9a9a"
SMALL = 8.5


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
    """Return the axes that were passed, or those of a new figure."""
    return new_figure(width, height).subplots() if ax is None else ax


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
        return [(str(block), COLOURS[block.kind]) for block in blocks]
    others = [block for block in blocks if block.kind != "exact"]
    lines = [(str(block), COLOURS[block.kind]) for block in others[:most]]
    if len(others) > most:
        lines.append((f"{len(others) - most} more", INK))
    exact = len(blocks) - len(others)
    return [*lines, (f"{exact} exact", COLOURS["exact"])] if exact else lines


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
