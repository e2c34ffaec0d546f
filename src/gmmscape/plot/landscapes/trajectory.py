"""TrajectoryDisplay: the means on their way from a start, and how the EM step shortens."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError
from gmmscape.mixture import Mixture
from gmmscape.plot.landscapes.minima_in_planes import choose_plane, draw_truth
from gmmscape.plot.landscapes.subject import Subject
from gmmscape.plot.sizes import SIZES
from gmmscape.plot.style import FAINT, HUES, INK, SMALL, Display, checked_axes, legend, new_figure
from gmmscape.validation import finite_array

#: Opacity of the way that lies ahead.
AHEAD = 0.22


class TrajectoryDisplay(Display):
    """Means of a trajectory: against the time on a line, as paths in a plane in more dimensions.

    Parameters
    ----------
    times : array_like of shape (n,)
        Iterations or times, ascending.
    means : array_like of shape (n, k, d)
        Means there.
    steps : array_like of shape (n,)
        Lengths of the EM step, in sigma; drawn on a line.
    weights : array_like of shape (n, k), optional
        Weights: areas of the marks of the present.
    truth : Mixture, optional
        Whose centers are drawn.
    unit : str, default="iteration"
        What the times count.
    title : str, default=""
        What it is.
    until : int, optional
        Place of the present, the last by default; what comes after is drawn faintly.
    predicted : tuple of (times, steps, str), optional
        A decay to lay beside the steps, with its name.

    Attributes
    ----------
    lines_ : list of matplotlib Line2D
        The way so far, of each mean and, on a line, coordinate.
    present_ : matplotlib PathCollection
        The means of the present.

    Raises
    ------
    InvalidParameterError
        If there is no point, lengths differ, a value is not finite, or `until` is no place.
    """

    def __init__(
        self,
        times: ArrayLike,
        means: ArrayLike,
        steps: ArrayLike,
        *,
        weights: ArrayLike | None = None,
        truth: Mixture | None = None,
        unit: str = "iteration",
        title: str = "",
        until: int | None = None,
        predicted: tuple[ArrayLike, ArrayLike, str] | None = None,
    ) -> None:
        self.times = finite_array("times", times, ndim=(1,))
        self.means = finite_array("means", means, ndim=(3,))
        self.steps = np.asarray(steps, dtype=np.float64)
        n, k, _ = self.means.shape
        if not n or len(self.times) != n or self.steps.shape != (n,):
            raise InvalidParameterError("times, means and steps must be as long as each other, one at least")
        equal = np.full((n, k), 1.0 / k)
        self.weights = equal if weights is None else finite_array("weights", weights, ndim=(2,))
        if self.weights.shape != (n, k):
            raise InvalidParameterError(f"weights has shape {self.weights.shape}: pass {(n, k)}")
        self.truth, self.unit, self.title, self.predicted = truth, unit, title, predicted
        if until is not None and not -n <= until < n:
            raise InvalidParameterError.of("until", until, f"pass the place of one of the {n} points")
        self.until = n - 1 if until is None else until % n

    @classmethod
    def from_trajectory(cls, trajectory: Any, *, until: int | None = None) -> TrajectoryDisplay:
        """Make the display of a trajectory.

        Parameters
        ----------
        trajectory : Trajectory
            As `lab.trajectory` returns it.
        until : int, optional
            Place of the present.

        Returns
        -------
        TrajectoryDisplay
            Not drawn yet.

        Raises
        ------
        InvalidParameterError
            If `until` is no place.
        """
        names = {"em": "EM", "gradient_flow": "gradient flow", "newton": "Newton's method"}
        return cls(
            trajectory.times,
            trajectory.means,
            trajectory.gradient_norm,
            weights=trajectory.weights,
            truth=trajectory.truth,
            unit="time, sigma^2" if trajectory.method == "gradient_flow" else "iteration",
            title=names[trajectory.method],
            until=until,
            predicted=_predicted(trajectory),
        )

    def plot(self, ax: Any = None) -> TrajectoryDisplay:
        """Draw the trajectory.

        Parameters
        ----------
        ax : matplotlib Axes or pair of them, optional
            Where to draw; a new figure, unknown to pyplot, by default. On a line a pair draws means above and
            steps below, one only the means.

        Returns
        -------
        TrajectoryDisplay
            This display, with `figure_`, `axes_` and the artists.

        Raises
        ------
        InvalidParameterError
            If axes are passed that cannot be drawn in.
        NotAvailableError
            If matplotlib is not installed.
        """
        on_line = self.means.shape[2] == 1
        axes = self._axes(ax, on_line)
        self._keep(axes)
        if on_line:
            self._draw_on_line(axes)
        else:
            self._draw_in_plane(axes[0])
        for one in axes:
            for side in ("right", "top"):
                one.spines[side].set_visible(False)
        time = f"{self.unit.split(',')[0]} {self.times[self.until]:.6g}"
        axes[0].set_title(f"{self.title}: {time}".removeprefix(": "), fontsize=SMALL + 1.5, loc="left")
        legend(axes[0], ax is None)
        return self

    def _axes(self, ax: Any, on_line: bool) -> list[Any]:
        if ax is None:
            if not on_line:
                return [new_figure(6.0, 5.4).subplots()]
            grid = {"height_ratios": [2.2, 1.0]}
            return new_figure(6.6, 5.6).subplots(2, 1, sharex=True, gridspec_kw=grid).tolist()
        given = np.atleast_1d(np.asarray(ax, dtype=object)).ravel().tolist()
        if len(given) > 1 + on_line:
            raise InvalidParameterError.of("ax", ax, "pass matplotlib Axes, or a pair of them on a line")
        return [checked_axes(one) for one in given]

    def _marks(self, ax: Any, x: FloatArray, y: FloatArray) -> Any:
        areas = Subject(self.means[self.until], None, "", self.weights[self.until]).areas
        hues = [HUES[i % len(HUES)] for i in range(len(x))]
        return ax.scatter(x, y, s=areas, c=hues, edgecolors="white", linewidths=0.7, zorder=5)

    def _draw_on_line(self, axes: list[Any]) -> None:
        from matplotlib.ticker import StrMethodFormatter

        ax, now, t = axes[0], self.until, self.times
        for s, center in enumerate(() if self.truth is None else self.truth.means[:, 0]):
            ax.axhline(center, color=FAINT, linewidth=0.9, linestyle="--", label=None if s else "centers")
        self.lines_ = []
        for i in range(self.means.shape[1]):
            hue, y = HUES[i % len(HUES)], self.means[:, i, 0]
            ax.plot(t, y, color=hue, linewidth=1.4, alpha=AHEAD)
            style = {"color": hue, "linewidth": 1.8, "label": f"mean {i}"}
            self.lines_ += ax.plot(t[: now + 1], y[: now + 1], **style)
        k = self.means.shape[1]
        self.present_ = self._marks(ax, np.full(k, t[now]), self.means[now, :, 0])
        ax.set_ylabel("means")
        if len(axes) > 1:
            self._draw_steps(axes[1])
        for one in axes:
            one.grid(alpha=0.25)
            if t[-1] > SIZES.long_time:
                one.set_xscale("symlog", linthresh=1.0)
                one.set_xlim(-0.05, 1.6 * t[-1])
                one.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        axes[-1].set_xlabel(self.unit)

    def _draw_steps(self, ax: Any) -> None:
        shown = np.where(self.steps > 0.0, self.steps, np.nan)
        shown[~np.isfinite(shown)] = np.nan
        now = self.until + 1
        ax.plot(self.times, shown, color=INK, linewidth=1.2, alpha=AHEAD)
        ax.plot(self.times[:now], shown[:now], color=INK, linewidth=1.5)
        if self.predicted is not None:
            times, steps, name = self.predicted
            ax.plot(times, steps, color=HUES[0], linewidth=2.6, alpha=0.5, label=name)
            ax.legend(fontsize=SMALL, frameon=False, loc="lower left")
        from matplotlib.ticker import StrMethodFormatter

        ax.set_yscale("log")
        ax.yaxis.set_major_formatter(StrMethodFormatter("{x:.0e}"))
        ax.set_ylabel("EM step, sigma")

    def _draw_in_plane(self, ax: Any) -> None:
        n, k, d = self.means.shape
        plane = choose_plane(list(self.means), self.truth, None)
        paths = plane.project(self.means.reshape(n * k, d)).reshape(n, k, 2)
        if self.truth is not None:
            draw_truth(ax, self.truth, plane.project(self.truth.means), plane)
        self.lines_ = []
        for i in range(k):
            hue, now = HUES[i % len(HUES)], self.until + 1
            ax.plot(*paths[:, i].T, color=hue, linewidth=1.4, alpha=AHEAD, zorder=3)
            style = {"color": hue, "linewidth": 1.8, "zorder": 4, "label": f"mean {i}"}
            self.lines_ += ax.plot(*paths[:now, i].T, **style)
        ax.plot(*paths[0].T, "o", color=INK, markersize=3.5, zorder=4, label="start")
        self.present_ = self._marks(ax, *paths[self.until].T)
        ax.set_aspect("equal", adjustable="datalim")
        ax.set_xlabel(plane.names[0])
        ax.set_ylabel(plane.names[1])


def _predicted(trajectory: Any) -> tuple[FloatArray, FloatArray, str] | None:
    """The decay of the EM step that was measured, laid beside its tail: by 1 - curvature, or by the power."""
    rate, steps = trajectory.rate, trajectory.gradient_norm
    if rate is None or rate.name == "unresolved" or rate.expected is None:
        return None
    inside = (trajectory.times >= rate.first) & (trajectory.times <= rate.last)
    t, middle = trajectory.times[inside], steps[inside][len(steps[inside]) // 2]
    at = t[len(t) // 2]
    if rate.name == "linear":
        return t, middle * np.exp((t - at) * np.log(rate.expected)), f"1 - curvature = {rate.expected:.6g}"
    return t, middle * (t / at) ** (-1.0 - rate.power), f"t^-{1.0 + rate.power:.3g}"
