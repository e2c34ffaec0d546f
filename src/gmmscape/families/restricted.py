"""Free covariances under restrictions: weights that are held, one width for all components."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmscape.exceptions import InvalidParameterError
from gmmscape.families.family import NativeFamily
from gmmscape.families.free_covariance import FreeCovariance
from gmmscape.mixture import Mixture
from gmmscape.statistics import SufficientStatistics


@dataclass(frozen=True)
class Restricted(FreeCovariance):
    """Means and covariances are free; weights may be held, and spherical covariances be one.

    Attributes
    ----------
    held_weights : bool
        Whether the weights stay as they are.
    common : bool
        Whether the variances are one number for all components.
    """

    held_weights: bool = False
    common: bool = False

    def __post_init__(self) -> None:
        if self.common and (self.kind.name != "spherical" or self.prior is not None):
            raise InvalidParameterError.of(
                "common", self.common, "one width is that of spherical covariances without a prior"
            )

    @property
    def weighted(self) -> bool:
        """Whether the weights are free."""
        return not self.held_weights

    def update(self, statistics: SufficientStatistics, current: Mixture, resolution: float = 0.0) -> Mixture:
        """Return the M-step under the restrictions: each part is the maximiser, given the statistics."""
        free = super().update(statistics, current, resolution)
        covariances, weights = free.covariances, free.weights
        if self.common:
            shared = float(statistics.mass @ covariances) / float(statistics.mass.sum())
            covariances = np.full(free.n_components, shared)
        if self.held_weights:
            weights = current.weights
        return self.made(weights, free.means, covariances)

    def n_parameters(self, k: int, d: int) -> int:
        """Return the number of free parameters of k components in d dimensions."""
        held = (k - 1) * (self.held_weights + self.common)
        return super().n_parameters(k, d) - held

    def native(self, d: int) -> NativeFamily | None:
        """Return None: the compiled loop knows of no restrictions."""
        return None
