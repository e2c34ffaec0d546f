"""Families: what is free, and how statistics become parameters.

Each family turns sufficient statistics into the exact maximiser of the expected log-likelihood under its
constraints, so that an EM step never lowers the likelihood, floors included.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray
from gmmscape.exceptions import InvalidParameterError
from gmmscape.mixture import Mixture
from gmmscape.statistics import LocationDerivatives, SufficientStatistics


@dataclass(frozen=True)
class Floor:
    """Smallest variance allowed in each coordinate.

    A covariance C is kept at or above F = diag(variances): the eigenvalues of F^-1/2 C F^-1/2 are clipped
    from below at one. That is the exact maximiser under the constraint C - F positive semidefinite.

    Attributes
    ----------
    variances : ndarray of shape (d,)
        In squared units of the data; all positive, or all zero for no floor.
    constant : ndarray of bool, shape (d,), optional
        Columns of one value: every covariance lies on the floor there, which says nothing about a component.

    Raises
    ------
    InvalidParameterError
        If some of the variances are positive and others not.
    """

    variances: FloatArray
    constant: BoolArray | None = None

    def __post_init__(self) -> None:
        if self.variances.any() and not np.all(self.variances > 0):
            raise InvalidParameterError.of(
                "variances", self.variances.tolist(), "pass positive floors for all columns, or zero for all"
            )

    @classmethod
    def of(cls, variance: FloatArray, *, reg_covar: float = 0.0, covariance_floor: float = 1e-6) -> Floor:
        """Return max(reg_covar, covariance_floor x variance) per coordinate.

        A constant coordinate has no variance of its own: it takes the average of the others, so that its
        floor is positive. It adds the same factor to every component and moves no responsibility.
        """
        varying = variance[variance > 0]
        stand_in = varying.mean() if len(varying) else 0.0
        variances = np.maximum(reg_covar, covariance_floor * np.where(variance > 0, variance, stand_in))
        return cls(variances, variance == 0)

    def clip(self, covariances: FloatArray, kind: str) -> tuple[FloatArray, bool]:
        """Return covariances of the given storage kind on or above the floor, and whether any moved."""
        if not self.variances.any():
            return covariances, False
        if kind in ("spherical", "diag"):
            # The average over the coordinates keeps the spherical family invariant under rotation.
            floor = self.variances.mean() if kind == "spherical" else self.variances
            clipped = np.maximum(covariances, floor)
            return clipped, bool(np.any(clipped > covariances))
        outer = self._outer
        values, vectors = np.linalg.eigh(covariances / outer)
        if values.min() >= 1.0:
            return covariances, False
        lifted = (vectors * np.maximum(values, 1.0)[..., None, :]) @ np.swapaxes(vectors, -1, -2)
        lifted = np.where((values.min(axis=-1) < 1.0)[..., None, None], outer * lifted, covariances)
        return 0.5 * (lifted + np.swapaxes(lifted, -1, -2)), True

    def held_up(self, covariances: FloatArray, kind: str) -> BoolArray:
        """Say which covariances lie on the floor, to the rounding of a clipped one; shape (k,), tied (1,)."""
        matrices = covariances[None] if kind == "tied" else covariances
        varying = slice(None) if self.constant is None or self.constant.all() else ~self.constant
        if not self.variances.any():
            return np.zeros(len(matrices), dtype=bool)
        if kind == "spherical":
            return matrices * (1.0 - 1e-9) < self.variances.mean()
        if kind == "diag":
            return np.any((matrices * (1.0 - 1e-9) < self.variances)[:, varying], axis=1)
        values = np.linalg.eigvalsh((matrices / self._outer)[:, varying][:, :, varying])
        rounding = 8 * np.finfo(np.float64).eps * values[:, -1]
        return values[:, 0] <= 1.0 + 1e-9 + rounding

    @property
    def _outer(self) -> FloatArray:
        root = np.sqrt(self.variances)
        return root[:, None] * root


class Family:
    """What the parameters of a fit are allowed to be; base of the five families."""

    name: str
    scatter: str

    def update(self, statistics: SufficientStatistics, current: Mixture) -> Mixture:
        """Return the M-step: the maximiser given the statistics taken at `current`."""
        raise NotImplementedError

    def floor_active(self, mixture: Mixture) -> bool:
        """Say whether some covariance of `mixture` is held up by a floor."""
        return False


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
    scatter = "none"

    def update(self, statistics: SufficientStatistics, current: Mixture) -> Mixture:
        """Return the mixture with means at responsibility-weighted means, and free weights at the masses."""
        means = np.where(statistics.mass[:, None] > 0, statistics.mean, current.means)
        weights = statistics.mass / statistics.mass.sum() if self.free_weights else current.weights
        return Mixture(weights, means, current.covariances, current.covariance_type)

    def in_coordinates(self, at: LocationDerivatives) -> LocationDerivatives:
        """Return joint derivatives in the coordinates: gradient (m,) and Hessian (m, m), m = k d + k - 1."""
        k, columns = at.gradient.shape
        d, basis = columns - 1, contrasts(k)
        gradient = np.concatenate([at.gradient[:, :d].ravel(), basis.T @ at.gradient[:, d]])
        if at.hessian is None:
            return at._replace(gradient=gradient)
        full = at.hessian.reshape(k, columns, k, columns)
        across = full[:, :d, :, d].reshape(k * d, k) @ basis
        hessian = np.block(
            [
                [full[:, :d, :, :d].reshape(k * d, k * d), across],
                [across.T, basis.T @ full[:, d, :, d] @ basis],
            ]
        )
        return at._replace(gradient=gradient, hessian=0.5 * (hessian + hessian.T))

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


@dataclass(frozen=True)
class FreeCovariance(Family):
    """Weights, means and covariances are free; the covariances share one storage kind.

    Attributes
    ----------
    name : {"spherical", "diag", "tied", "full"}
        Kind of covariance.
    floor : Floor
        Lower bound of the covariances.
    """

    name: str  # type: ignore[misc]
    floor: Floor

    @property
    def scatter(self) -> str:  # type: ignore[override]
        """Which scatter the statistics must carry."""
        return self.name

    def update(self, statistics: SufficientStatistics, current: Mixture) -> Mixture:
        """Return the mixture that the statistics imply.

        A component without mass keeps its mean and covariance and gets weight zero.
        """
        weights = statistics.mass / statistics.mass.sum()
        alive = statistics.mass > 0
        means = np.where(alive[:, None], statistics.mean, current.means)
        covariances = self._covariances(statistics, current, alive)
        covariances, _ = self.floor.clip(covariances, self.name)
        return Mixture(weights, means, covariances, self.name)

    def floor_active(self, mixture: Mixture) -> bool:
        """Say whether some covariance of `mixture` lies on the floor (within 1e-9, relative)."""
        return bool(self.floor.held_up(mixture.covariances, self.name).any())

    def _covariances(
        self, statistics: SufficientStatistics, current: Mixture, alive: BoolArray
    ) -> FloatArray:
        scatter = statistics.scatter
        assert scatter is not None
        if self.name == "tied":
            return scatter / statistics.mass.sum()
        shape = (-1,) + (1,) * (scatter.ndim - 1)
        mass = np.where(alive, statistics.mass, 1.0).reshape(shape)
        divisor = mass * (current.n_features if self.name == "spherical" else 1)
        return np.where(alive.reshape(shape), scatter / divisor, current.covariances)


def family_named(name: str, floor: Floor) -> FreeCovariance:
    """Return the family of free weights, means and covariances of the given kind."""
    if name not in ("spherical", "diag", "tied", "full"):
        raise InvalidParameterError.of("family", name, "choose 'spherical', 'diag', 'tied' or 'full'")
    return FreeCovariance(name, floor)
