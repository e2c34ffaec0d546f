"""Trapezoid rules for expectations under one-dimensional Gaussians, with sharp error estimates.

E[g(x)] for x ~ N(c, tau^2) by the trapezoid sum of step h errs, for analytic g, by the Fourier transform of
the integrand at the frequency omega = 2 pi / h (Poisson summation). For g = log q, q a mixture, two things
decide how large that is:

* the Gaussian itself: exp(-tau^2 omega^2 / 2) times the growth of g on the shifted contour;
* the branch points of log q, the complex zeros z of q: 2 h |N(z; c, tau^2)| exp(-omega Im z) each, from the
  jump 2 pi i of the logarithm across a cut upwards from z, counted where the contour at height tau^2 omega
  has passed z.

The zeros are found by Newton's method from the points where two groups of components cancel each other.
Estimates are not bounds: a safety factor stands for what the leading order leaves out.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import ComplexArray, FloatArray, IntArray
from gmmscape.mixture import Mixture

# Beyond 8.5 standard deviations a Gaussian has mass 2e-17: below rounding.
TAIL = 8.5
TAIL_MASS = 2e-17
SAFETY = 4.0
COARSEST_STEP = 0.9
FINEST_STEP = 2e-5
N_STEPS = 80
NEWTON_STEPS = 12
# Runs of components are taken up to this length, and to the end of the line.
LONGEST_RUN = 4
# Odd multiples of pi by which the phases of two cancelling components differ; zeros come in conjugate
# pairs, so that positive ones suffice.
TURNS = np.array([1, 3])


class Singularities(NamedTuple):
    """Where log q stops being analytic in the upper half plane.

    Attributes
    ----------
    zeros : ndarray of shape (m,), complex
        Zeros of the density's continuation.
    speeds : ndarray of shape (m,)
        Largest derivative of each zero with respect to a mean.
    span : ndarray of shape (2,)
        Smallest and largest mean.
    precision : float
        Largest inverse variance.
    """

    zeros: ComplexArray
    speeds: FloatArray
    span: FloatArray
    precision: float


class RuleError(NamedTuple):
    """Estimated absolute errors of the expectation of log q and of its derivatives in the means."""

    value: FloatArray
    gradient: FloatArray
    hessian: FloatArray


def singularities(mixture: Mixture) -> Singularities:
    """Return the zeros of a one-dimensional mixture density nearest to the real axis.

    Cost: Newton's method from O(k) points, O(k^2) a step.
    """
    alive = mixture.weights > 0
    variances = mixture.full_covariances()[alive, 0, 0]
    return _singularities(
        mixture.weights[alive].tobytes(), mixture.means[alive, 0].tobytes(), variances.tobytes()
    )


@lru_cache(maxsize=16)
def _singularities(*parameters: bytes) -> Singularities:
    """The same, remembered: rules, their errors and divergences ask about one mixture in turn."""
    weights, means, variances = (np.frombuffer(part) for part in parameters)
    constants = np.log(weights) - 0.5 * np.log(variances)
    span = np.array([means.min(), means.max()])
    z = _cancellations(weights, means, variances)
    with np.errstate(all="ignore"):
        for _ in range(NEWTON_STEPS):
            terms, slopes = _terms(z, means, variances, constants)
            z = z - terms.sum(axis=1) / slopes.sum(axis=1)
        terms, slopes = _terms(z, means, variances, constants)
        speeds = np.abs(slopes / slopes.sum(axis=1, keepdims=True)).max(axis=1, initial=0.0)
        solved = np.abs(terms.sum(axis=1)) < 1e-6 * np.abs(terms).sum(axis=1)
    solved &= np.isfinite(z) & np.isfinite(speeds) & (z.imag != 0)
    z = z.real[solved] + 1j * np.abs(z.imag[solved])
    _, first = np.unique(np.round(z / np.sqrt(variances.min()), 5), return_index=True)
    return Singularities(z[first], speeds[solved][first], span, float(1.0 / variances.min()))


def _cancellations(weights: FloatArray, means: FloatArray, variances: FloatArray) -> ComplexArray:
    """Points where two runs of neighbouring components are equal in size and opposite in sign.

    Each run counts as one Gaussian of its moments: far from the run that is what it looks like.
    """
    left, right = _neighbouring_runs(weights, means, variances)
    quadratic = 0.5 / right[2] - 0.5 / left[2]
    linear = left[1] / left[2] - right[1] / right[2]
    constant = np.log(left[0] / right[0]) - 0.5 * np.log(left[2] / right[2])
    constant = constant + 0.5 * (right[1] ** 2 / right[2] - left[1] ** 2 / left[2])
    turned = (constant[:, None] - 1j * np.pi * TURNS).ravel()
    quadratic, linear = np.repeat(quadratic, len(TURNS)), np.repeat(linear, len(TURNS))
    with np.errstate(all="ignore"):
        root: ComplexArray = np.sqrt(linear * linear - 4 * quadratic * turned)
        # The sum of larger size first, so that the root it divides does not cancel.
        half = -0.5 * (linear + np.where(linear * root.real < 0, -root, root))
        starts = np.concatenate([turned / half, half / quadratic])
    return starts[np.isfinite(starts)].astype(np.complex128)  # equal variances: a root at infinity


def _neighbouring_runs(
    weights: FloatArray, means: FloatArray, variances: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Weight, mean and variance of pairs of runs that meet, each of shape (3, pairs)."""
    order = np.argsort(means, kind="stable")
    moments = np.stack([weights, weights * means, weights * (variances + means**2)])[:, order]
    sums = np.concatenate([np.zeros((3, 1)), np.cumsum(moments, axis=1)], axis=1)
    k = len(means)
    first, gap, last = np.array(
        [
            (a, j, b)
            for j in range(1, k)
            for a in {0, *range(max(0, j - LONGEST_RUN), j)}
            for b in {k, *range(j + 1, min(k, j + LONGEST_RUN) + 1)}
        ],
        dtype=int,
    ).reshape(-1, 3).T  # fmt: skip

    def run(start: IntArray, stop: IntArray) -> FloatArray:
        mass, moment, second = sums[:, stop] - sums[:, start]
        mean = moment / mass
        return np.stack([mass, mean, np.maximum(second / mass - mean**2, variances.min())])

    return run(first, gap), run(gap, last)


