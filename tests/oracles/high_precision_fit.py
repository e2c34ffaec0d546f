"""The penalised NLL of a fit to a few rows, and its derivatives in own units by differences in 60 digits.

Written from the definition of the coordinates alone (docs/mathematics.md#own-units): weights times exp(a),
means shifted by root b, root of the covariance times the inverse of a lower triangle with diagonal exp(c).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mpmath as mp
import numpy as np

DIGITS = 60


class HighPrecisionFit:
    """A fit of one covariance kind, or of means ("none") with or without weights.

    Parameters
    ----------
    X, row_weights : ndarray of shape (n, d), (n,)
        Rows.
    weights, means, factors : ndarray of shape (k,), (k, d), (k, d, d)
        The fit, with upper triangular U, U U' the inverse covariance: what engines compute with. From a
        covariance of condition 1e8 they have lost eight digits.
    kind : {"none", "spherical", "diag", "tied", "full"}
        Which covariances are free.
    prior : tuple of (float, ndarray of shape (d, d)) or None
        Mass and covariance of the rows that each covariance is given.
    """

    def __init__(
        self,
        X: np.ndarray,
        row_weights: np.ndarray,
        weights: np.ndarray,
        means: np.ndarray,
        factors: np.ndarray,
        kind: str,
        prior: tuple[float, np.ndarray] | None = None,
    ) -> None:
        with mp.workdps(DIGITS):
            self.rows = [mp.matrix([mp.mpf(float(x)) for x in row]) for row in X]
            self.row_weights = [mp.mpf(float(w)) for w in row_weights]
            self.weights = [mp.mpf(float(w)) for w in weights]
            self.means = [mp.matrix([mp.mpf(float(x)) for x in mean]) for mean in means]
            self.roots = [mp.matrix(factor.T.tolist()) ** -1 for factor in factors]
        self.kind, self.prior = kind, prior
        self.k, self.d = means.shape
        d = self.d
        self.q = {"none": 0, "spherical": 1, "diag": d}.get(kind, d * (d + 1) // 2)
        self.own = 1 + d + (0 if kind == "tied" else self.q)
        self.size = self.k * self.own + (self.q if kind == "tied" else 0)

    def _triangle(self, change: Sequence[Any]) -> Any:
        W = mp.eye(self.d)
        if self.kind == "spherical":
            return W * mp.exp(change[0])
        for at, (row, column) in enumerate(
            [(j, j) for j in range(self.d)]
            if self.kind == "diag"
            else [(j, m) for j in range(self.d) for m in range(j + 1)]
        ):
            if self.kind != "none":
                W[row, column] = mp.exp(change[at]) if row == column else change[at]
        return W

    def value(self, u: Sequence[Any]) -> Any:
        """Return NLL and penalty at coordinates (m,), not scaled."""
        total, parts, penalty = mp.mpf(0), [], mp.mpf(0)
        for i in range(self.k):
            own = u[i * self.own : (i + 1) * self.own]
            change = u[self.k * self.own :] if self.kind == "tied" else own[1 + self.d :]
            root = self.roots[i] * self._triangle(change) ** -1 if self.q else self.roots[i]
            inverse = root**-1
            mean = self.means[i] + self.roots[i] * mp.matrix(list(own[1 : 1 + self.d]))
            log_det = mp.fsum(mp.log(root[j, j]) for j in range(self.d))
            parts.append((self.weights[i] * mp.exp(own[0]), mean, inverse, log_det))
            total += parts[-1][0]
            if self.prior is not None and self.q and (i == 0 or self.kind != "tied"):
                scale = mp.matrix(self.prior[1].tolist())
                inner = inverse * scale * inverse.T
                trace = mp.fsum(inner[j, j] for j in range(self.d))
                penalty += mp.mpf(self.prior[0]) * (trace / 2 + log_det)
        nll = mp.mpf(0)
        for x, w in zip(self.rows, self.row_weights, strict=True):
            density = mp.mpf(0)
            for share, mean, inverse, log_det in parts:
                y = inverse * (x - mean)
                density += share / total * mp.exp(-mp.fsum(t * t for t in y) / 2 - log_det)
            nll -= w * mp.log(density)
        return nll + penalty

    def derivatives(self) -> tuple[np.ndarray, np.ndarray]:
        """Return gradient and Hessian at the fit, shapes (m,) and (m, m)."""
        with mp.workdps(DIGITS):
            h = mp.mpf(10) ** -14
            zero = [mp.mpf(0)] * self.size
            at: Callable[..., Any] = lambda *moves: self.value(  # noqa: E731
                [z + h * mp.fsum(sign for n, sign in moves if n == i) for i, z in enumerate(zero)]
            )
            middle = at()
            one = [[at((i, sign)) for sign in (1, -1)] for i in range(self.size)]
            gradient = np.array([float((a - b) / (2 * h)) for a, b in one])
            hessian = np.zeros((self.size, self.size))
            for i in range(self.size):
                hessian[i, i] = float((one[i][0] - 2 * middle + one[i][1]) / h**2)
                for j in range(i):
                    both = (
                        at((i, 1), (j, 1)) - at((i, 1), (j, -1)) - at((i, -1), (j, 1)) + at((i, -1), (j, -1))
                    )
                    hessian[i, j] = hessian[j, i] = float(both / (4 * h**2))
        return gradient, hessian
