"""FreeAtlas: the minima of a landscape of fits with free weights, widths or covariances."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gmmscape.effort import EFFORT
from gmmscape.landscape.freedom.point import FreePoint
from gmmscape.mixture import Mixture
from gmmscape.results.records import Record
from gmmscape.results.text import aligned, counted, left_out
from gmmscape.results.words import ENDINGS, STOP_REASONS
from gmmscape.structure.intervals import share_interval

if TYPE_CHECKING:
    from gmmscape.plot import MinimaDisplay


@dataclass(frozen=True, eq=False)
class FreeAtlas(Record):
    """The minima of one landscape, one for each orbit under relabelling.

    Attributes
    ----------
    minima : tuple of FreePoint
        Sorted by value; flat ones are listed and say so.
    family : str
        "location", "spherical", "diag", "tied" or "full".
    weights : str
        "equal", "fixed" or "free".
    widths : str
        "fixed", "common" or "free".
    n_components : int
        Number of fitted components.
    truth : Mixture or None
        The truth of a population; None for a sample.
    data : str or None
        `Sample.digest` of a sample; None for a population.
    seed : int
        Seed of the random starts.
    starts : int
        Random starts done.
    candidates : int
        Candidate structures that descents began from.
    ends : dict of str to int
        How the random starts ended: "minimum", or why one did not end in a minimum.
    stop_reason : str
        "completed", "time_limit" or "interrupted".
    """

    format: ClassVar[str] = "gmmscape-free-atlas"
    told_in_files: ClassVar[tuple[str, ...]] = ("unseen",)

    minima: tuple[FreePoint, ...]
    family: str
    weights: str
    widths: str
    n_components: int
    truth: Mixture | None
    data: str | None
    seed: int
    starts: int
    candidates: int
    ends: dict[str, int]
    stop_reason: str

    @property
    def unseen(self) -> tuple[float, float]:
        """Probability that one more start ends in a minimum that no start has ended in, and its upper limit.

        By Good and Turing (Good, Biometrika 40, 1953): the share of starts that are alone in their minimum;
        the limit is that of a 95 % interval of that share.
        """
        alone = sum(point.hits == 1 for point in self.minima)
        done = sum(self.ends.values())
        return (alone / done, share_interval(alone, done)[1]) if done else (1.0, 1.0)

    def plot(self, ax: Any = None, *, data: Any = None, most: int = 8) -> MinimaDisplay:
        """Draw the minima: their means under the truth, joined to the centers of their blocks.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.
        data : array_like of shape (n, d), optional
            The rows of a sample, which the atlas does not hold.
        most : int, default=8
            Minima drawn, best first.

        Returns
        -------
        MinimaDisplay
            With `figure_`, `ax_` and the artists.

        Raises
        ------
        InvalidParameterError
            If there is no minimum, or data do not fit.
        NotAvailableError
            If matplotlib is not installed.
        """
        from gmmscape.plot import MinimaDisplay

        known = all(point.kl is not None for point in self.minima)
        sigma = 1.0
        if self.minima:
            best = self.minima[0].mixture if self.truth is None else self.truth
            sigma = float(np.sqrt(best.weights @ best.column_variances().mean(axis=1)))
        return MinimaDisplay(
            [point.means for point in self.minima],
            sigma,
            [float(point.nll if point.kl is None else point.kl) for point in self.minima],
            blocks=[None if point.decoding is None else point.decoding.blocks for point in self.minima],
            hits=[point.hits for point in self.minima],
            weights=[point.mixture.weights if self.weights == "free" else None for point in self.minima],
            flat=[point.flat for point in self.minima],
            truth=self.truth,
            data=data,
            quantity="KL" if known else "NLL",
            most=most,
        ).plot(ax)

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield (
            f"{counted(len(self.minima), 'minimum', 'minima')} up to relabelling; k={self.n_components}, "
            f"{self.family} family, weights {self.weights}, widths {self.widths}"
        )
        yield f"next: {self._next()}"
        if self.minima:
            yield ""
            yield from aligned(
                [self._head(), *map(self._row, range(min(len(self.minima), EFFORT.freedom.shown_minima)))]
            )
            yield from left_out(len(self.minima), EFFORT.freedom.shown_minima)
            yield "  curvature: the smallest, in own units: EM shrinks errors by one minus it a step"
        if self.starts:
            told = {"minimum": "in a minimum", "saddle": "on a saddle"}
            parts = ", ".join(f"{n} {told.get(reason, reason)}" for reason, n in sorted(self.ends.items()))
            share, upper = self.unseen
            yield (
                f"{counted(self.starts, 'random start')}: {parts}; probability that a new one ends in "
                f"another minimum: {share:.2g}, at most {upper:.2g} (95 %)"
            )
            for reason in self.ends:
                if reason in STOP_REASONS and reason != "converged":
                    yield f"  {reason}: {STOP_REASONS[reason]}"

    def _next(self) -> str:
        if self.stop_reason != "completed":
            return ENDINGS[self.stop_reason]
        if not self.minima:
            return "explore with more starts"
        return "more starts" if self.unseen[0] > 0.0 else "all minima that starts ended in were met again"

    def _head(self) -> tuple[str, ...]:
        first = self.minima[0]
        value = ("kl",) if first.kl is not None else ("nll",)
        known = ("structure", "defect") if first.decoding is not None else ()
        return ("#", *value, "curvature", "hits", "means", "weights", "widths", *known)

    def _row(self, i: int) -> tuple[str, ...]:
        point = self.minima[i]
        value = point.nll if point.kl is None else point.kl
        widths = np.sqrt(point.mixture.column_variances().mean(axis=1))
        cells = [str(i), f"{max(value, 0.0) if point.kl is not None else value:.8f}"]
        cells += ["flat" if point.flat else f"{point.eigenvalues[0]:.4g}", str(point.hits)]
        means = [" ".join(f"{x:.4g}" for x in row) for row in point.means[: EFFORT.freedom.shown_means]]
        cells.append(" ".join(f"({one})" if point.means.shape[1] > 1 else one for one in means))
        cells.append(" ".join(f"{w:.3f}" for w in point.mixture.weights[: EFFORT.freedom.shown_means]))
        cells.append(" ".join(f"{w:.3g}" for w in widths[: EFFORT.freedom.shown_means]))
        if point.decoding is not None:
            mark = "" if point.decoding.is_structured else " (not structured)"
            cells += [str(point.decoding.structure) + mark, f"{point.decoding.defect:.1e}"]
        return tuple(cells)
