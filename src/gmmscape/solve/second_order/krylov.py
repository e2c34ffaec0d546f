"""Trust-region steps in the space that Lanczos' method spans from the gradient."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.solve.newton import trust_region_step


class KrylovSpace:
    """The space, in which the minimiser of the model is found for any radius without another product.

    Gould, Lucidi, Roma and Toint, SIAM J. Optim. 9, 1999. Steps leave along negative curvature.

    Parameters
    ----------
    product : callable
        Multiplies a vector (m,) by the Hessian.
    gradient : ndarray of shape (m,)
        Linear term of the model.
    radius : float
        That the space is to be good for.
    tolerance : float
        Length of the residual, as a share of the gradient.
    most : int
        Products at most.
    every : int, default=1
        Products after which it is seen whether they are enough.
    """

    def __init__(
        self,
        product: Callable[[FloatArray], FloatArray],
        gradient: FloatArray,
        radius: float,
        tolerance: float,
        most: int,
        every: int = 1,
    ) -> None:
        self.size = float(np.linalg.norm(gradient))
        self.basis = np.empty((0, len(gradient)))
        self.tridiagonal = np.empty((0, 0))
        if self.size == 0.0 or not np.isfinite(self.size):
            return
        rows = [gradient / self.size]
        diagonal: list[float] = []
        off: list[float] = []
        most = min(most, len(gradient))
        while True:
            image = product(rows[-1])
            self.basis = np.array(rows)
            inner = self.basis @ image
            diagonal.append(float(inner[-1]))
            for _ in range(2):  # twice is enough
                image = image - inner @ self.basis
                inner = self.basis @ image
            beta = float(np.linalg.norm(image))
            self.tridiagonal = np.diag(diagonal) + np.diag(off, 1) + np.diag(off, -1)
            spent = len(rows) >= most or beta <= 1e-14
            if spent or len(rows) % every == 0:
                h, _ = self._minimiser(radius)
                if spent or beta * abs(h[-1]) <= tolerance * self.size:
                    return
            off.append(beta)
            rows.append(image / beta)

    def step(self, radius: float) -> tuple[FloatArray, float]:
        """Return the minimiser in a ball, and the fall of the model."""
        if not len(self.basis):
            return np.zeros(self.basis.shape[1]), 0.0
        h, predicted = self._minimiser(radius)
        return h @ self.basis, predicted

    def _minimiser(self, radius: float) -> tuple[FloatArray, float]:
        slope = np.zeros(len(self.tridiagonal))
        slope[0] = self.size
        return trust_region_step(slope, self.tridiagonal, radius)
