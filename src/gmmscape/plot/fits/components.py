"""One panel: rows and components of a fit, in a plane or on a line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.plot.fits.limits import limits
from gmmscape.plot.fits.rows import NEUTRAL, beyond, tints
from gmmscape.plot.fits.views import Components, View
from gmmscape.plot.sizes import SIZES
from gmmscape.plot.style import INK, colour, dark, marker, wrapped
from gmmscape.results.ellipses import radius
from gmmscape.results.text import counted


@dataclass
class Panel:
    """What was drawn in one axes.

    Attributes
    ----------
    ax : matplotlib Axes
        Where.
    rows : matplotlib PathCollection or BarContainer or None
        The rows, or the bars of their histogram.
    marks : list of matplotlib Line2D
        A mark for each component, in their order.
    ellipses : list of matplotlib Ellipse
        In a plane: one for each component with a covariance.
    curves : list of matplotlib Line2D
        On a line: one for each component with a covariance.
    density : matplotlib Line2D or None
        On a line: the density of the whole mixture.
    labels : Labels or None
        Numbers of the components.
    notes : list of str
        What is cut or left out.
    away : list of str
        What lies outside the axes.
    """

    ax: Any
    rows: Any = None
    marks: list[Any] = field(default_factory=list)
    ellipses: list[Any] = field(default_factory=list)
    curves: list[Any] = field(default_factory=list)
    density: Any = None
    labels: Any = None
    notes: list[str] = field(default_factory=list)
    away: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Scene:
    """What is to be drawn: components, rows with the component of each, and the share that ellipses hold.

    `incomplete` counts rows that are left out, as what is seen of them is missing.
    """

    parts: Components
    points: FloatArray | None
    labels: IntArray | None
    level: float
    incomplete: int = 0

    def seen(self, view: View) -> Scene:
        """Return the same as it is seen."""
        parts, labels = self.parts.seen(view), self.labels
        if self.points is None:
            return Scene(parts, None, labels, self.level)
        points = view.seen(self.points)
        there = ~np.isnan(points).any(axis=1)
        if there.all():
            return Scene(parts, points, labels, self.level)
        left = None if labels is None else labels[there]
        return Scene(parts, points[there], left, self.level, int(np.count_nonzero(~there)))


def draw_plane(
    ax: Any, scene: Scene, view: View, ranges: Any = None, *, labelled: bool = True, hues: Any = None
) -> Panel:
    """Draw a scene in a plane.

    Parameters
    ----------
    ax : matplotlib Axes
        Where.
    scene : Scene
        Of all columns.
    view : View
        Of two directions.
    ranges : list of (float, float), optional
        Limits of the axes; chosen here by default.
    labelled : bool, default=True
        Whether components get their numbers.
    hues : list of str, optional
        Tint of the rows of each component; chosen here by default.

    Returns
    -------
    Panel
        What was drawn.
    """
    flat, panel = scene.seen(view), Panel(ax)
    parts, ranges = flat.parts, limits(flat.points, flat.parts) if ranges is None else ranges
    if flat.points is not None:
        grey = scene.parts.background is None
        hues = np.array([*(tints(parts.means, grey=grey) if hues is None else hues), NEUTRAL])
        face = NEUTRAL if flat.labels is None else hues[flat.labels]
        size = float(np.clip(4000.0 / max(len(flat.points), 1), 4.0, 14.0))
        panel.rows = ax.scatter(*flat.points.T, s=size, c=face, linewidths=0, rasterized=True, zorder=2)
    _ellipses(panel, parts, scene.level)
    size = SIZES.mark if len(parts.means) <= SIZES.many else SIZES.small_mark
    panel.marks = [
        ax.plot(
            *place, marker=marker(kind), color=colour(kind), markersize=size, markeredgecolor="white",
            markeredgewidth=0.8, linestyle="none", zorder=6,
        )[0]
        for place, kind in zip(parts.means.tolist(), parts.kinds, strict=True)
    ]  # fmt: skip
    ax.set_xlim(*ranges[0])
    ax.set_ylim(*ranges[1])
    across, up = (high - low for low, high in ranges)
    box = ax.get_position()
    width, height = box.width * ax.figure.get_figwidth(), box.height * ax.figure.get_figheight()
    if view.equal:
        ax.set_aspect("equal", adjustable="box")
        width, height = min(width, height * across / up), min(height, width * up / across)
    ax.set_xlabel(wrapped(view.names[0], width))
    ax.set_ylabel(wrapped(view.names[1], height))
    ax.ticklabel_format(scilimits=SIZES.powers, useOffset=False)
    _finish(panel, flat, parts.means, ranges, labelled, size)
    return panel


def _ellipses(panel: Panel, parts: Components, level: float) -> None:
    from matplotlib.patches import Ellipse

    if parts.covariances is None:
        return
    for mean, covariance, weight, kind in zip(
        parts.means, parts.covariances, parts.weights, parts.kinds, strict=True
    ):
        values, vectors = np.linalg.eigh(covariance)
        lengths = 2.0 * radius(level) * np.sqrt(np.maximum(values, 0.0))
        angle = float(np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1])))
        hue = colour(kind)
        style = ":" if weight == 0 else "-"
        one = Ellipse(mean, lengths[1], lengths[0], angle=angle, fill=False, edgecolor=hue,
                      linewidth=1.3, linestyle=style, zorder=4)  # fmt: skip
        panel.ellipses.append(panel.ax.add_patch(one))


def draw_line(ax: Any, scene: Scene, view: View, ranges: Any = None, *, labelled: bool = True) -> Panel:
    """Draw a scene on a line: a histogram of the rows, the density, and what each component adds to it.

    Parameters
    ----------
    ax : matplotlib Axes
        Where.
    scene : Scene
        Of all columns.
    view : View
        Of one direction.
    ranges : list of one (float, float), optional
        Limits of the axis; chosen here by default.
    labelled : bool, default=True
        Whether components get their numbers.

    Returns
    -------
    Panel
        What was drawn.
    """
    flat, panel = scene.seen(view), Panel(ax)
    parts, ranges = flat.parts, limits(flat.points, flat.parts) if ranges is None else ranges
    tallest = _histogram(panel, flat.points, parts, ranges[0])
    tops = _curves(panel, parts, ranges[0], tallest)
    size = SIZES.mark if len(parts.means) <= SIZES.many else SIZES.small_mark
    spots = np.column_stack([parts.means[:, 0], tops])
    panel.marks = [
        ax.plot(*spot, marker=marker(kind), color=colour(kind), markersize=size, markeredgecolor="white",
                markeredgewidth=0.8, linestyle="none", zorder=6)[0]
        for spot, kind in zip(spots.tolist(), parts.kinds, strict=True)
    ]  # fmt: skip
    ax.set_xlim(*ranges[0])
    ax.set_xlabel(view.names[0])
    ax.set_ylabel("density")
    ax.ticklabel_format(axis="x", scilimits=SIZES.powers, useOffset=False)
    for side in ("right", "top"):
        ax.spines[side].set_visible(False)
    _finish(panel, flat, spots, ranges, labelled, size)
    return panel


def _histogram(
    panel: Panel, points: FloatArray | None, parts: Components, ends: tuple[float, float]
) -> float | None:
    """Draw the bars, and return the height of the highest one.

    They are as wide as Scott's rule has them for the rows of a usual component, not for all at once.
    """
    if points is None or not len(points):
        return None
    inside = points[(points[:, 0] >= ends[0]) & (points[:, 0] <= ends[1]), 0]
    spread = float(inside.std()) / len(parts.means)
    if parts.covariances is not None:
        spread = float(np.sqrt(np.median(parts.covariances[:, 0, 0])))
    width = 3.5 * spread / max(len(inside) / len(parts.means), 1.0) ** (1 / 3)
    n = int(np.clip(np.ptp(inside) / width if width > 0 else SIZES.bars[0], *SIZES.bars))
    counts, edges = np.histogram(inside, bins=n)
    heights = counts / (len(points) * np.diff(edges))
    panel.rows = panel.ax.bar(
        edges[:-1], heights, np.diff(edges), align="edge", color="#dcdcdc", edgecolor="white", linewidth=0.4,
        zorder=1,
    )  # fmt: skip
    return float(heights.max())


def _curves(panel: Panel, parts: Components, ends: tuple[float, float], tallest: float | None) -> FloatArray:
    """Draw the densities, and return the height at which each component gets its mark."""
    means = parts.means[:, 0]
    if parts.covariances is None:
        panel.ax.set_ylim(bottom=0.0)
        return np.zeros(len(means))
    deviations = np.sqrt(np.maximum(parts.covariances[:, 0, 0], np.finfo(float).tiny))
    reach = np.linspace(-SIZES.curve_reach, SIZES.curve_reach, SIZES.own_curve)
    near = np.clip(means[:, None] + deviations[:, None] * reach, *ends)
    peaks = parts.weights / (deviations * np.sqrt(2 * np.pi))

    if parts.background is not None:
        peaks = (1.0 - parts.background.weight) * peaks

    def densities(x: FloatArray) -> FloatArray:
        return peaks * np.exp(-0.5 * ((x[:, None] - means) / deviations) ** 2)

    x = np.unique(np.concatenate([np.linspace(*ends, SIZES.curve), near[:, ::4].ravel()]))
    total = densities(x).sum(axis=1)
    if parts.background is not None:
        total += np.exp(parts.background.log_densities(x[:, None]))
    for i, kind in enumerate(parts.kinds):
        own = np.unique(near[i])
        height = densities(own)[:, i]
        panel.ax.fill_between(own, height, color=colour(kind), alpha=0.10, linewidth=0, zorder=2)
        panel.curves += panel.ax.plot(own, height, color=colour(kind), linewidth=1.3, zorder=4)
    (panel.density,) = panel.ax.plot(x, total, color=INK, linewidth=3.4, zorder=3)
    top = max(float(total.max()), tallest or 0.0)
    if tallest is not None and top > SIZES.tallest * tallest:
        top = SIZES.tallest * tallest
        panel.notes.append(f"Densities are cut at {top:.3g}; the highest is {float(total.max()):.3g}.")
    panel.ax.set_ylim(0.0, 1.14 * top)  # room for labels
    return np.minimum(peaks, 1.02 * top)


def _finish(panel: Panel, flat: Scene, spots: FloatArray, ranges: Any, labelled: bool, size: float) -> None:
    """Labels, and what lies outside."""
    from gmmscape.plot.labelled import Labels

    parts = flat.parts
    numbers = [str(i) for i in range(len(spots))]
    if len(spots) > SIZES.most_labels:
        numbers = ["" if kind == "exact" else text for text, kind in zip(numbers, parts.kinds, strict=True)]
        shown = sum(bool(text) for text in numbers)
        if shown > SIZES.most_labels:
            numbers, shown = [""] * len(spots), 0
        rest = "those that are not exact" if shown else "none"
        panel.notes.append(f"Of {len(spots)} components {rest} are numbered.")
    if labelled:
        rows = np.zeros((0, 2))
        if flat.points is not None and flat.points.shape[1] == 2:
            rows = flat.points
        elif panel.density is not None:
            rows = np.column_stack([panel.density.get_xdata(), panel.density.get_ydata()])
        sizes = np.full(len(spots), size + 0.8)
        panel.labels = Labels(panel.ax, spots, sizes, numbers, [dark(kind) for kind in parts.kinds], rows)
    panel.away = outside(flat, ranges)


def outside(flat: Scene, ranges: Any) -> list[str]:
    """Say which rows and components lie beyond the limits of the axes."""
    notes = []
    if flat.incomplete:
        notes.append(f"{counted(flat.incomplete, 'row')} left out: values of what is drawn are missing.")
    if flat.points is not None:
        rows = beyond(flat.points, ranges)
        if rows:
            notes.append(f"{rows:,} of the drawn rows lie{'s' * (rows == 1)} outside the picture.")
    low, high = np.array(ranges).T
    away = np.flatnonzero(~((flat.parts.means >= low) & (flat.parts.means <= high)).all(axis=1))
    if len(away):
        names = ", ".join(map(str, away[:5])) + (", ..." if len(away) > 5 else "")
        notes.append(f"Outside the picture: component{'s' * (len(away) > 1)} {names}.")
    return notes
