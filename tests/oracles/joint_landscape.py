"""A second implementation of the landscape of means and free weights of a sample, in mpmath: slow and plain.

The weights are parametrised otherwise than in the library: the first k - 1 of them are the coordinates, and
the last is what is left. It shares no code and no formula with the library: derivatives are differences of
the value alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mpmath as mp


class JointLandscape:
    """NLL of k means on a line, and k weights, over rows; critical points by Newton on differences."""

    def __init__(self, rows: Sequence[float], k: int, sigma: float) -> None:
        self.rows = [mp.mpf(float(x)) for x in rows]
        self.k = k
        self.sigma = mp.mpf(sigma)

    def nll(self, *point: Any) -> Any:
        """Return the NLL at k means followed by the first k - 1 weights."""
        means, weights = point[: self.k], [*point[self.k :]]
        weights.append(1 - mp.fsum(weights))
        total = mp.mpf(0)
        for x in self.rows:
            density = mp.fsum(w * mp.npdf(x, m, self.sigma) for w, m in zip(weights, means, strict=True))
            total -= mp.log(density)
        return total / len(self.rows)

    def derivatives(self, point: Sequence[Any]) -> tuple[Any, Any]:
        """Return gradient and Hessian in the 2k - 1 coordinates, by central differences at 40 digits."""
        m, h = len(point), mp.mpf(10) ** -10
        at = [mp.mpf(value) for value in point]

        def value(*moves: tuple[int, int]) -> Any:
            moved = list(at)
            for i, sign in moves:
                moved[i] += sign * h
            return self.nll(*moved)

        middle = value()
        gradient, hessian = mp.matrix(m, 1), mp.matrix(m, m)
        for i in range(m):
            up, down = value((i, 1)), value((i, -1))
            gradient[i] = (up - down) / (2 * h)
            hessian[i, i] = (up - 2 * middle + down) / h**2
            for j in range(i):
                mixed = value((i, 1), (j, 1)) - value((i, 1), (j, -1)) - value((i, -1), (j, 1))
                hessian[i, j] = hessian[j, i] = (mixed + value((i, -1), (j, -1))) / (4 * h**2)
        return gradient, hessian

    def critical_point(self, start: Sequence[float]) -> tuple[list[Any], int]:
        """Return the critical point that Newton's method reaches, and its index, which coordinates share."""
        point = mp.matrix([mp.mpf(float(value)) for value in start])
        for _ in range(8):
            gradient, hessian = self.derivatives(list(point))
            step = mp.lu_solve(hessian, gradient)
            point -= step
            if mp.norm(step) < mp.mpf(10) ** -13:
                break
        else:
            raise AssertionError("the oracle's Newton iteration did not converge")
        return list(point), sum(value < 0 for value in mp.eigsy(hessian, eigvals_only=True))
