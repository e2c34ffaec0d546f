"""Variances along the axes: one for each column of each component, or one for each component."""

from __future__ import annotations

from typing import Any

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray, IntArray
from gmmscape.covariances.conditioning import Conditioned, Independent
from gmmscape.covariances.kind import CovarianceKind, log_of_products
from gmmscape.covariances.matrices import column_units
from gmmscape.exceptions import InvalidParameterError


class _Variances(CovarianceKind):
    """What both kinds have in common: positive numbers whose first axis is the component."""

    def work(self, d: int) -> int:
        return d

    def _sound(self, covariances: FloatArray) -> FloatArray:
        if np.any(covariances <= 0):
            at = tuple(int(i) for i in np.argwhere(covariances <= 0)[0])
            raise InvalidParameterError(f"covariances{list(at)}={covariances[at]:g}: pass positive variances")
        return covariances

    def fewest_rows(self, d: int) -> int:
        return 2

    def given(self, covariances: FloatArray, given: Any, rest: Any) -> tuple[FloatArray, FloatArray]:
        return np.zeros((len(rest), len(given))), self.in_columns(covariances, rest)

    def factors(self, covariances: FloatArray) -> FloatArray:
        return 1.0 / np.sqrt(covariances)

    def precisions(self, factors: FloatArray) -> FloatArray:
        return factors**2

    def scaled(self, gaps: FloatArray, factors: FloatArray, i: int) -> FloatArray:
        return gaps * factors[i]

    def roots(self, covariances: FloatArray) -> FloatArray:
        return np.sqrt(covariances)

    def coloured(self, noise: FloatArray, roots: FloatArray, i: int) -> FloatArray:
        return noise * roots[i]

    def column_variances(self, covariances: FloatArray, k: int, d: int) -> FloatArray:
        return np.broadcast_to(covariances.reshape(k, -1), (k, d))

    def conditioned(self, factors: FloatArray, observed: BoolArray) -> Conditioned:
        k, d = len(factors), observed.shape[1]
        variances = np.broadcast_to(factors.reshape(k, -1) ** -2.0, (k, d))
        return Independent(variances, factors, observed)


class Diag(_Variances):
    """A variance for each column of each component, (k, d)."""

    name = "diag"

    def shape(self, k: int, d: int) -> tuple[int, ...]:
        return k, d

    def n_parameters(self, k: int, d: int) -> int:
        return k * d

    def matrices(self, covariances: FloatArray, k: int, d: int) -> FloatArray:
        return covariances[:, :, None] * np.eye(d)

    def embedded(self, scatter: FloatArray, columns: IntArray, d: int) -> FloatArray:
        found = np.zeros((len(scatter), d))
        found[:, columns] = scatter
        return found

    def in_columns(self, covariances: FloatArray, columns: Any) -> FloatArray:
        return covariances[:, columns]

    def stored(self, matrices: FloatArray) -> FloatArray:
        return np.diagonal(matrices, axis1=1, axis2=2).copy()

    def repeated(self, matrix: FloatArray, k: int) -> FloatArray:
        return np.tile(np.diagonal(matrix), (k, 1))

    def each_of(self, matrices: FloatArray) -> FloatArray:
        return np.diagonal(matrices, axis1=1, axis2=2).copy()

    def inverse_deviations(self, factors: FloatArray) -> FloatArray:
        return factors

    def scaled_each(self, shifts: FloatArray, factors: FloatArray) -> FloatArray:
        return shifts * factors

    def relative_changes(self, change: FloatArray, factors: FloatArray, d: int) -> FloatArray:
        return np.linalg.norm(change * factors**2, axis=1)

    def log_determinants(self, covariances: FloatArray, d: int) -> FloatArray:
        return np.log(covariances).sum(axis=1)

    def log_scales(self, factors: FloatArray, unit: float, d: int) -> FloatArray:
        return log_of_products(factors, unit).sum(axis=1)

    def squared_lengths(self, gaps: FloatArray, covariances: FloatArray) -> FloatArray:
        return (gaps**2 / covariances).sum(axis=1)

    def scatter(self, deviations: FloatArray, weights: FloatArray) -> FloatArray:
        return weights @ deviations**2

    def without(self, scaled: FloatArray, shares: FloatArray) -> tuple[FloatArray, FloatArray]:
        squares = np.square(scaled)
        kept = np.maximum(1.0 - shares[:, None] * squares, np.finfo(np.float64).eps)
        return (squares / kept).sum(axis=1), np.log(kept).sum(axis=1)

    def pseudo_scatter(self, covariance: FloatArray) -> FloatArray:
        return np.diagonal(covariance)

    def divergences(self, covariance: FloatArray, factors: FloatArray) -> FloatArray:
        relative = np.sqrt(np.diagonal(covariance)) * factors
        return (0.5 * (relative**2 - 1.0) - np.log(relative)).sum(axis=1)

    def merged_scatter(self, total: FloatArray, between: FloatArray, gap: FloatArray) -> FloatArray:
        return total + between[:, None] * gap**2

    def estimated(self, scatter: FloatArray, mass: FloatArray, current: FloatArray, d: int) -> FloatArray:
        alive = (mass > 0)[:, None]
        return np.where(alive, scatter / np.where(alive, mass[:, None], 1.0), current)

    def spread(self, gaps: FloatArray) -> FloatArray:
        return gaps**2

    def lifted(self, covariances: FloatArray, floor: FloatArray) -> tuple[FloatArray, bool]:
        lifted = np.maximum(covariances, floor)
        return lifted, bool(np.any(lifted > covariances))

    def held_up(self, covariances: FloatArray, floor: FloatArray, varying: BoolArray | slice) -> BoolArray:
        return np.any((covariances * (1.0 - 1e-9) < floor)[:, varying], axis=1)

    def units(self, covariance: FloatArray) -> FloatArray:
        return column_units(covariance)

    def in_units(self, change: FloatArray, units: FloatArray) -> FloatArray:
        return change * np.diagonal(units) ** 2


