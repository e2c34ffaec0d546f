"""FitDisplay: the rows and the components of one fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError
from gmmscape.given_rows import column_names
from gmmscape.mixture import Mixture
from gmmscape.mixture.background import Background
from gmmscape.plot.fits.components import Panel, Scene, draw_line, draw_plane, outside
from gmmscape.plot.fits.legend import explain, kind_keys
from gmmscape.plot.fits.pairs import draw_pairs
from gmmscape.plot.fits.rows import component_of, drawn_note, thinned
from gmmscape.plot.fits.views import (
    Components,
    View,
    chosen_columns,
    most_separating,
    named_columns,
    of_columns,
    separating,
)
from gmmscape.plot.sizes import SIZES
from gmmscape.plot.style import COLOURS, Display, checked_axes, new_figure
from gmmscape.results.text import counted
from gmmscape.validation import data_matrix, finite_array, mean_matrix, real_number

PAIRS = "pairs"


class FitDisplay(Display):
    """A fit over its rows: a histogram with densities, or rows with ellipses.

    One column is drawn as a histogram with the density and its components. Two columns are drawn as points,
    with an ellipse for each component. More columns are drawn in the plane in which the components lie
    farthest apart, or in the columns that are chosen.

    Parameters
    ----------
    weights : array_like of shape (k,) or None
        Of the components; None for equal ones.
    means : array_like of shape (k, d)
        Their means.
    covariances : array_like of shape (k, d, d), optional
        Their covariances; without them only means are drawn.
    points : array_like of shape (n, d), optional
        The rows; without them components alone are drawn.
    kinds : sequence of str, optional
        Kind of each component, as a diagnosis tells it.
    names : sequence of str, optional
        Of the columns.
    columns : str, int or sequence of these, optional
        What is drawn: names or numbers of columns, or "pairs" for a matrix of pairs.
    level : float, default=0.9
        Share of a component's mass that its ellipse holds.
    title : str, default=""
        What stands above the picture.
    background : Background, optional
        Uniform density that the components stand before; its rows are grey.

    Attributes
    ----------
    panels_ : list of Panel
        What was drawn in each of the axes: rows, marks, ellipses or curves, labels and notes.
    legend_ : matplotlib Legend
        Kinds, and notes as its title.

    Raises
    ------
    DataError
        If the rows cannot be used.
    InvalidParameterError
        If shapes do not fit, a kind or a column is not known, or the level is not between 0 and 1.
    """

    def __init__(
        self,
        weights: ArrayLike | None,
        means: ArrayLike,
        covariances: ArrayLike | None = None,
        points: ArrayLike | None = None,
        *,
        kinds: Sequence[str | None] | None = None,
        names: Sequence[str] | None = None,
        columns: Any = None,
        level: float = 0.9,
        title: str = "",
        background: Background | None = None,
    ) -> None:
        self.parts = checked_components(weights, means, covariances, kinds)._replace(background=background)
        d = self.parts.means.shape[1]
        self.points = None if points is None else data_matrix(points, n_features=d, missing=True)
        self.names = None if names is None else [str(name) for name in names]
        self.labels = named_columns(self.names, d)
        self.level = checked_level(level)
        self.title = title
        self.columns = columns
        self.pairs = isinstance(columns, str) and columns == PAIRS and PAIRS not in (self.names or ())
        if columns is not None and not self.pairs:
            self.columns = chosen_columns(columns, self.names, d)
            self.pairs = len(self.columns) > 2

    @classmethod
    def from_fit(cls, fit: Any, points: Any = None, **options: Any) -> FitDisplay:
        """Make the display of a mixture, or of centers.

        Parameters
        ----------
        fit : Mixture or array_like of shape (k, d)
            What was fitted.
        points : array_like of shape (n, d), optional
            The rows.
        **options
            As the class takes them; names are those of the table by default.

        Returns
        -------
        FitDisplay
            Not drawn yet.
        """
        if options.get("names") is None:
            options["names"] = column_names(points)
        options.setdefault("background", getattr(fit, "background", None))
        return cls(*numbers_of(fit), points, **options)

    @classmethod
    def from_diagnosed(cls, fit: Any, points: Any, diagnosis: Any, **options: Any) -> FitDisplay:
        """Make the display of a fit with what a diagnosis says of it.

        Parameters
        ----------
        fit : Mixture or array_like of shape (k, d)
            What was fitted.
        points : array_like of shape (n, d) or None
            The rows.
        diagnosis : Diagnosis
            Gives kinds and title.
        **options
            As the class takes them; names are those of the table by default.

        Returns
        -------
        FitDisplay
            Not drawn yet.
        """
        title = f"{counted(len(diagnosis.components), 'component')}: {diagnosis.verdict}"
        kinds = [one.kind for one in diagnosis.components]
        return cls.from_fit(fit, points, kinds=kinds, title=title, **options)

    def plot(self, ax: Any = None) -> FitDisplay:
        """Draw the fit.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default. A matrix of pairs is drawn into axes
            inside it.

        Returns
        -------
        FitDisplay
            This display, with `figure_`, `ax_`, `axes_` and the artists.

        Raises
        ------
        NotAvailableError
            If matplotlib is not installed.
        """
        scene, notes = scene_of(self.parts, self.points, self.level)
        if self.pairs:
            return self._plot_pairs(ax, scene, notes)
        view = view_of(self.parts, self.points, self.labels, self.columns)
        figure = None
        if ax is None:
            figure = new_figure(*size_of(scene, view))
            ax = figure.subplots()
        self._keep([checked_axes(ax)])
        self.panels_ = [draw(ax, scene, view)]
        if self.title:
            ax.set_title(self.title, loc="left")
        self._explain(figure, [view.note, *notes])
        if figure is not None and view.equal:
            fill(figure, self.panels_, [scene.seen(view)])
            self._explain(figure, [view.note, *notes])
        return self

    def _plot_pairs(self, ax: Any, scene: Scene, notes: list[str]) -> FitDisplay:
        chosen = self.columns
        if not isinstance(chosen, list):
            chosen = most_separating(self.parts, within(self.parts, self.points))
        if len(chosen) > SIZES.most_panels:
            raise InvalidParameterError.of(
                "columns", self.columns, f"pass at most {SIZES.most_panels} columns for a matrix of pairs"
            )
        d, m = len(self.labels), len(chosen)
        if m < d and not isinstance(self.columns, list):
            notes = [f"The {m} of {d} columns in which the components lie farthest apart.", *notes]
        if scene.points is not None and np.isnan(scene.points[:, chosen]).any():
            notes = [*notes, "Each panel leaves out the rows that lack a value of it."]
        figure = None
        if ax is None:
            figure = new_figure(2.1 * m + 0.6, 2.1 * m + 0.9)
            axes = figure.subplots(m, m, squeeze=False)
        else:
            checked_axes(ax).set_axis_off()
            side = 1.0 / m
            spots = [[(j * side, 1.0 - (i + 1) * side, 0.82 * side, 0.82 * side) for j in range(m)]
                     for i in range(m)]  # fmt: skip
            axes = np.array([[ax.inset_axes(spot) for spot in row] for row in spots], dtype=object)
        self._keep([axes[i, j] for i in range(m) for j in range(i + 1)])
        self.panels_ = draw_pairs(axes, scene, chosen, self.labels)
        if self.title and figure is not None:
            figure.suptitle(self.title)
        self._explain(figure, notes)
        return self

    def _explain(self, figure: Any, notes: list[str]) -> None:
        several = len(self.panels_) > 1
        seen = [] if several else [note for panel in self.panels_ for note in (*panel.notes, *panel.away)]
        own = level_note(self.parts, self.level, any(panel.ellipses for panel in self.panels_))
        keys = line_keys(self.panels_, background=self.parts.background is not None) + kind_keys(
            self.parts.kinds
        )
        if hasattr(self, "legend_") and self.legend_.figure is figure:
            self.legend_.remove()
        self.legend_ = explain(figure, self.ax_, keys, [*own, *notes, *seen])


def draw(ax: Any, scene: Scene, view: View, ranges: Any = None) -> Panel:
    """Draw a scene into axes, as its view asks for."""
    one = view.axes.shape[1] == 1
    return draw_line(ax, scene, view, ranges) if one else draw_plane(ax, scene, view, ranges)


def checked_components(
    weights: ArrayLike | None, means: ArrayLike, covariances: ArrayLike | None, kinds: Any
) -> Components:
    """Return components of shapes that fit; raises InvalidParameterError."""
    centers = mean_matrix("means", means)
    k, d = centers.shape
    shares = np.full(k, 1.0 / k) if weights is None else finite_array("weights", weights, ndim=(1,))
    if len(shares) != k or (shares < 0).any() or not shares.sum() > 0:
        raise InvalidParameterError(f"weights must be {k} numbers >= 0, one for each mean, not all 0")
    matrices = None if covariances is None else finite_array("covariances", covariances, ndim=(3,))
    if matrices is not None and matrices.shape != (k, d, d):
        raise InvalidParameterError(f"covariances has shape {matrices.shape}: pass one of {(k, d, d)}")
    named = [None] * k if kinds is None else list(kinds)
    if len(named) != k:
        raise InvalidParameterError(f"kinds has {len(named)} entries: pass {k}, one for each component")
    for kind in named:
        if kind is not None and kind not in COLOURS:
            raise InvalidParameterError.of("kinds", kind, f"choose from {', '.join(COLOURS)}")
    return Components(shares / shares.sum(), centers, matrices, named)


def checked_level(level: float) -> float:
    """Return a share of mass strictly between 0 and 1; raises InvalidParameterError."""
    level = real_number("level", level)
    if level >= 1.0:
        raise InvalidParameterError.of("level", level, "pass a share of a component's mass between 0 and 1")
    return level


def numbers_of(fit: Any) -> tuple[FloatArray | None, FloatArray, FloatArray | None]:
    """Return weights, means and covariances of a mixture, or of centers."""
    if isinstance(fit, Mixture):
        return fit.weights, fit.means, fit.full_covariances()
    return None, mean_matrix("means", fit), None


def scene_of(parts: Components, points: FloatArray | None, level: float) -> tuple[Scene, list[str]]:
    """Return what is drawn, rows thinned, and what has to be said of that."""
    if points is None:
        return Scene(parts, None, None, level), []
    drawn = thinned(points) if parts.means.shape[1] > 1 else points
    return Scene(parts, drawn, component_of(drawn, parts), level), drawn_note(len(points), len(drawn))


def within(parts: Components, points: FloatArray | None) -> FloatArray:
    """Average covariance within components, (d, d); for centers, of rows about the nearest one."""
    if parts.covariances is not None:
        return np.einsum("k,kab->ab", parts.weights, parts.covariances)
    d = parts.means.shape[1]
    points = None if points is None else points[~np.isnan(points).any(axis=1)]
    if points is None or len(points) < 2:
        return np.eye(d)
    apart = points - parts.means[component_of(points, parts)]
    return apart.T @ apart / len(points)


def view_of(parts: Components, points: FloatArray | None, labels: Sequence[str], columns: Any) -> View:
    """Return the columns that were chosen, or what shows the components best."""
    d = parts.means.shape[1]
    if columns is None and d > 2:
        return separating(parts, within(parts, points), labels)
    view = of_columns(columns or range(d), labels, d)
    if view.axes.shape[1] == 2:
        spread = within(parts, points)
        apart = parts.means - parts.weights @ parts.means
        variances = np.diag(view.axes.T @ (spread + (apart * parts.weights[:, None]).T @ apart) @ view.axes)
        view = view._replace(equal=comparable(variances))
    return view


def comparable(variances: FloatArray) -> bool:
    """Say whether two columns can be drawn on one scale: their spreads are of one size."""
    low, high = np.sqrt(np.sort(variances))
    return bool(low > 0 and high <= SIZES.equal_within * low)


def size_of(scene: Scene, view: View) -> tuple[float, float]:
    """Return width and height of a figure whose axes are filled by the picture."""
    from gmmscape.plot.fits.limits import limits

    if view.axes.shape[1] == 1:
        return 7.6, 4.9
    width, height = 6.6, 5.0
    if view.equal:
        flat = scene.seen(view)
        across, up = (high - low for low, high in limits(flat.points, flat.parts))
        scale = min(SIZES.sides[1] / across, 5.4 / up)
        width, height = max(SIZES.sides[0], scale * across), max(SIZES.sides[0], scale * up)
    return max(width + 1.0, 6.0), height + (2.3 if view.note else 1.6)


def fill(figure: Any, panels: Sequence[Panel], scenes: Sequence[Scene]) -> None:
    """Widen one range, the same in all panels, so that axes with one unit fill the room they have.

    A box of its own shape would leave the layout of the figure undecided, and half of it empty.
    """
    for panel in panels:
        panel.ax.set_aspect("auto")
    figure.draw_without_rendering()
    ax = panels[0].ax
    box = ax.get_window_extent()
    ranges = np.array([ax.get_xlim(), ax.get_ylim()])
    room = np.array([box.width, box.height])
    widths = room * (np.ptp(ranges, axis=1) / room).max()
    middle = ranges.mean(axis=1)
    ranges = np.column_stack([middle - 0.5 * widths, middle + 0.5 * widths])
    for panel, scene in zip(panels, scenes, strict=True):
        panel.ax.set_aspect("equal", adjustable="box")
        panel.ax.set_xlim(*ranges[0])
        panel.ax.set_ylim(*ranges[1])
        panel.away = outside(scene, ranges)


def level_note(parts: Components, level: float, ellipses: bool) -> list[str]:
    """Say what ellipses and numbers are."""
    if parts.covariances is None:
        return ["Marks are centers; numbers are their places in the fit."]
    if not ellipses:
        return ["Numbers are places in the fit."]
    return [f"Ellipses hold {100 * level:.4g} % of a component's mass in this plane; numbers are its place "
            "in the fit."]  # fmt: skip


def line_keys(panels: Sequence[Panel], *, background: bool = False) -> list[Any]:
    """Return keys of what else is drawn: rows, and on a line the density."""
    keys: list[Any] = []
    first = panels[0]
    if first.density is not None:
        first.density.set_label("density of the fit")
        keys.append(first.density)
    if first.rows is not None and not hasattr(first.rows, "get_offsets"):
        first.rows.set_label("rows (histogram)")
        keys.insert(0, first.rows)
    elif first.rows is not None:
        from matplotlib.lines import Line2D

        from gmmscape.plot.fits.rows import NEUTRAL, TINTS

        keys.append(Line2D([], [], color=TINTS[0], marker=".", linestyle="none", markersize=9,
                           label="row, tinted by its component"))  # fmt: skip
        if background:
            keys.append(Line2D([], [], color=NEUTRAL, marker=".", linestyle="none", markersize=9,
                               label="row of the background"))  # fmt: skip
    return keys
