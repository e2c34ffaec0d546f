"""The plain arrays that an engine computes with."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.covariances import kind_named
from gmmscape.threads import cached_property

LOG_2PI = float(np.log(2.0 * np.pi))


class ParameterArrays(NamedTuple):
    """What is given of `Parameters`.

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


class Parameters(ParameterArrays):
    """A mixture as the engine sees it, and what follows from it, computed once: integrals ask very often."""

    @cached_property
    def log_determinants(self) -> FloatArray:
        """Log determinant of each precision factor times the unit, shape (k,)."""
        k, d = self.means.shape
        # Adding zeros broadcasts at a tenth of the price of asking for it.
        return kind_named(self.kind).log_scales(self.factors, self.unit, d) + np.zeros(k)

    @cached_property
    def log_constants(self) -> FloatArray:
        """Log joint density of each component at its own mean, shape (k,)."""
        d = self.means.shape[1]
        return self.log_weights + self.log_determinants - 0.5 * d * LOG_2PI
