"""How covariances are stored, checked and factored: the four storage kinds."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError
from gmmscape.validation import finite_array

#: scikit-learn's names; shapes (k, d, d), (d, d), (k, d), (k,).
COVARIANCE_TYPES = ("full", "tied", "diag", "spherical")


def checked_covariances(value: ArrayLike, shape: tuple[int, int], kind: str) -> FloatArray:
    """Return covariances of a mixture of shape (k, d) as an exactly symmetric copy, or say what is wrong."""
    k, d = shape
    wanted = {"full": (k, d, d), "tied": (d, d), "diag": (k, d), "spherical": (k,)}[kind]
    covariances = finite_array("covariances", value, ndim=(1, 2, 3))
    if covariances.shape != wanted:
        raise InvalidParameterError(
            f"covariances has shape {covariances.shape}: covariance_type={kind!r} with {k} component(s) "
            f"in {d} dimension(s) needs {wanted}"
        )
    if kind in ("diag", "spherical"):
        if np.any(covariances <= 0):
            at = tuple(int(i) for i in np.argwhere(covariances <= 0)[0])
            raise InvalidParameterError(f"covariances{list(at)}={covariances[at]:g}: pass positive variances")
        return covariances
    transposed = np.swapaxes(covariances, -1, -2)
    scale = np.abs(covariances).max()
    if np.abs(covariances - transposed).max() > 1e-8 * scale:
        raise InvalidParameterError("covariances are not symmetric: pass symmetric matrices")
    return 0.5 * covariances + 0.5 * transposed  # in this order nothing overflows


def precision_factors(covariances: FloatArray, kind: str) -> FloatArray:
    """Return factors U with U U' = inverse covariance, as `engine.Parameters` holds them.

    From one Cholesky factorisation and a triangular solve each: no matrix is inverted.
    """
    if kind in ("diag", "spherical"):
        return 1.0 / np.sqrt(covariances)
    matrices = covariances if kind == "full" else covariances[None]
    try:
        roots = np.linalg.cholesky(matrices)
    except np.linalg.LinAlgError as error:
        raise _not_positive(matrices) from error
    factors = np.swapaxes(_inverse_of_lower(roots), -1, -2)
    return factors if kind == "full" else factors[0]


def _not_positive(matrices: FloatArray) -> InvalidParameterError:
    """Say which of them has no Cholesky factor."""
    smallest = np.linalg.eigvalsh(matrices)[:, 0]
    i = next((i for i, matrix in enumerate(matrices) if not _has_root(matrix)), int(smallest.argmin()))
    return InvalidParameterError(
        f"covariances[{i}] is not positive definite: raise its smallest eigenvalue ({smallest[i]:.3g})"
    )


def _has_root(matrix: FloatArray) -> bool:
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return False
    return True


def _inverse_of_lower(roots: FloatArray) -> FloatArray:
    """Inverses of lower triangular matrices (k, d, d), by forward substitution for all of them at once.

    SciPy's solver starts threads even for a 2 x 2 matrix, which costs milliseconds on a busy machine.
    """
    inverse = np.zeros_like(roots)
    for i in range(roots.shape[-1]):
        inverse[:, i, i] = 1.0
        inverse[:, i] -= (roots[:, i, None, :i] @ inverse[:, :i])[:, 0]
        inverse[:, i] /= roots[:, i, i, None]
    return inverse
