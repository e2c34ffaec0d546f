"""Free weights, means and covariances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray
from gmmscape.covariances import CovarianceKind
from gmmscape.families.family import Family, NativeFamily
from gmmscape.families.floor import Floor
from gmmscape.mixture import Mixture
from gmmscape.statistics import SufficientStatistics


@dataclass(frozen=True)
class FreeCovariance(Family):
    """Weights, means and covariances are free; the covariances share one storage kind.

    Attributes
    ----------
    kind : CovarianceKind
        Kind of covariance, which also names the family.
    floor : Floor
        Lower bound of the covariances.
    """

    kind: CovarianceKind
    floor: Floor

    @property
    def name(self) -> str:  # type: ignore[override]
        """The kind's name."""
        return self.kind.name

    def update(self, statistics: SufficientStatistics, current: Mixture, resolution: float = 0.0) -> Mixture:
        """Return the mixture that the statistics imply.

        A component without mass keeps its mean and covariance and gets weight zero; one of little mass moves
        like the others.
        """
        assert statistics.scatter is not None
        mass = statistics.mass
        means = np.where(mass[:, None] > 0, statistics.mean, current.means)
        covariances = self.kind.estimated(statistics.scatter, mass, current.covariances, current.n_features)
        return self.made(mass / mass.sum(), means, covariances)

    def n_parameters(self, k: int, d: int) -> int:
        """Return k d of means, k - 1 of weights, and those of the covariances."""
        return k * d + self.kind.n_parameters(k, d) + k - 1

    def lifted(self, covariances: FloatArray) -> tuple[FloatArray, bool]:
        """Return covariances on or above the floor, and whether any moved."""
        return self.floor.clip(covariances, self.kind)

    def on_floor(self, mixture: Mixture) -> BoolArray:
        """Say which components lie on the floor (within 1e-9, relative), shape (k,)."""
        held = self.floor.held_up(mixture.covariances, self.kind)
        return np.full(mixture.n_components, held[0]) if self.kind.shared else held

    def native(self, d: int) -> NativeFamily | None:
        """Return kind and floor."""
        variances = self.floor.variances if len(self.floor.variances) else np.zeros(d)
        return NativeFamily(self.kind.name, means_only=False, floor=variances)

    def relaxed(self, kind: CovarianceKind) -> Family:
        """Return the family of another kind under the same floor."""
        return FreeCovariance(kind, self.floor)
