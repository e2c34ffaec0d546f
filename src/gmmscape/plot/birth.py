"""BirthDisplay: the means of a branch over the parameter, down to the point where it begins."""

from __future__ import annotations

from typing import Any

import numpy as np

from gmmscape.exceptions import InvalidParameterError
from gmmscape.plot.style import FAINT, INK, SMALL, Display, axes_or_new
from gmmscape.validation import finite_array


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
        ax = axes_or_new(ax, 6.4, 4.4)
        self._keep([ax])
        _, k, d = self.means.shape
        at = float(self.parameters[-1])
        self.lines_ = [
            ax.plot(
                self.parameters,
                self.means[:, i, j],
                label=f"mean {i}" if d == 1 else f"mean {i}, coordinate {j}",
            )[0]
            for i in range(k)
            for j in range(d)
        ]
        self.mark_ = ax.plot(np.full(k * d, at), self.means[-1].ravel(), "o", color=INK, label=self.kind)[0]
        ax.axvline(at, color=FAINT, linewidth=1, zorder=0)
        ax.set_xlabel("parameter")
        ax.set_ylabel("means")
        ax.set_title(f"{self.name}: {self.kind} at {at:.9g}".removeprefix(": "))
        ax.legend(fontsize=SMALL)
        return self
