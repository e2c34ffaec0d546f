"""Scrambled Sobol points for expectations under standard Gaussians, with errors from independent scramblings.

Each scrambling is standardised to mean zero and unit covariance, so that quadratic functions, which log
densities are in wide regions, are integrated exactly. What is left differs from one scrambling to the next;
three standard errors of the average are the stated error.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.measure.quadrature import Integrand
from gmmscape.tolerances import TOLERANCES

#: Scrambling i is seeded with (SEED, i): the points are the same in every process and version.
SEED = 0


class SobolRule(NamedTuple):
    """Sobol points of that dimension; each scrambling has 2^log2_each of them."""

    dimension: int
    log2_each: int

    @classmethod
    def of_accuracy(cls, dimension: int, rtol: float) -> SobolRule:
        """Return the rule asked for by an accuracy: 2^12 points for 1e-6, 2^15 for 1e-10, 2^16 at most."""
        total = int(
            np.clip(
                np.ceil(7.5 - 0.75 * np.log10(rtol)), EFFORT.measure.fewest_sobol, EFFORT.measure.most_sobol
            )
        )
        least = int(np.ceil(np.log2(4 * dimension)))  # a covariance needs more points than dimensions
        return cls(dimension, max(total - int(np.log2(EFFORT.measure.scramblings)), least))

    def finer(self) -> SobolRule:
        """Return the rule with four times the points."""
        return self._replace(log2_each=self.log2_each + 2)

    def nodes(self) -> tuple[FloatArray, FloatArray]:
        """Return all points, shape (n, dimension), and their equal weights."""
        z = _points(self.dimension, self.log2_each).reshape(-1, self.dimension)
        return z, np.full(len(z), 1.0 / len(z))

    def measured(self, integrand: Integrand) -> tuple[float, ...]:
        """Return three standard errors of each of the integrand's sums."""
        points = _points(self.dimension, self.log2_each)
        weights = np.full(points.shape[1], 1.0 / points.shape[1])
        each = [integrand(z, weights) for z in points]
        scale = TOLERANCES.measure.standard_errors / np.sqrt(len(each))
        return tuple(
            float(scale * np.std(np.stack(sums), axis=0, ddof=1).max(initial=0.0))
            for sums in zip(*each, strict=True)
        )


@lru_cache(maxsize=8)
def _points(dimension: int, log2_each: int) -> FloatArray:
    """Points of each scrambling, shape (SCRAMBLINGS, 2^log2_each, dimension); shared, read-only."""
    from scipy.special import ndtri
    from scipy.stats import qmc

    points = np.empty((EFFORT.measure.scramblings, 1 << log2_each, dimension))
    for i, one in enumerate(points):
        rng = np.random.default_rng([SEED, i])
        uniform = qmc.Sobol(dimension, rng=rng).random_base2(log2_each)
        z = ndtri(np.clip(uniform, 2.0**-54, 1 - 2.0**-53))
        z -= z.mean(axis=0)
        root = np.linalg.cholesky(z.T @ z / len(z))
        one[:] = np.linalg.solve(root, z.T).T
    points.setflags(write=False)
    return points
