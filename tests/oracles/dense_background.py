"""EM of a Gaussian mixture with a uniform background, written for the tests: dense NumPy, nothing shared."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import multivariate_normal


class Dense(NamedTuple):
    """Weights (the background's last), means, covariances and the log-likelihood per row."""

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray
    log_likelihood: float


def joint(X: np.ndarray, fit: Dense, volume: float) -> np.ndarray:
    """Weighted densities, the background's last, shape (n, k + 1)."""
    columns = [
        w * multivariate_normal(m, c).pdf(X).reshape(len(X))
        for w, m, c in zip(fit.weights, fit.means, fit.covariances, strict=False)
    ]
    return np.column_stack([*columns, np.full(len(X), fit.weights[-1] / volume)])


def em(X: np.ndarray, start: Dense, volume: float, iterations: int) -> Dense:
    """Plain EM: all weights, the background's too, are average posteriors."""
    fit = start
    for _ in range(iterations):
        densities = joint(X, fit, volume)
        posterior = densities / densities.sum(axis=1, keepdims=True)
        means, covariances = [], []
        for psi in posterior[:, :-1].T:
            mean = psi @ X / psi.sum()
            means.append(mean)
            covariances.append(((X - mean) * psi[:, None]).T @ (X - mean) / psi.sum())
        fit = Dense(posterior.mean(axis=0), np.array(means), np.array(covariances), 0.0)
    return fit._replace(log_likelihood=float(np.log(joint(X, fit, volume).sum(axis=1)).mean()))