def _terms(
    z: ComplexArray, means: FloatArray, variances: FloatArray, constants: FloatArray
) -> tuple[ComplexArray, ComplexArray]:
    """Summands of the density at z, scaled to size one, and of its derivative."""
    deviation = z[:, None] - means
    exponent = constants - 0.5 * deviation**2 / variances
    exponent = exponent - exponent.real.max(axis=1, keepdims=True)
    terms = np.exp(exponent)
    return terms, -terms * deviation / variances


def rule_error(steps: FloatArray, center: float, tau: float, singular: Singularities) -> RuleError:
    """Return the estimated errors of rules for one Gaussian (see the module's text), one for each step."""
    omega = 2 * np.pi / steps
    height = tau * tau * omega
    reach = np.abs(center - singular.span).max() + height + tau
    slope = reach * singular.precision
    gaussian = 2 * np.exp(-0.5 * height * omega)
    zeros = singular.zeros
    size = -0.5 * (((zeros - center) / tau) ** 2).real - np.multiply.outer(omega, zeros.imag)
    size = np.where(zeros.imag < height[:, None], size, -np.inf)  # only those the contour has passed
    jump = 2 * steps[:, None] * np.exp(size) / (tau * np.sqrt(2 * np.pi))
    turn = np.multiply.outer(omega, singular.speeds)
    value = gaussian * (1 + 0.5 * reach * slope) + jump.sum(axis=1)
    gradient = gaussian * slope + (jump * turn).sum(axis=1)
    hessian = gaussian * (slope**2 + singular.precision)
    hessian = hessian + (jump * turn * (turn + np.sqrt(singular.precision))).sum(axis=1)
    return RuleError(SAFETY * value, SAFETY * gradient, SAFETY * hessian)


def choose_step(center: float, tau: float, singular: Singularities, tolerance: float) -> float:
    """Return a step whose estimated errors, with sigma as unit of length, are within `tolerance`.

    The step is never below `FINEST_STEP` tau: there the error is stated as it is.
    """
    variance = 1.0 / singular.precision
    steps = tau * np.geomspace(COARSEST_STEP, FINEST_STEP, N_STEPS)
    error = rule_error(steps, center, tau, singular)
    worst = np.maximum(error.value, np.maximum(error.gradient * np.sqrt(variance), error.hessian * variance))
    good = np.flatnonzero(worst <= tolerance)
    return float(steps[good[0]] if len(good) else steps[-1])


def nodes(center: float, tau: float, step: float) -> tuple[FloatArray, FloatArray]:
    """Return nodes and weights of the trapezoid rule for N(center, tau^2), symmetric about the center."""
    n = int(np.ceil(TAIL * tau / step))
    offsets = step * np.arange(-n, n + 1)
    weights = step / (tau * np.sqrt(2 * np.pi)) * np.exp(-0.5 * (offsets / tau) ** 2)
    return center + offsets, weights
