"""A second opinion in extended precision, for fits whose means lie on a line: with mpmath."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import NotAvailableError
from gmmscape.landscape.falsification.second_opinion import Reduced, assembled
from gmmscape.mixture import Mixture


class Exact(NamedTuple):
    """A critical point in extended precision.

    Attributes
    ----------
    moved : float
        How far the means moved from where they were, sigma.
    eigenvalues : ndarray of shape (k*d,)
        Of the Hessian, ascending, with sigma as unit of length.
    association : ndarray of shape (k, k_star)
        Responsibilities over the centers.
    error : float
        Estimated error of the eigenvalues.
    """

    moved: float
    eigenvalues: FloatArray
    association: FloatArray
    error: float


def multiprecision(means: FloatArray, truth: Mixture, sigma: float) -> Exact | None:
    """Return the critical point next to means on a line, with eigenvalues that see far below float64.

    Trapezoid sums of 32 digits under each component of the truth; their step follows from the strip in which
    the posteriors are analytic (docs/integrals.md#strip). The means are moved along their line by Newton's
    method.

    Parameters
    ----------
    means : ndarray of shape (k, d)
        Fitted means of equal weight.
    truth : Mixture
        Components of one spherical covariance.
    sigma : float
        Standard deviation of the fit.

    Returns
    -------
    Exact or None
        None where the means are on no line, or too far apart for sums of a reasonable length.

    Raises
    ------
    NotAvailableError
        If mpmath is not installed.
    """
    fit = Reduced.of(means, truth, sigma)
    if fit.dimension != 1:
        return None
    mp = _mpmath()
    cut = EFFORT.falsification.mpmath_digits * np.log(10.0)
    # The Gaussian alone needs h <= 2 pi / sqrt(2 cut), posteriors 2 pi strip / cut.
    step = float(min(2.0 * np.pi / np.sqrt(2.0 * cut), 2.0 * np.pi * fit.strip / cut))
    count = int(np.ceil(np.sqrt(2.0 * cut) / step))
    if 2 * count + 1 > EFFORT.falsification.mpmath_nodes:
        return None
    with mp.workdps(EFFORT.falsification.mpmath_digits + 8):
        return _found(mp, _lifted(mp, fit, means, truth, sigma), step, count)


def _found(mp: Any, fit: Reduced, step: float, count: int) -> Exact:
    h = mp.mpf(step)
    nodes = [h * n for n in range(-count, count + 1)]
    mass = [h / mp.sqrt(2 * mp.pi) * mp.exp(-z * z / 2) for z in nodes]
    start = fit.along
    for _ in range(EFFORT.falsification.mpmath_steps):
        gradient, hessian, _ = assembled(fit, partial(_moments, mp, fit, nodes, mass))
        line = np.kron(np.eye(len(start), dtype=int), fit.axes[:, :1])
        change = mp.lu_solve(mp.matrix(line.T @ hessian @ line), mp.matrix(-(line.T @ gradient)))
        fit = fit._replace(along=fit.along + np.array(list(change))[:, None])
    gradient, hessian, association = assembled(fit, partial(_moments, mp, fit, nodes, mass))
    values = mp.eigsy(mp.matrix(hessian), eigvals_only=True)
    moved = max(abs(a - b) for a, b in zip(fit.along.ravel(), start.ravel(), strict=True))
    left = max(abs(entry) for entry in gradient)
    scale = max(mp.mpf(1), *(abs(x) for x in fit.along.ravel())) ** 2
    # What the sums leave out, and how far a gradient that is left could move curvatures of order scale^2.
    error = scale * mp.mpf(10) ** (-EFFORT.falsification.mpmath_digits) + left * scale**2
    return Exact(
        float(moved),
        np.array([float(value) for value in values]),
        association.astype(np.float64),
        float(error),
    )


def _lifted(mp: Any, fit: Reduced, means: FloatArray, truth: Mixture, sigma: float) -> Reduced:
    """The same in extended precision: axes orthonormal to all digits, centers projected on them."""
    d = means.shape[1]
    exact = np.vectorize(lambda value: mp.mpf(float(value)), otypes=[object])
    axes: list[Any] = []
    for column in range(d):
        axis = exact(fit.axes[:, column])
        for _ in range(2):
            for known in axes:
                axis = axis - (axis @ known) * known
        axes.append(axis / mp.sqrt(axis @ axis))
    frame = np.stack(axes, axis=1)
    origin = exact(means.mean(axis=0))
    unit = mp.mpf(sigma)
    centers = (exact(truth.means) - origin) @ frame / unit
    return Reduced(
        along=((exact(means) - origin) @ frame / unit)[:, :1],
        centers=centers[:, :1],
        across=centers[:, 1:],
        axes=frame,
        weights=exact(truth.weights) / sum(exact(truth.weights)),
        tau=mp.sqrt(mp.mpf(float(truth.covariances[0]))) / unit,
    )


def _moments(mp: Any, fit: Reduced, nodes: list[Any], mass: list[Any], s: int) -> tuple[Any, Any]:
    """See `opinion`: E[psi_i psi_j z z'] and E[psi_i z z'] under center s."""
    means = fit.along.ravel().tolist()
    k, center = len(means), fit.centers[s, 0]
    halves = [m * m / 2 for m in means]
    pairs = [[[mp.mpf(0)] * 3 for _ in range(k)] for _ in range(k)]
    single = [[mp.mpf(0)] * 3 for _ in range(k)]
    for z, w in zip(nodes, mass, strict=True):
        x = center + fit.tau * z
        logits = [m * x - half for m, half in zip(means, halves, strict=True)]
        most = max(logits)
        psi = [mp.exp(value - most) for value in logits]
        total = w / sum(psi)
        norm = total / w
        for i in range(k):
            share = psi[i] * total
            one = (share, share * x, share * x * x)
            for n in range(3):
                single[i][n] += one[n]
            for j in range(i + 1):
                other = psi[j] * norm
                for n in range(3):
                    pairs[i][j][n] += one[n] * other
    both = np.empty((k, k, 2, 2), dtype=object)
    alone = np.empty((k, 2, 2), dtype=object)
    for i in range(k):
        for a in range(2):
            for b in range(2):
                alone[i, a, b] = single[i][a + b]
                for j in range(i + 1):
                    both[i, j, a, b] = both[j, i, a, b] = pairs[i][j][a + b]
    return both, alone


def _mpmath() -> Any:
    try:
        import mpmath
    except ImportError as error:
        raise NotAvailableError(
            'extended precision needs mpmath, which is not installed: pip install "gmmscape[mp]"'
        ) from error
    return mpmath
