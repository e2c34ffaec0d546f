"""Free covariances of which components share volume, shape or orientation: mclust's families."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.covariances import DIAG
from gmmscape.exceptions import InvalidParameterError
from gmmscape.families.decomposition import ALL, Decomposition
from gmmscape.families.family import NativeFamily
from gmmscape.families.floor import Floor
from gmmscape.families.free_covariance import FreeCovariance
from gmmscape.families.maximisers import MAXIMISERS
from gmmscape.mixture import Mixture
from gmmscape.tolerances import TOLERANCES

EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Parsimonious(FreeCovariance):
    """Weights and means are free; of volume, shape and orientation what the decomposition says.

    Attributes
    ----------
    shared : Decomposition
        What components share.
    """

    shared: Decomposition = ALL[-1]
    whole = False

    @classmethod
    def of(cls, shared: Decomposition, floor: Floor) -> Self:
        """Return the family under a floor, as far as the family's own group lets it differ between columns.

        Families that column scales leave as they are keep it (least variances of the columns); balls have
        its average, as spherical covariances do; those of axes of their own the least of it, in every
        direction.
        """
        variances = floor.variances
        if len(variances) and not shared.linear:
            least = variances.mean() if shared.shape == "I" else variances.min()
            floor = replace(floor, variances=np.full(len(variances), least))
        return cls(shared.kind, floor, None, shared)

    @property
    def name(self) -> str:  # type: ignore[override]
        """mclust's name."""
        return self.shared.name

    @property
    def collapsible(self) -> bool:
        """Whether a component on few rows can be as narrow as it likes."""
        return self.shared.collapsible

    def fitted(self, scatter: FloatArray, mass: FloatArray, current: Mixture) -> FloatArray:
        """Return the covariances that maximise the expected log-likelihood, or raise it from `current`."""
        return self._fitted(scatter, mass, current.covariances)

    def _fitted(self, scatter: FloatArray, mass: FloatArray, current: FloatArray) -> FloatArray:
        if self.kind.shared:
            return self._in_units(scatter, mass, current)
        dead = ~(mass > 0)
        if dead.any():
            # Of vanishing mass: it keeps what is its own, and moves nothing that is shared.
            ghost = EPS * mass.sum()
            mass = np.where(dead, ghost, mass)
            scatter = np.where(_beside(dead, scatter), ghost * current, scatter)
        return self._in_units(scatter, mass, current)

    def _in_units(self, scatter: FloatArray, mass: FloatArray, current: FloatArray) -> FloatArray:
        """The maximiser, in units of the floor where there is one."""
        units = self._units
        if units is None:
            return self._maximised(scatter, mass, current, 0.0)
        with np.errstate(over="ignore"):  # what has become infinite makes no mixture, which is said
            return units * self._maximised(scatter / units, mass, current / units, 1.0)

    def _maximised(
        self, scatter: FloatArray, mass: FloatArray, current: FloatArray, least: float
    ) -> FloatArray:
        try:
            with np.errstate(all="ignore"):
                found = MAXIMISERS[self.name](scatter, mass, current, least)
        except np.linalg.LinAlgError as error:
            raise InvalidParameterError(f"covariances of family {self.name} are singular: {error}") from error
        return 0.5 * (found + np.swapaxes(found, -1, -2)) if found.ndim > 2 else found

    @property
    def _units(self) -> FloatArray | None:
        """What covariances are divided by so that the floor is one; None without a floor."""
        variances = self.floor.variances
        if not variances.any():
            return None
        return variances if self.kind == DIAG else _products(variances)

    def _brought(self, weights: FloatArray, covariances: FloatArray) -> tuple[FloatArray, bool]:
        """Covariances of the family nearest to components of these weights by divergence; whether moved."""
        weights = np.maximum(weights, EPS * weights.sum())
        if self.kind.shared:
            scatter = weights.sum() * covariances
        else:
            scatter = _beside(weights, covariances) * covariances
        found = self._fitted(scatter, weights, covariances)
        scale = covariances if self.kind == DIAG else _products(np.diagonal(covariances, axis1=-2, axis2=-1))
        same = np.abs(found - covariances) <= TOLERANCES.solve.same_covariance * scale
        return (covariances, False) if same.all() else (found, True)

    def lifted(self, covariances: FloatArray) -> tuple[FloatArray, bool]:
        """Return covariances of equal weights brought into the family, floor included, and whether moved."""
        k = 1 if self.kind.shared else len(covariances)
        return self._brought(np.full(k, 1.0 / k), covariances)

    def lifted_each(self, weights: FloatArray, covariances: FloatArray) -> FloatArray:
        """Return those of b mixtures brought into the family: weights (b, k), covariances (b, ...)."""
        return np.stack([self._nearest(*one) for one in zip(weights, covariances, strict=True)])

    def _nearest(self, weights: FloatArray, covariances: FloatArray) -> FloatArray:
        try:
            return self._brought(weights, covariances)[0]
        except InvalidParameterError:  # what is no mixture has no nearest
            return covariances

    def made(self, weights: FloatArray | None, means: FloatArray, covariances: FloatArray) -> Mixture:
        """Return the mixture of these parts, its covariances brought into the family."""
        each = np.full(len(means), 1.0 / len(means)) if weights is None else np.asarray(weights)
        return Mixture(weights, means, self._brought(each, covariances)[0], self.kind.name)

    def admissible(self, mixture: Mixture) -> Mixture:
        """Return `mixture` with its covariances brought into the family; itself if they are."""
        covariances, moved = self._brought(mixture.weights, mixture.covariances)
        if not moved:
            return mixture
        return Mixture(mixture.weights, mixture.means, covariances, mixture.covariance_type)

    def _divergences(self, mixture: Mixture) -> FloatArray:
        """Of a shared covariance those of what the family can tell of the prior's scale."""
        if self.prior is None or not self.kind.shared:
            return super()._divergences(mixture)
        told = MAXIMISERS[self.name](self.prior.scale, np.ones(1), self.prior.scale, 0.0)
        return self.prior.mass * self.kind.divergences(told, mixture.parameters.factors)

    def n_parameters(self, k: int, d: int) -> int:
        """Return k d of means, k - 1 of weights, and those of the covariances."""
        return k * d + self.shared.n_parameters(k, d) + k - 1

    def fewest_rows(self, d: int) -> int:
        """Return the fewest rows that what a component has of its own can be estimated from."""
        return self.shared.fewest_rows(d)

    def native(self, d: int) -> NativeFamily | None:
        """Return None: the compiled loop knows of nothing that is shared."""
        return None


def _beside(values: np.ndarray, array: FloatArray) -> np.ndarray:
    """One value for each component, shaped to meet an array whose first axis is the component."""
    return values.reshape(-1, *[1] * (array.ndim - 1))


def _products(variances: FloatArray) -> FloatArray:
    """Products of two standard deviations, (..., d, d): the units of covariances."""
    root = np.sqrt(np.maximum(variances, 0.0))
    return root[..., :, None] * root[..., None, :]
