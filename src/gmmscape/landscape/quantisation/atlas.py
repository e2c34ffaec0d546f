"""KMeansAtlas: the minima of a landscape of k-means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError
from gmmscape.landscape.atlas.text import candidate_lines
from gmmscape.landscape.atlas.unseen import Unseen, unseen
from gmmscape.landscape.quantisation.point import KMeansPoint, display
from gmmscape.matching import match_means
from gmmscape.mixture import Mixture
from gmmscape.results.records import Record
from gmmscape.results.text import aligned, counted, left_out
from gmmscape.results.words import ENDINGS, STOP_REASONS
from gmmscape.structure.candidates import CandidateOutcome
from gmmscape.validation import mean_matrix

if TYPE_CHECKING:
    from gmmscape.plot import MinimaDisplay


@dataclass(frozen=True, eq=False)
class KMeansAtlas(Record):
    """The minima of k-means on one measure, one for each orbit under relabelling.

    Attributes
    ----------
    minima : tuple of KMeansPoint
        Sorted by distortion; flat ones are listed and say so.
    candidates : tuple of CandidateOutcome
        What became of each candidate structure tried.
    untried : int
        Candidate structures not tried.
    n_components : int
        Number of means.
    truth : Mixture or None
        The truth of a population; None for a sample.
    data : str or None
        `Sample.digest` of a sample, or of the nodes of a density; None for a population.
    seed : int
        Seed of the random starts.
    starts : int
        Random starts done.
    ends : dict of str to int
        How the random starts ended: "minimum", or why one did not end in a minimum.
    stop_reason : str
        "completed", "time_limit" or "interrupted".
    """

    format: ClassVar[str] = "gmmscape-kmeans-atlas"
    told_in_files: ClassVar[tuple[str, ...]] = ("unseen",)

    minima: tuple[KMeansPoint, ...]
    candidates: tuple[CandidateOutcome, ...]
    untried: int
    n_components: int
    truth: Mixture | None
    data: str | None
    seed: int
    starts: int
    ends: dict[str, int]
    stop_reason: str

    @property
    def unseen(self) -> Unseen | None:
        """An estimate of what random starts have not met; None where none ended in a minimum.

        Good and Turing's, as that of `Atlas`: minima that candidates lead to are no evidence.
        """
        led_to = {item.minimum for item in self.candidates}
        hits = [point.hits for point in self.minima]
        return unseen(hits, [place not in led_to for place in range(len(hits))])

    def nearest(self, means: ArrayLike) -> KMeansPoint:
        """Return the minimum closest to some means, whatever their order.

        Parameters
        ----------
        means : array_like of shape (k,) or (k, d)
            Some means.

        Returns
        -------
        KMeansPoint
            The one whose largest distance between matched means is smallest.

        Raises
        ------
        InvalidParameterError
            If the shape does not fit or the atlas is empty.
        """
        if not self.minima:
            raise InvalidParameterError("the atlas holds no minimum: explore with more starts")
        k, d = self.minima[0].means.shape
        points = mean_matrix("means", means, n_features=d)
        if len(points) != k:
            raise InvalidParameterError(f"means has {len(points)} rows where the atlas has k={k}")
        return min(self.minima, key=lambda minimum: match_means(points, minimum.means)[1])

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
        return display(self.minima, self.truth, data, most).plot(ax)

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield (
            f"{counted(len(self.minima), 'minimum', 'minima')} of k-means up to relabelling; "
            f"k={self.n_components}"
        )
        yield f"next: {self._next()}"
        if self.minima:
            yield from ("", *self._table())
            yield "  curvature: the smallest, in own units: Lloyd's step shrinks errors by one minus it"
        if self.candidates:
            yield from ("", *candidate_lines(self.candidates))
        if self.untried:
            yield f"{self.untried} more candidate structures were not tried"
        if self.starts:
            yield from self._start_lines()

    def _start_lines(self) -> Iterator[str]:
        told = {"minimum": "in a minimum", "saddle": "on a saddle"}
        parts = ", ".join(f"{n} {told.get(reason, reason)}" for reason, n in sorted(self.ends.items()))
        yield f"{counted(self.starts, 'random start')}: {parts}"
        if self.unseen is not None:
            yield str(self.unseen)
        for reason in self.ends:
            if reason in STOP_REASONS and reason != "converged":
                yield f"  {reason}: {STOP_REASONS[reason]}"

    def _next(self) -> str:
        if self.stop_reason != "completed":
            return ENDINGS[self.stop_reason]
        if not self.minima:
            return "explore with more starts"
        estimate = self.unseen
        if estimate is None or estimate.share > 0.0:
            return "more starts"
        return "all minima that starts ended in were met again"

    def _table(self) -> Iterator[str]:
        points, most = self.minima, EFFORT.quantisation.shown_minima
        known = ("structure", "defect") if points[0].decoding is not None else ()
        head = ("#", "distortion", "curvature", "hits", "means", "masses", *known)
        yield from aligned([head, *(_row(i, points[i]) for i in range(min(len(points), most)))])
        yield from left_out(len(points), most)


def _row(i: int, point: KMeansPoint) -> tuple[str, ...]:
    most = EFFORT.quantisation.shown_means
    rows = np.where(np.abs(point.means) < 1e-9 * point.unit, 0.0, point.means)[:most]
    means = [" ".join(f"{x:.4g}" for x in row) for row in rows]
    more = " ..." if len(point.means) > most else ""
    cells = [str(i), f"{point.distortion:.8g}", "flat" if point.flat else f"{point.eigenvalues[0]:.4g}"]
    cells.append(str(point.hits))
    cells.append(" ".join(f"({one})" if point.means.shape[1] > 1 else one for one in means) + more)
    cells.append(" ".join(f"{mass:.3f}" for mass in point.masses[:most]) + more)
    if point.decoding is not None:
        mark = "" if point.decoding.is_structured else " (not structured)"
        cells += [str(point.decoding.structure) + mark, f"{point.decoding.defect:.1e}"]
    return tuple(cells)
