"""What the marks mean, and what the picture does not show: below the figure, never over the data."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from gmmscape.plot.sizes import SIZES
from gmmscape.plot.style import INK, KINDS, SMALL, colour, marker


def kind_keys(kinds: Iterable[str | None]) -> list[Any]:
    """Return a key for each kind that occurs, with its meaning."""
    from matplotlib.lines import Line2D

    seen = set(kinds)
    return [
        Line2D([], [], color=colour(kind), marker=marker(kind), markersize=6, linewidth=1.3,
               markeredgecolor="white", label=f"{kind}: {KINDS[kind]}" if kind else "component")
        for kind in (*KINDS, None)
        if kind in seen
    ]  # fmt: skip


def explain(figure: Any, ax: Any, keys: Sequence[Any], notes: Sequence[str]) -> Any:
    """Put keys and notes below the figure, or above the axes where these are the user's.

    Parameters
    ----------
    figure : matplotlib Figure or None
        Ours; None where the axes were passed.
    ax : matplotlib Axes
        The first.
    keys : sequence of artists
        With labels.
    notes : sequence of str
        Sentences.

    Returns
    -------
    matplotlib Legend
        Of keys, with the notes as its title.
    """
    width = (ax.figure if figure is None else figure).get_figwidth()
    if figure is None:
        width *= ax.get_position().width
    text = "\n".join(textwrap.wrap(" ".join(dict.fromkeys(notes)), int(SIZES.small_letters * width)))
    longest = max((len(str(key.get_label())) for key in keys), default=1)
    columns = max(1, min(len(keys), int(SIZES.small_letters * width / (longest + 8))))
    style = {"handles": list(keys), "ncols": columns, "fontsize": SMALL, "frameon": False}
    if figure is not None:
        legend = figure.legend(loc="outside lower center", **style)
    else:
        from matplotlib.transforms import ScaledTranslation

        above = ax.transAxes + ScaledTranslation(0.0, SIZES.above_title, ax.figure.dpi_scale_trans)
        place = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0), "bbox_transform": above}
        legend = ax.legend(borderaxespad=0.0, **place, **style)
    legend.set_title(text, prop={"size": SMALL - 0.5})
    legend.get_title().set_color(INK)
    legend.set_alignment("left")
    return legend
