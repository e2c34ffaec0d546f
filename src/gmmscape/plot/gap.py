"""GapDisplay: where another component would gain, beside what is proved that nothing exceeds."""

from __future__ import annotations

from typing import Any

import numpy as np

from gmmscape.exceptions import InvalidParameterError, NotAvailableError
from gmmscape.plot.style import COLOURS, FAINT, INK, Display, amount, axes_or_new, legend
from gmmscape.validation import finite_array, mean_matrix, real_number


class GapDisplay(Display):
    """log(1 + D) over the places of another component, on a line or in the plane.

    Parameters
    ----------
    axes : sequence of one or two array_like
        Places along each axis, ascending.
    values : array_like of shape (m,) or (m1, m2)
        log(1 + D) there, nats per unit mass.
    means : array_like of shape (k,) or (k, d)
        Of the components.
    argmax : array_like of shape (d,) or None
        Where another one should go; None where nothing is to be gained.
    upper : float
        What no value exceeds: the proved upper end of the gain.
    rows : array_like of shape (n,) or (n, d), optional
        Data.

    Attributes
    ----------
    curve_ : matplotlib Line2D or QuadMesh
        The values.
    upper_ : matplotlib Line2D or None
        The proved end, on a line.
    means_ : matplotlib Line2D
        The components.
    argmax_ : matplotlib Line2D or None
        Where the next should go.

    Raises
    ------
    InvalidParameterError
        If shapes do not fit together, or there are more than two axes.
    """

    #: Points along each axis, on a line and in the plane; how far the picture reaches beyond the rows, in
    #: sigma; its least height, nats, and how far it reaches below zero, as a share of that.
    points = (801, 161)
    beyond = 2.0
    least_height = 0.1
    below = 0.6

    def __init__(
        self, axes: Any, values: Any, means: Any, argmax: Any, upper: float, rows: Any = None
    ) -> None:
        self.axes = [finite_array("axes", axis, ndim=(1,)) for axis in axes]
        d = len(self.axes)
        if d not in (1, 2):
            raise InvalidParameterError.of("axes", d, "pass one or two")
        self.values = np.asarray(values, dtype=np.float64)
        if self.values.shape != tuple(len(axis) for axis in self.axes):
            raise InvalidParameterError.of("values", self.values.shape, "pass one for each place")
        self.means = mean_matrix("means", means, n_features=d)
        self.argmax = None if argmax is None else mean_matrix("argmax", [argmax], n_features=d)[0]
        self.upper = real_number("upper", upper, strict=False)
        self.rows = None if rows is None else mean_matrix("rows", rows, n_features=d)

    @classmethod
    def from_bound(cls, bound: Any) -> GapDisplay:
        """Make the display of a global bound.

        Parameters
        ----------
        bound : GlobalBound
            On a line or in the plane.

        Returns
        -------
        GapDisplay
            Not drawn yet.

        Raises
        ------
        NotAvailableError
            If the rows have three columns.
        """
        rows, sigma = np.array(bound.problem["rows"]), bound.problem["sigma"]
        d = rows.shape[1]
        if d > 2:
            raise NotAvailableError("bounds are drawn on a line and in the plane only")
        beyond = cls.beyond * sigma
        ends = zip(rows.min(axis=0) - beyond, rows.max(axis=0) + beyond, strict=True)
        axes = [np.linspace(low, high, cls.points[d - 1]) for low, high in ends]
        places = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
        values = bound.log_ratio(places.reshape(-1, d)).reshape(places.shape[:-1])
        best = None if bound.is_optimal else bound.argmax
        return cls(axes, values, bound.problem["means"], best, bound.gain[1], rows)

    def plot(self, ax: Any = None) -> GapDisplay:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        GapDisplay
            This display, with `figure_`, `ax_` and the artists.

        Raises
        ------
        NotAvailableError
            If matplotlib is not installed.
        """
        ours = ax is None
        ax = axes_or_new(ax, 7.0, 4.4 if len(self.axes) == 1 else 5.4)
        self._keep([ax])
        top = max(self.upper, self.least_height)
        self.upper_ = None
        if len(self.axes) == 1:
            self._line(top)
        else:
            self._plane(top)
        legend(ax, ours)
        return self

    def _line(self, top: float) -> None:
        ax, (theta,) = self.ax_, self.axes
        shown = np.where(self.values > -4 * top, self.values, np.nan)
        (self.curve_,) = ax.plot(theta, shown, color=INK, linewidth=1.4, zorder=2)
        ax.axhline(0.0, color=FAINT, linewidth=0.8, zorder=1)
        told = f"proved: nothing gains more than {amount(self.upper)}"
        self.upper_ = ax.axhline(self.upper, color=COLOURS["one-fits-many"], linewidth=1.0, linestyle="--")
        self.upper_.set_label(told)
        if self.rows is not None:
            ax.plot(
                self.rows[:, 0],
                np.full(len(self.rows), -0.97 * self.below * top),
                "|",
                color=FAINT,
                label="rows",
            )
        best = None if self.argmax is None else (self.argmax[0], self.upper)
        self._marks(self.means[:, 0], np.zeros(len(self.means)), best)
        ax.set_ylim(-self.below * top, 1.15 * top)
        ax.set_xlabel("place of another component, theta")
        ax.set_ylabel("log(1 + D(theta)), nats per unit mass")
        for side in ("right", "top"):
            ax.spines[side].set_visible(False)

    def _plane(self, top: float) -> None:
        ax, (x, y) = self.ax_, self.axes
        self.curve_ = ax.pcolormesh(
            x, y, np.clip(self.values, -top, top).T, cmap="RdBu_r", vmin=-top, vmax=top, shading="nearest"
        )
        bar = ax.figure.colorbar(self.curve_, ax=ax)
        bar.set_label(f"log(1 + D), nats per unit mass; proved: at most {amount(self.upper)}")
        if self.rows is not None:
            ax.plot(*self.rows.T, ".", color=INK, markersize=2.0, alpha=0.5, label="rows")
        self._marks(self.means[:, 0], self.means[:, 1], self.argmax)
        ax.set_xlabel("column 0 of theta")
        ax.set_ylabel("column 1 of theta")

    def _marks(self, x: Any, y: Any, best: Any) -> None:
        style = {"linestyle": "none", "markeredgecolor": "#222222", "zorder": 4}
        (self.means_,) = self.ax_.plot(
            x, y, marker="o", color=COLOURS["exact"], label="components", clip_on=False, **style
        )
        self.argmax_ = None
        if best is None:
            return
        (self.argmax_,) = self.ax_.plot(
            [best[0]],
            [best[1]],
            marker="*",
            markersize=13,
            color=COLOURS["many-fit-one"],
            label="where another one should go",
            clip_on=False,
            **style,
        )
