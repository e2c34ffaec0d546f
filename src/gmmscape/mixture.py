"""Mixture: a Gaussian mixture's weights, means and covariances, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from gmmscape import engine
from gmmscape.arrays import FloatArray, IntArray
from gmmscape.background import Background, WithBackground, weighted
from gmmscape.covariances import CovarianceKind, kind_named
from gmmscape.exceptions import FormatError, InvalidParameterError
from gmmscape.jsonfile import read_json
from gmmscape.results.pictured import Pictured
from gmmscape.results.records import Record
from gmmscape.results.text import aligned, counted, left_out
from gmmscape.validation import (
    data_matrix,
    finite_array,
    generator,
    mean_matrix,
    positive_integer,
    probability_weights,
    standard_deviation,
)

#: Components and features that the printed table shows.
MOST_COMPONENTS, MOST_FEATURES = 40, 4


class Mixture(WithBackground, Pictured, Record):
    """A Gaussian mixture with k components in d dimensions; immutable.

    Parameters
    ----------
    weights : array_like of shape (k,)
        Non-negative, summing to 1 within 1e-8.
    means : array_like of shape (k, d) or (k,)
        Component means; a vector stands for one dimension.
    covariances : array_like
        scikit-learn's shape for the type: (k, d, d) full, (d, d) tied, (k, d) diag, (k,) spherical.
    covariance_type : {"full", "tied", "diag", "spherical"}, default="full"
        How the covariances are stored; `kind` is the object of that name, which knows what depends on it.
    background : Background, optional
        Uniform density beside the components; its weight and theirs sum to one.

    Raises
    ------
    InvalidParameterError
        If a shape does not fit, a number is not finite, or a covariance is not positive definite.

    Examples
    --------
    >>> import gmmscape as gs
    >>> truth = gs.Mixture.location([-3, 3, 12], sigma=1.0)
    >>> truth.separation
    6.0
    """

    format: ClassVar[str] = "gmmscape-mixture"

    kind: CovarianceKind
    weights: FloatArray
    means: FloatArray
    covariances: FloatArray
    _factors: FloatArray

    def __init__(
        self,
        weights: ArrayLike | None,
        means: ArrayLike,
        covariances: ArrayLike,
        covariance_type: str = "full",
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

    def relocated(self, means: FloatArray) -> Mixture:
        """Return the mixture with other means; what else it holds was checked when it was made.

        Parameters
        ----------
        means : ndarray of shape (k, d)
            New means, which become the mixture's own.

        Returns
        -------
        Mixture
            For loops that move means many times.

        Raises
        ------
        InvalidParameterError
            If a mean is not finite.
        """
        if not np.isfinite(means).all():
            raise InvalidParameterError("means must be finite: a step was too long or not a number")
        return self._alike(self.weights, means, self.covariances, self._factors, self.background)

    def _alike(
        self,
        weights: FloatArray,
        means: FloatArray,
        covariances: FloatArray,
        factors: FloatArray,
        background: Background | None = None,
    ) -> Mixture:
        """Return a mixture of parts that were checked when this one was made."""
        other = object.__new__(Mixture)
        other.kind, other.weights, other.background = self.kind, weights, background
        other.means, other.covariances, other._factors = means, covariances, factors
        for array in (weights, means, covariances):
            array.setflags(write=False)
        return other

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

    @property
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

    def jittered(self, scale: float, rng: np.random.Generator) -> FloatArray:
        """Return the means, moved at random.

        Parameters
        ----------
        scale : float
            Standard deviations of their components that they move by, in each direction.
        rng : numpy.random.Generator
            Of the moves.

        Returns
        -------
        ndarray of shape (k, d)
            A new array.
        """
        noise = scale * rng.standard_normal(self.means.shape)
        roots = self.kind.roots(self.covariances)
        moves = [self.kind.coloured(one[None], roots, i)[0] for i, one in enumerate(noise)]
        return self.means + np.array(moves)

    def log_density(self, X: ArrayLike) -> FloatArray:
        """Return the log density at each row.

        Parameters
        ----------
        X : array_like of shape (n, d)
            Rows.

        Returns
        -------
        ndarray of shape (n,)
            In nats; -inf where the density underflows even as a logarithm. Cost O(n k d), or
            O(n k d^2) for full and tied covariances.

        Raises
        ------
        DataError
            If X is not a finite (n, d) matrix.
        """
        X = data_matrix(X, n_features=self.n_features)
        return self._with_background(X, engine.hold(X).log_density(self.parameters))

    def responsibilities(self, X: ArrayLike) -> FloatArray:
        """Return the posterior probability of each component at each row.

        Parameters
        ----------
        X : array_like of shape (n, d)
            Rows.

        Returns
        -------
        ndarray of shape (n, k), or (n, k + 1) with a background, which comes last
            Rows sum to one.

        Raises
        ------
        DataError
            If X is not a finite (n, d) matrix.
        """
        held = engine.hold(X := data_matrix(X, n_features=self.n_features))
        own = held.responsibilities(self.parameters)
        if self.background is None:
            return own
        return self._shared_with_background(X, own, held.log_density(self.parameters))

    def sample(self, n: int, rng: Any = None) -> tuple[FloatArray, IntArray]:
        """Draw independent rows.

        Parameters
        ----------
        n : int
            Number of rows.
        rng : None, int or numpy.random.Generator, default=None
            Source of randomness (SPEC 7).

        Returns
        -------
        X : ndarray of shape (n, d)
            Rows.
        labels : ndarray of shape (n,)
            Component each row was drawn from, counted from 0; -1 for the background.

        Raises
        ------
        InvalidParameterError
            If n is no positive integer or rng is no source of randomness, or of a background only the volume
            is known.
        """
        n = positive_integer("n", n)
        rng = generator(rng)
        if self.background is not None:
            return self._sampled_with_background(n, rng)
        labels = rng.choice(self.n_components, size=n, p=self.weights)
        noise = rng.standard_normal((n, self.n_features))
        roots = self.kind.roots(self.covariances)
        X = self.means[labels]
        for i in np.unique(labels):
            rows = labels == i
            X[rows] += self.kind.coloured(noise[rows], roots, int(i))
        return X, labels

    def shifted(self, offset: ArrayLike) -> Mixture:
        """Return the mixture with `offset`, of shape (d,), added to every mean.

        Parameters
        ----------
        offset : array_like of shape (d,)
            Added to every mean.

        Returns
        -------
        Mixture
            A new mixture.

        Raises
        ------
        InvalidParameterError
            If the offset has another shape or is not finite.
        """
        offset = finite_array("offset", offset, ndim=(0, 1))
        if offset.shape not in ((), (self.n_features,)):
            raise InvalidParameterError(
                f"offset has shape {offset.shape}: pass one number, or one for each of the "
                f"{counted(self.n_features, 'feature')}"
            )
        moved = None if self.background is None else self.background.shifted(offset)
        return self.relocated(self.means + offset).beside(moved, self.weights)

    def beside(self, background: Background | None, weights: FloatArray | None = None) -> Mixture:
        """Return the components beside a background; for None, by themselves: their weights sum to one.

        Parameters
        ----------
        background : Background or None
            Whose weight the components leave.
        weights : ndarray of shape (k,), optional
            Of the components, where they are known; else they keep their ratios.

        Returns
        -------
        Mixture
            Itself where nothing changes.
        """
        if background is self.background:
            return self
        if weights is None:
            rest = 1.0 if background is None else 1.0 - background.weight
            weights = self.weights * (rest / self.weights.sum())
        own = np.asarray(weights)
        return self._alike(own, self.means, self.covariances, self._factors, background)

    def permuted(self, order: ArrayLike) -> Mixture:
        """Return the mixture with its components in another order.

        Parameters
        ----------
        order : array_like of shape (k,)
            Component i of the result is component ``order[i]`` of this mixture.

        Returns
        -------
        Mixture
            A new mixture.

        Raises
        ------
        InvalidParameterError
            If `order` is no permutation of the components.
        """
        order = np.asarray(order)
        if order.shape != (self.n_components,) or not np.array_equal(np.sort(order), np.arange(len(order))):
            raise InvalidParameterError.of(
                "order", order.tolist(), f"pass each of 0 to {self.n_components - 1} once"
            )
        return self._alike(
            self.weights[order],
            self.means[order],
            self.kind.chosen(self.covariances, order),
            self.kind.chosen(self._factors, order),
            self.background,
        )

    def content(self) -> dict[str, Any]:
        """Return what `to_dict` returns: a mixture within a result names its format too.

        Returns
        -------
        dict
            Keys format, format_version, covariance_type, weights, means, covariances; background if any.
        """
        return {
            "format": self.format,
            "format_version": self.version,
            "covariance_type": self.covariance_type,
            "weights": self.weights.tolist(),
            "means": self.means.tolist(),
            "covariances": self.covariances.tolist(),
            **({} if self.background is None else {"background": self.background.content()}),
        }

    def to_dict(self) -> dict[str, Any]:
        """Return a dictionary that `from_dict` and JSON understand.

        Returns
        -------
        dict
            Keys format, format_version, covariance_type, weights, means, covariances.
        """
        return self.content()

    @classmethod
    def _restored(cls, content: Mapping[str, Any]) -> Self:
        """Return the mixture that `content` described."""
        return cls.from_dict(content)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Return the mixture that a dictionary describes.

        Parameters
        ----------
        content : mapping
            As written by `to_dict`; or, for the location family by hand, ``{"centers": [...],
            "sigma": s}`` with optional ``"weights"``.

        Returns
        -------
        Mixture
            The mixture.

        Raises
        ------
        FormatError
            If a key is missing, unknown or of a later format version.
        InvalidParameterError
            If the numbers do not make a mixture.
        """
        return cls._read(content, "the dictionary")

    @classmethod
    def from_json(cls, path: str | Path) -> Self:
        """Read a mixture from a JSON file.

        Parameters
        ----------
        path : str or Path
            File with the dictionary that `from_dict` describes.

        Returns
        -------
        Mixture
            The mixture.

        Raises
        ------
        FormatError
            If the file is no JSON or describes no mixture.
        """
        return cls._read(read_json(path), str(path))

    @classmethod
    def _read(cls, content: Any, where: str) -> Self:
        if not isinstance(content, Mapping):
            raise FormatError(f"a mixture is an object with named fields, not {type(content).__name__}")
        if "format" in content:
            cls._check({"format_version": cls.version, **content}, where)
        if "centers" in content:
            _check_keys(content, required={"centers", "sigma"}, optional={"weights"})
            return cls.location(content["centers"], content["sigma"], content.get("weights"))
        fields = {"weights", "means", "covariances", "covariance_type"}
        _check_keys(content, required=fields, optional={"format", "format_version", "background"})
        background = Background.from_content(content.get("background"))
        return cls(**{field: content[field] for field in fields}, background=background)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mixture):
            return NotImplemented
        return (
            self.covariance_type == other.covariance_type
            and np.array_equal(self.weights, other.weights)
            and np.array_equal(self.means, other.means)
            and np.array_equal(self.covariances, other.covariances)
            and self._same_background(other)
        )

    __hash__ = None  # type: ignore[assignment]  # a class that defines equality loses the inherited one

    def __setattr__(self, name: str, value: Any) -> None:
        if "_factors" in self.__dict__:  # the last attribute that the constructor sets
            raise AttributeError(f"Mixture is immutable: make a new one instead of setting {name}")
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"Mixture is immutable: {name} cannot be deleted")

    def __reduce__(self) -> tuple[type[Mixture], tuple[Any, ...]]:
        # Through the constructor, so that copies are frozen too.
        return Mixture, (self.weights, self.means, self.covariances, self.covariance_type, self.background)

    def __repr__(self) -> str:
        return (
            f"Mixture(n_components={self.n_components}, n_features={self.n_features}, "
            f"covariance_type={self.covariance_type!r})"
        )

    def __str__(self) -> str:
        d = min(self.n_features, MOST_FEATURES)
        deviations = np.sqrt(self.column_variances())
        rows = [("#", "weight", *(f"{what} {j}" for what in ("mean", "sd") for j in range(d)))]
        for i in range(min(self.n_components, MOST_COMPONENTS)):
            numbers = (*self.means[i, :d], *deviations[i, :d])
            rows.append((str(i), f"{self.weights[i]:.4f}", *(f"{x:.5g}" for x in numbers)))
        components, features = counted(self.n_components, "component"), counted(self.n_features, "feature")
        beside = "" if self.background is None else f", background {self.background_weight:.4f}"
        head = f"mixture of {components}, {features}, {self.covariance_type} covariances{beside}"
        return "\n".join([head, *aligned(rows), *left_out(self.n_components, MOST_COMPONENTS)])


def _check_keys(content: Mapping[str, Any], *, required: set[str], optional: set[str]) -> None:
    missing = required - content.keys()
    unknown = content.keys() - required - optional
    if missing or unknown:
        raise FormatError(
            f"a mixture needs the fields {sorted(required)} (optional: {sorted(optional)}); "
            f"missing: {sorted(missing)}, unknown: {sorted(unknown)}"
        )
