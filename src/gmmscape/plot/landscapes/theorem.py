"""TheoremDisplay: measured errors of blocks beside the bounds that a theorem claims."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from gmmscape.exceptions import InvalidParameterError
from gmmscape.plot.sizes import SIZES
from gmmscape.plot.style import FAINT, INK, SMALL, Display, axes_or_new, colour, legend, marker
from gmmscape.results.text import counted


class BlockError(NamedTuple):
    """The error of a block, and what is claimed of it.

    Parameters
    ----------
    separation : float
        Of the truth, sigma; it may be infinite, as for one center.
    kind : str
        Of the block.
    error : float
        Measured, in sigma.
    numerical_error : float
        Of that, in sigma; infinite where it is not known.
    bound : float or None
        What the error may be, in sigma; None where nothing is claimed of it.
    claimed : bool, default=True
        Whether the theorem's condition holds.
    name : str, default=""
        Of the block.
    """

    separation: float
    kind: str
    error: float
    numerical_error: float
    bound: float | None
    claimed: bool = True
    name: str = ""

    @property
    def known(self) -> bool:
        """Whether the error is more than its numerical error."""
        return self.error > self.numerical_error

    @property
    def exceeds(self) -> bool:
        """Whether it is above the bound by more than its numerical error."""
        return self.bound is not None and self.error - self.numerical_error > self.bound


class TheoremDisplay(Display):
    """Errors and bounds: over the separation or, where there is only one, block by block.

    Parameters
    ----------
    blocks : sequence of BlockError
        One mark each. Errors that are not known to be more than zero stand at the edge.

    Attributes
    ----------
    marks_ : dict of (str, bool) to matplotlib Line2D
        Measured errors, by kind of block and by whether the theorem is claimed there.
    at_edge_ : list of matplotlib Line2D
        Errors that are less than their numerical error, or not known.
    bounds_ : dict of str to matplotlib Line2D
        Smallest bound of each kind.
    exceeded_ : matplotlib Line2D or None
        Rings around errors that exceed their bound where the theorem is claimed.

    Raises
    ------
    InvalidParameterError
        If nothing is passed, or a number is negative or NaN.
    """

    def __init__(self, blocks: Sequence[BlockError]) -> None:
        self.blocks = [BlockError(*one) for one in blocks]
        if not self.blocks:
            raise InvalidParameterError("blocks is empty: a picture needs a block")
        for one in self.blocks:
            numbers = [one.separation, one.error, one.numerical_error, one.bound or 0.0]
            if not all(value >= 0.0 for value in numbers):
                raise InvalidParameterError(f"blocks has {one}: pass numbers from 0 on")

    @classmethod
    def from_table(cls, table: Any) -> TheoremDisplay:
        """Make the display of a table.

        Parameters
        ----------
        table : TheoremTable
            With a row at least.

        Returns
        -------
        TheoremDisplay
            Not drawn yet.
        """
        several = len({row.truth for row in table.rows}) > 1
        return cls(
            [
                BlockError(
                    row.separation,
                    row.found.block.kind,
                    row.found.error,
                    row.found.numerical_error,
                    row.found.bound,
                    row.claimed,
                    f"truth {row.truth}, " * several + f"minimum {row.minimum}: {row.found.block}",
                )
                for row in table.rows
            ]
        )

    def plot(self, ax: Any = None) -> TheoremDisplay:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        TheoremDisplay
            This display, with `figure_`, `ax_` and the artists.

        Raises
        ------
        NotAvailableError
            If matplotlib is not installed.
        """
        ours = ax is None
        over = len({one.separation for one in self.blocks if np.isfinite(one.separation)}) > 1
        if over:
            shown = [one for one in self.blocks if np.isfinite(one.separation)]
        else:
            order = sorted(range(len(self.blocks)), key=lambda i: -_ratio(self.blocks[i]))
            shown = [self.blocks[i] for i in sorted(order[: SIZES.most_blocks])]
        height = 4.8 if over else max(2.6, SIZES.block_height * len(shown) + 1.6)
        self._keep([axes_or_new(ax, 6.4, height)])
        places = [one.separation for one in shown] if over else list(range(len(shown)))
        self._draw(shown, places, over)
        self._frame(shown, over)
        handles = self.ax_.get_legend_handles_labels()[0]
        legend(self.ax_, ours, handles, most_columns=2)
        missing = len(self.blocks) - len(shown)
        if missing:
            which = "of one center" if over else "of smaller ratio"
            verb = "is" if missing == 1 else "are"
            words = f"{counted(missing, 'block')} {which} {verb} not drawn"
            self.ax_.set_title(words, fontsize=SMALL, loc="left")
        return self

    def _draw(self, shown: list[BlockError], places: Sequence[float], over: bool) -> None:
        """Draw marks and bounds; `over` says whether places are across, or else errors are."""
        self._over = over
        self._edge = _edge(shown)
        kinds = list(dict.fromkeys(one.kind for one in shown))
        pairs = list(zip(places, shown, strict=True))
        self.bounds_ = {}
        for kind in kinds:
            some = [(place, one) for place, one in pairs if one.kind == kind and one.bound is not None]
            if some:
                self.bounds_[kind] = self._bounds(kind, some)
        self.marks_ = {}
        for kind in kinds:
            for claimed in (True, False):
                some = [
                    (place, one)
                    for place, one in pairs
                    if one.known and (one.kind, one.claimed) == (kind, claimed)
                ]
                if some:
                    self.marks_[kind, claimed] = self._errors(kind, claimed, some)
        self.at_edge_ = [
            self._at_edge(some, known)
            for known in (True, False)
            if (some := [
                (place, one)
                for place, one in pairs
                if not one.known and np.isfinite(one.numerical_error) == known
            ])
        ]  # fmt: skip
        above = [(place, one.error) for place, one in pairs if one.exceeds and one.claimed]
        self.exceeded_ = None
        if above:
            ring = {"linestyle": "", "marker": "o", "markersize": 12, "fillstyle": "none", "zorder": 5}
            self.exceeded_ = self._line(above, color=INK, label="above the bound", **ring)

    def _line(self, points: Iterable[tuple[float, float]], **style: Any) -> Any:
        """Draw (place, error) points, along the axes as this picture has them."""
        first, second = zip(*points, strict=True)
        return self.ax_.plot(*((first, second) if self._over else (second, first)), **style)[0]

    def _errors(self, kind: str, claimed: bool, some: list[tuple[float, BlockError]]) -> Any:
        hue = colour(kind)
        for place, one in some:
            low, high = max(one.error - one.numerical_error, self._edge), one.error + one.numerical_error
            self._line([(place, low), (place, high)], color=hue, linewidth=1.0, zorder=3)
        return self._line(
            [(place, one.error) for place, one in some],
            color=hue,
            marker=marker(kind),
            linestyle="",
            markersize=5.5,
            fillstyle="full" if claimed else "none",
            zorder=4,
            label=kind if claimed else f"{kind}, condition fails",
        )

    def _at_edge(self, some: list[tuple[float, BlockError]], known: bool) -> Any:
        shape = ("v" if self._over else "<") if known else "x"
        for place, one in some:
            if known and one.numerical_error > self._edge:
                ends = [(place, self._edge), (place, one.numerical_error)]
                self._line(ends, color=colour(one.kind), linewidth=1.0)
        words = "below numerical error, at edge" if known else "error not known, at edge"
        return self._line(
            [(place, self._edge) for place, _ in some],
            color=FAINT,
            marker=shape,
            linestyle="",
            markersize=5,
            label=words,
            clip_on=False,
        )

    def _bounds(self, kind: str, some: list[tuple[float, BlockError]]) -> Any:
        """Bounds of a kind: a line of the smallest, and a band up to the largest; or single strokes."""
        hue, words = colour(kind), f"bound, {kind}"
        if not self._over:
            points = [(place, max(one.bound or 0.0, self._edge)) for place, one in some]
            style = {"linestyle": "", "marker": "|", "markersize": 13, "markeredgewidth": 2.0}
            return self._line(points, color=hue, label=words, alpha=0.7, **style)
        separations = sorted({place for place, _ in some})
        each = [[one.bound or 0.0 for place, one in some if place == at] for at in separations]
        low, high = (np.maximum([pick(values) for values in each], self._edge) for pick in (min, max))
        if (high > low).any():
            self.ax_.fill_between(separations, low, high, color=hue, alpha=0.15, linewidth=0)
        points = list(zip(separations, low.tolist(), strict=True))
        return self._line(points, color=hue, linestyle="--", linewidth=1.3, label=words)

    def _frame(self, shown: list[BlockError], over: bool) -> None:
        ax = self.ax_
        what = "approximation error, sigma"
        if over:
            ax.set_yscale("log")
            ax.set_ylim(bottom=self._edge)
            ax.set_ylabel(what)
            ax.set_xlabel("separation of the centers, sigma")
        else:
            ax.set_xscale("log")
            ax.set_xlim(left=self._edge)
            ax.set_xlabel(what)
            ax.set_ylim(len(shown) - 0.5, -0.5)
            ax.set_yticks(range(len(shown)), [one.name for one in shown], fontsize=SMALL)
        ax.grid(alpha=0.25)
        for side in ("right", "top"):
            ax.spines[side].set_visible(False)


def _ratio(one: BlockError) -> float:
    if one.bound is None:
        return -1.0
    return one.error / one.bound if one.bound else np.inf


def _edge(shown: Sequence[BlockError]) -> float:
    """The smallest error that is drawn: below all errors that are known, and all bounds."""
    values = [one.error for one in shown if one.known]
    values += [one.bound for one in shown if one.bound]
    return min(values, default=1.0) / SIZES.below
