"""SizeCurve: how often samples of a size have their population's landscape, and how far their minima are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.exceptions import InvalidParameterError, NoResultError
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.mixture import Mixture
from gmmscape.results.records import Record
from gmmscape.results.text import aligned, counted
from gmmscape.structure.intervals import Share
from gmmscape.tolerances import TOLERANCES
from gmmscape.validation import real_number, whole_number

if TYPE_CHECKING:
    from gmmscape.plot import SizeDisplay

LEGEND = (
    "lost: samples without each of the minima; new: samples with others\n"
    "minimum: root mean square distance in sigma, times the root of n"
)


class Smallest(NamedTuple):
    """The smallest size of those tried from which on a share of samples has the population's landscape.

    Attributes
    ----------
    n : int or None
        By the share that was measured, at this size and all larger ones; None where no size will do.
    low, high : int or None
        By the upper ends of the intervals, and by their lower ends: where the true one may be.
    """

    n: int | None
    low: int | None
    high: int | None


class Slope(NamedTuple):
    """How distances fall with the size: the slope of their logarithm, -0.5 by the law of large samples.

    Attributes
    ----------
    value : float
        By least squares through the root mean squares at the sizes.
    error : float
        Its standard error, from the scatter of the distances at each size.
    """

    value: float
    error: float


@dataclass(frozen=True, eq=False)
class SizeCurve(Record):
    """Samples of several sizes compared with their population.

    Attributes
    ----------
    sizes : tuple of int
        Rows of a sample, ascending.
    distances : tuple of ndarray of shape (draws, m)
        For each size and sample the distance of each of the population's m minima to its partner, in sigma:
        the root of the sum of squares over the means. Infinite where it is lost.
    new : tuple of ndarray of int, shape (draws,)
        For each size and sample the number of minima that the population has not.
    minima : tuple of CriticalPoint
        Of the population.
    expected : tuple of float or None
        What the distance to each, times the root of n, is in large samples, its root mean square; None for a
        flat minimum.
    n_draws : int
        Samples of each size that were asked for.
    n_components : int
        Number of fitted means.
    sigma : float
        Standard deviation of the fit.
    truth : Mixture
        The truth of the population.
    n_starts : int
        Random starts in the landscape of each sample.
    seed : int
        Of everything random.
    stop_reason : str
        "completed", "time_limit" or "interrupted": then the last samples are missing.
    """

    format: ClassVar[str] = "gmmscape-size-curve"

    sizes: tuple[int, ...]
    distances: tuple[FloatArray, ...]
    new: tuple[IntArray, ...]
    minima: tuple[CriticalPoint, ...]
    expected: tuple[float | None, ...]
    n_draws: int
    n_components: int
    sigma: float
    truth: Mixture
    n_starts: int
    seed: int
    stop_reason: str

    @property
    def shares(self) -> tuple[Share, ...]:
        """For each size the samples that have the population's landscape, of all, with the 95 % interval."""
        return tuple(
            Share.of_counts(int((np.isfinite(each).all(axis=1) & (new == 0)).sum()), len(each))
            for each, new in zip(self.distances, self.new, strict=True)
        )

    @property
    def lost(self) -> IntArray:
        """For each size, how many samples have lost each of the population's minima, shape (sizes, m)."""
        return np.array([np.isinf(each).sum(axis=0) for each in self.distances], dtype=np.intp)

    @property
    def with_new(self) -> IntArray:
        """For each size, how many samples have a minimum that the population has not, shape (sizes,)."""
        return np.array([np.count_nonzero(each) for each in self.new], dtype=np.intp)

    @property
    def scaled(self) -> FloatArray:
        """For each size the root mean square distance to each minimum times the root of n, shape (sizes, m).

        Over the samples that have it; infinite where none has.
        """
        found = np.full((len(self.sizes), len(self.minima)), np.inf)
        for place, (size, each) in enumerate(zip(self.sizes, self.distances, strict=True)):
            for minimum, column in enumerate(each.T):
                kept = column[np.isfinite(column)]
                if len(kept):
                    found[place, minimum] = np.sqrt(size * np.mean(kept**2))
        return found

    def smallest(self, share: float = 0.95) -> Smallest:
        """Return the smallest size tried from which on a share of samples has the population's landscape.

        Parameters
        ----------
        share : float, default=0.95
            Between 0 and 1.

        Returns
        -------
        Smallest
            The size, and the two between which it may be, given the number of draws.

        Raises
        ------
        InvalidParameterError
            If share is not between 0 and 1.
        """
        if real_number("share", share) > 1:
            raise InvalidParameterError.of("share", share, "pass a share between 0 and 1")
        of = self.shares
        return Smallest(
            self._first([one.value >= share for one in of]),
            self._first([one.high >= share for one in of]),
            self._first([one.low >= share for one in of]),
        )

    def _first(self, enough: list[bool]) -> int | None:
        """The smallest size from which on something holds at all sizes."""
        places = [i for i in range(len(enough)) if all(enough[i:])]
        return self.sizes[places[0]] if places else None

    def slope(self, minimum: int, smallest: int = 1) -> Slope:
        """Return how the distance to a minimum falls with the size.

        Parameters
        ----------
        minimum : int
            A place in `minima`.
        smallest : int, default=1
            Sizes below are left out: the law is one of large samples.

        Returns
        -------
        Slope
            Of log distance over log n, with its standard error.

        Raises
        ------
        InvalidParameterError
            If there is no such minimum.
        NoResultError
            If fewer than two sizes have two samples each with that minimum.
        """
        if whole_number("minimum", minimum) >= len(self.minima):
            raise InvalidParameterError.of("minimum", minimum, f"pass a place below {len(self.minima)}")
        x, y, variances = [], [], []
        for size, each in zip(self.sizes, self.distances, strict=True):
            squares = each[np.isfinite(each[:, minimum]), minimum] ** 2
            if size < smallest or len(squares) < 2 or not squares.any():
                continue
            x.append(np.log(size))
            y.append(0.5 * np.log(squares.mean()))
            # The logarithm of a mean varies like the mean over its value.
            variances.append(squares.var(ddof=1) / len(squares) / (2.0 * squares.mean()) ** 2)
        if len(x) < 2:
            raise NoResultError("a slope takes two sizes at least with this minimum: add sizes or draws")
        away = np.array(x) - np.mean(x)
        pull = away / (away @ away)
        return Slope(float(pull @ np.array(y)), float(np.sqrt(pull**2 @ np.array(variances))))

    def __str__(self) -> str:
        wanted = TOLERANCES.comparison.share
        found, percent = self.smallest(wanted), 100 * wanted
        stopped = "" if self.stop_reason == "completed" else f"; stopped early: {self.stop_reason}"
        verdict = (
            f"from n={found.n} on at least {percent:g} % of the samples have the landscape of the population"
            if found.n is not None
            else f"at no size tried do {percent:g} % of the samples have the landscape of the population"
        )
        between = "-".join("?" if end is None else str(end) for end in (found.low, found.high))
        head = [
            f"{verdict} (by the intervals: {between}); {counted(len(self.sizes), 'size')}, {self.n_draws} "
            f"samples each{stopped}",
            "next: try sizes between, or more draws, where the interval is wide"
            if found.n is not None
            else "next: try larger sizes",
        ]
        names = [f"minimum {place}" for place in range(len(self.minima))]
        rows = [("n", "share", "95 % interval", "lost", "new", *names)]
        table = zip(self.sizes, self.shares, self.lost, self.with_new, self.scaled, strict=True)
        for size, share, lost, new, scaled in table:
            interval = f"{100 * share.low:.1f} to {100 * share.high:.1f} %"
            lost_of = " ".join(map(str, lost.tolist()))
            ends = ["-" if np.isinf(one) else f"{one:.3g}" for one in scaled.tolist()]
            rows.append((str(size), f"{100 * share.value:.1f} %", interval, lost_of, str(int(new)), *ends))
        law = ["-" if one is None else f"{one:.3g}" for one in self.expected]
        rows.append(("expected", "", "", "", "", *law))
        return "\n".join([*head, "", *aligned(rows), "", LEGEND])

    def plot(self, ax: Any = None) -> SizeDisplay:
        """Draw the share and the distances against the size.

        Parameters
        ----------
        ax : sequence of two matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        SizeDisplay
            With `figure_`, `axes_` and the artists.

        Raises
        ------
        NotAvailableError
            If matplotlib is not installed.
        """
        from gmmscape.plot import SizeDisplay

        names = [f"minimum {place}" for place in range(len(self.minima))]
        return SizeDisplay(self.sizes, self.shares, self.scaled, self.expected, names=names).plot(ax)
