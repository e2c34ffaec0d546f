"""Densities of rows under a fit that has not seen them, in closed form.

Responsibilities stay as they are; weights, means and covariances are those without the row, which changes
each component's scatter by a matrix of rank one (Friedman, J. Amer. Stat. Assoc. 84, 1989, has it for
discriminant analysis).
"""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.logsumexp import logsumexp_rows
from gmmscape.mixture import Mixture

EPS = float(np.finfo(np.float64).eps)
#: Share of a component's scatter below which a row's is lost in rounding.
NO_SHARE = 1e-12
#: Numbers that are computed with at once.
BLOCK = 2_000_000


def left_out_log_densities(
    fit: Mixture, points: FloatArray, posterior: FloatArray, n: float, prior_rows: float
) -> FloatArray:
    """Return the log density of each row under the M-step of the others, shape (m,).

    Parameters
    ----------
    fit : Mixture
        The M-step with all rows.
    points : ndarray of shape (m, d)
        Rows, all that the fit was made of or some.
    posterior : ndarray of shape (m, k)
        Their responsibilities.
    n : float
        How many rows the fit was made of.
    prior_rows : float
        How many the prior of its covariances added to each.

    Returns
    -------
    ndarray of shape (m,)
        Nats; -inf for rows that nothing else speaks for. Cost O(m k d), or O(m k d^2) for matrices.
    """
    k, d = fit.means.shape
    found = np.empty(len(points))
    rows = max(1, BLOCK // (k * d))
    for first in range(0, len(points), rows):
        block = slice(first, first + rows)
        found[block] = logsumexp_rows(_log_joint(fit, points[block], posterior[block], n, prior_rows))
    return found


def _log_joint(
    fit: Mixture, points: FloatArray, posterior: FloatArray, n: float, prior_rows: float
) -> FloatArray:
    """Log joint densities of a block of rows under the M-steps without each of them, shape (m, k)."""
    d = fit.n_features
    present = fit.weights > 0
    mass = n * np.where(present, fit.weights, 1.0)
    left = np.maximum(mass - posterior, EPS * mass)
    given = (n if fit.kind.shared else mass) + prior_rows
    held = np.maximum(given - posterior, EPS * given)
    scaled = fit.kind.scaled_each(points[:, None, :] - fit.means, fit.parameters.factors)
    # The scatter, in its own units, less what the row gives it along its deviation.
    lengths, growth = np.einsum("nkd,nkd->nk", scaled, scaled), np.zeros(posterior.shape)
    share = posterior * mass / left / given
    some = share * lengths > NO_SHARE
    lengths[some], growth[some] = fit.kind.without(scaled[some], share[some])
    lengths = lengths * held / given * (mass / left) ** 2
    growth = growth + d * np.log(given / held)
    joint = np.log(left / max(n - 1.0, EPS)) - 0.5 * (lengths + growth) + _log_scales(fit)
    return np.where(present, joint, -np.inf)


def _log_scales(fit: Mixture) -> FloatArray:
    d = fit.n_features
    scales = fit.kind.log_scales(fit.parameters.factors, 1.0, d)
    return np.broadcast_to(scales, (fit.n_components,)) - 0.5 * d * np.log(2.0 * np.pi)
