"""BirthDisplay: the means of a branch over the parameter, down to the point where it begins."""

from __future__ import annotations

from typing import Any

import numpy as np

from gmmscape.exceptions import InvalidParameterError
from gmmscape.plot.style import FAINT, HUES, INK, Display, axes_or_new, legend
from gmmscape.validation import finite_array

#: Of the coordinates of a mean; means differ by colour.
STYLES = ("-", (0, (4, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))


class BirthDisplay(Display):
    """Means of a followed minimum over the parameter of the path, with the birth at its end marked.

    Parameters
    ----------
    parameters : array_like of shape (n,)
        Parameters on the way, the birth last.
    means : array_like of shape (n, k, d)
        Means there.
    kind : str
        "fold" or "pitchfork".
    name : str, default=""
        What was followed.

    Attributes
    ----------
    lines_ : list of matplotlib Line2D
        One for each mean and coordinate, mean by mean.
    mark_ : matplotlib Line2D
        The means at the birth.

    Raises
    ------
    InvalidParameterError
        If lengths differ, there is no point, or a value is not finite.
    """

    def __init__(self, parameters: Any, means: Any, kind: str, *, name: str = "") -> None:
        self.parameters = finite_array("parameters", parameters, ndim=(1,))
        self.means = finite_array("means", means, ndim=(3,))
        if not 0 < len(self.parameters) == len(self.means):
            raise InvalidParameterError("parameters and means must be as long as each other, one at least")
        self.kind, self.name = kind, name

    def plot(self, ax: Any = None) -> BirthDisplay:
        """Draw the branch.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        BirthDisplay
            This display, with `figure_`, `ax_` and the artists.

        Raises
        ------
        NotAvailableError
            If matplotlib is not installed.
        """
        ours = ax is None
        ax = axes_or_new(ax, 6.4, 4.8)
        self._keep([ax])
        _, k, d = self.means.shape
        at = float(self.parameters[-1])
        self.lines_ = [
            ax.plot(
                self.parameters,
                self.means[:, i, j],
                color=HUES[i % len(HUES)],
                linestyle=STYLES[j % len(STYLES)],
                linewidth=1.8,
                label=f"mean {i}" if d == 1 else f"mean {i}, coordinate {j}",
            )[0]
            for i in range(k)
            for j in range(d)
        ]
        self.mark_ = ax.plot(
            np.full(k * d, at), self.means[-1].ravel(), "o", color=INK, zorder=4,
            label=f"birth: {self.kind}, no such minimum beyond",
        )[0]  # fmt: skip
        ax.axvline(at, color=FAINT, linewidth=1, zorder=0)
        ax.set_xlabel("parameter")
        ax.set_ylabel("means")
        ax.set_title(f"{self.name}: {self.kind} at {at:.9g}".removeprefix(": "))
        ax.grid(alpha=0.25)
        for side in ("right", "top"):
            ax.spines[side].set_visible(False)
        legend(ax, ours)
        return self
