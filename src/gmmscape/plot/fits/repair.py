"""RepairDisplay: two fits of the same rows side by side, before and after a repair."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.exceptions import InvalidParameterError
from gmmscape.mixture.background import Background
from gmmscape.plot.fits.fit import (
    checked_components,
    checked_level,
    draw,
    fill,
    level_note,
    line_keys,
    scene_of,
    size_of,
    view_of,
)
from gmmscape.plot.fits.legend import explain, kind_keys
from gmmscape.plot.fits.limits import limits
from gmmscape.plot.fits.views import chosen_columns, named_columns
from gmmscape.plot.style import Display, new_figure, pair_of_axes
from gmmscape.validation import data_matrix


class RepairDisplay(Display):
    """Rows with the components of two fits, before and after, by kind; both in the same view.

    One column is drawn as a histogram with densities, two as points with ellipses, more in the plane in which
    the components of the second fit lie farthest apart.

    Parameters
    ----------
    points : array_like of shape (n, d) or None
        The rows; None draws components alone.
    fits : sequence of two (weights, means, covariances)
        Arrays of shape (k,), (k, d) and (k, d, d); None instead of weights are equal ones, None instead of
        covariances draws centers alone.
    kinds : sequence of two sequences of str or None
        Kind of each component; None for fits that nothing is said of.
    titles : sequence of two str, default=("before", "after")
        What stands above them.
    names : sequence of str, optional
        Of the columns.
    columns : str, int or sequence of these, optional
        One or two columns that are drawn, by name or number.
    level : float, default=0.9
        Share of a component's mass that its ellipse holds.
    backgrounds : sequence of two Background or None
        Uniform densities that the components stand before; their rows are grey.

    Attributes
    ----------
    panels_ : list of two Panel
        What was drawn: rows, marks, ellipses or curves, labels and notes.
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
        points: ArrayLike | None,
        fits: Sequence[tuple[Any, Any, Any]],
        kinds: Sequence[Sequence[str | None] | None] = (None, None),
        titles: Sequence[str] = ("before", "after"),
        *,
        names: Sequence[str] | None = None,
        columns: Any = None,
        level: float = 0.9,
        backgrounds: Sequence[Background | None] = (None, None),
    ) -> None:
        wanted = "fits must be two, of the same columns: before and after"
        if len(fits) != 2:
            raise InvalidParameterError(wanted)
        self.parts = [
            checked_components(*fit, some)._replace(background=beside)
            for fit, some, beside in zip(fits, kinds, backgrounds, strict=True)
        ]
        d = self.parts[0].means.shape[1]
        if self.parts[1].means.shape[1] != d:
            raise InvalidParameterError(wanted)
        self.points = None if points is None else data_matrix(points, n_features=d, missing=True)
        self.labels = named_columns(names, d)
        self.columns = None if columns is None else chosen_columns(columns, names, d)
        if self.columns is not None and len(self.columns) > 2:
            raise InvalidParameterError.of("columns", columns, "pass one column or two for a repair")
        self.titles = list(titles)
        self.level = checked_level(level)

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
        view = view_of(self.parts[1], self.points, self.labels, self.columns)
        scenes = [scene_of(part, self.points, self.level) for part in self.parts]
        ranges = _ranges([scene.seen(view) for scene, _ in scenes])
        figure = None
        if ax is None:
            width, height = size_of(scenes[1][0], view)
            across = 12.0 if width > 6.4 else 10.0
            figure = new_figure(across, max(4.2, height * min(1.0, 0.5 * across / width)))
            ax = figure.subplots(1, 2, sharey=True)
        self._keep(pair_of_axes(ax))
        self.panels_ = [
            draw(axis, scene, view, ranges) for axis, (scene, _) in zip(self.axes_, scenes, strict=True)
        ]
        own = level_note(self.parts[1], self.level, bool(self.panels_[1].ellipses))
        first = [*own, view.note, *scenes[0][1]]
        keys = line_keys(
            self.panels_, background=any(part.background is not None for part in self.parts)
        ) + kind_keys([kind for part in self.parts for kind in part.kinds])
        for axis, title in zip(self.axes_, self.titles, strict=True):
            axis.set_title(title, loc="left")
        self.axes_[1].set_ylabel("")
        _one_height(self.panels_)
        self.legend_ = explain(figure, self.ax_, keys, [*first, *self._seen()])
        if figure is not None and view.equal:
            fill(figure, self.panels_, [scene.seen(view) for scene, _ in scenes])
            self.legend_.remove()
            self.legend_ = explain(figure, self.ax_, keys, [*first, *self._seen()])
        return self

    def _seen(self) -> list[str]:
        """What each panel does not show, said of that panel."""
        return [
            f"{title.split(':')[0].capitalize()}: {note}"
            for panel, title in zip(self.panels_, self.titles, strict=True)
            for note in (*panel.notes, *panel.away)
        ]


def _ranges(scenes: Sequence[Any]) -> list[tuple[float, float]]:
    """Limits in which both fits are seen."""
    both = np.array([limits(scene.points, scene.parts) for scene in scenes])
    low, high = both[..., 0].min(axis=0), both[..., 1].max(axis=0)
    return list(zip(low.tolist(), high.tolist(), strict=True))


def _one_height(panels: Sequence[Any]) -> None:
    """On a line, give both panels the height of the taller one, where they do not share it already."""
    if panels[0].density is None or panels[1].density is None:
        return
    top = max(panel.ax.get_ylim()[1] for panel in panels)
    for panel in panels:
        panel.ax.set_ylim(0.0, top)
