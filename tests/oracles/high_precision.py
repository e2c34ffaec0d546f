"""A second implementation of population landscapes on a line, in mpmath: slow, plain, and to 30 digits.

Written from the formulas of the design alone: it shares no code, no rule and no step size with the library.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mpmath as mp

TAIL = 12


class HighPrecisionLandscape:
    """NLL, gradient, Hessian and minima of k means under a known mixture.

    Expectations are trapezoid sums around each center, fine enough to be exact to about 20 digits for means
    within 20 sigma of each other.
    """

    def __init__(
        self,
        centers: Sequence[float],
        tau: Sequence[float],
        weights: Sequence[float],
        sigma: float,
        *,
        steps_per_tau: int = 48,
    ) -> None:
        self.sigma = mp.mpf(sigma)
        self.truth = [tuple(map(mp.mpf, item)) for item in zip(weights, centers, tau, strict=True)]
        self.nodes: list[tuple[Any, Any]] = []
        for share, center, width in self.truth:
            step = width / steps_per_tau
            for n in range(-TAIL * steps_per_tau, TAIL * steps_per_tau + 1):
                density = mp.npdf(n * step, 0, width)
                self.nodes.append((center + n * step, share * step * density))

    def _joint(self, x: Any, means: Sequence[Any]) -> list[Any]:
        return [mp.npdf(x, mean, self.sigma) / len(means) for mean in means]

    def nll(self, means: Sequence[Any]) -> Any:
        """Return -E log q."""
        return -mp.fsum(w * mp.log(mp.fsum(self._joint(x, means))) for x, w in self.nodes)

    def kl(self, means: Sequence[Any]) -> Any:
        """Return E log p - E log q."""
        total = mp.mpf(0)
        for x, w in self.nodes:
            truth = mp.fsum(share * mp.npdf(x, center, width) for share, center, width in self.truth)
            total += w * mp.log(truth / mp.fsum(self._joint(x, means)))
        return total

    def derivatives(self, means: Sequence[Any]) -> tuple[Any, Any]:
        """Return the gradient (k x 1 matrix) and the Hessian (k x k matrix)."""
        k, variance = len(means), self.sigma**2
        gradient, hessian = mp.matrix(k, 1), mp.matrix(k, k)
        for x, w in self.nodes:
            joint = self._joint(x, means)
            total = mp.fsum(joint)
            psi = [value / total for value in joint]
            y = [x - mean for mean in means]
            for i in range(k):
                gradient[i] -= w * psi[i] * y[i] / variance
                hessian[i, i] -= w * psi[i] * (y[i] ** 2 / variance - 1) / variance
                for j in range(k):
                    hessian[i, j] += w * psi[i] * psi[j] * y[i] * y[j] / variance**2
        return gradient, hessian

    def critical_point(self, start: Sequence[float]) -> tuple[list[Any], list[Any]]:
        """Return the critical point that Newton's method reaches, and its curvatures, ascending."""
        means = mp.matrix([mp.mpf(float(x)) for x in start])
        for _ in range(12):
            gradient, hessian = self.derivatives(list(means))
            step = mp.lu_solve(hessian, gradient)
            means -= step
            if mp.norm(step) < self.sigma * mp.mpf(10) ** -16:
                break
        else:
            raise AssertionError("the oracle's Newton iteration did not converge")
        _, hessian = self.derivatives(list(means))
        return list(means), sorted(mp.eigsy(hessian, eigvals_only=True))
