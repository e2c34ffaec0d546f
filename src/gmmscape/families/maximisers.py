"""Covariances of each family that shares volume, shape or orientation, from masses and scatters.

Each minimises sum_k (n_k log|C_k| + tr(W_k C_k^-1)), with n_k the mass and W_k the scatter of component k,
under the family's constraint and a least variance in every direction (Celeux and Govaert, Pattern Recognition
28, 1995, have them without the latter). Those that iterate go on where they were in the next M-step.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError
from gmmscape.families.common_axes import fitted_axes, shared_axes
from gmmscape.families.log_variances import of_one_profile, of_one_volume, positive
from gmmscape.tolerances import TOLERANCES

#: Takes scatter, masses, the covariances of before and the least variance; returns the covariances.
Maximiser = Callable[[FloatArray, FloatArray, FloatArray, float], FloatArray]


def one_ball(scatter: FloatArray, mass: FloatArray, current: FloatArray, least: float) -> FloatArray:
    """EII: one variance for all."""
    d = len(scatter)
    return max(float(np.trace(scatter)) / (d * float(mass.sum())), least) * np.eye(d)


def one_diagonal(scatter: FloatArray, mass: FloatArray, current: FloatArray, least: float) -> FloatArray:
    """EEI: one variance for each column."""
    return np.diag(np.maximum(np.diagonal(scatter) / mass.sum(), least))


def scaled_diagonals(scatter: FloatArray, mass: FloatArray, current: FloatArray, least: float) -> FloatArray:
    """VEI: one diagonal in sizes of each component's own."""
    return of_one_profile(scatter, mass, _narrowest(current, least), least)


def diagonals_of_one_volume(
    scatter: FloatArray, mass: FloatArray, current: FloatArray, least: float
) -> FloatArray:
    """EVI: diagonals of one determinant."""
    return of_one_volume(scatter, mass, least)


def scaled_matrices(scatter: FloatArray, mass: FloatArray, current: FloatArray, least: float) -> FloatArray:
    """VEE: one matrix in sizes of each component's own, in turns; geodesically convex, so to the minimum."""
    d, total = scatter.shape[-1], mass.sum()
    matrix = current[int(np.argmin(np.linalg.slogdet(current)[1]))]
    matrix = _above_one(matrix / least) if least else matrix
    sizes = np.ones(len(mass))
    for _ in range(EFFORT.solve.covariance_iterations):
        before = sizes
        squares = np.trace(np.linalg.solve(matrix, scatter), axis1=1, axis2=2)
        sizes = positive(squares / (d * mass), least)
        matrix = np.tensordot(1.0 / sizes, scatter, 1) / total
        matrix = _above_one(matrix) if least else matrix / _volumes(matrix[None])[0]
        if np.abs(sizes - before).max() <= TOLERANCES.solve.same_size * sizes.max():
            break
    return sizes[:, None, None] * (0.5 * (matrix + matrix.T))


def matrices_of_one_volume(
    scatter: FloatArray, mass: FloatArray, current: FloatArray, least: float
) -> FloatArray:
    """EVV: matrices of one determinant."""
    if least:
        values, vectors = _eigen(scatter)
        return _composed(vectors, of_one_volume(values, mass, least))
    volumes = _volumes(scatter)
    return scatter * (volumes.sum() / mass.sum() / volumes)[:, None, None]


def turned_alike(scatter: FloatArray, mass: FloatArray, current: FloatArray, least: float) -> FloatArray:
    """EEV: one set of variances, along each component's own axes."""
    values, vectors = _eigen(scatter)
    return _composed(vectors, positive(np.broadcast_to(values.sum(axis=0) / mass.sum(), values.shape), least))


def turned_and_scaled(scatter: FloatArray, mass: FloatArray, current: FloatArray, least: float) -> FloatArray:
    """VEV: one profile of variances, in own sizes and along own axes."""
    values, vectors = _eigen(scatter)
    profile = _narrowest(np.linalg.eigvalsh(current), least)
    return _composed(vectors, of_one_profile(values, mass, profile, least))


def axes_of_one_volume(
    scatter: FloatArray, mass: FloatArray, current: FloatArray, least: float
) -> FloatArray:
    """EVE: shared axes, variances of one product."""
    axes, variances = fitted_axes(
        scatter, shared_axes(current), lambda sums: of_one_volume(sums, mass, least)
    )
    return _composed(axes, variances)


def axes_alone(scatter: FloatArray, mass: FloatArray, current: FloatArray, least: float) -> FloatArray:
    """VVE: shared axes, variances of each component's own."""
    axes, variances = fitted_axes(
        scatter, shared_axes(current), lambda sums: positive(sums / mass[:, None], least)
    )
    return _composed(axes, variances)


MAXIMISERS: dict[str, Maximiser] = {
    "EII": one_ball,
    "EEI": one_diagonal,
    "VEI": scaled_diagonals,
    "EVI": diagonals_of_one_volume,
    "VEE": scaled_matrices,
    "EVE": axes_of_one_volume,
    "VVE": axes_alone,
    "EEV": turned_alike,
    "VEV": turned_and_scaled,
    "EVV": matrices_of_one_volume,
}


def _narrowest(variances: FloatArray, least: float) -> FloatArray:
    """The profile to begin with: that of the narrowest component, which is at least one where bounded."""
    profile = variances[int(np.argmin(np.log(variances).sum(axis=1)))]
    return np.maximum(profile / least, 1.0) if least else profile


def _eigen(scatter: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Eigenvalues, ascending and not negative, and eigenvectors."""
    values, vectors = np.linalg.eigh(scatter)
    return np.maximum(values, 0.0), vectors


def _composed(vectors: FloatArray, variances: FloatArray) -> FloatArray:
    rooted = vectors * np.sqrt(variances)[:, None, :]
    return rooted @ np.swapaxes(rooted, -1, -2)


def _above_one(matrix: FloatArray) -> FloatArray:
    values, vectors = np.linalg.eigh(matrix)
    return matrix if values[0] >= 1.0 else (vectors * np.maximum(values, 1.0)) @ vectors.T


def _volumes(matrices: FloatArray) -> FloatArray:
    """The d-th root of each determinant; InvalidParameterError where one is not positive."""
    signs, logs = np.linalg.slogdet(matrices)
    if not (signs > 0).all():
        raise InvalidParameterError(
            "a component has no scatter in some direction: use fewer components, a covariance_prior or a "
            "covariance_floor"
        )
    return np.exp(logs / matrices.shape[-1])
