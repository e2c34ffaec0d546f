"""Row-wise log-sum-exp: compiled where the extension is present, NumPy otherwise."""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.engine.extension import native
from gmmscape.logsumexp import logsumexp_rows as by_numpy


def logsumexp_rows(matrix: FloatArray) -> FloatArray:
    """Return log(sum(exp(row))) for each row; see `gmmscape.logsumexp.logsumexp_rows`."""
    compiled = native()
    if compiled is None:
        return by_numpy(matrix)
    return compiled.logsumexp_rows(np.ascontiguousarray(matrix, dtype=np.float64))
