"""What a better fit brings on rows that it has not seen."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
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
        Of a sample; of very many rows, evenly spaced ones are looked at.
    """

    def __init__(self, objective: SampleObjective) -> None:
        sample, rows = objective.measure, objective.rows
        at = slice(0, len(rows), -(-len(rows) // EFFORT.moves.left_out_rows))
        self.at = np.arange(len(rows))[at]
        self.rows = rows
        self.points = rows.local(self.at)
        self.weights = rows.weights[at] / rows.weights[at].sum()
        self.n = sample.effective_rows
        self.effective = self.n * len(self.at) / len(rows)
        prior = objective.family.prior
        self.prior_rows = 0.0 if prior is None else prior.rows
        self._known: deque[tuple[Mixture, FloatArray]] = deque(maxlen=3)

    def gain(self, before: Mixture, after: Mixture) -> Gain:
        """Return what `after` brings over `before`, both in local coordinates, at their ends of EM."""
        difference = self._log_densities(after) - self._log_densities(before)
        return self._averaged(np.where(np.isnan(difference), 0.0, np.clip(difference, -1e6, 1e6)))

    def seen(self, before: Mixture, after: Mixture) -> Gain:
        """Return what `after` brings on rows that both have seen."""
        return self._averaged(
            self.rows.log_densities(after, self.at) - self.rows.log_densities(before, self.at)
        )

    def _averaged(self, difference: FloatArray) -> Gain:
        mean = float(self.weights @ difference)
        variance = float(self.weights @ (difference - mean) ** 2)
        return Gain(mean, float(np.sqrt(variance / self.effective)))

    def _log_densities(self, mixture: Mixture) -> FloatArray:
        for known, found in self._known:
            if known == mixture:
                return found
        posterior = self.rows.responsibilities(mixture, self.at)
        found = left_out_log_densities(mixture, self.points, posterior, self.n, self.prior_rows)
        self._known.append((mixture, found))
        return found
