"""BasinsDisplay: minima with the share of the starts that fall into each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gmmscape.exceptions import InvalidParameterError
from gmmscape.plot.block_words import block_words
from gmmscape.plot.landscapes.minima import MinimaDisplay
from gmmscape.plot.style import (
    COLOURS,
    INK,
    SMALL,
    WORST_FIRST,
    Display,
    axes_or_new,
    checked_axes,
    colour,
    new_figure,
)
from gmmscape.structure.structure import Block
from gmmscape.validation import finite_array, positive_integer

#: Where a bar lies below the title of its strip.
BELOW_TITLE = 0.35


class BasinsDisplay(Display):
    """Shares of the starts as bars with their intervals, and beside them what the minima look like.

    Parameters
    ----------
    shares : sequence of float
        Share of the starts of each minimum.
    intervals : sequence of (float, float)
        Intervals of the shares.
    blocks : sequence of (sequence of Block or None)
        Structure of each; None where nothing is known.
    minima : MinimaDisplay, optional
        The minima, in the same order; on a line they are drawn beside the bars, else the blocks are named.
    unresolved : float, default=0.0
        Share of the starts that ended in no minimum.

    Attributes
    ----------
    bars_ : list of matplotlib BarContainer
        One for each minimum drawn.
    texts_ : list of matplotlib Text
        Share and, without strips, blocks of each.

    Raises
    ------
    InvalidParameterError
        If there is no minimum, or lengths differ.
    """

    def __init__(
        self,
        shares: Sequence[float],
        intervals: Sequence[tuple[float, float]],
        blocks: Sequence[Sequence[Block] | None],
        minima: MinimaDisplay | None = None,
        unresolved: float = 0.0,
    ) -> None:
        self.shares = finite_array("shares", shares, ndim=(1,))
        if not len(self.shares):
            raise InvalidParameterError("shares is empty: a picture needs a minimum; use more starts")
        self.intervals = finite_array("intervals", intervals, ndim=(2,))
        if len(self.intervals) != len(self.shares) or len(blocks) != len(self.shares):
            raise InvalidParameterError("intervals and blocks need one entry for each share")
        self.blocks = list(blocks)
        self.minima = minima
        self.unresolved = float(unresolved)

    @classmethod
    def from_basins(cls, basins: Any, *, most: int = 8) -> BasinsDisplay:
        """Make the display of some shares.

        Parameters
        ----------
        basins : BasinShares
            What was found.
        most : int, default=8
            Minima drawn: those that most starts fell into, best first.

        Returns
        -------
        BasinsDisplay
            Not drawn yet.

        Raises
        ------
        InvalidParameterError
            If there is no minimum.
        """
        most = positive_integer("most", most)
        drawn = np.sort(np.argsort(-basins.hits, kind="stable")[:most])
        points = [basins.minima[i] for i in drawn]
        if not points:
            raise InvalidParameterError("there is no minimum to be drawn: use more starts")
        return cls(
            basins.shares[drawn],
            basins.intervals[drawn],
            [_blocks(point) for point in points],
            MinimaDisplay.from_points(points, basins.truth, most=most),
            sum(basins.unresolved.values()) / basins.n_starts,
        )

    def plot(self, ax: Any = None) -> BasinsDisplay:
        """Draw the shares.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        BasinsDisplay
            This display, with `figure_`, `ax_`, `axes_` (bars first) and the artists.

        Raises
        ------
        NotAvailableError
            If matplotlib is not installed.
        """
        n = len(self.shares)
        strips = self.minima is not None and self.minima.subjects[0].means.shape[1] == 1
        if strips:
            bars, left = self._halves(ax, n)
            self._keep([bars, left])
            assert self.minima is not None
            self.minima.plot(left)
            places = [title.get_position()[1] - BELOW_TITLE for title in self.minima.titles_]
            bars.set_ylim(left.get_ylim())
        else:
            bars = axes_or_new(ax, 7.5, 1.2 + 0.45 * n)
            places = [-float(i) for i in range(n)]
            self._keep([bars])
        self._draw(bars, places, 0.36 if strips else 0.6, named=not strips)
        return self

    def _halves(self, ax: Any, n: int) -> tuple[Any, Any]:
        if ax is not None:
            checked_axes(ax).set_axis_off()
            return ax.inset_axes((0.66, 0.0, 0.34, 1.0)), ax.inset_axes((0.0, 0.0, 0.62, 1.0))
        left, bars = new_figure(10.5, 1.0 + 1.25 * n).subplots(1, 2, width_ratios=(2, 1))
        return bars, left

    def _draw(self, ax: Any, places: list[float], height: float, *, named: bool) -> None:
        self.bars_, self.texts_ = [], []
        for share, (low, high), blocks, y in zip(
            self.shares, self.intervals, self.blocks, places, strict=True
        ):
            self.bars_.append(ax.barh([y], [share], height=height, color=_colour(blocks), zorder=2))
            ax.hlines([y], low, high, colors=INK, linewidth=1.2, zorder=3)
            text = f"{share:.3g}"
            if named:
                text += "   " + block_words(blocks)
            self.texts_.append(
                ax.annotate(
                    text, (high, y), (5, 0), textcoords="offset points", va="center", fontsize=SMALL,
                    color=INK, annotation_clip=False,
                )
            )  # fmt: skip
        # Words stand beside the intervals, and are taken into account where the figure is laid out.
        ax.set_xlim(0.0, min(1.0, (1.05 if named else 1.25) * float(self.intervals.max())))
        ax.set_xlabel("share of the starts, 95 % interval")
        ax.set_yticks([])
        for side in ("right", "top"):
            ax.spines[side].set_visible(False)
        rest = 1.0 - float(self.shares.sum()) - self.unresolved
        notes = [f"{rest:.3g} in others"] if rest > 1e-9 else []
        notes += [f"{self.unresolved:.3g} in no minimum"] if self.unresolved > 0 else []
        if notes:
            ax.set_title("; ".join(notes), fontsize=SMALL, loc="left")


def _blocks(point: Any) -> Sequence[Block] | None:
    return None if point.decoding is None else point.decoding.blocks


def _colour(blocks: Sequence[Block] | None) -> str:
    """The colour of what is wrong with a minimum."""
    if blocks is None:
        return colour(None)
    kinds = {block.kind for block in blocks}
    return next(COLOURS[kind] for kind in WORST_FIRST if kind in kinds)
