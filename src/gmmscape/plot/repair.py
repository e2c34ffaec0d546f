"""Before and after a repair: rows and components in the plane, coloured by kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.plot.style import COLOURS as BLOCK_COLOURS
from gmmscape.plot.style import Display, new_figure

#: Rows that are drawn, of more.
MOST_ROWS = 5_000
#: Standard deviations at which ellipses are drawn.
REACH = 2.0
#: Kinds of block have the colours that all pictures give them.
COLOURS = {**BLOCK_COLOURS, "nested": "#b279a2", "collapsed": "#222222", "background": "#8c8c8c"}


class RepairDisplay(Display):
    """Rows in the plane with the components of two fits, before and after, coloured by kind.

    Parameters
    ----------
    points : array_like of shape (n, d)
        The rows.
    fits : sequence of two (means, covariances)
        Arrays of shape (k, d) and (k, d, d); None instead of covariances draws centers alone.
    kinds : sequence of two sequences of str or None
        Kind of each component; None for fits that nothing is said of.
    titles : sequence of two str, default=("before", "after")
        What stands above them.

    Attributes
    ----------
    rows_ : list of matplotlib PathCollection
        The rows, once for each fit.
    centers_ : list of list of matplotlib Line2D
        A cross for each component, by fit.
    ellipses_ : list of list of matplotlib Ellipse
        Two standard deviations of each component, by fit; none where there are no covariances.
    """

    def __init__(
        self,
        points: ArrayLike,
        fits: Sequence[tuple[FloatArray, FloatArray | None]],
        kinds: Sequence[Sequence[str] | None],
        titles: Sequence[str] = ("before", "after"),
    ) -> None:
        self.points = np.asarray(points, dtype=np.float64)
        self.fits = list(fits)
        self.kinds = [
            ["exact"] * len(means) if some is None else list(some)
            for (means, _), some in zip(self.fits, kinds, strict=True)
        ]
        self.titles = list(titles)

    def plot(self, ax: Any = None) -> RepairDisplay:
        """Draw both fits.

        Parameters
        ----------
        ax : sequence of two matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        RepairDisplay
            This display, with `figure_`, `axes_` (before, after) and the artists.

        Raises
        ------
        NotAvailableError
            If matplotlib is not installed.
        """
        axes = new_figure(11.0, 5.0).subplots(1, 2, sharex=True, sharey=True) if ax is None else ax
        self._keep(np.atleast_1d(axes))
        center, plane = _plane(self.points)
        flat = _two((self.points[:: -(-len(self.points) // MOST_ROWS)] - center) @ plane)
        style = {"s": 4, "c": "#bbbbbb", "linewidths": 0, "rasterized": True}
        self.rows_ = [axis.scatter(*flat, **style) for axis in self.axes_]
        self.centers_, self.ellipses_ = [], []
        each = zip(self.axes_, self.fits, self.kinds, self.titles, strict=True)
        for axis, (means, covariances), kinds, title in each:
            drawn = [
                _component(axis, (means[i] - center) @ plane, covariances, int(i), plane, COLOURS[kinds[i]])
                for i in np.argsort([kind != "exact" for kind in kinds], kind="stable")
            ]
            self.centers_.append([cross for cross, _ in drawn])
            self.ellipses_.append([ellipse for _, ellipse in drawn if ellipse is not None])
            axis.set_title(title)
        self._frame(plane.shape[1] > 1)
        return self

    def _frame(self, two: bool) -> None:
        from matplotlib.lines import Line2D

        named = self.points.shape[1] <= 2
        for axis in self.axes_:
            axis.set_xlabel("column 0" if named else "first principal direction")
            axis.set_ylabel(("column 1" if named else "second principal direction") if two else "")
        seen = {kind for kinds in self.kinds for kind in kinds}
        keys = [
            Line2D([], [], color=colour, marker="o", label=kind)
            for kind, colour in COLOURS.items()
            if kind in seen
        ]
        self.ax_.legend(handles=keys, loc="best", fontsize="small")


def _plane(points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Origin and two directions, (d,) and (d, 2): the columns themselves up to two, else the widest ones."""
    d = points.shape[1]
    if d <= 2:
        return np.zeros(d), np.eye(d)
    center = points.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov(points.T))
    return center, vectors[:, :-3:-1]


def _two(flat: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Both coordinates; for one column heights are jittered, so that rows do not hide each other."""
    if flat.shape[1] == 2:
        return flat[:, 0], flat[:, 1]
    return flat[:, 0], np.random.default_rng(0).uniform(-0.5, 0.5, len(flat))


def _component(
    axis: Any, mean: FloatArray, covariances: FloatArray | None, i: int, plane: FloatArray, colour: str
) -> tuple[Any, Any]:
    """Draw a component, and return its cross and its ellipse, or None instead."""
    from matplotlib.patches import Ellipse

    height = 0.0 if len(mean) == 1 else mean[1]
    (cross,) = axis.plot(mean[0], height, marker="x", color=colour, markersize=7, markeredgewidth=2)
    axis.annotate(str(i), (mean[0], height), xytext=(4, 4), textcoords="offset points", color=colour)
    if covariances is None:
        return cross, None
    flat = plane.T @ covariances[i] @ plane
    style = {"fill": False, "edgecolor": colour, "linewidth": 1.5}
    if len(flat) == 1:
        width = 2 * REACH * float(np.sqrt(flat[0, 0]))
        return cross, axis.add_patch(Ellipse((mean[0], 0.0), width, 1.0, **style))
    values, vectors = np.linalg.eigh(flat)
    lengths = 2 * REACH * np.sqrt(np.maximum(values, 0.0))
    angle = float(np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1])))
    shape = Ellipse((mean[0], mean[1]), lengths[1], lengths[0], angle=angle, **style)
    return cross, axis.add_patch(shape)
