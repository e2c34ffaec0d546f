"""Comparison: the minima of one sample beside those of its population."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.mixture import Mixture
from gmmscape.results.records import Record
from gmmscape.results.text import aligned, counted

if TYPE_CHECKING:
    from gmmscape.plot import ComparisonDisplay


class Match(NamedTuple):
    """A minimum of the population and what has become of it in the sample.

    Attributes
    ----------
    population, sample : int
        Places in the lists of minima.
    distance : float
        Between them, sigma: the root of the sum of squares over the means.
    scaled : float
        The same times the root of n.
    expected : float or None
        What `scaled` tends to be of large samples, its root mean square; None for a flat minimum.
    """

    population: int
    sample: int
    distance: float
    scaled: float
    expected: float | None


@dataclass(frozen=True, eq=False)
class Comparison(Record):
    """The landscape of a sample beside that of its population.

    Attributes
    ----------
    population : tuple of CriticalPoint
        Minima of the population, sorted by NLL.
    sample : tuple of CriticalPoint
        Minima of the sample; those with a partner first, in the order of these, with their labels.
    matches : tuple of Match
        Which minimum of the sample is which one of the population: each leads to the other.
    n : float
        How many independent rows the sample is worth (`Sample.effective_rows`).
    n_components : int
        Number of fitted means.
    sigma : float
        Standard deviation of the fit.
    truth : Mixture
        The truth of the population.
    data : str
        `Sample.digest` of the sample.
    n_starts : int
        Random starts in the sample's landscape.
    seed : int
        Of the random starts.
    """

    format: ClassVar[str] = "gmmscape-comparison"
    told_in_files: ClassVar[tuple[str, ...]] = ("agrees", "lost", "new")

    population: tuple[CriticalPoint, ...]
    sample: tuple[CriticalPoint, ...]
    matches: tuple[Match, ...]
    n: float
    n_components: int
    sigma: float
    truth: Mixture
    data: str
    n_starts: int
    seed: int

    @property
    def lost(self) -> tuple[int, ...]:
        """Places of the population's minima that the sample has not."""
        kept = {match.population for match in self.matches}
        return tuple(place for place in range(len(self.population)) if place not in kept)

    @property
    def new(self) -> tuple[int, ...]:
        """Places of the sample's minima that the population has not."""
        known = {match.sample for match in self.matches}
        return tuple(place for place in range(len(self.sample)) if place not in known)

    @property
    def agrees(self) -> bool:
        """Whether the sample has the population's landscape: no minimum lost and none new."""
        return not self.lost and not self.new

    def __str__(self) -> str:
        parts = [counted(len(self.matches), "minimum", "minima") + " of the population found again"]
        parts += [f"{len(self.lost)} lost"] if self.lost else []
        parts += [f"{len(self.new)} new"] if self.new else []
        verdict = "this sample has" if self.agrees else "this sample does not have"
        lines = [
            f"{verdict} the landscape of the population: {', '.join(parts)}; n={self.n:g}, "
            f"k={self.n_components}, sigma={self.sigma:g}",
            "next: agreement_against_size says how many rows it takes"
            if not self.agrees
            else "next: compare other samples, or how often it is so: agreement_against_size",
        ]
        rows: list[tuple[str, ...]] = [
            ("minimum", "in the sample", "distance", "times root of n", "expected", "structure")
        ]
        partners = {match.population: match for match in self.matches}
        for place, point in enumerate(self.population):
            match = partners.get(place)
            cells = ("lost", "", "", "")
            if match is not None:
                expected = "-" if match.expected is None else f"{match.expected:.3g}"
                cells = (str(match.sample), f"{match.distance:.3g}", f"{match.scaled:.3g}", expected)
            rows.append((str(place), *cells, _read(point)))
        rows += [("new", str(place), "", "", "", _read(self.sample[place])) for place in self.new]
        return "\n".join([*lines, "", *aligned(rows)])

    def plot(self, ax: Any = None) -> ComparisonDisplay:
        """Draw the means of the minima, the population's and the sample's.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        ComparisonDisplay
            With `figure_`, `ax_` and the artists.

        Raises
        ------
        NotAvailableError
            If matplotlib is not installed.
        """
        from gmmscape.plot import ComparisonDisplay

        return ComparisonDisplay(
            [point.means for point in self.population],
            [point.means for point in self.sample],
            {match.population: match.sample for match in self.matches},
            centers=self.truth.means,
            names=[_read(point) for point in self.population],
        ).plot(ax)


def _read(point: CriticalPoint) -> str:
    """The structure of a minimum against the truth."""
    decoding = point.decoding
    if decoding is None:
        return "means " + " ".join(np.array2string(mean, precision=4)[1:-1] for mean in point.means)
    return str(decoding.structure) + ("" if decoding.is_structured else " (not structured)")
