"""Sufficient statistics, the only thing that crosses a block, thread, process or machine; and derivatives."""

from __future__ import annotations

from collections.abc import Iterable
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

    def scaled(self, factor: float) -> SufficientStatistics:
        """Return the statistics of rows whose weights are multiplied by a factor."""
        return SufficientStatistics(
            mass=factor * self.mass,
            mean=self.mean,
            scatter=None if self.scatter is None else factor * self.scatter,
            kind=self.kind,
            log_likelihood=factor * self.log_likelihood,
            weight=factor * self.weight,
        )

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
    """Weighted sums that make the derivatives of the location family's NLL (docs/mathematics.md#derivatives).

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


class ScoreMoments(NamedTuple):
    """Weighted sums of y = U'(x - mean), deviations in each component's own standard deviations.

    They make value and gradient of the NLL of any family (docs/mathematics.md#own-units); and weighted by
    what responsibilities change by, a product of the missing information.

    Attributes
    ----------
    log_likelihood : float
        Weighted sum of log densities, per the unit of length of the parameters used.
    weight : float
        Sum of the weights of the rows.
    mass : ndarray of shape (k,)
        Of each component.
    first : ndarray of shape (k, d)
        Sums of y.
    second : ndarray
        Sums of squares of y: (k,) of |y|^2, (k, d), (k, d, d), or (d, d) over all components; empty where
        covariances are known.
    """

    log_likelihood: float
    weight: float
    mass: FloatArray
    first: FloatArray
    second: FloatArray


class Information(NamedTuple):
    """What makes value, gradient and Hessian of the NLL of any family.

    Attributes
    ----------
    moments : ScoreMoments
        Of the rows.
    missing : ndarray of shape (m, m) or None
        Missing information: sum over the rows of sum_i psi_i s_i s_i' - g g', with s_i the scores of
        component i and g = sum_i psi_i s_i. Coordinates are log weight, mean and covariance of component
        after component; a covariance that all share comes last.
    """

    moments: ScoreMoments
    missing: FloatArray | None


class MergeInOrder:
    """Statistics merged pairwise along a fixed tree, as they come: few of them are kept at a time.

    The tree depends only on the number of parts, so the result has the same bits however many
    workers produced them and in whatever order they finished.
    """

    def __init__(self) -> None:
        #: Full trees from the largest to the smallest, each with its number of parts, powers of two.
        self._trees: list[tuple[int, SufficientStatistics]] = []

    def add(self, part: SufficientStatistics) -> None:
        """Take the next part."""
        size = 1
        while self._trees and self._trees[-1][0] == size:
            part = self._trees.pop()[1].merge(part)
            size *= 2
        self._trees.append((size, part))

    def total(self) -> SufficientStatistics:
        """Return all parts so far, of which there is one at least."""
        *larger, (_, total) = self._trees
        for _, tree in reversed(larger):
            total = tree.merge(total)
        return total


def merge_in_order(parts: Iterable[SufficientStatistics]) -> SufficientStatistics:
    """Merge statistics, one at least, along the tree of `MergeInOrder`."""
    merged = MergeInOrder()
    for part in parts:
        merged.add(part)
    return merged.total()
