"""SizeDisplay: how often samples have the landscape of their population, and how far their minima are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.exceptions import InvalidParameterError
from gmmscape.plot.style import COLOURS, HUES, Display, legend, new_figure
from gmmscape.validation import finite_array

MARKS = ("o", "s", "^", "D", "v", "p", "h", "P")


class SizeDisplay(Display):
    """The share of samples with the population's landscape, and scaled distances, against the size.

    Parameters
    ----------
    sizes : array_like of shape (n,)
        Rows of a sample, ascending.
    shares : sequence
        For each size an object with `value`, `low` and `high`.
    scaled : array_like of shape (n, m)
        Root mean square distance to each of m minima, times the root of the size; not finite where no sample
        has it.
    expected : sequence of float or None
        What it tends to, for each minimum.
    names : sequence of str, optional
        Of the minima.

    Attributes
    ----------
    share_ : matplotlib ErrorbarContainer
        The shares.
    curves_ : list of matplotlib Line2D
        The distances, one a minimum.

    Raises
    ------
    InvalidParameterError
        If nothing is passed, or lengths differ.
    """

    def __init__(
        self,
        sizes: ArrayLike,
        shares: Sequence[Any],
        scaled: ArrayLike,
        expected: Sequence[float | None],
        *,
        names: Sequence[str] | None = None,
    ) -> None:
        self.sizes = finite_array("sizes", sizes, ndim=(1,))
        self.shares = list(shares)
        self.scaled = np.array(scaled, dtype=np.float64)
        self.expected = list(expected)
        if not len(self.sizes) or len(self.shares) != len(self.sizes):
            raise InvalidParameterError(f"shares has {len(self.shares)} items for {len(self.sizes)} sizes")
        if self.scaled.shape != (len(self.sizes), len(self.expected)):
            raise InvalidParameterError(
                f"scaled has shape {self.scaled.shape}: pass {len(self.sizes)} rows, one a size, and "
                f"{len(self.expected)} columns, as many as expected"
            )
        m = len(self.expected)
        self.names = [f"minimum {place}" for place in range(m)] if names is None else list(names)
        if len(self.names) != m:
            raise InvalidParameterError(f"names has {len(self.names)} items: pass {m}")

    def plot(self, ax: Any = None) -> SizeDisplay:
        """Draw shares above, distances below.

        Parameters
        ----------
        ax : sequence of two matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        SizeDisplay
            This display, with `figure_`, `axes_` and the artists.

        Raises
        ------
        InvalidParameterError
            If ax are not two.
        NotAvailableError
            If matplotlib is not installed.
        """
        ours = ax is None
        given = new_figure(6.4, 6.0).subplots(2, 1, sharex=True) if ours else ax
        axes = np.array(given, dtype=object).ravel()
        if len(axes) != 2:
            raise InvalidParameterError("ax: pass two axes, one for shares and one for distances")
        self._keep(axes.tolist())
        above, below = axes
        value = 100.0 * np.array([[one.value, one.low, one.high] for one in self.shares])
        self.share_ = above.errorbar(
            self.sizes,
            value[:, 0],
            yerr=[value[:, 0] - value[:, 1], value[:, 2] - value[:, 0]],
            color=COLOURS["exact"],
            marker="o",
            markersize=4.5,
            linewidth=1.4,
            capsize=2,
        )
        above.set_ylabel("samples with the\npopulation's landscape, %")
        self.curves_ = []
        shown = np.where(np.isfinite(self.scaled), self.scaled, np.nan)
        for place, name in enumerate(self.names):
            hue, shape = HUES[place % len(HUES)], MARKS[place % len(MARKS)]
            style = {"color": hue, "marker": shape, "markersize": 4.5, "linewidth": 1.4}
            self.curves_ += below.plot(self.sizes, shown[:, place], label=name, **style)
            level = self.expected[place]
            if level is not None:
                below.axhline(level, color=hue, linewidth=0.9, linestyle="--")
        below.plot([], [], color="#555555", linewidth=0.9, linestyle="--", label="law of large samples")
        below.set_ylabel("distance to the population's\nminimum times root n, sigma")
        below.set_ylim(bottom=0.0)
        below.set_xlabel("rows of a sample, n")
        self._dressed(axes.tolist())
        legend(below, ours)
        return self

    @staticmethod
    def _dressed(axes: list[Any]) -> None:
        from matplotlib.ticker import NullFormatter, StrMethodFormatter

        for one in axes:
            one.set_xscale("log")
            one.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
            one.xaxis.set_minor_formatter(NullFormatter())
            one.grid(alpha=0.25)
            for side in ("right", "top"):
                one.spines[side].set_visible(False)
