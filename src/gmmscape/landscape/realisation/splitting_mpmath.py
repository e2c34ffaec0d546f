"""Law 1 in extended precision, on a line, with mpmath: for excesses that nearly cancel even term by term."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import NotAvailableError
from gmmscape.landscape.realisation.splitting import Splitting
from gmmscape.mixture import Mixture
from gmmscape.structure.structure import Block


def precise_excess(
    merged: Mixture, hessian: FloatArray, blocks: Sequence[Block | None], truth: Mixture, digits: int
) -> list[Splitting]:
    """Return law 1 for each block of several means, in arithmetic of so many digits.

    The critical point is polished in that arithmetic first. All integrals are trapezoid sums over one grid
    on the line, whose Gaussians come from recurrences; the step is that at which their error is below the
    last digit (the strip in which posteriors are analytic, docs/integrals.md#strip).

    Parameters
    ----------
    merged : Mixture
        In one dimension, at a critical point, with one component for each block looked at.
    hessian : ndarray of shape (K, K)
        Second derivatives in its means.
    blocks : sequence of Block or None
        For each component the block of several means that it stands for, or None.
    truth : Mixture
        In one dimension.
    digits : int
        Decimal digits.

    Returns
    -------
    list of Splitting
        Cost: some 50 microseconds for each of
        ``extent^2 digits / (8 sigma^2)`` nodes, once for each 11 digits.

    Raises
    ------
    NotAvailableError
        If mpmath is not installed.
    """
    mpmath = _mpmath()
    with mpmath.workdps(digits + EFFORT.realisation.guard_digits):
        line = _Line(mpmath, merged, truth)
        inverse = np.linalg.inv(hessian) / line.sigma**2
        reached = EFFORT.realisation.digits_gained
        while True:
            reached = min(reached + EFFORT.realisation.digits_gained, digits)
            slopes, masses, moments = line.sums(reached)
            if reached == digits:
                break
            line.move(inverse, slopes)
        variance = mpmath.mpf(line.sigma) ** 2
        # What the gradient that is left may still move, and rounding.
        left = max(abs(slope) / mass for slope, mass in zip(slopes, masses, strict=True))
        reach = 1.0 + max(abs(c - m) for c in line.centers for m in line.means) / line.sigma
        error = float(left * reach**3 / line.sigma) + 10.0 ** (8 - digits)
        found = []
        for place, block in enumerate(blocks):
            if block is not None:
                excess = float(moments[place] / (masses[place] * variance))
                found.append(Splitting(block, (excess,), error, "mpmath", digits))
    return found


def affordable(merged: Mixture, truth: Mixture, digits: int) -> bool:
    """Say whether so many digits, and the nodes that they take, are within what is done."""
    if digits > EFFORT.realisation.most_digits or truth.n_features > 1:
        return False
    extent = float(np.ptp(merged.means)) / (merged.sigma or 1.0)
    length = float(np.ptp(truth.means)) / (merged.sigma or 1.0) + 2.0 * np.sqrt(4.6 * digits)
    return (
        length * (1.0 + extent * digits * np.log(10.0) / (2.0 * np.pi**2)) <= EFFORT.realisation.mpmath_nodes
    )


class _Line:
    """Means that move in extended precision, and centers that stay."""

    def __init__(self, mpmath: Any, merged: Mixture, truth: Mixture) -> None:
        self.mp, self.sigma = mpmath, float(merged.sigma or 0.0)
        self.means = [mpmath.mpf(float(m)) for m in merged.means[:, 0]]
        # Weights of a fit are counts over k, which float64 rounds.
        self.weights = [mpmath.mpf(float(w)) for w in merged.weights]
        total = sum(self.weights)
        self.weights = [w / total for w in self.weights]
        self.centers = [mpmath.mpf(float(c)) for c in truth.means[:, 0]]
        shares = [mpmath.mpf(float(w)) for w in truth.weights]
        self.shares = [w / sum(shares) for w in shares]
        self.taus = np.sqrt(np.broadcast_to(truth.covariances, truth.n_components)).tolist()

    def move(self, inverse: FloatArray, slopes: list[Any]) -> None:
        """Take a step of Newton's method with a Hessian known to float64."""
        for i, row in enumerate(inverse):
            self.means[i] += self.mp.fsum(
                self.mp.mpf(float(entry)) * slope for entry, slope in zip(row, slopes, strict=True)
            )

    def sums(self, digits: int) -> tuple[list[Any], list[Any], list[Any]]:
        """Return E[psi y], E[psi] and E[psi (y^2 - sigma^2)] for each mean, to so many digits."""
        with self.mp.workdps(digits + EFFORT.realisation.guard_digits):
            return self._sums(digits)

    def _sums(self, digits: int) -> tuple[list[Any], list[Any], list[Any]]:
        mp, cut = self.mp, digits * float(np.log(10.0))
        extent = float(max(self.means) - min(self.means))
        narrow = min(self.sigma, *self.taus)
        # Gaussians alone need h <= 2 pi tau / sqrt(2 cut), posteriors in a strip of width a 2 pi a / cut.
        step = 2.0 * np.pi * narrow / np.sqrt(2.0 * cut)
        if extent > 0.0:
            step = min(step, 2.0 * np.pi * (np.pi * self.sigma**2 / extent) / cut)
        reach = max(self.taus) * float(np.sqrt(2.0 * cut))
        low, high = float(min(self.centers)) - reach, float(max(self.centers)) + reach
        h = mp.mpf(step)
        start = mp.mpf(low)
        fitted = [
            _Gaussian(mp, w, m, self.sigma, start, h) for w, m in zip(self.weights, self.means, strict=True)
        ]
        true = [
            _Gaussian(mp, w / mp.mpf(t), c, t, start, h)
            for w, c, t in zip(self.shares, self.centers, self.taus, strict=True)
        ]
        count = len(fitted)
        masses, slopes, moments = ([mp.mpf(0)] * count for _ in range(3))
        offsets = [start - m for m in self.means]
        variance = mp.mpf(self.sigma) ** 2
        for _ in range(int(np.ceil((high - low) / step))):
            ratio = sum(g.value for g in true) / sum(g.value for g in fitted)
            for i, g in enumerate(fitted):
                psi = ratio * g.value
                y = offsets[i]
                masses[i] += psi
                slopes[i] += psi * y
                moments[i] += psi * (y * y - variance)
                offsets[i] = y + h
                g.step()
            for g in true:
                g.step()
        unit = h / mp.sqrt(2 * mp.pi)
        return [s * unit for s in slopes], [m * unit for m in masses], [v * unit for v in moments]


class _Gaussian:
    """A Gaussian along equally spaced nodes: the ratio of neighbours is itself a geometric sequence."""

    def __init__(self, mp: Any, weight: Any, mean: Any, sigma: float, start: Any, h: Any) -> None:
        variance = mp.mpf(sigma) ** 2
        y = start - mean
        self.value = weight * mp.exp(-y * y / (2 * variance))
        self._ratio = mp.exp(-(2 * y * h + h * h) / (2 * variance))
        self._factor = mp.exp(-h * h / variance)

    def step(self) -> None:
        """Go to the next node."""
        self.value *= self._ratio
        self._ratio *= self._factor


def _mpmath() -> Any:
    try:
        import mpmath
    except ImportError as error:
        raise NotAvailableError(
            'precision="mp" needs mpmath, which is not installed: pip install "gmmscape[mp]"'
        ) from error
    return mpmath
