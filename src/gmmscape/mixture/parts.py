"""What a mixture is made of: weights, means and covariances, checked once and frozen."""

from __future__ import annotations

from collections.abc import Sequence
from types import EllipsisType
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from gmmscape import engine
from gmmscape.arrays import FloatArray
from gmmscape.covariances import CovarianceKind, kind_named
from gmmscape.mixture.background import Background, same_background, weighted
from gmmscape.mixture.names import checked_names
from gmmscape.threads import cached_property
from gmmscape.validation import mean_matrix, probability_weights, standard_deviation


class MixtureParts:
    """The arrays, and what follows from them without rows; immutable."""

    kind: CovarianceKind
    weights: FloatArray
    means: FloatArray
    covariances: FloatArray
    #: Names of the columns, or None where they have none.
    feature_names: tuple[str, ...] | None
    #: A uniform density beside the components, or None.
    background: Background | None
    _factors: FloatArray

    def __init__(
        self,
        weights: ArrayLike | None,
        means: ArrayLike,
        covariances: ArrayLike,
        covariance_type: str = "full",
        feature_names: Sequence[str] | None = None,
        background: Background | None = None,
    ) -> None:
        self.kind, self.background = kind_named(covariance_type), background
        self.means = mean_matrix("means", means)
        k = len(self.means)
        self.weights = (
            probability_weights("weights", weights, k)
            if background is None
            else weighted("weights", weights, k, background)
        )
        self.covariances = self.kind.checked(covariances, *self.means.shape)
        for array in (self.means, self.weights, self.covariances):
            array.setflags(write=False)
        self.feature_names = checked_names(feature_names, self.n_features)
        self._factors = self.kind.factors(self.covariances)

    @classmethod
    def location(cls, centers: ArrayLike, sigma: float, weights: ArrayLike | None = None) -> Self:
        """Return a mixture of spherical components that share one known standard deviation.

        Parameters
        ----------
        centers : array_like of shape (k,) or (k, d)
            Component means.
        sigma : float
            Common standard deviation, in the units of the centers.
        weights : array_like of shape (k,), optional
            Equal weights by default.

        Returns
        -------
        Mixture
            With ``covariance_type="spherical"``.

        Raises
        ------
        InvalidParameterError
            If sigma is not positive and finite, or centers or weights are not usable.
        """
        sigma = standard_deviation("sigma", sigma)
        centers = mean_matrix("centers", centers)
        return cls(weights, centers, np.full(len(centers), sigma * sigma), "spherical")

    def _alike(
        self,
        weights: FloatArray,
        means: FloatArray,
        covariances: FloatArray,
        factors: FloatArray,
        *,
        names: tuple[str, ...] | EllipsisType | None = ...,
        background: Background | EllipsisType | None = ...,
    ) -> Self:
        """Return a mixture of parts that were checked when this one was made; by default of these names and
        beside the same background.
        """
        other = object.__new__(type(self))
        other.kind, other.weights = self.kind, weights
        other.feature_names = self.feature_names if isinstance(names, EllipsisType) else names
        other.background = self.background if isinstance(background, EllipsisType) else background
        other.means, other.covariances, other._factors = means, covariances, factors
        for array in (weights, means, covariances):
            array.setflags(write=False)
        return other

    @property
    def background_weight(self) -> float:
        """Weight of the background: 0 without one; with those of the components it sums to one."""
        return 0.0 if self.background is None else self.background.weight

    @property
    def covariance_type(self) -> str:
        """How the covariances are stored, by scikit-learn's name."""
        return self.kind.name

    @property
    def n_components(self) -> int:
        """Number of components k."""
        return self.means.shape[0]

    @property
    def n_features(self) -> int:
        """Dimension d."""
        return self.means.shape[1]

    @cached_property
    def sigma(self) -> float | None:
        """The standard deviation shared by all components and directions, or None if there is none."""
        variances = np.linalg.eigvalsh(self.full_covariances()).ravel()
        if np.ptp(variances) > 1e-12 * variances.max():
            return None
        return float(np.sqrt(variances[0]))

    @cached_property
    def separation(self) -> float:
        """Smallest distance between two means, in units of the largest standard deviation.

        Infinite for one component.
        """
        if self.n_components == 1:
            return float("inf")
        widest = np.sqrt(np.linalg.eigvalsh(self.full_covariances()).max())
        i, j = np.triu_indices(self.n_components, 1)
        return float(np.linalg.norm(self.means[i] - self.means[j], axis=1).min() / widest)

    @cached_property
    def parameters(self) -> engine.Parameters:
        """The arrays an engine computes with."""
        with np.errstate(divide="ignore"):
            log_weights = np.log(self.weights)
        return engine.Parameters(self.kind.name, log_weights, self.means, self._factors)

    def full_covariances(self) -> FloatArray:
        """Return every component's covariance matrix, shape (k, d, d), whatever the storage.

        Returns
        -------
        ndarray of shape (k, d, d)
            A new array.
        """
        return self.kind.matrices(self.covariances, *self.means.shape)

    def column_variances(self) -> FloatArray:
        """Return the variance of each column in each component, whatever the storage.

        Returns
        -------
        ndarray of shape (k, d)
            Not to be written to. Cost O(k d).
        """
        return self.kind.column_variances(self.covariances, *self.means.shape)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MixtureParts):
            return NotImplemented
        return (
            self.covariance_type == other.covariance_type
            and self.feature_names == other.feature_names
            and np.array_equal(self.weights, other.weights)
            and np.array_equal(self.means, other.means)
            and np.array_equal(self.covariances, other.covariances)
            and same_background(self.background, other.background)
        )

    __hash__ = None  # type: ignore[assignment]  # a class that defines equality loses the inherited one

    def __setattr__(self, name: str, value: Any) -> None:
        if "_factors" in self.__dict__:  # the last attribute that the constructor sets
            raise AttributeError(f"Mixture is immutable: make a new one instead of setting {name}")
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"Mixture is immutable: {name} cannot be deleted")

    def __reduce__(self) -> tuple[Any, ...]:
        # Through the constructor, so that copies are frozen too.
        return type(self), (
            self.weights,
            self.means,
            self.covariances,
            self.covariance_type,
            self.feature_names,
            self.background,
        )
