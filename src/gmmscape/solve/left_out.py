"""Densities of rows under a fit that has not seen them, in closed form.

Responsibilities stay as they are; weights, means and covariances are those without the row, which changes
each component's scatter by a matrix of rank one (Friedman, J. Amer. Stat. Assoc. 84, 1989, has it for
discriminant analysis).
"""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.incomplete import Patterns
from gmmscape.logsumexp import logsumexp_rows
from gmmscape.mixture import Mixture
from gmmscape.mixture.background import Background

EPS = float(np.finfo(np.float64).eps)
#: Share of a component's scatter below which a row's is lost in rounding.
NO_SHARE = 1e-12
#: Weight of a component below which what a row leaves of it cannot be told in float64: it speaks for none.
FAINT = float(np.finfo(np.float64).tiny) / EPS**2
#: Responsibility below which a component does without the row as it does with it, to eight digits.
NO_PART = 1e-9
#: What is left of a row's density below which that of every component is looked at.
LOST = 1e-6
#: Numbers that are computed with at once.
BLOCK = 2_000_000


def left_out_log_densities(
    fit: Mixture,
    points: FloatArray,
    posterior: FloatArray,
    n: float,
    prior_rows: float,
    background: Background | None = None,
) -> FloatArray:
    """Return the log density of each row under the M-step of the others, shape (m,).

    Of rows with missing values it is that of what is observed: leaving one out changes the scatter in these
    columns as if there were no others.

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
    background : Background, optional
        Beside the fit, all points being in its region; responsibilities then sum to what it leaves of a row.

    Returns
    -------
    ndarray of shape (m,)
        Nats; -inf for rows that nothing else speaks for. Cost: that of the density, and of a few components
        a row.
    """
    if background is not None:
        return _before_background(fit, points, posterior, n, prior_rows, background)
    if not np.isnan(points).any():
        return _of_complete(fit, points, posterior, n, prior_rows)
    found = np.zeros(len(points))
    for observed, rows in zip(*Patterns.of(points), strict=True):
        columns = np.flatnonzero(observed)
        if len(columns) == 0:
            continue
        there = fit.kind.in_columns(fit.covariances, columns)
        marginal = Mixture(fit.weights, fit.means[:, columns], there, fit.covariance_type)
        own = points[rows[:, None], columns]
        found[rows] = _of_complete(marginal, own, posterior[rows], n, prior_rows)
    return found


def _of_complete(
    fit: Mixture, points: FloatArray, posterior: FloatArray, n: float, prior_rows: float
) -> FloatArray:
    """The same of rows without gaps."""
    taking_part = posterior >= NO_PART
    density, own = fit.log_density(points), fit.responsibilities(points)
    # The other components as they are, but for the number of rows that weights are of.
    kept = np.where(taking_part, 0.0, own).sum(axis=1) * (n / max(n - 1.0, EPS))
    row, component = np.nonzero(taking_part)
    joint = _log_joint(fit, points, posterior, n, prior_rows, row, component)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        kept += np.bincount(row, np.exp(joint - density[row]), len(points))
        found = density + np.log(kept)
    lost = np.flatnonzero(~((kept > LOST) & np.isfinite(found)))
    if len(lost):
        found[lost] = _of_all_components(fit, points[lost], posterior[lost], n, prior_rows)
    return found


def _before_background(
    fit: Mixture,
    points: FloatArray,
    posterior: FloatArray,
    n: float,
    prior_rows: float,
    background: Background,
) -> FloatArray:
    """The same, of the components on the rows that are theirs, and of the background without the row."""
    theirs, others = n * (1.0 - background.weight), max(n - 1.0, EPS)
    own = left_out_log_densities(fit, points, posterior, theirs, prior_rows)
    left = np.maximum(n * background.weight - (1.0 - posterior.sum(axis=1)), 0.0)
    with np.errstate(divide="ignore"):
        uniform = np.log(left / others) + background.log_densities_inside(points)
    return np.logaddexp(np.log(max(theirs - 1.0, EPS) / others) + own, uniform)


def _of_all_components(
    fit: Mixture, points: FloatArray, posterior: FloatArray, n: float, prior_rows: float
) -> FloatArray:
    """The same, by every component: what is left of a row's own may be less than any other."""
    m, k = posterior.shape
    row, component = np.repeat(np.arange(m), k), np.tile(np.arange(k), m)
    return logsumexp_rows(_log_joint(fit, points, posterior, n, prior_rows, row, component).reshape(m, k))


def _log_joint(
    fit: Mixture,
    points: FloatArray,
    posterior: FloatArray,
    n: float,
    prior_rows: float,
    row: IntArray,
    component: IntArray,
) -> FloatArray:
    """Log joint densities of pairs of row and component, under the M-step without that row, shape (p,)."""
    each = max(1, BLOCK // fit.kind.work(fit.n_features))
    found = np.empty(len(row))
    for first in range(0, len(row), each):
        own = slice(first, first + each)
        i, at = component[own], row[own]
        found[own] = _of_pairs(fit, i, points[at], posterior[at, i], n, prior_rows)
    return found


def _of_pairs(
    fit: Mixture, i: IntArray, points: FloatArray, posterior: FloatArray, n: float, prior_rows: float
) -> FloatArray:
    d, kind = fit.n_features, fit.kind
    present = fit.weights[i] > FAINT
    mass = n * np.where(present, fit.weights[i], 1.0)
    left = np.maximum(mass - posterior, EPS * mass)
    given = (n if kind.shared else mass) + prior_rows
    held = np.maximum(given - posterior, EPS * given)
    factors = fit.parameters.factors
    share = posterior * mass / left / given
    with np.errstate(over="ignore", invalid="ignore"):  # rows beyond 1e154 deviations are infinitely far
        scaled = kind.scaled_each(points - fit.means[i], factors if kind.shared else factors[i])
        scaled[np.isnan(scaled)] = np.inf  # a difference of terms that large
        # The scatter, in its own units, less what the row gives it along its deviation.
        lengths, growth = np.einsum("pd,pd->p", scaled, scaled), np.zeros(len(i))
        some = share * lengths > NO_SHARE
        lengths[some], growth[some] = kind.without(scaled[some], share[some])
        lengths = lengths * held / given * (mass / left) ** 2
    growth = growth + d * np.log(given / held)
    joint = np.log(left / max(n - 1.0, EPS)) - 0.5 * (lengths + growth) + _log_scales(fit)[i]
    return np.where(present, joint, -np.inf)


def _log_scales(fit: Mixture) -> FloatArray:
    d = fit.n_features
    scales = fit.kind.log_scales(fit.parameters.factors, 1.0, d)
    return np.broadcast_to(scales, (fit.n_components,)) - 0.5 * d * np.log(2.0 * np.pi)
