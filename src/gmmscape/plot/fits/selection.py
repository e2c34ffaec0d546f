"""SelectionDisplay: a criterion against the number of components."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gmmscape.exceptions import InvalidParameterError
from gmmscape.plot.style import HUES, INK, Display, axes_or_new, legend
from gmmscape.results.text import counted

#: Colour and marker of each family.
LOOKS = {
    "full": (HUES[1], "o"),
    "tied": (HUES[0], "s"),
    "diag": (HUES[2], "^"),
    "spherical": (HUES[3], "D"),
}
#: Of a family that was registered.
OTHER = (HUES[4], "v")
MAY_NOT_WIN: str = "hollow: may not win"
LABELS = {
    "bic": "BIC (smaller is better)",
    "icl": "ICL (smaller is better)",
    "heldout": "held-out log-likelihood, nats per row (larger is better)",
}


class SelectionDisplay(Display):
    """A curve for each family; the chosen fit is ringed, fits that may not win are hollow.

    Parameters
    ----------
    table : sequence of dict
        Rows as `Selection.table` has them.
    criterion : {"bic", "icl", "heldout"}
        What is drawn.

    Attributes
    ----------
    lines_ : dict of str to matplotlib Line2D
        The curve of each family.
    chosen_ : matplotlib Line2D or None
        The ring around the chosen fit.

    Raises
    ------
    InvalidParameterError
        If no row has a value of the criterion.
    """

    def __init__(self, table: Sequence[dict[str, Any]], criterion: str) -> None:
        self.criterion = criterion
        self.rows = [row for row in table if row.get(criterion) is not None]
        if not self.rows:
            raise InvalidParameterError.of("criterion", criterion, "choose one that the table has values of")

    def plot(self, ax: Any = None) -> SelectionDisplay:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        SelectionDisplay
            This display, with `figure_`, `ax_` and the artists.

        Raises
        ------
        NotAvailableError
            If matplotlib is not installed.
        """
        ours = ax is None
        ax = axes_or_new(ax, 6.4, 4.8)
        self._keep([ax])
        self.lines_, self.chosen_, said = {}, None, MAY_NOT_WIN
        for kind in dict.fromkeys(row["covariance_type"] for row in self.rows):
            own = [row for row in self.rows if row["covariance_type"] == kind]
            k = np.array([row["n_components"] for row in own])
            value = np.array([row[self.criterion] for row in own])
            colour, marker = LOOKS.get(kind, OTHER)
            (line,) = ax.plot(k, value, color=colour, marker=marker, markersize=4, label=kind)
            self.lines_[kind] = line
            hollow = np.array([bool(row["flags"]) and "refused" in row["flags"] for row in own])
            if hollow.any():
                style = {"marker": marker, "markeredgecolor": colour, "markerfacecolor": "white"}
                ax.plot(k[hollow], value[hollow], linestyle="none", markersize=5, label=said, **style)
                said = None  # once in the legend
        for row in self.rows:
            if row["chosen"]:
                at = ([row["n_components"]], [row[self.criterion]])
                (self.chosen_,) = ax.plot(
                    *at, "o", markersize=12, markerfacecolor="none", color=INK, label="chosen"
                )
                name = counted(row["n_components"], "component")
                ax.set_title(f"chosen: {name}, {row['covariance_type']} covariances", loc="left")
        ax.set_xlabel("number of components")
        ax.set_ylabel(LABELS[self.criterion])
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.grid(alpha=0.25)
        for side in ("right", "top"):
            ax.spines[side].set_visible(False)
        legend(ax, ours)
        return self
