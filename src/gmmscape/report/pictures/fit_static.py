"""The picture of a fit without script: rows, ellipses and numbered means, or densities of one column."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi
from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.report.html import Html, element
from gmmscape.report.kinds import ROUND, SHAPES, slug
from gmmscape.report.pictures.drawn_fit import DrawnFit, Units, thinned
from gmmscape.report.pictures.frame import Frame, coordinate, widened, with_equal_units
from gmmscape.report.pictures.labels import places
from gmmscape.report.pictures.planes import Direction, best_directions
from gmmscape.results.ellipses import radius


def fit_svg(fit: DrawnFit, rows: FloatArray | None, columns: Sequence[str], name: str) -> Html:
    """Return a picture of a fit: of one column its histogram and densities, of more a plane.

    Parameters
    ----------
    fit : DrawnFit
        The fit.
    rows : ndarray of shape (n, d) or None
        Rows of the data.
    columns : sequence of str
        Their names.
    name : str
        What the picture is called for those who do not see it.

    Returns
    -------
    Html
        An SVG element.
    """
    if fit.means.shape[1] == 1:
        return _line(fit, rows, columns[0], name)
    shown = None if rows is None else thinned(rows, EFFORT.report.brief_rows)
    return _plane(fit, shown, Units.of([fit], shown), columns, name)


def directions_of(fit: DrawnFit, units: Units, columns: Sequence[str]) -> list[Direction]:
    """Return the two directions that a picture begins with: both columns of two, else the best plane."""
    d = fit.means.shape[1]
    if d == 2:
        return [Direction(columns[j], np.eye(2)[j]) for j in range(2)]
    covariances = fit.covariances()
    scaled = None if covariances is None else units.covariances(covariances)
    return best_directions(fit.weights, units.points(fit.means), scaled, columns)


def _plane(fit: DrawnFit, rows: FloatArray | None, units: Units, columns: Sequence[str], name: str) -> Html:
    directions = directions_of(fit, units, columns)
    axes = np.array([one.vector for one in directions])
    offset, factor = np.zeros(2), np.ones(2)
    if fit.means.shape[1] == 2:
        offset, factor = units.center, units.scale
    means = units.points(fit.means) @ axes.T * factor + offset
    covariances = fit.covariances()
    flat = None
    if covariances is not None:
        flat = np.einsum("ai,kij,bj->kab", axes, units.covariances(covariances), axes) * np.outer(
            factor, factor
        )
    points = None if rows is None else units.points(rows) @ axes.T * factor + offset
    across, up = _limits(means, flat, points)
    frame = Frame(across, up)
    if fit.equal_units:
        frame = with_equal_units(frame)
    parts: list[Any] = [frame.axes(*(one.name for one in directions))]
    if rows is not None and points is not None:
        parts += _dots(frame, points, fit.labels(rows), fit.kinds)
    if flat is not None:
        parts += [
            _ellipse(frame, mean, cov, _kind(fit, i))
            for i, (mean, cov) in enumerate(zip(means, flat, strict=True))
        ]
    parts += _numbered(frame, means, fit)
    return frame.picture(name, *parts)


def _limits(
    means: FloatArray, flat: FloatArray | None, points: FloatArray | None
) -> list[tuple[float, float]]:
    """What both axes span: all means with three standard deviations, and all but the outermost rows."""
    found = []
    for j in range(2):
        reach = 3.0 * np.sqrt(flat[:, j, j]) if flat is not None else np.zeros(len(means))
        low, high = float((means[:, j] - reach).min()), float((means[:, j] + reach).max())
        if points is not None:
            ends = np.quantile(points[:, j], [0.002, 0.998])
            low, high = min(low, float(ends[0])), max(high, float(ends[1]))
        found.append(widened(low, high, 0.03))
    return found


def _kind(fit: DrawnFit, i: int) -> str:
    return "unknown" if fit.kinds is None else fit.kinds[i]


def _dots(frame: Frame, points: FloatArray, labels: Any, kinds: Sequence[str] | None) -> list[Html]:
    """Rows as one path for each colour: lines of no length with round ends."""
    inside = (points >= [frame.x[0], frame.y[0]]).all(axis=1) & (points <= [frame.x[1], frame.y[1]]).all(
        axis=1
    )
    ways: dict[str, list[str]] = {}
    for (x, y), label in zip(points[inside], labels[inside], strict=True):
        tone = f"c{label % 8}" if kinds is None else f"kind-{slug(kinds[int(label)])}"
        tone = "noise" if label < 0 else tone
        ways.setdefault(tone, []).append(f"M{frame.at_x(x):.0f} {frame.at_y(y):.0f}h0")
    return [element("path", d="".join(way), class_=f"rows {tone}") for tone, way in sorted(ways.items())]


def _ellipse(frame: Frame, mean: FloatArray, cov: FloatArray, kind: str) -> Html:
    """The ellipse that holds the stated share of a component."""
    across = (frame.width - frame.left - frame.right) / (frame.x[1] - frame.x[0])
    up = (frame.height - frame.top - frame.bottom) / (frame.y[1] - frame.y[0])
    turn = np.array([across, -up])
    values, vectors = np.linalg.eigh(cov * np.outer(turn, turn))
    radii = radius() * np.sqrt(np.maximum(values, 0.0))
    angle = float(np.arctan2(vectors[1, 1], vectors[0, 1])) * 180.0 / pi
    return element(
        "ellipse",
        rx=coordinate(max(radii[1], 0.5)),
        ry=coordinate(max(radii[0], 0.5)),
        transform=f"translate({frame.at_x(mean[0]):.1f} {frame.at_y(mean[1]):.1f}) rotate({angle:.1f})",
        class_=f"component kind-{slug(kind)}",
    )


def _numbered(frame: Frame, means: FloatArray, fit: DrawnFit) -> list[Html]:
    """Marks of the means with their numbers, and lines to those that stand aside."""
    marks = [(frame.at_x(x), frame.at_y(y)) for x, y in means]
    parts = []
    for i, (x, y) in enumerate(marks):
        kind = _kind(fit, i)
        told = element("title", f"component {i}: {kind}, weight {fit.weights[i]:.3g}")
        where = f"translate({x:.1f} {y:.1f})"
        way = SHAPES.get(kind, ROUND)
        parts.append(element("path", told, d=way, transform=where, class_=f"center kind-{slug(kind)}"))
    box = frame.left, frame.top, frame.width - frame.right, frame.height - frame.bottom
    found = places(marks, [8.0 * len(str(i)) + 4.0 for i in range(len(marks))], box)
    for i, (place, (x, y)) in enumerate(zip(found, marks, strict=True)):
        if place is None:
            continue
        if place.led:
            ends = [coordinate(value) for value in (x, y, place.x, place.y)]
            parts.append(element("line", x1=ends[0], y1=ends[1], x2=ends[2], y2=ends[3], class_="leader"))
        at = coordinate(place.x), coordinate(place.y + 4.5)
        parts.append(element("text", i, x=at[0], y=at[1], text_anchor="middle", class_="number"))
    return parts


def _line(fit: DrawnFit, rows: FloatArray | None, column: str, name: str) -> Html:
    """Histogram, the density, and what each component has of it; of centers the histogram alone."""
    means = fit.means[:, 0]
    spread = np.zeros(len(means)) if fit.mixture is None else np.sqrt(fit.mixture.column_variances()[:, 0])
    low, high = float((means - 3.5 * spread).min()), float((means + 3.5 * spread).max())
    if rows is not None:
        ends = np.quantile(rows[:, 0], [0.002, 0.998])
        low, high = min(low, float(ends[0])), max(high, float(ends[1]))
    low, high = (low, high) if high > low else widened(low, high)
    grid = np.union1d(np.linspace(low, high, 300), means)
    each = _parts(grid, fit.weights, means, spread)
    edges = np.linspace(low, high, 61)
    counts = np.zeros(60) if rows is None else np.histogram(rows[:, 0], edges)[0] / len(rows)
    heights = counts / np.diff(edges)
    frame = Frame((low, high), (0.0, 1.06 * float(max(each.sum(axis=0).max(), heights.max())) or 1.0))
    parts: list[Any] = [frame.axes(column, "density"), *_histogram(frame, heights, edges)]
    if fit.mixture is not None:
        ways = [(values, f"line kind-{slug(_kind(fit, i))}") for i, values in enumerate(each)]
        for values, tone in [*ways, (each.sum(axis=0), "line total")]:
            points = zip(grid, values, strict=True)
            way = "L".join(f"{frame.at_x(x):.1f} {frame.at_y(y):.1f}" for x, y in points)
            parts.append(element("path", d=f"M{way}", class_=tone))
    tops = np.column_stack([means, each.max(axis=1)])
    return frame.picture(name, *parts, *_numbered(frame, tops, fit))


def _parts(grid: FloatArray, weights: FloatArray, means: FloatArray, spread: FloatArray) -> FloatArray:
    """Each component's part of the density, shape (k, points); zero where a component has no spread."""
    wide = np.where(spread > 0, spread, 1.0)[:, None]
    scaled = np.clip((grid - means[:, None]) / wide, -39.0, 39.0)  # beyond, float64 has no density left
    values = np.exp(-0.5 * scaled**2) / (wide * np.sqrt(2.0 * pi))
    return np.where(spread > 0, weights, 0.0)[:, None] * values


def _histogram(frame: Frame, heights: FloatArray, edges: FloatArray) -> list[Html]:
    parts = []
    for height, left, right in zip(heights, edges[:-1], edges[1:], strict=True):
        if height > 0:
            at, y = frame.at_x(left), frame.at_y(height)
            sizes = {"width": coordinate(frame.at_x(right) - at), "height": coordinate(frame.at_y(0.0) - y)}
            parts.append(element("rect", x=coordinate(at), y=coordinate(y), class_="histogram", **sizes))
    return parts
