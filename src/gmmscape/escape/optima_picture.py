"""OptimaDisplay: local optima over their NLL, with their shares of the starts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gmmscape.landscape.pictures.style import (
    COLOURS,
    FAINT,
    INK,
    SMALL,
    Display,
    axes_or_new,
    block_lines,
    kind_legend,
)
from gmmscape.landscape.structure import Block

#: Optima that are drawn, and those of them whose blocks are written beside them.
MOST_DRAWN, MOST_NAMED = 40, 8


class OptimaDisplay(Display):
    """Local optima as dots over their NLL, as high as their shares of the starts.

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
    dots_ : matplotlib PathCollection
        Shares over NLL.
    bars_ : matplotlib LineCollection
        Bars from 0 to the shares.
    texts_ : list of matplotlib Text
        Blocks of the largest shares.
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
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        OptimaDisplay
            This display, with `figure_`, `ax_` and the artists.

        Raises
        ------
        NotAvailableError
            If matplotlib is not installed.
        """
        ours = ax is None
        ax = axes_or_new(ax, 9.0, 5.0)
        self._keep([ax])
        kinds = [_worst(blocks, i == 0) for i, blocks in enumerate(self.blocks)]
        colours = [COLOURS[kind] for kind in kinds]
        self.bars_ = ax.vlines(self.gaps, 0.0, self.shares, colors=colours, linewidth=3, zorder=2)
        ax.vlines(self.gaps, *self.intervals.T, colors=FAINT, linewidth=1, zorder=3)
        self.dots_ = ax.scatter(self.gaps, self.shares, s=36, c=colours, zorder=4)
        self._name()
        self._frame()
        kind_legend(ax, kinds, ours)
        return self

    def _name(self) -> None:
        """Write the blocks of the largest shares beside their dots."""
        self.texts_ = []
        for i in np.argsort(-self.shares, kind="stable")[:MOST_NAMED]:
            lines = [("best", INK)] if i == 0 else block_lines(self.blocks[i])
            text = "\n".join(line for line, _ in lines)
            self.texts_.append(
                self.ax_.annotate(
                    text,
                    (self.gaps[i], self.shares[i]),
                    (6, 4),
                    textcoords="offset points",
                    fontsize=SMALL,
                    color=INK,
                )
            )

    def _frame(self) -> None:
        ax = self.ax_
        width = float(self.gaps.max()) or 1.0
        ax.set_xlim(-0.04 * width, 1.15 * width)
        ax.set_ylim(0.0, 1.1 * float(self.intervals.max()))
        ax.set_xlabel("NLL above the best optimum, nats in total")
        ax.set_ylabel("share of starts, with 95 % intervals")
        if self.left_out:
            ax.set_title(f"{self.left_out} more are not drawn", fontsize=SMALL, loc="left")
        for side in ("right", "top"):
            ax.spines[side].set_visible(False)


def _worst(blocks: tuple[Block, ...], best: bool) -> str:
    """The kind that colours an optimum: what is wrong with it."""
    kinds = {block.kind for block in blocks}
    if best:
        return "exact"
    return next(kind for kind in ("unstructured", "one-fits-many", "many-fit-one", "exact") if kind in kinds)
