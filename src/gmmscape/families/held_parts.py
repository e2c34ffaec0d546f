"""HeldParts: weights, means and covariances that a fit holds, as they were given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import BoolArray, FloatArray
from gmmscape.covariances import CovarianceKind, kind_named
from gmmscape.exceptions import InvalidParameterError
from gmmscape.mixture import Mixture
from gmmscape.tolerances import TOLERANCES

ADVICE = "NaN where it is free"


@dataclass(frozen=True, eq=False)
class HeldParts:
    """Values that are held, NaN where they are free; components keep their places.

    Attributes
    ----------
    kind : str
        How covariances are stored.
    weights : ndarray of shape (k,)
        Held weights.
    means : ndarray of shape (k, d)
        Held entries of means, in the caller's coordinates.
    covariances : ndarray
        Held covariances, in the shape of `kind`: entries of variances, whole matrices.
    origin : ndarray of shape (d,)
        What the coordinates that a solver works in count from.
    """

    kind: str
    weights: FloatArray
    means: FloatArray
    covariances: FloatArray
    origin: FloatArray = field(repr=False)

    @classmethod
    def of(
        cls,
        kind: CovarianceKind,
        k: int,
        d: int,
        weights: ArrayLike | None,
        means: ArrayLike | None,
        covariances: ArrayLike | None,
    ) -> HeldParts | None:
        """Return what a user wants to be held, None where that is nothing.

        Raises InvalidParameterError where a shape does not fit or values make no mixture.
        """
        parts = (
            _given("weights_fixed", weights, (k,)),
            _given("means_fixed", means, (k, d)),
            _given("covariances_fixed", covariances, kind.shape(k, d)),
        )
        if all(np.isnan(part).all() for part in parts):
            return None
        _check_weights(parts[0])
        _check_covariances(kind, parts[2])
        return cls(kind.name, *parts, origin=np.zeros(d))

    def local(self, origin: FloatArray) -> HeldParts:
        """Return the same for a solver whose coordinates count from an origin."""
        return replace(self, origin=origin)

    @property
    def local_means(self) -> FloatArray:
        """Held entries of means, in the solver's coordinates."""
        return self.means - self.origin

    @property
    def touched(self) -> BoolArray:
        """Which components have something of their own held, shape (k,)."""
        k = len(self.weights)
        held = ~np.isnan(self.weights) | ~np.isnan(self.means).all(axis=1)
        if kind_named(self.kind).shared:
            return held
        return held | ~np.isnan(self.covariances).reshape(k, -1).all(axis=1)

    @property
    def n_held(self) -> int:
        """How many parameters are held."""
        k, d = self.means.shape
        weights = min(int(np.count_nonzero(~np.isnan(self.weights))), k - 1)
        values = int(np.count_nonzero(~np.isnan(self.covariances)))
        if self.kind in ("full", "tied"):
            values = values // (d * d) * (d * (d + 1) // 2)
        return weights + int(np.count_nonzero(~np.isnan(self.means))) + values

    def weights_with(self, weights: FloatArray) -> FloatArray:
        """Return weights: the held ones as given, and the others share the rest in their ratios."""
        free = np.isnan(self.weights)
        if free.all():
            return weights / weights.sum()
        found = self.weights.copy()
        number = max(int(free.sum()), 1)
        rest, total = 1.0 - float(self.weights[~free].sum()), float(weights[free].sum())
        share = weights[free] / total if total > 0.0 else np.full(number, 1.0 / number)
        found[free] = max(rest, 0.0) * share
        return found

    def means_with(self, means: FloatArray) -> FloatArray:
        """Return means in the solver's coordinates, entries that are held as given."""
        return np.where(np.isnan(self.means), means, self.local_means)

    def covariances_with(self, covariances: FloatArray) -> FloatArray:
        """Return covariances, those that are held as given."""
        return np.where(np.isnan(self.covariances), covariances, self.covariances)

    def given_back(self, mixture: Mixture) -> Mixture:
        """Return a mixture in the caller's coordinates, held parts with the very bits that were given."""
        if mixture.n_components != len(self.weights):
            return mixture
        return Mixture(
            np.where(np.isnan(self.weights), mixture.weights, self.weights),
            np.where(np.isnan(self.means), mixture.means, self.means),
            self.covariances_with(mixture.covariances),
            mixture.covariance_type,
            mixture.feature_names,
            mixture.background,
        )

    def content(self) -> dict[str, Any]:
        """Return plain numbers and lists, None where a value is free."""
        return {
            "kind": self.kind,
            **{
                name: _with_gaps(getattr(self, name).tolist()) for name in ("weights", "means", "covariances")
            },
        }

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> HeldParts:
        """Return what `content` described; raises InvalidParameterError or KeyError where it is damaged."""
        parts = {
            name: np.array(content[name], dtype=np.float64) for name in ("weights", "means", "covariances")
        }
        if parts["means"].ndim != 2:
            raise InvalidParameterError("held means must be a matrix")
        k, d = parts["means"].shape
        found = cls.of(kind_named(content["kind"]), k, d, *parts.values())
        if found is None:
            raise InvalidParameterError("held: nothing is held")
        return found

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HeldParts) and self.content() == other.content()

    __hash__ = None  # type: ignore[assignment]  # equal by content


