"""ProfileDisplay: the objective along a path between two minima."""

from __future__ import annotations

from typing import Any

import numpy as np

from gmmscape.exceptions import InvalidParameterError
from gmmscape.plot.style import FAINT, INK, SMALL, Display, amount, axes_or_new
from gmmscape.validation import finite_array

#: A barrier below this share of the whole height is drawn again, enlarged.
SMALL_BARRIER = 0.15


class ProfileDisplay(Display):
    """Value of the objective along a path, with the heights of its top above both ends.

    A barrier that is small beside the whole height is drawn again, enlarged, in an inset.

    Parameters
    ----------
    length : array_like of shape (n,)
        Distance travelled by the means, sigma; ascending.
    values : array_like of shape (n,)
        KL or NLL there, nats.
    top : int
        Place of the top of the path: the saddle, or the highest point of a straight line.
    quantity : str, default="KL"
        What the values are.
    names : tuple of two str, default=("a", "b")
        What the ends are called.
    at_saddle : bool, default=True
        Whether the top is a critical point; else its heights are only upper bounds of the barrier along
        this line, and are said to be.

    Attributes
    ----------
    line_ : matplotlib Line2D
        The curve.
    marks_ : matplotlib PathCollection
        Ends and top, in the order of the path.
    inset_ : matplotlib Axes or None
        The enlarged barrier.

    Raises
    ------
    InvalidParameterError
        If lengths differ, there are fewer than three points, or top is none of them.
    """

    def __init__(
        self,
        length: Any,
        values: Any,
        top: int,
        *,
        quantity: str = "KL",
        names: tuple[str, str] = ("a", "b"),
        at_saddle: bool = True,
    ) -> None:
        self.length = finite_array("length", length, ndim=(1,))
        self.values = finite_array("values", values, ndim=(1,))
        if len(self.length) != len(self.values) or len(self.length) < 3:
            raise InvalidParameterError("length and values must be as long as each other, three at least")
        if not 0 <= top < len(self.length):
            raise InvalidParameterError.of("top", top, f"pass a place among the {len(self.length)} points")
        self.top = top
        self.quantity = quantity
        self.names = names
        self.at_saddle = at_saddle

    def plot(self, ax: Any = None) -> ProfileDisplay:
        """Draw the profile.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        ProfileDisplay
            This display, with `figure_`, `ax_` and the artists.

        Raises
        ------
        NotAvailableError
            If matplotlib is not installed.
        """
        ax = axes_or_new(ax, 7.0, 4.2)
        self._keep([ax])
        x, y, top = self.length, self.values, self.top
        self.line_ = ax.plot(x, y, color=INK, linewidth=1.5, zorder=2)[0]
        spots = [0, top, len(x) - 1]
        self.marks_ = ax.scatter(x[spots], y[spots], s=36, c=["#222222", "white", "#222222"],
                                 edgecolors="#222222", zorder=4)  # fmt: skip
        self._frame()
        span = float(np.ptp(y))
        rises = [float(y[top] - y[0]), float(y[top] - y[-1])]
        low = rises[0] <= rises[1]
        side = slice(0, top + 1) if low else slice(top, None)
        self.inset_ = None
        # Without a rise on one side (a straight line that only climbs) there is no barrier to enlarge.
        if 0 < min(rises) < SMALL_BARRIER * span:
            self.inset_ = self._inset(side, low)
        for axis, end in ((self.inset_ or ax, 0 if low else -1), (ax, -1 if low else 0)):
            if y[top] > y[end]:
                self._height(axis, end)
        return self

    def _frame(self) -> None:
        """Set limits, name the axes, and write the values of ends and top."""
        ax, x, y, top = self.ax_, self.length, self.values, self.top
        span = float(np.ptp(y))
        ax.set_xlim(x[0] - 0.06 * x[-1], 1.06 * x[-1])
        room = span or 1.0  # a level profile has no height of its own
        ax.set_ylim(y.min() - 0.14 * room, y.max() + 0.2 * room)
        ax.set_xlabel("length of the path of the means, sigma")
        ax.set_ylabel(f"{self.quantity}, nats")
        ax.ticklabel_format(axis="y", useOffset=False)
        for side in ("right", "top"):
            ax.spines[side].set_visible(False)
        for place, name in zip((0, -1), self.names, strict=True):
            ax.annotate(f"{name}: {self._digits(y[place])}", (x[place], y[place]), (0, -8),
                        textcoords="offset points", fontsize=SMALL, va="top",
                        ha="left" if place == 0 else "right")  # fmt: skip
        what = "saddle" if self.at_saddle else "top of the straight line"
        ax.annotate(f"{what}: {self._digits(y[top])}", (x[top], y[top]), (0, 8), textcoords="offset points",
                    fontsize=SMALL, ha="center")  # fmt: skip

    def _digits(self, value: float) -> str:
        """Return a value in the digits that its place on the axis needs."""
        span = float(np.ptp(self.values))
        places = int(np.clip(3 - np.floor(np.log10(span)), 0, 12)) if span > 0 else 6
        text = f"{value:.{places}f}"
        return "0" if float(text) == 0 else text

    def _height(self, ax: Any, end: int) -> None:
        """Mark how far the top is above an end, by an arrow over that end."""
        x, y, top = self.length, self.values, self.top
        bound = "" if self.at_saddle else "<= "
        ax.plot([x[end], x[top]], [y[top]] * 2, ":", color=FAINT, linewidth=1.0, zorder=1)
        ax.annotate("", (x[end], y[top]), (x[end], y[end]),
                    arrowprops={"arrowstyle": "<->", "color": FAINT, "shrinkA": 4, "shrinkB": 0})  # fmt: skip
        ax.annotate(f"{bound}{amount(y[top] - y[end])}", (x[end], 0.8 * y[top] + 0.2 * y[end]),
                    (5 if end == 0 else -5, 0), textcoords="offset points", fontsize=SMALL,
                    ha="left" if end == 0 else "right", va="center")  # fmt: skip

    def _inset(self, side: slice, low_is_left: bool) -> Any:
        """Draw the way from the higher end over the top again, enlarged, where the curve leaves room."""
        x, y, top = self.length, self.values, self.top
        rise = float(y[top] - y[0 if low_is_left else -1])
        inset = self.ax_.inset_axes((0.1, 0.16, 0.42, 0.48) if low_is_left else (0.48, 0.16, 0.42, 0.48))
        inset.plot(x, y, color=INK, linewidth=1.5)
        reach = float(np.ptp(x[side]))
        left, right = (x[0], x[top] + 0.25 * reach) if low_is_left else (x[top] - 0.25 * reach, x[-1])
        inset.set_xlim(left - 0.1 * reach, right + 0.1 * reach)
        inset.set_ylim(y[top] - 1.25 * rise, y[top] + 0.2 * rise)
        inset.ticklabel_format(axis="y", useOffset=False)
        inset.tick_params(labelsize=SMALL - 1)
        inset.set_title("the barrier, enlarged", fontsize=SMALL)
        spots = [0 if low_is_left else len(x) - 1, top]
        inset.scatter(x[spots], y[spots], s=26, c=["#222222", "white"], edgecolors="#222222", zorder=4)
        (low, high), (bottom, ceiling) = inset.get_xlim(), inset.get_ylim()
        self.ax_.indicate_inset((low, bottom, high - low, ceiling - bottom), edgecolor=FAINT)
        return inset
