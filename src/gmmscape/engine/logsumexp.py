"""Row-wise log-sum-exp: compiled where the extension is present, NumPy otherwise."""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.logsumexp import logsumexp_rows as by_numpy

try:
    from gmmscape.engine import _native
except ImportError:  # a source tree without a compiler: same numbers, slower
    _native = None


def logsumexp_rows(matrix: FloatArray) -> FloatArray:
    """Return log(sum(exp(row))) for each row; see `gmmscape.logsumexp.logsumexp_rows`."""
    if _native is None:
        return by_numpy(matrix)
    return _native.logsumexp_rows(np.ascontiguousarray(matrix, dtype=np.float64))
