"""FalsificationDisplay: minima by defect and by distance from the nearest structure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gmmscape.exceptions import InvalidParameterError
from gmmscape.plot.sizes import SIZES
from gmmscape.plot.style import COLOURS, FAINT, INK, SMALL, Display, axes_or_new, legend

#: Colour of each dimension; all from four on share one.
DIMENSIONS = {1: COLOURS["exact"], 2: COLOURS["many-fit-one"], 3: "#54a24b"}
#: Mark and colour of a suspect by what became of it.
MARKS = {
    "confirmed": ("o", COLOURS["one-fits-many"]),
    "undecided": ("s", INK),
    "refuted": ("x", FAINT),
    "unchecked": ("^", COLOURS["one-fits-many"]),
}


class FalsificationDisplay(Display):
    """Each minimum of many truths as a point: distance from the nearest structure, and defect.

    Parameters
    ----------
    minima : sequence of (float, float, int)
        Position error in sigma, defect and dimension of each minimum.
    suspects : sequence of (float, float, str), optional
        Position error, defect and outcome of each suspect.
    taus : sequence of float, optional
        Largest defects of structured fits; the band between the smallest and the largest is shaded.

    Attributes
    ----------
    minima_ : dict of int to matplotlib PathCollection
        The points of each dimension.
    suspects_ : dict of str to matplotlib PathCollection
        The marks of each outcome.

    Raises
    ------
    InvalidParameterError
        If there is no minimum, or a number is not finite.
    """

    def __init__(
        self,
        minima: Sequence[tuple[float, float, int]],
        suspects: Sequence[tuple[float, float, str]] = (),
        taus: Sequence[float] = (),
    ) -> None:
        if not len(minima):
            raise InvalidParameterError("minima is empty: a picture needs a minimum")
        self.minima = np.array(minima, dtype=np.float64)
        self.suspects = list(suspects)
        self.taus = list(taus)
        if not np.isfinite(self.minima).all():
            raise InvalidParameterError("minima has entries that are not finite: leave them out")

    def plot(self, ax: Any = None) -> FalsificationDisplay:
        """Draw the points.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        FalsificationDisplay
            This display, with `figure_`, `ax_` and the artists.

        Raises
        ------
        NotAvailableError
            If matplotlib is not installed.
        """
        ours = ax is None
        ax = axes_or_new(ax, 6.4, 5.0)
        self._keep([ax])
        if self.taus:
            low, high = min(self.taus), max(self.taus)
            words = f"tau {low:.3g}" if low == high else f"tau {low:.3g} to {high:.3g}"
            ax.axhspan(low, max(high, low * 1.02), color=FAINT, alpha=0.3, linewidth=0, label=words)
        self.minima_ = {}
        for d in sorted(set(self.minima[:, 2].astype(int).tolist())):
            rows = self.minima[self.minima[:, 2] == d]
            self.minima_[d] = ax.scatter(
                *np.maximum(rows[:, :2], SIZES.smallest).T,
                s=9,
                alpha=0.5,
                linewidths=0,
                color=DIMENSIONS.get(d, INK),
                label=f"minima, d = {d} ({len(rows)})",
            )
        self.suspects_ = {name: self._marked(name) for name in MARKS if self._of(name)}
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.set_xlabel("distance from the nearest structure, sigma")
        ax.set_ylabel("defect")
        ax.grid(alpha=0.25)
        for side in ("right", "top"):
            ax.spines[side].set_visible(False)
        legend(ax, ours, most_columns=2)
        self._say_what_is_clipped()
        return self

    def _say_what_is_clipped(self) -> None:
        """Points of values below the smallest that is drawn lie on the edges: a band and a word say so."""
        ax = self.ax_
        clipped = self.minima[:, :2] < SIZES.smallest
        for axis, many in zip(("x", "y"), clipped.sum(axis=0).tolist(), strict=True):
            if not many:
                continue
            (ax.axvspan if axis == "x" else ax.axhspan)(
                SIZES.smallest / SIZES.edge,
                SIZES.smallest * SIZES.edge,
                color=COLOURS["many-fit-one"],
                alpha=0.18,
                linewidth=0,
            )
            (ax.set_xlim if axis == "x" else ax.set_ylim)(SIZES.smallest / SIZES.edge)
        either = int(clipped.any(axis=1).sum())
        if either:
            noun = "minimum has" if either == 1 else "minima have"
            ax.set_title(
                f"{either} {noun} a value below {SIZES.smallest:g} (0 included): drawn in the coloured band",
                fontsize=SMALL, loc="left",
            )  # fmt: skip

    def _of(self, outcome: str) -> list[tuple[float, float]]:
        return [(error, defect) for error, defect, name in self.suspects if name == outcome]

    def _marked(self, outcome: str) -> Any:
        points = np.maximum(self._of(outcome), SIZES.smallest)
        shape, hue = MARKS[outcome]
        face = {"color": hue} if shape == "x" else {"facecolors": "none", "edgecolors": hue}
        return self.ax_.scatter(
            *points.T,
            s=46,
            marker=shape,
            linewidths=1.2,
            label=f"suspects, {outcome} ({len(points)})",
            **face,
        )
