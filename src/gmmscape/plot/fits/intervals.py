"""IntervalsDisplay: estimates with their intervals, a forest plot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from gmmscape.exceptions import InvalidParameterError
from gmmscape.plot.sizes import SIZES
from gmmscape.plot.style import FAINT, HUES, INK, SMALL, Display, axes_or_new, number, plain_text


class Bar(NamedTuple):
    """One line of the picture.

    Attributes
    ----------
    panel : str
        What it is of: lines of one panel have one axis.
    name : str
        Beside the line.
    value : float
        The estimate.
    low : float or None
        Lower end of the interval; None where there is none.
    high : float or None
        Upper end.
    """

    panel: str
    name: str
    value: float
    low: float | None
    high: float | None


class IntervalsDisplay(Display):
    """A panel for each parameter, a line for each component: the estimate, and its interval.

    Parameters
    ----------
    bars : sequence of Bar
        In order; those of one panel together.
    level : float
        Of the intervals.

    Attributes
    ----------
    bars_ : list of matplotlib LineCollection
        The intervals of each panel.
    dots_ : list of matplotlib Line2D
        The estimates of each panel.

    Raises
    ------
    InvalidParameterError
        If there is nothing to draw.
    """

    def __init__(self, bars: Sequence[Bar], level: float) -> None:
        if not bars:
            raise InvalidParameterError.of("kind", "nothing to draw", "choose a kind that the fit has")
        panels: dict[str, list[Bar]] = {}
        for bar in bars:
            panels.setdefault(bar.panel, []).append(bar)
        drawn = dict(list(panels.items())[: SIZES.most_forests])
        self.panels = {name: own[: SIZES.most_lines] for name, own in drawn.items()}
        self.left_out = len(bars) - sum(map(len, self.panels.values()))
        self.level = level

    def plot(self, ax: Any = None) -> IntervalsDisplay:
        """Draw the intervals.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw, an axes for each panel inside it; a new figure, unknown to pyplot, by default.

        Returns
        -------
        IntervalsDisplay
            This display, with `figure_`, `axes_` (one for each panel) and the artists.

        Raises
        ------
        NotAvailableError
            If matplotlib is not installed.
        """
        across = min(SIZES.forests_across, len(self.panels))
        down = -(-len(self.panels) // across)
        lines = max(map(len, self.panels.values()))
        height = SIZES.forest_frame + SIZES.line_height * lines
        ax = axes_or_new(ax, SIZES.forest_width * across, height * down + 2 * SIZES.above_title)
        ax.set_axis_off()
        room = SIZES.forest_frame / height
        places = [divmod(i, across) for i in range(len(self.panels))]
        self._keep(
            [
                ax.inset_axes(
                    (
                        (column + 0.2) / across,
                        1.0 - (row + 1 - 0.6 * room) / down,
                        0.75 / across,
                        (1.0 - room) / down,
                    )
                )
                for row, column in places
            ]
        )
        self.bars_, self.dots_ = [], []
        for panel, (title, bars) in zip(self.axes_, self.panels.items(), strict=True):
            self._draw(panel, title, bars)
        said = f"estimates of each component, with {100 * self.level:g} % intervals"
        if any(bar.low is None or bar.high is None for bars in self.panels.values() for bar in bars):
            said += "; hollow: no interval"
        if self.left_out:
            said += f"; {self.left_out} more are not drawn"
        ax.set_title(said, loc="left", fontsize=SMALL + 1, color=INK)
        return self

    def _draw(self, panel: Any, title: str, bars: list[Bar]) -> None:
        rows = np.arange(len(bars))
        values = np.array([bar.value for bar in bars])
        known = np.array([bar.low is not None and bar.high is not None for bar in bars])
        ends = np.array([(bar.low, bar.high) for bar in bars if bar.low is not None and bar.high is not None])
        ends = ends.reshape(-1, 2)
        self.bars_.append(panel.hlines(rows[known], ends[:, 0], ends[:, 1], colors=HUES[1], linewidth=2))
        (dots,) = panel.plot(values[known], rows[known], "o", color=HUES[1], markersize=5)
        panel.plot(values[~known], rows[~known], "o", color=FAINT, markersize=5, markerfacecolor="white")
        self.dots_.append(dots)
        panel.set_yticks(rows, [plain_text(bar.name) for bar in bars], fontsize=SMALL)
        panel.set_ylim(len(bars) - 0.5, -0.5)
        panel.set_title(plain_text(title, SIZES.most_title), loc="left", fontsize=SMALL + 0.5, color=INK)
        panel.xaxis.get_major_locator().set_params(nbins=4)
        panel.xaxis.set_major_formatter(lambda x, _: number(x))
        panel.tick_params(labelsize=SMALL)
        panel.grid(axis="x", alpha=0.25)
        for side in ("right", "top"):
            panel.spines[side].set_visible(False)
