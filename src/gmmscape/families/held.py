"""Families of which some weights, means or covariances are held."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray
from gmmscape.covariances import CovarianceKind
from gmmscape.families.covariance_prior import CovariancePrior
from gmmscape.families.family import Family
from gmmscape.families.held_parts import HeldParts
from gmmscape.mixture import Mixture
from gmmscape.statistics import SufficientStatistics


def with_held(family: Family, parts: HeldParts | None, origin: FloatArray) -> Family:
    """Return a family with something held, for a solver whose coordinates count from an origin."""
    return family if parts is None else Held(family, parts.local(origin))


@dataclass(frozen=True)
class Held(Family):
    """Another family with some of its parameters held; components keep their places.

    The M-step is the maximiser under what is held, where that has a closed form. A mean of which some entries
    are held, before a free covariance with correlations, is maximised given the covariance as it is, and the
    covariance then given the mean (ECM; Meng and Rubin, Biometrika 80, 1993): the objective never rises, and
    stands still at its critical points. What is held wins over the floor.

    Attributes
    ----------
    inner : Family
        What is free of the rest.
    parts : HeldParts
        What is held, for the coordinates of the solver.
    """

    inner: Family
    parts: HeldParts
    whole = False

    @property
    def name(self) -> str:  # type: ignore[override]
        """The inner family's."""
        return self.inner.name

    @property
    def kind(self) -> CovarianceKind:  # type: ignore[override]
        """The inner family's."""
        return self.inner.kind

    @property
    def free_covariances(self) -> bool:  # type: ignore[override]
        """Whether the inner family estimates covariances."""
        return self.inner.free_covariances

    @property
    def penalised(self) -> bool:  # type: ignore[override]
        """Whether the inner family knows of a prior."""
        return self.inner.penalised

    @property
    def held(self) -> HeldParts:
        """What is held."""
        return self.parts

    @property
    def scatter(self) -> str:
        """The inner family's."""
        return self.inner.scatter

    def update(self, statistics: SufficientStatistics, current: Mixture, resolution: float = 0.0) -> Mixture:
        """Return the M-step: means first, then covariances about them."""
        means = self._means(statistics, current)
        scatter = statistics.scatter
        if scatter is not None:
            gap = np.where(statistics.mass[:, None] > 0, statistics.mean - means, 0.0)
            scatter = self.kind.merged_scatter(scatter, statistics.mass, gap)
        free = self.inner.update(replace(statistics, mean=means, scatter=scatter), current, resolution)
        weights = statistics.mass if self.inner.weighted else free.weights
        return self._imposed(weights / weights.sum(), means, free.covariances)

    def _means(self, statistics: SufficientStatistics, current: Mixture) -> FloatArray:
        """The most likely means given what is held of them and the covariances as they are."""
        means = np.where(statistics.mass[:, None] > 0, statistics.mean, current.means)
        held = ~np.isnan(self.parts.means)
        partly = np.flatnonzero(held.any(axis=1) & ~held.all(axis=1) & (statistics.mass > 0))
        if len(partly) and self.kind.own.name == "full":
            whole = current.full_covariances()
            for i in partly.tolist():
                given, free = held[i], ~held[i]
                gap = means[i, given] - self.parts.local_means[i, given]
                means[i, free] -= whole[i][np.ix_(free, given)] @ np.linalg.solve(
                    whole[i][np.ix_(given, given)], gap
                )
        return self.parts.means_with(means)

    def made(self, weights: FloatArray | None, means: FloatArray, covariances: FloatArray) -> Mixture:
        """Return the mixture of these parts with those that are held as given."""
        k = len(means)
        if k != len(self.parts.weights):
            return self.inner.made(weights, means, covariances)
        made = self.inner.made(weights, means, covariances)
        return self._imposed(made.weights, means, made.covariances)

    def _imposed(self, weights: FloatArray, means: FloatArray, covariances: FloatArray) -> Mixture:
        """The mixture of parts that belong to the inner family, those that are held as given."""
        return Mixture(
            self.parts.weights_with(weights),
            self.parts.means_with(means),
            self.parts.covariances_with(covariances),
            self.kind.name,
        )

    def admissible(self, mixture: Mixture) -> Mixture:
        """Return `mixture` with what is held as given; itself if it is."""
        inner = self.inner.admissible(mixture)
        if inner.n_components != len(self.parts.weights):
            return inner
        made = self._imposed(inner.weights, inner.means, inner.covariances)
        return mixture if made == mixture else made

    def arranged(self, means: FloatArray) -> FloatArray:
        """Return starting means in an order in which held ones are near what they are held at."""
        from scipy.optimize import linear_sum_assignment

        held = ~np.isnan(self.parts.means)
        places = np.flatnonzero(held.any(axis=1))
        if len(places) == 0 or len(means) != len(held):
            return means
        gaps = np.where(held[places][:, None], self.parts.local_means[places][:, None] - means, 0.0)
        taken = linear_sum_assignment((gaps**2).sum(axis=2))[1]
        order = np.empty(len(means), dtype=np.intp)
        order[places] = taken
        others = np.setdiff1d(np.arange(len(means)), places)
        order[others] = np.setdiff1d(np.arange(len(means)), taken)
        return means[order]

    def about(self, origin: FloatArray) -> Family:
        """Return the family for other coordinates: what is held stays where it is."""
        return replace(self, parts=self.parts.local(self.parts.origin + origin))

    def movable(self, k: int) -> BoolArray:
        """Say which components nothing is held of."""
        movable, touched = self.inner.movable(k), self.parts.touched
        movable[: len(touched)] &= ~touched[:k]
        return movable

    def n_parameters(self, k: int, d: int) -> int:
        """Return the inner family's number less those that are held."""
        return self.inner.n_parameters(k, d) - self.parts.n_held

    def under(self, prior: CovariancePrior | None) -> Family:
        """Return the family under another prior."""
        return replace(self, inner=self.inner.under(prior))

    def on_part(self, share: float) -> Family:
        """Return the family for a part of the data."""
        return replace(self, inner=self.inner.on_part(share))

    @property
    def prior(self) -> CovariancePrior | None:
        """The inner family's."""
        return self.inner.prior

    def penalty(self, mixture: Mixture) -> float:
        """Return the inner family's, held covariances included."""
        return self.inner.penalty(mixture)

    def penalties(self, mixture: Mixture) -> FloatArray:
        """Return the part of each component."""
        return self.inner.penalties(mixture)

    def penalties_of(self, covariances: FloatArray) -> FloatArray:
        """Return the penalty of each of p covariances."""
        return self.inner.penalties_of(covariances)

    def smoothed(self, covariance: FloatArray, share: FloatArray | float = 1.0) -> FloatArray:
        """Return covariances with what a prior adds."""
        return self.inner.smoothed(covariance, share)

    def unresolved(self, mass: FloatArray, resolution: float) -> BoolArray:
        """Say which components with something free the rows do not tell about."""
        return self.inner.unresolved(mass, resolution) & (np.isnan(self.parts.means).any(axis=1))

    def fewest_rows(self, d: int) -> int:
        """Return the inner family's."""
        return self.inner.fewest_rows(d)

    @property
    def collapsible(self) -> bool:
        """The inner family's."""
        return self.inner.collapsible

    def lifted_each(self, weights: FloatArray, covariances: FloatArray) -> FloatArray:
        """Return the covariances of several mixtures, brought into the inner family."""
        return self.inner.lifted_each(weights, covariances)

    def lifted(self, covariances: FloatArray) -> tuple[FloatArray, bool]:
        """Return covariances brought into the inner family."""
        return self.inner.lifted(covariances)

    def on_floor(self, mixture: Mixture) -> BoolArray:
        """Say which components a floor holds up; none of held covariances."""
        return self.inner.on_floor(mixture) & self._estimated(mixture)

    def collapsed_on_floor(self, mixture: Mixture) -> BoolArray:
        """Say which have collapsed there; none of held covariances."""
        return self.inner.collapsed_on_floor(mixture) & self._estimated(mixture)

    def _estimated(self, mixture: Mixture) -> BoolArray:
        k, free = mixture.n_components, np.isnan(self.parts.covariances)
        found = np.ones(k, dtype=bool)
        if self.kind.shared:
            return found & bool(free.any())
        own = np.asarray(free.reshape(len(free), -1).any(axis=1))
        found[: len(own)] = own[:k]
        return found

    @property
    def weighted(self) -> bool:
        """Whether some weight is free."""
        return self.inner.weighted

    def relaxed(self, kind: CovarianceKind) -> Family:
        """Return the inner family set free, for small problems."""
        return self.inner.relaxed(kind)
