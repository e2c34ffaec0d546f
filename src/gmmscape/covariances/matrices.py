"""Whole matrices: one for each component, or one for all."""

from __future__ import annotations

from typing import Any

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray, IntArray
from gmmscape.covariances.cholesky import precision_factors
from gmmscape.covariances.conditioning import Conditioned, Regressions
from gmmscape.covariances.kind import CovarianceKind, log_of_products
from gmmscape.exceptions import InvalidParameterError


class _Matrices(CovarianceKind):
    """What both kinds have in common: arrays whose last two axes are a matrix."""

    def work(self, d: int) -> int:
        return d * d

    def _sound(self, covariances: FloatArray) -> FloatArray:
        transposed = np.swapaxes(covariances, -1, -2)
        scale = np.abs(covariances).max()
        if np.abs(covariances - transposed).max() > 1e-8 * scale:
            raise InvalidParameterError("covariances are not symmetric: pass symmetric matrices")
        return 0.5 * covariances + 0.5 * transposed  # in this order nothing overflows

    def without_asymmetry(self, value: Any) -> FloatArray:
        C = np.asarray(value, dtype=np.float64)
        if C.ndim < 2 or C.shape[-1] != C.shape[-2]:
            return C
        transposed = np.swapaxes(C, -1, -2)
        rounded = np.abs(C - transposed).max() <= 1e-4 * np.abs(C).max()  # 1e-7 in single precision
        return 0.5 * C + 0.5 * transposed if rounded else C

    def in_columns(self, covariances: FloatArray, columns: Any) -> FloatArray:
        return covariances[..., columns, :][..., columns]

    def each_of(self, matrices: FloatArray) -> FloatArray:
        return matrices

    def given(self, covariances: FloatArray, given: Any, rest: Any) -> tuple[FloatArray, FloatArray]:
        # Roots of the columns in this order hold both: no difference is taken that could lose its sign.
        m = len(given)
        roots = np.linalg.cholesky(self.in_columns(covariances, [*given, *rest]))
        first, across, last = roots[..., :m, :m], roots[..., m:, :m], roots[..., m:, m:]
        slopes = np.swapaxes(np.linalg.solve(np.swapaxes(first, -1, -2), np.swapaxes(across, -1, -2)), -1, -2)
        return slopes, last @ np.swapaxes(last, -1, -2)

    def precisions(self, factors: FloatArray) -> FloatArray:
        return factors @ np.swapaxes(factors, -1, -2)

    def lost_in_rounding(self, covariances: FloatArray, factors: FloatArray) -> bool:
        # The trace of the inverse of the correlations bounds one over their least eigenvalue, which has to be
        # above d (d + 1) / 2 units of rounding for a factorisation to succeed (Demmel 1989); here four times.
        d = covariances.shape[-1]
        deviations = np.sqrt(np.diagonal(covariances, axis1=-2, axis2=-1))
        inverse = np.square(deviations[..., None] * factors).sum(axis=(-2, -1))
        return not bool((2 * d * (d + 1) * np.finfo(np.float64).eps * inverse < 1.0).all())

    def inverse_deviations(self, factors: FloatArray) -> FloatArray:
        return np.diagonal(factors, axis1=-2, axis2=-1)

    def relative_changes(self, change: FloatArray, factors: FloatArray, d: int) -> FloatArray:
        scaled = np.swapaxes(factors, -1, -2) @ change @ factors
        return np.atleast_1d(np.linalg.norm(scaled, axis=(-2, -1)))

    def log_determinants(self, covariances: FloatArray, d: int) -> FloatArray:
        return np.linalg.slogdet(covariances)[1]

    def log_scales(self, factors: FloatArray, unit: float, d: int) -> FloatArray:
        return log_of_products(np.diagonal(factors, axis1=-2, axis2=-1), unit).sum(axis=-1)

    def squared_lengths(self, gaps: FloatArray, covariances: FloatArray) -> FloatArray:
        return (gaps * np.linalg.solve(covariances, gaps[:, :, None])[:, :, 0]).sum(axis=1)

    def pseudo_scatter(self, covariance: FloatArray) -> FloatArray:
        return covariance

    def divergences(self, covariance: FloatArray, factors: FloatArray) -> FloatArray:
        root = np.linalg.cholesky(covariance)
        relative = root.T @ factors
        squares = np.square(relative).sum(axis=(-2, -1))
        logs = np.log(np.diagonal(root) * np.diagonal(factors, axis1=-2, axis2=-1)).sum(axis=-1)
        return np.atleast_1d(0.5 * (squares - len(root)) - logs)

    def conditioned(self, factors: FloatArray, observed: BoolArray) -> Conditioned:
        stacked = factors[None] if factors.ndim == 2 else factors
        return Regressions(stacked, observed, shared=self.shared)

    def embedded(self, scatter: FloatArray, columns: IntArray, d: int) -> FloatArray:
        found = np.zeros((*scatter.shape[:-2], d, d))
        found[..., columns[:, None], columns] = scatter
        return found

    def scatter(self, deviations: FloatArray, weights: FloatArray) -> FloatArray:
        rooted = deviations * np.sqrt(weights)[:, None]  # keeps the product exactly symmetric
        return rooted.T @ rooted

    def without(self, scaled: FloatArray, shares: FloatArray) -> tuple[FloatArray, FloatArray]:
        squares = np.square(scaled).sum(axis=1)
        kept = np.maximum(1.0 - shares * squares, np.finfo(np.float64).eps)
        return squares / kept, np.log(kept)

    def spread(self, gaps: FloatArray) -> FloatArray:
        return gaps[:, :, None] * gaps[:, None, :]

    def lifted(self, covariances: FloatArray, floor: FloatArray) -> tuple[FloatArray, bool]:
        """Clip the eigenvalues of F^-1/2 C F^-1/2 from below at one, F = diag(floor)."""
        if not np.isfinite(covariances).all():
            return covariances, False  # no mixture is made of them
        covariances, moved = _lone_columns_lifted(covariances, floor)
        outer = _outer(_floor_beside(covariances, floor))
        with np.errstate(over="ignore"):
            scaled = covariances / outer
        # Where a product of two columns is so far above their variances, rounding has left no matrix
        # that is positive definite: no mixture is made of it either.
        if not np.isfinite(scaled).all() or _above(scaled):
            return covariances, moved
        values, vectors = np.linalg.eigh(scaled)
        if values.min() >= 1.0:
            return covariances, moved
        with np.errstate(over="ignore", invalid="ignore"):
            lifted = (vectors * np.maximum(values, 1.0)[..., None, :]) @ np.swapaxes(vectors, -1, -2)
            lifted = np.where((values.min(axis=-1) < 1.0)[..., None, None], outer * lifted, covariances)
            lifted = 0.5 * (lifted + np.swapaxes(lifted, -1, -2))
        return (lifted, True) if np.isfinite(lifted).all() else (covariances, moved)

    def held_up(self, covariances: FloatArray, floor: FloatArray, varying: BoolArray | slice) -> BoolArray:
        matrices = covariances if covariances.ndim == 3 else covariances[None]
        scaled = (matrices / _outer(_floor_beside(matrices, floor)))[:, varying][:, :, varying]
        if _all_above(scaled, 1e-9 + 8 * np.finfo(np.float64).eps * np.trace(scaled, axis1=1, axis2=2).max()):
            return np.zeros(len(scaled), dtype=bool)
        values = np.linalg.eigvalsh(scaled)
        rounding = 8 * np.finfo(np.float64).eps * values[:, -1]
        return values[:, 0] <= 1.0 + 1e-9 + rounding

    def units(self, covariance: FloatArray) -> FloatArray:
        try:
            np.linalg.cholesky(covariance)
        except np.linalg.LinAlgError:  # collinear columns
            return column_units(covariance)
        return precision_factors(covariance[None])[0]

    def in_units(self, change: FloatArray, units: FloatArray) -> FloatArray:
        return units.T @ change @ units

    def roots(self, covariances: FloatArray) -> FloatArray:
        return np.linalg.cholesky(covariances)

    def coloured(self, noise: FloatArray, roots: FloatArray, i: int) -> FloatArray:
        return noise @ (roots if roots.ndim == 2 else roots[i]).T

    def column_variances(self, covariances: FloatArray, k: int, d: int) -> FloatArray:
        return np.broadcast_to(np.diagonal(covariances, axis1=-2, axis2=-1), (k, d))