class Spherical(_Variances):
    """A variance for each component, (k,).

    Its floor is the average over the coordinates, which keeps it invariant under rotation.
    """

    name = "spherical"

    def shape(self, k: int, d: int) -> tuple[int, ...]:
        return (k,)

    def n_parameters(self, k: int, d: int) -> int:
        return k

    def matrices(self, covariances: FloatArray, k: int, d: int) -> FloatArray:
        return np.broadcast_to(covariances[:, None], (k, d))[:, :, None] * np.eye(d)

    def in_columns(self, covariances: FloatArray, columns: Any) -> FloatArray:
        return covariances

    def embedded(self, scatter: FloatArray, columns: IntArray, d: int) -> FloatArray:
        return scatter

    def stored(self, matrices: FloatArray) -> FloatArray:
        return np.diagonal(matrices, axis1=1, axis2=2)[:, 0].copy()

    def repeated(self, matrix: FloatArray, k: int) -> FloatArray:
        return np.full(k, np.trace(matrix) / len(matrix))

    def each_of(self, matrices: FloatArray) -> FloatArray:
        return np.diagonal(matrices, axis1=1, axis2=2).mean(axis=1)

    def isotropic(self, covariances: FloatArray) -> FloatArray | None:
        return covariances

    def inverse_deviations(self, factors: FloatArray) -> FloatArray:
        return factors[:, None]

    def scaled_each(self, shifts: FloatArray, factors: FloatArray) -> FloatArray:
        return shifts * factors[:, None]

    def relative_changes(self, change: FloatArray, factors: FloatArray, d: int) -> FloatArray:
        return np.abs(change * factors**2) * np.sqrt(d)

    def log_determinants(self, covariances: FloatArray, d: int) -> FloatArray:
        return d * np.log(covariances)

    def log_scales(self, factors: FloatArray, unit: float, d: int) -> FloatArray:
        return d * log_of_products(factors, unit)

    def squared_lengths(self, gaps: FloatArray, covariances: FloatArray) -> FloatArray:
        return (gaps**2 / covariances[:, None]).sum(axis=1)

    def scatter(self, deviations: FloatArray, weights: FloatArray) -> FloatArray:
        return np.asarray(weights @ (deviations**2).sum(axis=1))

    def without(self, scaled: FloatArray, shares: FloatArray) -> tuple[FloatArray, FloatArray]:
        d = scaled.shape[1]
        squares = np.square(scaled).sum(axis=1)
        kept = np.maximum(1.0 - shares * squares / d, np.finfo(np.float64).eps)
        return squares / kept, d * np.log(kept)

    def pseudo_scatter(self, covariance: FloatArray) -> FloatArray:
        return np.trace(covariance)

    def divergences(self, covariance: FloatArray, factors: FloatArray) -> FloatArray:
        relative = np.sqrt(np.trace(covariance) / len(covariance)) * factors
        return len(covariance) * (0.5 * (relative**2 - 1.0) - np.log(relative))

    def merged_scatter(self, total: FloatArray, between: FloatArray, gap: FloatArray) -> FloatArray:
        return total + between * (gap**2).sum(axis=1)

    def estimated(self, scatter: FloatArray, mass: FloatArray, current: FloatArray, d: int) -> FloatArray:
        alive = mass > 0
        return np.where(alive, scatter / (np.where(alive, mass, 1.0) * d), current)

    def spread(self, gaps: FloatArray) -> FloatArray:
        return (gaps**2).mean(axis=1)

    def lifted(self, covariances: FloatArray, floor: FloatArray) -> tuple[FloatArray, bool]:
        lifted = np.maximum(covariances, floor.mean())
        return lifted, bool(np.any(lifted > covariances))

    def held_up(self, covariances: FloatArray, floor: FloatArray, varying: BoolArray | slice) -> BoolArray:
        if floor[varying].sum() < 0.5 * floor.sum():  # other columns make the floor
            return np.zeros(len(covariances), dtype=bool)
        return covariances * (1.0 - 1e-9) < floor.mean()

    def units(self, covariance: FloatArray) -> FloatArray:
        d = len(covariance)
        spread = np.trace(covariance) / d
        return np.eye(d) / np.sqrt(spread) if spread > 0 else np.eye(d)

    def in_units(self, change: FloatArray, units: FloatArray) -> FloatArray:
        return change * units[0, 0] ** 2


DIAG, SPHERICAL = Diag(), Spherical()
