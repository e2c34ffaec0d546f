"""OptimaDisplay: local optima over their NLL, with their shares of the starts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gmmscape.plot.block_words import block_words
from gmmscape.plot.sizes import SIZES
from gmmscape.plot.style import (
    COLOURS,
    INK,
    SMALL,
    WORST_FIRST,
    Display,
    axes_or_new,
    kind_legend,
    marker,
    number,
)
from gmmscape.results.text import counted
from gmmscape.structure.structure import Block


class OptimaDisplay(Display):
    """Local optima as rows, best on top: what each loses, how often it is met, and its components in words.

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
        What each row says of its components.
    """

    def __init__(
        self,
        gaps: Sequence[float],
        shares: Sequence[float],
        intervals: Sequence[tuple[float, float]],
        blocks: Sequence[tuple[Block, ...]],
    ) -> None:
        drawn = slice(SIZES.most_optima)
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
        ax = axes_or_new(ax, 10.5, 2.0 + 0.27 * n)
        ax.set_axis_off()
        left = ax.inset_axes((0.07, 0.0, 0.24, 1.0))
        right = ax.inset_axes((0.335, 0.0, 0.22, 1.0))
        self._keep([left, right])
        places = np.arange(n)
        kinds = [_worst(blocks, i == 0) for i, blocks in enumerate(self.blocks)]
        colours = [COLOURS[kind] for kind in kinds]
        self.dots_ = [
            left.scatter(gap, i, s=36, c=COLOURS[kind], marker=marker(kind), zorder=3, clip_on=False)
            for i, (gap, kind) in enumerate(zip(self.gaps, kinds, strict=True))
        ]
        self.bars_ = right.barh(places, self.shares, height=0.55, color=colours, zorder=2)
        right.hlines(places, *self.intervals.T, colors=INK, linewidth=1, zorder=3)
        words = [
            f"the best: {counted(len(blocks), 'cluster')}" if i == 0 else _words(blocks)
            for i, blocks in enumerate(self.blocks)
        ]
        self.texts_ = [
            right.annotate(
                line, (1.04, i), xycoords=("axes fraction", "data"), va="center", fontsize=SMALL,
                color=INK, annotation_clip=False,
            )
            for i, line in enumerate(words)
        ]  # fmt: skip
        self._frame()
        kind_legend(ax, kinds, ours)
        return self

    def _frame(self) -> None:
        left, right = self.axes_
        width = float(self.gaps.max()) or 1.0
        left.set_xlim(0.0, 1.05 * width)
        left.set_xlabel("nats behind the best")
        left.set_yticks(
            range(len(self.gaps)), [number(gap) if i else "best" for i, gap in enumerate(self.gaps)]
        )
        right.set_xlim(0.0, min(1.0, 1.05 * float(self.intervals.max())))
        right.set_xlabel("share of the starts, 95 % interval")
        right.set_yticks([])
        for axis in (left, right):
            axis.set_ylim(len(self.gaps) - 0.5, -0.5)
            axis.grid(axis="x", alpha=0.25, zorder=0)
            for side in ("right", "top"):
                axis.spines[side].set_visible(False)
        heads = (
            (left, "nats behind the best", 0.0),
            (right, "how often starts end here", 0.0),
            (right, "components of this optimum, on clusters of the best", 1.04),
        )
        for axis, head, x in heads:
            axis.annotate(
                head, (x, 1.0), (0, 5), xycoords="axes fraction", textcoords="offset points",
                fontsize=SMALL + 0.5, fontweight="bold", color=INK,
            )  # fmt: skip
        if self.left_out:
            left_out = counted(self.left_out, "worse one is", "worse ones are")
            right.annotate(
                f"{left_out} not drawn", (1.04, 0.0), (0, -14), xycoords="axes fraction",
                textcoords="offset points", fontsize=SMALL, color=INK, annotation_clip=False,
            )  # fmt: skip


def _words(blocks: tuple[Block, ...]) -> str:
    """As many blocks in words as there is room for."""
    lines = [block_words(blocks, most, alone="as in the best") for most in (3, 2, 1, 0)]
    return next((line for line in lines if len(line) <= SIZES.most_letters), lines[-1])


def _worst(blocks: tuple[Block, ...], best: bool) -> str:
    """The kind that colours an optimum: what is wrong with it."""
    kinds = {block.kind for block in blocks}
    if best:
        return "exact"
    return next(kind for kind in WORST_FIRST if kind in kinds)
