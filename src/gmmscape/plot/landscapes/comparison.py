"""ComparisonDisplay: the minima of a sample over those of its population."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError
from gmmscape.plot.style import COLOURS, FAINT, INK, SMALL, Display, axes_or_new, legend
from gmmscape.validation import mean_matrix

#: Colours of a minimum's means: kept, lost, and new.
KEPT, LOST, NEW = COLOURS["exact"], COLOURS["one-fits-many"], COLOURS["many-fit-one"]


class ComparisonDisplay(Display):
    """Means of the minima of a population and of a sample, one row a minimum.

    In more than one dimension the first coordinate is drawn, which the axis says.

    Parameters
    ----------
    population, sample : sequence of array_like of shape (k,) or (k, d)
        Means of each minimum.
    partners : dict of int to int
        For a place in `population` the place in `sample` of the minimum that it has become.
    centers : array_like of shape (k_star,) or (k_star, d), optional
        Of the truth.
    names : sequence of str, optional
        Of the population's minima, as their structures.

    Attributes
    ----------
    population_, sample_ : dict of int to matplotlib Line2D
        The marks of each minimum.

    Raises
    ------
    InvalidParameterError
        If there is no minimum, or places are none.
    """

    def __init__(
        self,
        population: Sequence[ArrayLike],
        sample: Sequence[ArrayLike],
        partners: Mapping[int, int],
        *,
        centers: ArrayLike | None = None,
        names: Sequence[str] | None = None,
    ) -> None:
        self.population = [mean_matrix("population", means) for means in population]
        self.sample = [mean_matrix("sample", means) for means in sample]
        self.partners = dict(partners)
        if not self.population:
            raise InvalidParameterError("population is empty: a picture needs a minimum")
        for mine, other in self.partners.items():
            if not (0 <= mine < len(self.population) and 0 <= other < len(self.sample)):
                raise InvalidParameterError(f"partners: {mine} to {other} are no places of minima")
        self.centers = None if centers is None else mean_matrix("centers", centers)
        self.names = [""] * len(self.population) if names is None else list(names)
        if len(self.names) != len(self.population):
            raise InvalidParameterError(f"names has {len(self.names)} items: pass {len(self.population)}")

    def plot(self, ax: Any = None) -> ComparisonDisplay:
        """Draw the minima.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        ComparisonDisplay
            This display, with `figure_`, `ax_` and the artists.

        Raises
        ------
        NotAvailableError
            If matplotlib is not installed.
        """
        ours = ax is None
        new = [place for place in range(len(self.sample)) if place not in self.partners.values()]
        rows = len(self.population) + len(new)
        ax = axes_or_new(ax, 6.8, 1.3 + 0.62 * rows)
        self._keep([ax])
        self.population_, self.sample_ = {}, {}
        if self.centers is not None:
            for center in self.centers[:, 0].tolist():
                ax.axvline(center, color=FAINT, linewidth=0.9, linestyle=":")
        for place, means in enumerate(self.population):
            partner = self.partners.get(place)
            hue = LOST if partner is None else KEPT
            self.population_[place] = self._marks(ax, means, place - 0.12, hue, "o", full=True)
            if partner is not None:
                self.sample_[partner] = self._marks(ax, self.sample[partner], place + 0.12, hue, "D")
        for row, place in enumerate(new, len(self.population)):
            self.sample_[place] = self._marks(ax, self.sample[place], row, NEW, "D")
        self._dressed(ax, ours, len(new))
        return self

    def _marks(
        self, ax: Any, means: FloatArray, level: float, hue: str, shape: str, *, full: bool = False
    ) -> Any:
        face = hue if full else "white"
        style = {"marker": shape, "markersize": 6, "markeredgecolor": hue, "markerfacecolor": face}
        return ax.plot(means[:, 0], np.full(len(means), level), linestyle="none", **style)[0]

    def _dressed(self, ax: Any, ours: bool, n_new: int) -> None:
        from matplotlib.lines import Line2D

        lost = [place not in self.partners for place in range(len(self.population))]
        labels = [
            f"{place}{' (lost)' if gone else ''}: {name}".rstrip(": ")
            for place, (name, gone) in enumerate(zip(self.names, lost, strict=True))
        ]
        rows = len(labels) + n_new
        ax.set_yticks(range(rows), [*labels, *["new"] * n_new], fontsize=SMALL)
        ax.set_ylim(rows - 0.5, -0.5)
        dimension = self.population[0].shape[1]
        ax.set_xlabel("means" if dimension == 1 else f"means, the first of {dimension} coordinates")
        ax.set_ylabel("minimum")
        for side in ("right", "top"):
            ax.spines[side].set_visible(False)
        keys = [_key(Line2D, "o", KEPT, "population", full=True), _key(Line2D, "D", KEPT, "sample")]
        keys += [_key(Line2D, "o", LOST, "lost", full=True)] if any(lost) else []
        keys += [_key(Line2D, "D", NEW, "new")] if n_new else []
        if self.centers is not None:
            keys.append(
                Line2D([], [], color=FAINT, linewidth=0.9, linestyle=":", label="center of the truth")
            )
        legend(ax, ours, keys)


def _key(line: Any, shape: str, hue: str, label: str, *, full: bool = False) -> Any:
    face = hue if full else "white"
    return line(
        [],
        [],
        linestyle="none",
        color=INK,
        marker=shape,
        markeredgecolor=hue,
        markerfacecolor=face,
        label=label,
    )
