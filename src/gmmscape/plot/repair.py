"""Before and after a repair: rows and components in the plane, coloured by kind."""

from __future__ import annotations

from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.diagnosis.result import KINDS, Diagnosis
from gmmscape.exceptions import NotAvailableError
from gmmscape.mixture import Mixture
from gmmscape.plot.style import COLOURS as BLOCK_COLOURS

#: Rows that are drawn, of more.
MOST_ROWS = 5_000
#: Standard deviations at which ellipses are drawn.
REACH = 2.0
#: Kinds of block have the colours that all pictures give them.
COLOURS = {**BLOCK_COLOURS, "nested": "#b279a2", "collapsed": "#222222", "background": "#8c8c8c"}


class RepairDisplay:
    """The picture of a repair.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes, shape (2,)
        Before and after.
    figure_ : matplotlib Figure
        What they are in.
    """

    def __init__(self, axes: Any) -> None:
        self.axes_ = axes
        self.figure_ = axes[0].figure


def draw(
    points: FloatArray, fits: tuple[Any, Any], diagnoses: tuple[Diagnosis, Diagnosis | None], ax: Any
) -> RepairDisplay:
    """Draw rows and components before and after; see `Repair.plot`."""
    try:
        from matplotlib import pyplot
    except ModuleNotFoundError as error:
        raise NotAvailableError("plot needs matplotlib: install gmmscape[plot]") from error
    if ax is None:
        _, ax = pyplot.subplots(1, 2, figsize=(11, 5), sharex=True, sharey=True, layout="constrained")
    axes = np.atleast_1d(ax)
    center, plane = _plane(points)
    shown = points[:: -(-len(points) // MOST_ROWS)]
    seen: dict[str, None] = {}
    for axis, fit, diagnosis, title in zip(axes, fits, diagnoses, ("before", "after"), strict=True):
        flat = (shown - center) @ plane
        axis.scatter(*_two(flat), s=4, c="#bbbbbb", linewidths=0, rasterized=True)
        means, covariances = _components(fit)
        kinds = ["exact"] * len(means)
        if diagnosis is not None:
            kinds = [component.kind for component in diagnosis.components]
        for i in np.argsort([kind != "exact" for kind in kinds], kind="stable"):
            seen[kinds[i]] = None
            _ellipse(axis, (means[i] - center) @ plane, covariances, int(i), plane, COLOURS[kinds[i]])
        axis.set_title(title if diagnosis is None else f"{title}: {diagnosis.verdict}")
    named = points.shape[1] <= 2
    for axis in axes:
        axis.set_xlabel("column 0" if named else "first principal direction")
        axis.set_ylabel(("column 1" if named else "second principal direction") if plane.shape[1] > 1 else "")
    from matplotlib.lines import Line2D

    keys = [Line2D([], [], color=COLOURS[kind], marker="o", label=kind) for kind in KINDS if kind in seen]
    axes[0].legend(handles=keys, loc="best", fontsize="small")
    return RepairDisplay(axes)


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


def _components(fit: Any) -> tuple[FloatArray, FloatArray | None]:
    return (fit.means, fit.full_covariances()) if isinstance(fit, Mixture) else (fit, None)


def _ellipse(
    axis: Any, mean: FloatArray, covariances: FloatArray | None, i: int, plane: FloatArray, colour: str
) -> None:
    from matplotlib.patches import Ellipse

    height = 0.0 if len(mean) == 1 else mean[1]
    axis.plot(mean[0], height, marker="x", color=colour, markersize=7, markeredgewidth=2)
    axis.annotate(str(i), (mean[0], height), xytext=(4, 4), textcoords="offset points", color=colour)
    if covariances is None:
        return
    flat = plane.T @ covariances[i] @ plane
    if len(flat) == 1:
        width = 2 * REACH * float(np.sqrt(flat[0, 0]))
        axis.add_patch(Ellipse((mean[0], 0.0), width, 1.0, fill=False, edgecolor=colour, linewidth=1.5))
        return
    values, vectors = np.linalg.eigh(flat)
    lengths = 2 * REACH * np.sqrt(np.maximum(values, 0.0))
    angle = float(np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1])))
    shape = Ellipse((mean[0], mean[1]), lengths[1], lengths[0], angle=angle, fill=False, edgecolor=colour)
    shape.set_linewidth(1.5)
    axis.add_patch(shape)