class Full(_Matrices):
    """A matrix for each component, (k, d, d)."""

    name = "full"

    def shape(self, k: int, d: int) -> tuple[int, ...]:
        return k, d, d

    def n_parameters(self, k: int, d: int) -> int:
        return k * d * (d + 1) // 2

    def fewest_rows(self, d: int) -> int:
        return d + 1

    def matrices(self, covariances: FloatArray, k: int, d: int) -> FloatArray:
        return covariances.copy()

    def stored(self, matrices: FloatArray) -> FloatArray:
        return matrices

    def repeated(self, matrix: FloatArray, k: int) -> FloatArray:
        return np.tile(matrix, (k, 1, 1))

    def factors(self, covariances: FloatArray) -> FloatArray:
        first, k = covariances[:1], len(covariances)
        if k > 1 and np.array_equal(first, covariances[-1:]) and (covariances == first).all():  # a start
            return np.repeat(precision_factors(first), k, axis=0)
        return precision_factors(covariances)

    def scaled(self, gaps: FloatArray, factors: FloatArray, i: int) -> FloatArray:
        return gaps @ factors[i]

    def scaled_each(self, shifts: FloatArray, factors: FloatArray) -> FloatArray:
        by_component = np.moveaxis(shifts, -2, 0)
        scaled = by_component.reshape(len(factors), -1, shifts.shape[-1]) @ factors
        return np.moveaxis(scaled.reshape(by_component.shape), 0, -2)

    def merged_scatter(self, total: FloatArray, between: FloatArray, gap: FloatArray) -> FloatArray:
        rooted = np.sqrt(between)[:, None] * gap  # its products are exactly symmetric
        return total + rooted[:, :, None] * rooted[:, None, :]

    def estimated(self, scatter: FloatArray, mass: FloatArray, current: FloatArray, d: int) -> FloatArray:
        alive = (mass > 0)[:, None, None]
        return np.where(alive, scatter / np.where(alive, mass[:, None, None], 1.0), current)


