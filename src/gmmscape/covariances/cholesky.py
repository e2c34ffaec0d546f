"""Precision factors of matrices, and which of them have none."""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError


def precision_factors(matrices: FloatArray) -> FloatArray:
    """Return upper triangular U (k, d, d) with U U' = inverse of each matrix (k, d, d).

    From one Cholesky factorisation and a triangular solve each: no matrix is inverted. Raises
    InvalidParameterError that names the first matrix which is not positive definite.
    """
    try:
        roots = np.linalg.cholesky(matrices)
    except np.linalg.LinAlgError as error:
        raise _not_positive(matrices) from error
    return np.swapaxes(_inverse_of_lower(roots), -1, -2)


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

    Large ones by their blocks. SciPy's solver starts threads even for a 2 x 2 matrix, which costs
    milliseconds on a busy machine.
    """
    inverse, d = np.zeros_like(roots), roots.shape[-1]
    if d > EFFORT.solve.block_columns:
        half = d // 2
        first, last = _inverse_of_lower(roots[:, :half, :half]), _inverse_of_lower(roots[:, half:, half:])
        inverse[:, :half, :half], inverse[:, half:, half:] = first, last
        inverse[:, half:, :half] = -last @ (roots[:, half:, :half] @ first)
        return inverse
    for i in range(d):
        inverse[:, i, i] = 1.0
        inverse[:, i] -= (roots[:, i, None, :i] @ inverse[:, :i])[:, 0]
        inverse[:, i] /= roots[:, i, i, None]
    return inverse
