"""Free weights, means and covariances."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray
from gmmscape.covariances import CovarianceKind
from gmmscape.exceptions import InvalidParameterError
from gmmscape.families.covariance_prior import CovariancePrior
from gmmscape.families.family import Family, NativeFamily
from gmmscape.families.floor import Floor
from gmmscape.mixture import Mixture
from gmmscape.statistics import SufficientStatistics
from gmmscape.tolerances import TOLERANCES


@dataclass(frozen=True)
class FreeCovariance(Family):
    """Weights, means and covariances are free; the covariances share one storage kind.

    Attributes
    ----------
    kind : CovarianceKind
        Kind of covariance, which also names the family.
    floor : Floor
        Lower bound of the covariances.
    prior : CovariancePrior or None
        Of each covariance; None for maximum likelihood.
    """

    kind: CovarianceKind
    floor: Floor
    prior: CovariancePrior | None = None  # type: ignore[assignment]
    penalised = True

    @property
    def name(self) -> str:  # type: ignore[override]
        """The kind's name."""
        return self.kind.name

    def update(self, statistics: SufficientStatistics, current: Mixture, resolution: float = 0.0) -> Mixture:
        """Return the mixture that the statistics imply, and the prior.

        A component without mass keeps its mean and covariance and gets weight zero; one of little mass moves
        like the others. Raises InvalidParameterError where none has mass: a background takes all.
        """
        assert statistics.scatter is not None
        mass = statistics.mass
        if not mass.any():
            raise InvalidParameterError(
                "no row is left to the components, the background takes all: pass one of a larger volume"
            )
        means = np.where(mass[:, None] > 0, statistics.mean, current.means)
        scatter, held = statistics.scatter, mass
        if self.prior is not None:
            scatter, held = self.kind.with_pseudo_rows(scatter, mass, self.prior.scale, self.prior.mass)
        covariances = self.fitted(scatter, held, current)
        return Mixture(mass / mass.sum(), means, covariances, self.kind.name)

    def fitted(self, scatter: FloatArray, mass: FloatArray, current: Mixture) -> FloatArray:
        """Return the covariances that maximise the expected log-likelihood, floor included."""
        return self.lifted(self.kind.estimated(scatter, mass, current.covariances, current.n_features))[0]

    def penalty(self, mixture: Mixture) -> float:
        """Return the prior's mass times the divergence of its rows from each covariance."""
        return float(self._divergences(mixture).sum())

    def penalties(self, mixture: Mixture) -> FloatArray:
        """Return the part of each component, shape (k,); zero for a shared covariance."""
        if self.kind.shared:
            return np.zeros(mixture.n_components)
        return self._divergences(mixture)

    def _divergences(self, mixture: Mixture) -> FloatArray:
        if self.prior is None:
            return np.zeros(mixture.n_components)
        return self.prior.mass * self.kind.divergences(self.prior.scale, mixture.parameters.factors)

    def under(self, prior: CovariancePrior | None) -> Family:
        """Return the family under another prior; a class derived from this one may be made differently."""
        other = copy(self)
        object.__setattr__(other, "prior", prior)
        return other

    def on_part(self, share: float) -> Family:
        """Return the family whose prior has more mass beside that of a part."""
        return self if self.prior is None else self.under(self.prior.on_part(share))

    def penalties_of(self, covariances: FloatArray) -> FloatArray:
        """Return the penalty of each of p covariances, stored as components' own, shape (p,)."""
        if self.prior is None:
            return np.zeros(len(covariances))
        kind = self.kind.own
        return self.prior.mass * kind.divergences(self.prior.scale, kind.factors(covariances))

    def smoothed(self, covariance: FloatArray, share: FloatArray | float = 1.0) -> FloatArray:
        """Return covariances (..., d, d) of rows of these masses (...), with those of the prior."""
        if self.prior is None:
            return covariance
        own = np.asarray(share)[..., None, None]
        return (own * covariance + self.prior.mass * self.prior.scale) / (own + self.prior.mass)

    def unresolved(self, mass: FloatArray, resolution: float) -> BoolArray:
        """Say which components the rows do not tell about, or whose weight has gone to zero."""
        return mass <= max(resolution, TOLERANCES.solve.vanished_weight)

    @property
    def scores(self) -> str | None:
        """The kind's name; None for a part of a kind, whose coordinates are others."""
        return self.kind.name if self.whole else None

    def n_parameters(self, k: int, d: int) -> int:
        """Return k d of means, k - 1 of weights, and those of the covariances."""
        return k * d + self.kind.n_parameters(k, d) + k - 1

    def lifted(self, covariances: FloatArray) -> tuple[FloatArray, bool]:
        """Return covariances on or above the floor, and whether any moved."""
        return self.floor.clip(covariances, self.kind)

    def on_floor(self, mixture: Mixture) -> BoolArray:
        """Say which components lie on the floor (within 1e-9, relative), shape (k,)."""
        return self._of_each(self.floor.held_up(mixture.covariances, self.kind), mixture)

    def collapsed_on_floor(self, mixture: Mixture) -> BoolArray:
        """Say which components the floor holds up in columns that are not coarse, shape (k,)."""
        return self._of_each(self.floor.collapsed_on(mixture.covariances, self.kind), mixture)

    def _of_each(self, held: BoolArray, mixture: Mixture) -> BoolArray:
        return np.full(mixture.n_components, held[0]) if self.kind.shared else held

    def native(self, d: int) -> NativeFamily | None:
        """Return kind and floor."""
        variances = self.floor.variances if len(self.floor.variances) else np.zeros(d)
        return NativeFamily(self.kind.name, means_only=False, floor=variances, prior=self.prior)

    def relaxed(self, kind: CovarianceKind) -> Family:
        """Return the family of another kind under the same floor and prior."""
        return FreeCovariance(kind, self.floor, self.prior)
