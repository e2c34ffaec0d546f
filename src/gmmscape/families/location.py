"""Free means, and weights where they are said to be, of known spherical covariances."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray
from gmmscape.covariances import SPHERICAL
from gmmscape.families.family import Coordinates, Family, NativeFamily
from gmmscape.mixture import Mixture
from gmmscape.statistics import SufficientStatistics
from gmmscape.tolerances import TOLERANCES


@dataclass(frozen=True)
class Location(Family):
    """The means are free, and the weights where they are said to be; covariances sigma^2 I are known.

    What is free are *coordinates*: the means, component by component, and then, for free weights, k - 1
    contrasts of sigma times the log weights (see `contrasts`), which have the means' unit of length.

    Attributes
    ----------
    sigma : float
        Known standard deviation.
    free_weights : bool
        Whether the weights are free; else they stay as they are.
    """

    sigma: float
    free_weights: bool = False
    name = "location"
    kind = SPHERICAL
    free_covariances = False

    @property
    def scatter(self) -> str:
        """None: covariances are known."""
        return "none"

    @property
    def scores(self) -> str | None:
        """None of the covariances."""
        return "none"

    @property
    def weighted(self) -> bool:
        """Whether the weights are free."""
        return self.free_weights

    def update(self, statistics: SufficientStatistics, current: Mixture, resolution: float = 0.0) -> Mixture:
        """Return the mixture with means at responsibility-weighted means, and free weights at the masses.

        Components that are not resolved stay where they are: a plateau.
        """
        lost = self.unresolved(statistics.mass, resolution)
        means = np.where(lost[:, None], current.means, statistics.mean)
        weights = statistics.mass / statistics.mass.sum() if self.free_weights else current.weights
        return Mixture(weights, means, current.covariances, current.covariance_type)

    def unresolved(self, mass: FloatArray, resolution: float) -> BoolArray:
        """Say which components the rows do not tell about, or whose free weight has gone to zero."""
        return mass <= max(resolution, TOLERANCES.solve.vanished_weight if self.free_weights else 0.0)

    def n_parameters(self, k: int, d: int) -> int:
        """Return the number of coordinates: k d, and k - 1 for free weights."""
        return k * d + (k - 1 if self.free_weights else 0)

    @property
    def joint(self) -> bool:
        """Whether the weights are free."""
        return self.free_weights

    @property
    def coordinates(self) -> Coordinates:
        """The family itself."""
        return self

    def native(self, d: int) -> NativeFamily | None:
        """Return that only the means move, and the weights where they are free."""
        return NativeFamily(
            self.kind.name, means_only=True, floor=np.zeros(d), free_weights=self.free_weights
        )

    def in_coordinates(
        self, gradient: FloatArray, hessian: FloatArray | None
    ) -> tuple[FloatArray, FloatArray | None]:
        """Return derivatives in the coordinates from those by component.

        Parameters
        ----------
        gradient : ndarray of shape (k, d) or (k, d + 1)
            In the means and, for free weights, sigma times the log weights.
        hessian : ndarray or None
            In the same, flat: (k d, k d) or (k (d + 1), k (d + 1)).

        Returns
        -------
        tuple of ndarray
            As they are for known weights; else gradient (m,) and Hessian (m, m), m = k d + k - 1.
        """
        if not self.free_weights:
            return gradient, hessian
        k, columns = gradient.shape
        d, basis = columns - 1, contrasts(k)
        slope = np.concatenate([gradient[:, :d].ravel(), basis.T @ gradient[:, d]])
        if hessian is None:
            return slope, None
        full = hessian.reshape(k, columns, k, columns)
        across = full[:, :d, :, d].reshape(k * d, k) @ basis
        bend = np.block(
            [
                [full[:, :d, :, :d].reshape(k * d, k * d), across],
                [across.T, basis.T @ full[:, d, :, d] @ basis],
            ]
        )
        return slope, 0.5 * (bend + bend.T)

    def spread(self, change: FloatArray, k: int) -> FloatArray:
        """Return a change of the coordinates by component: of its mean and, where free, of its log weight.

        Shape (k, d) or (k, d + 1), the last column being sigma times the log weight.
        """
        if not self.free_weights:
            return change.reshape(k, -1)
        contrast = change[len(change) - (k - 1) :]
        means = change[: len(change) - (k - 1)].reshape(k, -1)
        return np.column_stack([means, contrasts(k) @ contrast])

    def moved(self, mixture: Mixture, change: FloatArray) -> Mixture:
        """Return the mixture with its coordinates changed, in units of sigma."""
        by_component = self.spread(self.sigma * change, mixture.n_components)
        d = mixture.n_features
        means = mixture.means + by_component[:, :d]
        if not self.free_weights:
            return mixture.relocated(means)
        weights = softmax(mixture.parameters.log_weights + by_component[:, d] / self.sigma)
        return Mixture(weights, means, mixture.covariances, mixture.covariance_type)


@cache
def contrasts(k: int) -> FloatArray:
    """Return k - 1 orthonormal contrasts of k numbers (Helmert's), shape (k, k - 1): each column sums to 0.

    Column j is proportional to (1, ..., 1, -j-1, 0, ..., 0), with j + 1 ones, j counted from 0.
    """
    basis = np.zeros((k, k - 1))
    for j in range(k - 1):
        basis[: j + 1, j] = 1.0
        basis[j + 1, j] = -(j + 1.0)
        basis[:, j] /= np.sqrt((j + 1.0) * (j + 2.0))
    basis.setflags(write=False)
    return basis


def softmax(logarithms: FloatArray) -> FloatArray:
    """Return positive numbers with these logarithms, up to a factor, that sum to one."""
    weights = np.exp(logarithms - logarithms.max())
    return weights / weights.sum()