def _given(name: str, value: ArrayLike | None, shape: tuple[int, ...]) -> FloatArray:
    if value is None:
        return np.full(shape, np.nan)
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidParameterError.of(name, value, f"pass numbers, {ADVICE}") from error
    if array.shape != shape:
        raise InvalidParameterError(f"{name} has shape {array.shape}: pass {shape}, {ADVICE}")
    if np.isinf(array).any():
        raise InvalidParameterError(f"{name} holds infinite numbers: pass finite ones, {ADVICE}")
    return array


def _check_weights(weights: FloatArray) -> None:
    held = weights[~np.isnan(weights)]
    total, all_held = float(held.sum()), len(held) == len(weights)
    if (held < 0.0).any():
        raise InvalidParameterError.of(
            "weights_fixed", weights.tolist(), "pass weights that are not negative"
        )
    if all_held and abs(total - 1.0) > TOLERANCES.solve.one:
        raise InvalidParameterError.of("weights_fixed", weights.tolist(), "pass weights that sum to one")
    if not all_held and not total < 1.0:
        raise InvalidParameterError.of(
            "weights_fixed", weights.tolist(), "pass held weights that leave something to the free ones"
        )


def _check_covariances(kind: CovarianceKind, covariances: FloatArray) -> None:
    free = np.isnan(covariances)
    if kind.name not in ("full", "tied"):
        if (covariances[~free] <= 0.0).any():
            raise InvalidParameterError.of(
                "covariances_fixed", covariances.tolist(), "pass variances above 0"
            )
        return
    for i, matrix in enumerate(covariances if kind.name == "full" else covariances[None]):
        gaps = np.isnan(matrix)
        where = f"covariances_fixed[{i}]" if kind.name == "full" else "covariances_fixed"
        if gaps.any() and not gaps.all():
            raise InvalidParameterError.of(
                where,
                matrix.tolist(),
                "pass a whole matrix, or NaN for all of it",
            )
        if not gaps.any():
            try:
                Mixture(None, np.zeros((1, len(matrix))), matrix[None], "full")
            except InvalidParameterError as error:
                raise InvalidParameterError(f"{where}: {error}") from error
            if not np.array_equal(matrix, matrix.T):
                raise InvalidParameterError.of(where, matrix.tolist(), "pass a symmetric matrix")


def _with_gaps(values: Any) -> Any:
    if isinstance(values, list):
        return [_with_gaps(value) for value in values]
    return None if np.isnan(values) else values
