"""ConvergenceDisplay: the log-likelihood on the way to a fit, moves marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.exceptions import InvalidParameterError
from gmmscape.plot.sizes import SIZES
from gmmscape.plot.style import COLOURS, INK, SMALL, Display, axes_or_new
from gmmscape.validation import finite_array, real_number


class ConvergenceDisplay(Display):
    """Log-likelihood over the iterations of EM; where a move led, a mark and what it brought.

    Parameters
    ----------
    history : array_like of shape (n,)
        What was minimised, per unit mass in nats, before the first and after each step.
    moves_at : sequence of int, default=()
        Places in `history` that a move led to.
    total : float, default=1.0
        Rows that gains are of; 1 draws values per row.
    penalised : bool, default=False
        Whether a prior's penalty is part of it.

    Attributes
    ----------
    line_ : matplotlib Line2D
        The curve.
    moves_ : matplotlib Line2D
        The marks of moves; empty where there are none.
    texts_ : list of matplotlib Text
        What each move brought, where there is room.

    Raises
    ------
    InvalidParameterError
        If there is no value, one is not finite, or a move is at none of them.
    """

    def __init__(
        self, history: ArrayLike, moves_at: Sequence[int] = (), *, total: float = 1.0, penalised: bool = False
    ) -> None:
        self.values = -finite_array("history", history, ndim=(1,))
        if not len(self.values):
            raise InvalidParameterError("history is empty: a picture needs a value")
        self.moves_at = [int(at) for at in moves_at]
        if any(not 0 < at < len(self.values) for at in self.moves_at):
            raise InvalidParameterError.of(
                "moves_at", moves_at, f"pass places from 1 to {len(self.values) - 1}"
            )
        self.total, self.penalised = real_number("total", total), penalised

    @classmethod
    def from_fit(cls, fit: Any) -> ConvergenceDisplay:
        """Make the display of a fit.

        Parameters
        ----------
        fit : GaussianMixture, FitDocument, Fit, Repair or Solution
            What was fitted; not k-means, whose inertia has no history.

        Returns
        -------
        ConvergenceDisplay
            Not drawn yet.

        Raises
        ------
        InvalidParameterError
            If it holds no history.
        """
        solution = getattr(fit, "solution_", None) or getattr(fit, "solution", None) or fit
        if not hasattr(solution, "history"):
            raise InvalidParameterError.of("fit", fit, "pass a fitted GaussianMixture, or a result with one")
        total = getattr(fit, "total", None)
        if total is None:
            total = getattr(fit, "n_samples_", 1.0)
        return cls(
            solution.history, solution.moves_at, total=float(total), penalised=bool(solution.penalty != 0)
        )

    def plot(self, ax: Any = None) -> ConvergenceDisplay:
        """Draw the curve.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        ConvergenceDisplay
            This display, with `figure_`, `ax_` and the artists.

        Raises
        ------
        NotAvailableError
            If matplotlib is not installed.
        """
        ax = axes_or_new(ax, 7.2, 4.2)
        from gmmscape.plot.labelled import Labels

        self._keep([ax])
        y, at = self.total * self.values, self.moves_at
        x = np.arange(len(y))
        small = "." if len(y) <= 60 else ""
        (self.line_,) = ax.plot(x, y, color=COLOURS["exact"], marker=small, linewidth=1.6, label="EM")
        (self.moves_,) = ax.plot(
            x[at], y[at], "^", color=COLOURS["one-fits-many"], markersize=SIZES.move_mark, zorder=4,
            label="move: components split and merged, then EM again",
        )  # fmt: skip
        cut = self._first_drawn(y)
        low, high = float(y[cut:].min()), float(y.max())
        room = (high - low) or 1.0
        ax.set_ylim(low - 0.06 * room, high + 0.12 * room)
        ax.set_xlim(-0.03 * max(len(y) - 1, 1), 1.06 * max(len(y) - 1, 1))
        gains = [y[i] - y[i - 1] for i in at]
        spots = np.column_stack([x[at].astype(float), y[at]])
        labels = Labels(
            ax, spots, np.full(len(at), SIZES.move_mark), [_rise(gain) for gain in gains],
            [INK] * len(at), np.column_stack([x.astype(float), y]),
        )  # fmt: skip
        self.texts_ = labels.texts
        ax.set_xlabel("iteration (a move counts as one)")
        what = "log-likelihood less the prior's penalty" if self.penalised else "log-likelihood"
        ax.set_ylabel(f"{what}, nats" + (" per row" if self.total == 1.0 else ""))
        ax.ticklabel_format(axis="y", useOffset=False)
        ax.grid(alpha=0.25)
        for side in ("right", "top"):
            ax.spines[side].set_visible(False)
        if cut:
            noun = "The first value lies" if cut == 1 else f"The first {cut} values lie"
            ax.set_title(f"{noun} below the picture: they rise from {y[0]:.6g}.", fontsize=SMALL, loc="left")
        if at:
            ax.legend(fontsize=SMALL, frameon=False, loc="lower right")
        return self

    def _first_drawn(self, y: Any) -> int:
        """How many first values are left below: few, that rise so far that the rest would be flat."""
        rise, most = y.max() - y[0], int(np.ceil(SIZES.few * len(y)))
        for cut in range(min(most, len(y) - 2) + 1):
            if y.max() - y[cut] <= (1.0 - SIZES.steep) * rise:
                return cut
        return 0


def _rise(gain: float) -> str:
    return f"+{gain:,.0f}" if gain >= 100 else f"+{gain:.3g}"
