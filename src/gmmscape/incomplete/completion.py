"""Missing values filled in: by their expectation under a mixture, or by draws from what it says of them."""

from __future__ import annotations

import numpy as np

from gmmscape import engine
from gmmscape.arrays import FloatArray, IntArray
from gmmscape.covariances import kind_named
from gmmscape.incomplete.held import hold
from gmmscape.incomplete.patterns import Patterns


def expected(X: FloatArray, parameters: engine.Parameters) -> FloatArray:
    """Return rows with what is missing replaced by its expectation given what is observed.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Local rows; NaN stands for what is missing.
    parameters : Parameters
        Of the mixture.

    Returns
    -------
    ndarray of shape (n, d)
        New; observed values are as they were. Cost of a pass.
    """
    found = X.copy()
    kind, patterns = kind_named(parameters.kind), Patterns.of(X)
    for observed, rows in zip(*patterns, strict=True):
        if observed.all():
            continue
        given, some = kind.conditioned(parameters.factors, observed[None]), X[rows]
        posterior = hold(some).responsibilities(parameters)
        total = np.zeros_like(some)
        for i in np.flatnonzero(posterior.any(axis=0)).tolist():
            mean = parameters.means[i]
            gaps = np.where(observed, some - mean, 0.0)
            total += posterior[:, [i]] * (mean + given.of_rows(0, i, gaps))
        missing = np.flatnonzero(~observed)
        found[rows[:, None], missing] = total[:, missing]
    return found


def drawn(
    X: FloatArray,
    parameters: engine.Parameters,
    rng: np.random.Generator,
    component: IntArray | None = None,
) -> FloatArray:
    """Return rows with what is missing drawn from its distribution given what is observed.

    Where values are missing at random and the mixture is the truth, rows so completed are draws from it.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Local rows; NaN stands for what is missing.
    parameters : Parameters
        Of the mixture.
    rng : numpy.random.Generator
        Of the draws, the same number of them for every pattern of missing values.
    component : ndarray of int, shape (n,), optional
        Which component each row is of; by default drawn by their responsibilities.

    Returns
    -------
    ndarray of shape (n, d)
        New; observed values are as they were. Cost of a pass.
    """
    chance, noise = rng.random(len(X)), rng.standard_normal(X.shape)
    found = X.copy()
    kind, patterns = kind_named(parameters.kind), Patterns.of(X)
    for observed, rows in zip(*patterns, strict=True):
        if observed.all():
            continue
        given, some = kind.conditioned(parameters.factors, observed[None]), X[rows]
        own = (
            _chosen(hold(some).responsibilities(parameters), chance[rows])
            if component is None
            else component[rows]
        )
        missing = np.flatnonzero(~observed)
        for i in np.unique(own).tolist():
            these, mean = np.flatnonzero(own == i), parameters.means[i]
            gaps = np.where(observed, some[these] - mean, 0.0)
            values = mean + given.of_rows(0, i, gaps) + given.rest(0, i, noise[rows[these]])
            found[rows[these, None], missing] = values[:, missing]
    return found


def _chosen(posterior: FloatArray, chance: FloatArray) -> IntArray:
    """The component of each row, drawn by its responsibilities."""
    running = np.cumsum(posterior, axis=1)
    return np.minimum((running <= chance[:, None] * running[:, -1:]).sum(axis=1), posterior.shape[1] - 1)
