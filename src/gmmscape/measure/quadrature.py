"""Trapezoid rules for expectations under one-dimensional Gaussians, with measured errors.

The trapezoid sum of step h over the whole line errs, for a smooth integrand, by a Fourier series in the
place of its nodes: a term of period h, one of period h/2, and so on, each far smaller than the one before
(Poisson summation). Four sums over nodes shifted by quarters of h measure the first term, phase included:
half the difference of opposite sums. That is the error of each, up to the terms that follow.

A rule is refined by halving its step, until value, first and second derivative are all resolved: a kink that
the value hardly sees is a jump in the first derivative.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray

# Beyond 8.5 standard deviations a Gaussian has mass 2e-17: below rounding.
TAIL = 8.5
TAIL_MASS = 2e-17
#: For the terms of the series after the first, and because the first step that passes is taken.
SAFETY = 8.0
COARSEST_STEP = 1.1
FINEST_STEP = 2e-5
QUARTERS = (0.0, 0.25, 0.5, 0.75)

#: Sums of some quantities over nodes and weights; each array is judged by its largest error.
Sums = tuple[FloatArray, ...]
Integrand = Callable[[FloatArray, FloatArray], Sums]


class Rule(NamedTuple):
    """A trapezoid rule for N(center, tau^2) with nodes step apart."""

    center: float
    tau: float
    step: float

    def nodes(self, shift: float = 0.0) -> tuple[FloatArray, FloatArray]:
        """Return nodes, of which one lies `shift` steps from the center, and their weights."""
        n = int(np.ceil(TAIL * self.tau / self.step))
        offsets = self.step * (np.arange(-n, n + 1) + shift)
        scale = self.step / (self.tau * np.sqrt(2 * np.pi))
        return self.center + offsets, scale * np.exp(-0.5 * (offsets / self.tau) ** 2)

    def measured(self, integrand: Integrand) -> tuple[float, ...]:
        """Return the measured error of each of the integrand's sums."""
        return _errors([integrand(*self.nodes(shift)) for shift in QUARTERS])


def fitted_rule(
    center: float, tau: float, integrand: Integrand, tolerance: float, noise: tuple[float, ...]
) -> Rule:
    """Return the coarsest rule whose measured errors are within tolerance, or within the noise of rounding.

    The step is never below `FINEST_STEP` tau. Cost: the integrand at eight times the nodes of the rule.
    """
    # With this step the Gaussian itself is resolved to the tolerance: nothing coarser can pass.
    gaussian = 2 * np.pi / np.sqrt(2 * np.log(2 / min(tolerance, 1e-2)))
    rule = Rule(center, tau, tau * min(COARSEST_STEP, gaussian))
    sums = [integrand(*rule.nodes(shift)) for shift in QUARTERS]
    while rule.step > 2 * FINEST_STEP * tau:
        if all(e <= max(tolerance, n) for e, n in zip(_errors(sums), noise, strict=True)):
            break
        rule = rule._replace(step=0.5 * rule.step)
        # The sums of two opposite quarters together are one with half the step.
        whole, half = (
            tuple(0.5 * (a + b) for a, b in zip(sums[i], sums[i + 2], strict=True)) for i in (0, 1)
        )
        sums = [whole, integrand(*rule.nodes(0.25)), half, integrand(*rule.nodes(0.75))]
    return rule


def _errors(sums: list[Sums]) -> tuple[float, ...]:
    return tuple(
        0.5 * SAFETY * max(float(np.abs(a - c).max(initial=0.0)), float(np.abs(b - d).max(initial=0.0)))
        for a, b, c, d in zip(*sums, strict=True)
    )
