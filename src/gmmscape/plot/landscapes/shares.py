"""ShareDisplay: shares with their intervals against the separation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gmmscape.exceptions import InvalidParameterError
from gmmscape.plot.style import COLOURS, Display, axes_or_new, legend
from gmmscape.validation import finite_array

#: Colours and markers of the curves, in turn.
LOOKS = (
    (COLOURS["one-fits-many"], "s"),
    (COLOURS["exact"], "o"),
    (COLOURS["many-fit-one"], "^"),
    ("#54a24b", "D"),
    (COLOURS["unstructured"], "X"),
)
#: Curves are moved sideways by this share of a unit, so that their intervals do not hide each other.
ASIDE = 0.09


class ShareDisplay(Display):
    """Shares of minima against the separation of random truths, with intervals.

    Parameters
    ----------
    separations : array_like of shape (n,)
        Smallest distance of two centers, sigma.
    shares : dict of str to sequence
        Curves by name; each item of one has `value`, `low` and `high`, as those of
        `unstructured_against_separation` do.

    Attributes
    ----------
    curves_ : dict of str to matplotlib ErrorbarContainer
        The artists.

    Raises
    ------
    InvalidParameterError
        If nothing is passed, or lengths differ.
    """

    def __init__(self, separations: Any, shares: Mapping[str, Sequence[Any]]) -> None:
        self.separations = finite_array("separations", separations, ndim=(1,))
        self.shares = dict(shares)
        if not len(self.separations) or not self.shares:
            raise InvalidParameterError("separations or shares is empty: a picture needs a value")
        for name, items in self.shares.items():
            if len(items) != len(self.separations):
                raise InvalidParameterError(
                    f"shares[{name!r}] has {len(items)} items: pass {len(self.separations)}, one for each "
                    "separation"
                )

    def plot(self, ax: Any = None) -> ShareDisplay:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        ShareDisplay
            This display, with `figure_`, `ax_` and the artists.

        Raises
        ------
        NotAvailableError
            If matplotlib is not installed.
        """
        ours = ax is None
        ax = axes_or_new(ax, 6.4, 4.4)
        self._keep([ax])
        self.curves_ = {}
        for place, (name, items) in enumerate(self.shares.items()):
            hue, shape = LOOKS[place % len(LOOKS)]
            value = 100.0 * np.array([[item.value, item.low, item.high] for item in items])
            self.curves_[name] = ax.errorbar(
                self.separations + ASIDE * (place - 0.5 * (len(self.shares) - 1)),
                value[:, 0],
                yerr=[value[:, 0] - value[:, 1], value[:, 2] - value[:, 0]],
                color=hue,
                marker=shape,
                markersize=4.5,
                linewidth=1.4,
                elinewidth=0.9,
                capsize=2,
                label=name,
            )
        ax.set_xlabel("separation of the centers, sigma")
        ax.set_ylabel("share of minima without structure, %")
        ax.set_ylim(bottom=-0.02 * ax.get_ylim()[1])  # marks at zero are seen whole
        ax.grid(alpha=0.25)
        for side in ("right", "top"):
            ax.spines[side].set_visible(False)
        legend(ax, ours)
        return self
