"""The plain arrays that an engine computes with."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray


class Parameters(NamedTuple):
    """A mixture as the engine sees it.

    `factors` are precision factors U with U U' = inverse covariance: shape (k,) for kind "spherical",
    (k, d) for "diag", (d, d) upper triangular for "tied", (k, d, d) upper triangular for "full".
    """

    kind: str
    log_weights: FloatArray
    means: FloatArray
    factors: FloatArray

    @property
    def log_determinants(self) -> FloatArray:
        """Log determinant of each precision factor, shape (k,)."""
        k, d = self.means.shape
        if self.kind == "spherical":
            return d * np.log(self.factors)
        if self.kind == "diag":
            return np.log(self.factors).sum(axis=1)
        diagonal = np.diagonal(self.factors, axis1=-2, axis2=-1)
        return np.broadcast_to(np.log(diagonal).sum(axis=-1), (k,))
