"""What a linear map makes of a mixture's parameters."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.covariances import CovarianceKind, kind_named
from gmmscape.exceptions import InvalidParameterError
from gmmscape.mixture.parts import MixtureParts
from gmmscape.validation import finite_array


def mapped(
    mixture: MixtureParts, A: ArrayLike, b: ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray, str]:
    """Return weights, means, covariances and their type of ``A x + b``; see `Mixture.transformed`."""
    d = mixture.n_features
    matrix = np.atleast_2d(finite_array("A", A, ndim=(1, 2)))
    m = len(matrix)
    if matrix.shape[1] != d:
        raise InvalidParameterError(f"A has shape {matrix.shape}: pass (m, {d}), one column for each feature")
    offset = finite_array("b", b, ndim=(0, 1))
    if offset.shape not in ((), (m,)):
        raise InvalidParameterError(f"b has shape {offset.shape}: pass one number, or {m}")
    _check_rank(matrix, np.sqrt(mixture.column_variances().max(axis=0)))
    # Through the roots: directions in which a component is thin stay as exact as they are.
    rooted = matrix @ np.linalg.cholesky(mixture.full_covariances())
    full = rooted @ np.swapaxes(rooted, -1, -2)
    kind = _kind_of(full, mixture.kind)
    return mixture.weights, mixture.means @ matrix.T + offset, kind.stored(full), kind.name


def _check_rank(matrix: FloatArray, scales: FloatArray) -> None:
    """Raise unless the rows are linearly independent, in units of the columns and of their own length."""
    m, d = matrix.shape
    if not 1 <= m <= d:
        raise InvalidParameterError(
            f"A has {m} rows and {d} columns: pass at most {d} rows and at least one, because the result "
            "would have no density"
        )
    rows = matrix / np.maximum(np.abs(matrix).max(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    rows = rows * (scales / scales.max())
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    rank = np.linalg.matrix_rank(rows / lengths) if lengths.all() else 0
    if rank < m:
        raise InvalidParameterError.of(
            "A",
            matrix.tolist(),
            "its rows are not linearly independent: leave out those that follow from others",
        )


def _kind_of(full: FloatArray, own: CovarianceKind) -> CovarianceKind:
    """Return the mixture's own kind where it holds these matrices (k, m, m) exactly, else full."""
    k, m, _ = full.shape
    kept = np.array_equal(own.matrices(own.stored(full), k, m), full)
    return own if kept else kind_named("full")
