"""PhaseDisplay: the number of minima over two parameters, with births and thresholds drawn on top."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError
from gmmscape.plot.style import FAINT, HUES, INK, SMALL, Display, axes_or_new
from gmmscape.validation import finite_array

UNSTRUCTURED = "unstructured"
SOLID: Any = "-"
DASHED: Any = (0, (3, 2))


class PhaseDisplay(Display):
    """Shades for the number of minima, hatching where one is unstructured, curves by structure.

    Parameters
    ----------
    xs : array_like of shape (nx,)
        First parameter.
    ys : array_like of shape (ny,)
        Second parameter.
    counts : array_like of shape (ny, nx)
        Minima of each cell; 0 where none was looked for.
    unstructured : array_like of shape (ny, nx)
        Minima without structure among them.
    births : dict of str to list of (x, y, row, column, row, column)
        For each kind, places of births, and the two cells each is between.
    thresholds : dict of str to list of (x, y, row, column, row, column)
        Likewise, of thresholds.
    x : str, default="x"
        Name of the first parameter.
    y : str, default="y"
        Name of the second one.

    Attributes
    ----------
    image_ : matplotlib QuadMesh
        The counts.
    births_ : dict of str to matplotlib LineCollection
        The curves of births.
    thresholds_ : dict of str to matplotlib LineCollection
        The dashed curves.

    Raises
    ------
    InvalidParameterError
        If shapes do not fit.
    """

    def __init__(
        self,
        xs: Any,
        ys: Any,
        counts: Any,
        unstructured: Any,
        births: Mapping[str, Sequence[Sequence[float]]] | None = None,
        thresholds: Mapping[str, Sequence[Sequence[float]]] | None = None,
        *,
        x: str = "x",
        y: str = "y",
    ) -> None:
        self.xs, self.ys = finite_array("xs", xs, ndim=(1,)), finite_array("ys", ys, ndim=(1,))
        self.counts = self._checked("counts", counts)
        self.unstructured = self._checked("unstructured", unstructured)
        self.births, self.thresholds = dict(births or {}), dict(thresholds or {})
        self.x, self.y = x, y

    def _checked(self, name: str, table: Any) -> FloatArray:
        array = finite_array(name, table, ndim=(2,))
        if array.shape != (len(self.ys), len(self.xs)):
            raise InvalidParameterError(
                f"{name} has shape {array.shape}: pass one number for each of the {len(self.ys)} rows and "
                f"{len(self.xs)} columns"
            )
        return array

    def plot(self, ax: Any = None) -> PhaseDisplay:
        """Draw the diagram.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        PhaseDisplay
            This display, with `figure_`, `ax_` and the artists.

        Raises
        ------
        NotAvailableError
            If matplotlib is not installed.
        """
        ax = axes_or_new(ax, 7.2, 5.6)
        self._keep([ax])
        self._shade()
        kinds = list(dict.fromkeys([*self.births, *self.thresholds]))
        hues = {
            kind: INK if kind == UNSTRUCTURED else HUES[i % len(HUES)]
            for i, kind in enumerate(sorted(kinds, key=lambda kind: (kind == UNSTRUCTURED, kind)))
        }
        # Where a threshold runs along a birth, its dashes lie on a wider, paler line: both are seen.
        self.births_ = self._curves(self.births, hues, SOLID, (4.6, 2.6), 0.6)
        self.thresholds_ = self._curves(self.thresholds, hues, DASHED, (2.0, 1.4), 1.0)
        ax.set_xlabel(self.x)
        ax.set_ylabel(self.y)
        ax.set_xlim(self.xs[0], self.xs[-1])
        ax.set_ylim(self.ys[0], self.ys[-1])
        self._legend(hues)
        return self

    def _shade(self) -> None:
        from matplotlib.colors import BoundaryNorm, ListedColormap

        ax, numbers = self.ax_, np.unique(self.counts)
        top = max(float(numbers[-1]), 2.0)
        # From white, for a single minimum, to a middle grey-blue: curves stay in front.
        shades = [
            tuple(1.0 - min(1.0, n / top) * np.array([0.36, 0.27, 0.18]))
            for n in numbers - min(1, numbers[0])
        ]
        bounds = np.append(numbers - 0.5, numbers[-1] + 0.5)
        self.image_ = ax.pcolormesh(
            self.xs,
            self.ys,
            self.counts,
            cmap=ListedColormap(shades),
            norm=BoundaryNorm(bounds, len(numbers)),
            shading="nearest",
            rasterized=True,
        )
        self._shades = list(zip(numbers.astype(int).tolist(), shades, strict=True))
        if self.unstructured.any() and min(self.unstructured.shape) > 1:
            marked = ax.contourf(
                self.xs, self.ys, self.unstructured > 0, levels=[0.5, 1.5], colors="none", hatches=["...."]
            )
            marked.set_edgecolor(FAINT)
            marked.set_linewidth(0.0)

    def _curves(
        self,
        table: Mapping[str, Sequence[Sequence[float]]],
        hues: Mapping[str, str],
        style: Any,
        ends: tuple[float, float],
        opacity: float,
    ) -> dict[str, Any]:
        # Curves of mirror images may lie on each other: those above are thinner.
        widths = np.linspace(*ends, max(len(table), 2)).tolist()
        looks = [{"linestyles": [style], "linewidths": width, "alpha": opacity} for width in widths]
        return {
            kind: self._curve(rows, hues[kind], look)
            for (kind, rows), look in zip(table.items(), looks, strict=False)
        }

    def _curve(self, rows: Sequence[Sequence[float]], hue: str, look: Mapping[str, Any]) -> Any:
        from matplotlib.collections import LineCollection

        segments, lone = segments_of(rows)
        lines = LineCollection(chained(segments), colors=hue, capstyle="butt", **look)
        self.ax_.add_collection(lines)
        if len(lone):
            self.ax_.plot(*lone.T, ".", color=hue, markersize=4)
        return lines

    def _legend(self, hues: Mapping[str, str]) -> None:
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch

        keys: list[Any] = [
            Patch(facecolor=shade, edgecolor=FAINT, label=_number_of_minima(n)) for n, shade in self._shades
        ]
        if self.unstructured.any():
            keys.append(Patch(facecolor="white", edgecolor=FAINT, hatch="....", label="one is unstructured"))
        looks = {"birth": (SOLID, 3.6, 0.6), "threshold": (DASHED, 1.7, 1.0)}
        for table, word in ((self.births, "birth"), (self.thresholds, "threshold")):
            style, width, opacity = looks[word]
            keys += [
                Line2D(
                    [], [], color=hues[kind], linestyle=style, linewidth=width, alpha=opacity,
                    label=f"{word} of {kind}",
                )
                for kind in sorted(table)
            ]  # fmt: skip
        self.ax_.legend(
            handles=keys,
            loc="lower left",
            bbox_to_anchor=(0.0, 1.01),
            ncols=2,
            fontsize=SMALL,
            frameon=False,
            borderaxespad=0.0,
        )


def _number_of_minima(n: int) -> str:
    return {0: "not searched", 1: "1 minimum"}.get(n, f"{n} minima")


def segments_of(rows: Iterable[Sequence[float]]) -> tuple[list[FloatArray], FloatArray]:
    """Join points between neighbouring cells into curves, as marching squares do.

    Parameters
    ----------
    rows : iterable of (x, y, row, column, row, column)
        Points, and the two cells each is between.

    Returns
    -------
    segments : list of ndarray of shape (2, 2)
        Each joins two points at the same square of four cells.
    lone : ndarray of shape (n, 2)
        Points that no segment has.
    """
    squares: dict[tuple[int, int], list[tuple[float, float]]] = {}
    points = {(float(row[0]), float(row[1])): tuple(map(int, row[2:6])) for row in rows}
    for point, (a, b, c, d) in points.items():
        row, column = min(a, c), min(b, d)
        beside = [(row, column), (row - 1, column) if a == c else (row, column - 1)]
        for square in beside:
            squares.setdefault(square, []).append(point)
    segments: list[FloatArray] = []
    joined: set[tuple[float, float]] = set()
    for found in squares.values():
        pairs = sorted(combinations(found, 2), key=lambda pair: float(np.hypot(*np.subtract(*pair))))
        used: set[tuple[float, float]] = set()
        for one, other in pairs:
            if not used or not {one, other} & used or (len(found) % 2 and not {one, other} <= used):
                used |= {one, other}
                segments.append(np.array([one, other]))
        joined |= used
    return segments, np.array([point for point in points if point not in joined]).reshape(-1, 2)


def chained(segments: Iterable[FloatArray]) -> list[FloatArray]:
    """Join segments that share ends into curves, so that dashes run on from one to the next.

    Parameters
    ----------
    segments : iterable of ndarray of shape (2, 2)
        In any order.

    Returns
    -------
    list of ndarray of shape (n, 2)
        Each segment is part of one of them.
    """
    ends: dict[tuple[float, ...], list[tuple[float, ...]]] = {}
    for segment in segments:
        one, other = map(tuple, segment.tolist())
        ends.setdefault(one, []).append(other)
        ends.setdefault(other, []).append(one)
    curves = []
    # Open ends first: what is left then are closed curves.
    for start in sorted(ends, key=lambda point: (len(ends[point]) != 1, point)):
        while ends[start]:
            curve = [start]
            while ends[curve[-1]]:
                here = curve[-1]
                after = ends[here].pop()
                ends[after].remove(here)
                curve.append(after)
            curves.append(np.array(curve))
    return curves
