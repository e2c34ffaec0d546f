"""Mean and covariance of rows with missing values: the most likely ones of a single Gaussian."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray
from gmmscape.covariances import FULL
from gmmscape.effort import EFFORT
from gmmscape.incomplete.patterns import Patterns
from gmmscape.tolerances import TOLERANCES


class OneGaussian(NamedTuple):
    """A single Gaussian.

    Attributes
    ----------
    mean : ndarray of shape (d,)
        In the coordinates of the rows.
    covariance : ndarray of shape (d, d)
        Zero in columns of one value.
    """

    mean: FloatArray
    covariance: FloatArray

    def completed(self, X: FloatArray) -> FloatArray:
        """Return rows with what is missing replaced by its expectation given what is observed."""
        found = X.copy()
        varying = np.diagonal(self.covariance) > 0
        patterns = Patterns.of(X)
        for observed, rows in zip(*patterns, strict=True):
            missing, own = np.flatnonzero(~observed), np.flatnonzero(observed & varying)
            if len(missing) == 0:
                continue
            slopes = _slopes(self.covariance, own)
            gaps = X[rows[:, None], own] - self.mean[own]
            found[rows[:, None], missing] = self.mean[missing] + gaps @ slopes[missing].T
        return found


def one_gaussian(X: FloatArray, weights: FloatArray) -> OneGaussian:
    """Return the most likely Gaussian of rows in which NaN stands for what is missing, by EM.

    What a pattern of observed columns says of it, a mass, a mean and a scatter, is summed once: the cost is
    that of a pass, and O(d^3) for each pattern and iteration. Of rows of very many patterns evenly spaced
    ones stand for all.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Rows; every column has a value, and so has every row.
    weights : ndarray of shape (n,)
        Positive.

    Returns
    -------
    OneGaussian
        In the same coordinates.
    """
    patterns = Patterns.of(X)
    step = -(-len(patterns) // EFFORT.measure.patterns_of_one)
    some = np.arange(0, len(X), step)
    if step > 1 and (~np.isnan(X[some])).any(axis=0).all():
        X, weights = X[some], weights[some]
        patterns = Patterns.of(X)
    mean, variance = _by_column(X, weights)
    varying = np.flatnonzero(variance > 0)
    covariance = np.zeros((len(mean), len(mean)))
    if len(varying):
        scale = np.sqrt(variance[varying])
        found = _by_em((X[:, varying] - mean[varying]) / scale, weights)
        mean[varying] += scale * found.mean
        covariance[np.ix_(varying, varying)] = found.covariance * np.outer(scale, scale)
    return OneGaussian(mean, covariance)


def _by_column(X: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of what is observed of each column."""
    observed = ~np.isnan(X)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        mass = weights @ observed
        mean = weights @ np.where(observed, X, 0.0) / mass
        gaps = np.where(observed, X - mean, 0.0)
        constant = (np.where(observed, X, np.inf).min(axis=0)) == np.where(observed, X, -np.inf).max(axis=0)
        variance = np.where(constant, 0.0, weights @ gaps**2 / mass)
    return mean, variance


def _by_em(X: FloatArray, weights: FloatArray) -> OneGaussian:
    """The Gaussian of standardised columns, which all vary."""
    d = X.shape[1]
    observed, masses, gaps, scatters = _sums(X, weights)
    mean, covariance = np.zeros(d), np.eye(d)
    if not np.isfinite(X[~np.isnan(X)]).all():
        return OneGaussian(mean, covariance)
    for _ in range(EFFORT.measure.iterations_of_one):
        lifted = covariance + TOLERANCES.measure.ridge_of_one * np.eye(d)
        given = FULL.conditioned(np.swapaxes(np.linalg.inv(np.linalg.cholesky(lifted)), 0, 1)[None], observed)
        about = np.where(observed, gaps - mean, 0.0)[:, None]
        moved = given.expected(about)[:, 0]
        within = given.completed(scatters[:, None], masses[:, None])[:, 0]
        share = masses / masses.sum()
        step = share @ moved
        apart = moved - step
        after = within.sum(axis=0) / masses.sum() + (share[:, None] * apart).T @ apart
        change = max(float(np.abs(after - covariance).max()), float(np.abs(step).max()))
        mean, covariance = mean + step, 0.5 * (after + after.T)
        if change <= TOLERANCES.measure.step_of_one:
            break
    return OneGaussian(mean, covariance)


def _sums(X: FloatArray, weights: FloatArray) -> tuple[BoolArray, FloatArray, FloatArray, FloatArray]:
    """Observed columns, mass, mean and scatter of the rows of each pattern, zero where missing."""
    patterns = Patterns.of(X)
    masses, means, scatters = list[float](), list[FloatArray](), list[FloatArray]()
    for observed, rows in zip(*patterns, strict=True):
        own, points = weights[rows], np.where(observed, X[rows], 0.0)
        masses.append(float(own.sum()))
        means.append(own @ points / masses[-1])
        rooted = np.where(observed, points - means[-1], 0.0) * np.sqrt(own)[:, None]
        scatters.append(rooted.T @ rooted)
    return patterns.observed, np.array(masses), np.array(means), np.array(scatters)


def _slopes(covariance: FloatArray, own: Any) -> FloatArray:
    """Of the regression of all columns on some, (d, m); the shortest where these are collinear."""
    if len(own) == 0:
        return np.zeros((len(covariance), 0))
    scale = np.sqrt(np.diagonal(covariance)[own])
    inner = covariance[np.ix_(own, own)] / np.outer(scale, scale)
    inverse = np.linalg.pinv(inner, rcond=TOLERANCES.measure.ridge_of_one, hermitian=True)
    return (covariance[:, own] / scale) @ inverse / scale
