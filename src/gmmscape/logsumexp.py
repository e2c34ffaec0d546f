"""Row-wise log-sum-exp in NumPy."""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray


def logsumexp_rows(matrix: FloatArray) -> FloatArray:
    """Return log(sum(exp(row))) for each row of an (n, k) matrix, as a vector of length n.

    A row of -inf gives -inf; a row with +inf gives +inf; a row with NaN gives NaN.
    """
    if matrix.shape[1] == 0:
        return np.full(matrix.shape[0], -np.inf)
    top = matrix.max(axis=1)
    shift = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore", over="ignore", under="ignore"):
        return shift + np.log(np.exp(matrix - shift[:, None]).sum(axis=1))
