"""AtlasDisplay: the disconnectivity graph of an atlas beside its minima, or the minima alone."""

from __future__ import annotations

from typing import Any

from gmmscape.plot.landscapes.disconnectivity import DisconnectivityDisplay
from gmmscape.plot.landscapes.minima import MinimaDisplay
from gmmscape.plot.style import Display, checked_axes, new_figure


class AtlasDisplay(Display):
    """An atlas as a picture: its minima, and beside them their disconnectivity graph where saddles are known.

    Parameters
    ----------
    minima : MinimaDisplay
        The minima.
    graph : DisconnectivityDisplay, optional
        How they are connected.

    Attributes
    ----------
    minima : MinimaDisplay
        Drawn by `plot`.
    graph : DisconnectivityDisplay or None
        Drawn by `plot`.
    """

    def __init__(self, minima: MinimaDisplay, graph: DisconnectivityDisplay | None = None) -> None:
        self.minima = minima
        self.graph = graph

    @classmethod
    def from_atlas(cls, atlas: Any, *, data: Any = None, most: int = 8) -> AtlasDisplay:
        """Make the display of an atlas.

        Parameters
        ----------
        atlas : Atlas
            What was found.
        data : array_like of shape (n, d), optional
            The rows of a sample.
        most : int, default=8
            Minima drawn.

        Returns
        -------
        AtlasDisplay
            Not drawn yet.

        Raises
        ------
        InvalidParameterError
            If the atlas is empty or dimensions do not fit.
        """
        graph = None
        if atlas.joins:
            graph = DisconnectivityDisplay.from_atlas(atlas, most=most)
        return cls(MinimaDisplay.from_atlas(atlas, data=data, most=most), graph)

    def plot(self, ax: Any = None) -> AtlasDisplay:
        """Draw the atlas.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        AtlasDisplay
            This display, with `figure_`, `ax_` and `axes_`.

        Raises
        ------
        NotAvailableError
            If matplotlib is not installed.
        """
        if self.graph is None:
            self.minima.plot(ax)
            self._keep(self.minima.axes_)
            return self
        left, right = self._halves(ax)
        self.graph.plot(left)
        self.minima.plot(right)
        self._keep([*self.graph.axes_, *self.minima.axes_])
        return self

    def _halves(self, ax: Any) -> tuple[Any, Any]:
        """Return axes for graph and minima: in a new figure, or inside the axes passed."""
        assert self.graph is not None
        if ax is not None:
            checked_axes(ax).set_axis_off()
            return ax.inset_axes((0.0, 0.2, 0.42, 0.8)), ax.inset_axes((0.52, 0.0, 0.48, 1.0))
        n, branches = len(self.minima.subjects), len(self.graph.places)
        tree = max(4.4, 1.2 + 1.2 * branches)
        figure = new_figure(tree + 7.5, max(4.6, 1.0 + 1.25 * n))
        left, right = figure.subplots(1, 2, width_ratios=(tree, 7.5))
        return left, right
