"""Labels of marks in matplotlib: placed anew whenever the picture is drawn, whatever its size and limits.

Imported only when something is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.patheffects import withStroke
from matplotlib.transforms import IdentityTransform

from gmmscape.arrays import FloatArray
from gmmscape.plot.labels import Obstacles, line_to, places
from gmmscape.plot.style import SMALL


class Labels(Artist):
    """Texts beside marks, joined to them by lines where they stand apart.

    Parameters
    ----------
    ax : matplotlib Axes
        Where the marks are.
    marks : ndarray of shape (m, 2)
        All marks, in data coordinates; labels keep off them.
    sizes : ndarray of shape (m,)
        Diameters, in points.
    texts : sequence of str
        Label of each mark; an empty one is none.
    colours : sequence of str
        Of the labels.
    rows : ndarray of shape (n, 2)
        What labels rather stand beside, in data coordinates.
    """

    def __init__(
        self,
        ax: Any,
        marks: FloatArray,
        sizes: FloatArray,
        texts: Sequence[str],
        colours: Sequence[str],
        rows: FloatArray,
    ) -> None:
        super().__init__()
        self.marks, self.sizes, self.rows = marks, sizes, rows
        self.named = np.array([i for i, text in enumerate(texts) if text], dtype=int)
        self.set_zorder(5)
        self.set_in_layout(False)
        ax.add_artist(self)
        halo = [withStroke(linewidth=2.2, foreground="white")]
        self.texts = [
            ax.text(
                0.0, 0.0, texts[i], color=colours[i], fontsize=SMALL, fontweight="bold", ha="left",
                va="bottom", transform=IdentityTransform(), zorder=7, path_effects=halo, in_layout=False,
            )
            for i in self.named
        ]  # fmt: skip
        self.lines = [
            ax.plot([], [], color=colours[i], linewidth=0.7, transform=IdentityTransform(), zorder=4.5)[0]
            for i in self.named
        ]
        for line in self.lines:
            line.set_in_layout(False)

    def draw(self, renderer: Any) -> None:
        """Place the labels for the size and the limits that the axes have now; they draw themselves."""
        if not len(self.named):
            return
        axes = self.axes
        assert axes is not None
        unit = renderer.points_to_pixels(1.0)
        frame = np.array(axes.get_window_extent(renderer).extents)
        spots = axes.transData.transform(self.marks)
        radius = 0.5 * unit * self.sizes
        boxes = np.hstack([spots - radius[:, None], spots + radius[:, None]])
        seen = np.all((spots >= frame[:2]) & (spots <= frame[2:]), axis=1)
        rows = axes.transData.transform(self.rows) if len(self.rows) else np.zeros((0, 2))
        obstacles = Obstacles(frame, boxes[seen], rows)
        drawn = np.flatnonzero(seen[self.named])
        for text, line in zip(self.texts, self.lines, strict=True):
            text.set_visible(True)  # what is not visible has no size
            line.set_data([], [])
        extents = [self.texts[i].get_window_extent(renderer) for i in drawn]
        measured = np.array([(one.width, one.height) for one in extents]).reshape(-1, 2)
        chosen = self.named[drawn]
        found = places(spots[chosen], measured, radius[chosen], obstacles, unit)
        for text in self.texts:
            text.set_visible(False)
        for i, box, spot, size in zip(drawn, found, spots[chosen], radius[chosen], strict=True):
            if np.isfinite(box).all():
                self.texts[i].set_visible(True)
                self.texts[i].set_position(box[:2])
                self.lines[i].set_data(*line_to(box, spot, size).T)
