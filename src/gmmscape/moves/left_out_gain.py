"""What a better fit brings on rows that it has not seen."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.effort import EFFORT
from gmmscape.mixture import Mixture
from gmmscape.objective import SampleObjective
from gmmscape.solve import left_out_log_densities


class Gain(NamedTuple):
    """A rise of the log density, averaged over rows.

    Attributes
    ----------
    mean : float
        Nats per unit mass.
    error : float
        Its standard error, from the row-wise differences.
    """

    mean: float
    error: float

    @property
    def score(self) -> float:
        """The mean in its standard errors; infinite for a rise that all rows share."""
        if self.error == 0.0:
            return float(np.sign(self.mean)) * np.inf if self.mean != 0.0 else 0.0
        return self.mean / self.error


class LeftOutGain:
    """Compares fits by the densities that rows have under the fits to all others.

    Parameters
    ----------
    objective : SampleObjective
        Of a sample; of very many rows those are looked at that the fits differ most on, and of the others
        evenly spaced ones stand for all.
    """

    def __init__(self, objective: SampleObjective) -> None:
        self._objective, self.rows = objective, objective.rows
        self.n = objective.measure.effective_rows
        prior = objective.family.prior
        self.prior_rows = 0.0 if prior is None else prior.rows
        self._known: deque[tuple[Mixture, FloatArray]] = deque(maxlen=3)
        #: A move is judged by its gain, and its record has it.
        self._gains: deque[tuple[Mixture, Mixture, Gain]] = deque(maxlen=16)

    def gain(self, before: Mixture, after: Mixture) -> Gain:
        """Return what `after` brings over `before`, both in local coordinates, at their ends of EM."""
        for one, other, known in self._gains:
            if one is before and other is after:
                return known
        found = self._gain(before, after)
        self._gains.append((before, after, found))
        return found

    def _gain(self, before: Mixture, after: Mixture) -> Gain:
        if len(self.rows) <= EFFORT.moves.left_out_rows:
            difference = _difference(self._of_all(after), self._of_all(before))
            return self._averaged(np.clip(difference, -1e6, 1e6), self.rows.weights)
        at, weights = self._telling(before, after)
        difference = _difference(self._log_densities(after, at), self._log_densities(before, at))
        return self._averaged(np.clip(difference, -1e6, 1e6), weights)

    def seen(self, before: Mixture, after: Mixture) -> Gain:
        """Return what `after` brings on rows that both have seen."""
        parts = []
        for place, difference in self._differences(before, after):
            weights = self.rows.weights[place]
            mass = float(weights.sum())
            mean = float(weights @ difference) / mass
            parts.append((mass, mean, float(weights @ (difference - mean) ** 2)))
        mass, means, spreads = np.array(parts).T
        mean = float(mass @ means) / mass.sum()
        return self._gain_of(mean, float(spreads.sum() + mass @ (means - mean) ** 2) / mass.sum())

    def _gain_of(self, mean: float, variance: float) -> Gain:
        """The gain of differences with this mean and variance."""
        return Gain(mean, float(np.sqrt(variance / self.n)))

    def _differences(self, before: Mixture, after: Mixture) -> Iterator[tuple[slice, FloatArray]]:
        """Differences of the log densities, a stretch of the rows at a time: rows may be very many."""
        for place in self.rows.stretches():
            densities = (self.rows.log_densities(one, place) for one in (after, before))
            yield place, _difference(*densities)

    def _telling(self, before: Mixture, after: Mixture) -> tuple[IntArray, FloatArray]:
        """Rows to look at, half of them where the fits differ most, and the weights that these stand for."""
        half, n = EFFORT.moves.left_out_rows // 2, len(self.rows)
        first, sizes = np.empty(0, dtype=np.int64), np.empty(0)
        for place, difference in self._differences(before, after):
            first = np.concatenate([first, np.arange(place.start, place.start + len(difference))])
            sizes = np.concatenate([sizes, np.abs(difference)])
            largest = np.argsort(-sizes, kind="stable")[:half]
            first, sizes = first[largest], sizes[largest]
        rest = np.arange(0, n - half, -(-(n - half) // half))
        some = rest + np.searchsorted(np.sort(first) - np.arange(half), rest, side="right")
        weights = self.rows.weights
        scale = (weights.sum() - weights[first].sum()) / weights[some].sum()
        return np.concatenate([first, some]), np.concatenate([weights[first], scale * weights[some]])

    def _averaged(self, difference: FloatArray, weights: FloatArray) -> Gain:
        weights = weights / weights.sum()
        mean = float(weights @ difference)
        return self._gain_of(mean, float(weights @ (difference - mean) ** 2))

    def _of_all(self, mixture: Mixture) -> FloatArray:
        for known, found in self._known:
            if known == mixture:
                return found
        found = self._log_densities(mixture, np.arange(len(self.rows)))
        self._known.append((mixture, found))
        return found

    def _log_densities(self, mixture: Mixture, at: IntArray) -> FloatArray:
        posterior, beside = (
            self.rows.responsibilities(mixture, at),
            self._objective.background_beside(mixture),
        )
        points = self.rows.local(at)
        return left_out_log_densities(mixture, points, posterior, self.n, self.prior_rows, beside)


def _difference(after: FloatArray, before: FloatArray) -> FloatArray:
    """Differences of log densities; none where nothing speaks for a row, as -inf says, before and after."""
    found = np.subtract(after, before, out=np.zeros(len(after)), where=after != before)
    return np.clip(found, -1e150, 1e150)  # its square is a number
