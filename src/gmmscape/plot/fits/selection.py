"""SelectionDisplay: a criterion against the number of components."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gmmscape.exceptions import InvalidParameterError
from gmmscape.plot.style import INK, SMALL, Display, axes_or_new

#: Colour and marker of each family.
LOOKS = {
    "full": ("#4c78a8", "o"),
    "tied": ("#e45756", "s"),
    "diag": ("#f58518", "^"),
    "spherical": ("#54a24b", "D"),
}
#: Of a family that was registered.
OTHER = ("#b279a2", "v")
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
        ax = axes_or_new(ax, 6.4, 4.4)
        self._keep([ax])
        self.lines_, self.chosen_ = {}, None
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
                ax.plot(k[hollow], value[hollow], linestyle="none", markersize=5, **style)
        for row in self.rows:
            if row["chosen"]:
                at = ([row["n_components"]], [row[self.criterion]])
                (self.chosen_,) = ax.plot(
                    *at, "o", markersize=12, markerfacecolor="none", color=INK, label="chosen"
                )
        ax.set_xlabel("number of components")
        ax.set_ylabel(LABELS[self.criterion])
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.legend(fontsize=SMALL, frameon=False)
        return self
