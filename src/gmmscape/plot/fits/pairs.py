"""A matrix of pairs of columns: rows and ellipses below the diagonal, histograms on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gmmscape.plot.fits.components import Panel, Scene, draw_line, draw_plane
from gmmscape.plot.fits.limits import limits
from gmmscape.plot.fits.rows import tints
from gmmscape.plot.fits.views import of_columns
from gmmscape.plot.sizes import SIZES
from gmmscape.plot.style import SMALL


def draw_pairs(axes: Any, scene: Scene, columns: Sequence[int], labels: Sequence[str]) -> list[Panel]:
    """Draw a matrix of pairs.

    Parameters
    ----------
    axes : ndarray of matplotlib Axes, shape (m, m)
        Where; those above the diagonal are emptied.
    scene : Scene
        Of all columns.
    columns : sequence of int
        The m columns.
    labels : sequence of str
        Of all columns.

    Returns
    -------
    list of Panel
        Row by row, those above the diagonal left out.
    """
    d, m = len(labels), len(columns)
    alone = [of_columns([j], labels, d) for j in columns]
    ranges = []
    for view in alone:
        flat = scene.seen(view)
        ranges += limits(flat.points, flat.parts)
    hues = tints(scene.parts.means, grey=scene.parts.background is None)
    numbered = len(scene.parts.means) <= SIZES.most_numbered
    panels = []
    for i in range(m):
        for j in range(m):
            ax = axes[i, j]
            if j > i:
                ax.set_visible(False)
                continue
            if i == j:
                panels.append(draw_line(ax, scene, alone[i], [ranges[i]], labelled=False))
                ax.set_yticks([])
                ax.set_ylabel("")
            else:
                view = of_columns([columns[j], columns[i]], labels, d)
                both = [ranges[j], ranges[i]]
                panels.append(draw_plane(ax, scene, view, both, labelled=numbered, hues=hues))
            _outer_only(ax, i, j, m)
    return panels


def _outer_only(ax: Any, i: int, j: int, m: int) -> None:
    """Names and numbers stand at the left and at the bottom of the matrix only."""
    ax.tick_params(labelsize=SMALL - 1.5)
    if i < m - 1:
        ax.set_xlabel("")
        ax.tick_params(labelbottom=False)
    if j > 0 or i == 0:
        ax.set_ylabel("")
        ax.tick_params(labelleft=False)
    ax.xaxis.label.set_size(SMALL)
    ax.yaxis.label.set_size(SMALL)
