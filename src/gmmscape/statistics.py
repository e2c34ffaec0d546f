"""Sufficient statistics, the only thing that crosses a block, thread, process or machine; and derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.covariances import kind_named


@dataclass(frozen=True)
class SufficientStatistics:
    """What one pass over weighted rows leaves for an EM step.

    Attributes
    ----------
    mass : ndarray of shape (k,)
        Sum of weight times responsibility of each component.
    mean : ndarray of shape (k, d)
        Responsibility-weighted mean; of no meaning (but finite) where the mass is zero.
    scatter : ndarray or None
        Weighted sum of squared deviations **about** `mean`; None where no covariance is estimated.
    kind : {"none", "spherical", "diag", "tied", "full"}
        Shape of `scatter`: (k,) summed over the features, (k, d), (d, d) summed over the components,
        or (k, d, d).
    log_likelihood : float
        Weighted sum of log densities, in nats; per the unit of length of the parameters used.
    weight : float
        Sum of the weights of the rows seen.
    """

    mass: FloatArray
    mean: FloatArray
    scatter: FloatArray | None
    kind: str
    log_likelihood: float
    weight: float

    def merge(self, other: SufficientStatistics) -> SufficientStatistics:
        """Return the statistics of both sets of rows, with the between-means term.

        The pairwise formula of Chan, Golub and LeVeque (1983): deviations stay about the running
        mean, so that nothing cancels when the data lie far from the origin.
        """
        mass = self.mass + other.mass
        share = np.divide(other.mass, mass, out=np.zeros_like(mass), where=mass > 0)
        gap = other.mean - self.mean
        mean = np.where(self.mass[:, None] > 0, self.mean + share[:, None] * gap, other.mean)
        between = self.mass * share
        return SufficientStatistics(
            mass=mass,
            mean=mean,
            scatter=self._merged_scatter(other, gap, between),
            kind=self.kind,
            log_likelihood=self.log_likelihood + other.log_likelihood,
            weight=self.weight + other.weight,
        )

    def _merged_scatter(
        self, other: SufficientStatistics, gap: FloatArray, between: FloatArray
    ) -> FloatArray | None:
        if self.scatter is None or other.scatter is None:
            return None
        return kind_named(self.kind).merged_scatter(self.scatter + other.scatter, between, gap)


class LocationDerivatives(NamedTuple):
    """Weighted sums that make the derivatives of the location family's NLL (DESIGN 2.1).

    Attributes
    ----------
    nll : float
        Value, per the unit of length of the parameters used.
    gradient : ndarray of shape (k, d)
        In the means.
    hessian : ndarray of shape (k*d, k*d) or None
        In the means.
    mass : ndarray of shape (k,)
        Of each component.
    """

    nll: float
    gradient: FloatArray
    hessian: FloatArray | None
    mass: FloatArray


def merge_in_order(parts: Sequence[SufficientStatistics]) -> SufficientStatistics:
    """Merge statistics pairwise along a fixed tree.

    The tree depends only on the number of parts, so the result has the same bits however many
    workers produced them and in whatever order they finished.
    """
    level = list(parts)
    while len(level) > 1:
        pairs = [level[i].merge(level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(level) - len(level) % 2 :]
    return level[0]
