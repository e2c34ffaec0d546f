"""EM for rows with missing values, row by row and component by component: slow, and easy to check by eye."""

from __future__ import annotations

import numpy as np
from scipy.stats import multivariate_normal


def log_joint(X, weights, means, covariances):
    """Log joint densities of what is observed, shape (n, k); covariances are matrices (k, d, d)."""
    found = np.tile(np.log(weights), (len(X), 1))
    for row, x in enumerate(X):
        own = ~np.isnan(x)
        if own.any():
            for i, (mean, covariance) in enumerate(zip(means, covariances, strict=True)):
                found[row, i] += multivariate_normal(mean[own], covariance[np.ix_(own, own)]).logpdf(x[own])
    return found


def log_density(X, weights, means, covariances):
    """Log density of what is observed of each row."""
    return np.logaddexp.reduce(log_joint(X, weights, means, covariances), axis=1)


def conditional(x, mean, covariance):
    """Mean and covariance of all columns given the observed ones; those are known exactly."""
    own, gone = ~np.isnan(x), np.isnan(x)
    expected, left = np.where(own, x, mean), np.zeros_like(covariance)
    slopes = covariance[np.ix_(gone, own)] @ np.linalg.inv(covariance[np.ix_(own, own)])
    expected[gone] = mean[gone] + slopes @ (x[own] - mean[own])
    left[np.ix_(gone, gone)] = covariance[np.ix_(gone, gone)] - slopes @ covariance[np.ix_(own, gone)]
    return expected, left


def em_step(X, row_weights, weights, means, covariances, kind):
    """One step of EM, covariances as matrices of the kind (k, d, d) before and after."""
    joint = log_joint(X, weights, means, covariances)
    psi = np.exp(joint - np.logaddexp.reduce(joint, axis=1)[:, None]) * row_weights[:, None]
    mass, (k, d) = psi.sum(axis=0), means.shape
    new_means, scatter = np.zeros((k, d)), np.zeros((k, d, d))
    for i in range(k):
        parts = [conditional(x, means[i], covariances[i]) for x in X]
        new_means[i] = sum(p * e for p, (e, _) in zip(psi[:, i], parts, strict=True)) / mass[i]
        for p, (expected, left) in zip(psi[:, i], parts, strict=True):
            gap = expected - new_means[i]
            scatter[i] += p * (np.outer(gap, gap) + left)
    if kind == "tied":
        new = np.tile(scatter.sum(axis=0) / mass.sum(), (k, 1, 1))
    else:
        new = scatter / mass[:, None, None]
        if kind != "full":
            new = np.array([np.diag(np.diag(one)) for one in new])
        if kind == "spherical":
            new = np.array([np.eye(d) * np.trace(one) / d for one in new])
    return mass / mass.sum(), new_means, new
