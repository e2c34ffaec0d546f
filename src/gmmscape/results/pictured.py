"""Pictured: what has weights, means and covariances can draw itself."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any


class Pictured:
    """A mixture that draws itself.

    Pictures stand above mixtures: their module is found by name when one is drawn, as that of a record
    is when it is read.
    """

    def plot(
        self,
        X: Any = None,
        *,
        names: Sequence[str] | None = None,
        columns: Any = None,
        level: float = 0.9,
        ax: Any = None,
    ) -> Any:
        """Draw the mixture, over rows where some are passed.

        One column is drawn as a histogram with the density and its components, two as points with ellipses,
        more in the plane in which the components lie farthest apart.

        Parameters
        ----------
        X : array_like of shape (n, d), optional
            Rows; without them the components alone are drawn.
        names : sequence of str, optional
            Of the columns; those of a table by default.
        columns : str, int or sequence of these, optional
            What is drawn: names or numbers of columns, or "pairs" for a matrix of pairs.
        level : float, default=0.9
            Share of a component's mass that its ellipse holds.
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        FitDisplay
            With `figure_`, `ax_` and the artists.

        Raises
        ------
        DataError
            If the rows cannot be used.
        InvalidParameterError
            If a column is not known, or the level is not between 0 and 1.
        NotAvailableError
            If matplotlib is not installed.
        """
        display = import_module("gmmscape.plot.fits.fit").FitDisplay
        return display.from_fit(self, X, names=names, columns=columns, level=level).plot(ax)
