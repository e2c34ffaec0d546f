"""The plain arrays that an engine computes with."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.covariances import kind_named


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
        # Adding zeros broadcasts at a tenth of the price of asking for it: integrals come here very often.
        return kind_named(self.kind).log_scales(self.factors, self.unit, d) + np.zeros(k)
