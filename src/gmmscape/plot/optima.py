"""OptimaDisplay: local optima over their NLL, with their shares of the starts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gmmscape.plot.style import (
    COLOURS,
    INK,
    SMALL,
    Display,
    axes_or_new,
    block_lines,
    kind_legend,
    marker,
    number,
)
from gmmscape.structure.structure import Block

#: Optima that are drawn.
MOST_DRAWN = 20


class OptimaDisplay(Display):
    """Local optima as rows, best on top: a dot at the NLL, a bar for the share of starts, and the blocks.

    Parameters
    ----------
    gaps : sequence of float
        Nats in total behind the best, rising.
    shares : sequence of float
        Shares of the starts.
    intervals : sequence of (float, float)
        Intervals of the shares.
    blocks : sequence of tuple of Block
        Structure of each, decoded against the best.

    Attributes
    ----------
    dots_ : list of matplotlib PathCollection
        One a row, at its NLL.
    bars_ : matplotlib BarContainer
        One a row, as long as its share.
    texts_ : list of matplotlib Text
        Blocks of each row.
    """

    def __init__(
        self,
        gaps: Sequence[float],
        shares: Sequence[float],
        intervals: Sequence[tuple[float, float]],
        blocks: Sequence[tuple[Block, ...]],
    ) -> None:
        drawn = slice(MOST_DRAWN)
        self.gaps = np.array(gaps[drawn])
        self.shares = np.array(shares[drawn])
        self.intervals = np.array(intervals[drawn])
        self.blocks = list(blocks[drawn])
        self.left_out = len(gaps) - len(self.gaps)

    def plot(self, ax: Any = None) -> OptimaDisplay:
        """Draw the optima.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw, two axes inside it; a new figure, unknown to pyplot, by default.

        Returns
        -------
        OptimaDisplay
            This display, with `figure_`, `axes_` (NLL, shares) and the artists.

        Raises
        ------
        NotAvailableError
            If matplotlib is not installed.
        """
        ours, n = ax is None, len(self.gaps)
        ax = axes_or_new(ax, 9.0, 1.6 + 0.28 * n)
        ax.set_axis_off()
        left = ax.inset_axes((0.07, 0.0, 0.36, 1.0))
        right = ax.inset_axes((0.46, 0.0, 0.54, 1.0))
        self._keep([left, right])
        places = np.arange(n)
        kinds = [_worst(blocks, i == 0) for i, blocks in enumerate(self.blocks)]
        colours = [COLOURS[kind] for kind in kinds]
        self.dots_ = [
            left.scatter(gap, i, s=36, c=COLOURS[kind], marker=marker(kind), zorder=3)
            for i, (gap, kind) in enumerate(zip(self.gaps, kinds, strict=True))
        ]
        self.bars_ = right.barh(places, self.shares, height=0.55, color=colours, zorder=2)
        right.hlines(places, *self.intervals.T, colors=INK, linewidth=1, zorder=3)
        self.texts_ = [
            right.annotate(
                _text(blocks, i == 0), (high, i), (5, 0), textcoords="offset points", va="center",
                fontsize=SMALL, color=INK, annotation_clip=False,
            )
            for i, (blocks, (_, high)) in enumerate(zip(self.blocks, self.intervals, strict=True))
        ]  # fmt: skip
        self._frame()
        kind_legend(ax, kinds, ours)
        return self

    def _frame(self) -> None:
        left, right = self.axes_
        width = float(self.gaps.max()) or 1.0
        left.set_xlim(-0.05 * width, 1.05 * width)
        left.set_xlabel("NLL above the best, nats in total")
        left.set_yticks(
            range(len(self.gaps)), [number(gap) if i else "best" for i, gap in enumerate(self.gaps)]
        )
        # Room for the blocks, which stand beside the intervals.
        right.set_xlim(0.0, 1.6 * float(self.intervals.max()))
        right.set_xticks([tick for tick in right.get_xticks() if tick <= max(1.0, self.shares.max())])
        right.set_xlabel("share of starts, 95 % interval, blocks")
        right.set_yticks([])
        for axis in (left, right):
            axis.set_ylim(len(self.gaps) - 0.5, -0.5)
            for side in ("right", "top"):
                axis.spines[side].set_visible(False)
        if self.left_out:
            right.set_title(f"{self.left_out} more are not drawn", fontsize=SMALL, loc="left")


def _text(blocks: tuple[Block, ...], best: bool) -> str:
    return f"{len(blocks)} components" if best else "  ".join(line for line, _ in block_lines(blocks))


def _worst(blocks: tuple[Block, ...], best: bool) -> str:
    """The kind that colours an optimum: what is wrong with it."""
    kinds = {block.kind for block in blocks}
    if best:
        return "exact"
    return next(kind for kind in ("unstructured", "one-fits-many", "many-fit-one", "exact") if kind in kinds)