class Tied(_Matrices):
    """One matrix for all components, (d, d)."""

    name = "tied"
    shared = True

    @property
    def own(self) -> CovarianceKind:
        return FULL

    def shape(self, k: int, d: int) -> tuple[int, ...]:
        return d, d

    def n_parameters(self, k: int, d: int) -> int:
        return d * (d + 1) // 2

    def fewest_rows(self, d: int) -> int:
        return 1

    def chosen(self, stored: FloatArray, which: Any) -> FloatArray:
        return stored

    def with_more(self, covariances: FloatArray, more: FloatArray) -> FloatArray:
        return covariances

    def matrices(self, covariances: FloatArray, k: int, d: int) -> FloatArray:
        return np.repeat(covariances[None], k, axis=0)

    def stored(self, matrices: FloatArray) -> FloatArray:
        return matrices[0]

    def repeated(self, matrix: FloatArray, k: int) -> FloatArray:
        return matrix

    def factors(self, covariances: FloatArray) -> FloatArray:
        return precision_factors(covariances[None])[0]

    def scaled(self, gaps: FloatArray, factors: FloatArray, i: int) -> FloatArray:
        return gaps @ factors

    def scaled_each(self, shifts: FloatArray, factors: FloatArray) -> FloatArray:
        return shifts @ factors

    def joined(self, scatters: list[FloatArray]) -> FloatArray:
        return sum(scatters[1:], start=scatters[0])

    def merged_scatter(self, total: FloatArray, between: FloatArray, gap: FloatArray) -> FloatArray:
        rooted = np.sqrt(between)[:, None] * gap
        return total + rooted.T @ rooted

    def estimated(self, scatter: FloatArray, mass: FloatArray, current: FloatArray, d: int) -> FloatArray:
        return scatter / mass.sum()

    def with_pseudo_rows(
        self, scatter: FloatArray, mass: FloatArray, covariance: FloatArray, amount: float
    ) -> tuple[FloatArray, FloatArray]:
        return scatter + amount * covariance, mass + amount / len(mass)


def column_units(covariance: FloatArray) -> FloatArray:
    """Return the diagonal matrix that brings columns of this covariance (d, d) to variance one."""
    variance = np.diagonal(covariance)
    return np.diag(1.0 / np.sqrt(np.where(variance > 0, variance, 1.0)))


def _lone_columns_lifted(covariances: FloatArray, floor: FloatArray) -> tuple[FloatArray, bool]:
    """Lift columns that covary with no other, such as constant ones: they are eigenvectors by themselves."""
    d = len(floor)
    variances = np.diagonal(covariances, axis1=-2, axis2=-1)
    low = (variances < floor) & (np.count_nonzero(covariances, axis=-1) <= (variances != 0))
    if not low.any():
        return covariances, False
    covariances = covariances.copy()
    covariances[..., np.arange(d), np.arange(d)] = np.where(low, floor, variances)
    return covariances, True


def _above(scaled: FloatArray) -> bool:
    """Whether all eigenvalues are above one, but for those of lone columns, which are not below."""
    return _all_above(scaled, np.where(np.count_nonzero(scaled, axis=-1) <= 1, -1.0, 0.0))


def _all_above(scaled: FloatArray, more: FloatArray | float) -> bool:
    """Whether scaled - (1 + more) I is positive definite, by factors: for less than the eigenvalues cost."""
    margin = scaled.copy()
    i = np.arange(scaled.shape[-1])
    margin[..., i, i] -= 1.0 + more
    try:
        np.linalg.cholesky(margin)
    except np.linalg.LinAlgError:
        return False
    return True


def _floor_beside(covariances: FloatArray, floor: FloatArray) -> FloatArray:
    """The floor, but 2^-1000 of the largest variance: what is lower holds nothing, and quotients overflow."""
    d = len(floor)
    variances = np.diagonal(covariances, axis1=-2, axis2=-1).reshape(-1, d)
    return np.maximum(floor, 2.0**-1000 * variances.max(axis=0, initial=0.0))


def _outer(floor: FloatArray) -> FloatArray:
    root = np.sqrt(floor)
    return root[:, None] * root


FULL, TIED = Full(), Tied()
