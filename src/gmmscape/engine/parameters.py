"""The plain arrays that an engine computes with."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray


class Parameters(NamedTuple):
    """A mixture as the engine sees it.

    `factors` are precision factors U with U U' = inverse covariance: shape (k,) for kind "spherical",
    (k, d) for "diag", (d, d) upper triangular for "tied", (k, d, d) upper triangular for "full".

    Densities are per `unit`^d, `unit` a length. With the data's own length as unit, scaling data and
    parameters by a power of two changes no bit of a log density.
    """

    kind: str
    log_weights: FloatArray
    means: FloatArray
    factors: FloatArray
    unit: float = 1.0

    @property
    def log_determinants(self) -> FloatArray:
        """Log determinant of each precision factor times the unit, shape (k,)."""
        k, d = self.means.shape
        if self.kind == "spherical":
            return d * np.log(self.factors * self.unit)
        if self.kind == "diag":
            return np.log(self.factors * self.unit).sum(axis=1)
        diagonal = np.diagonal(self.factors, axis1=-2, axis2=-1) * self.unit
        return np.broadcast_to(np.log(diagonal).sum(axis=-1), (k,))
