"""The likelihood of a mixture by SciPy, in plain parameters, and its derivatives by differences: no tests."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import multivariate_normal

import gmmscape as gs


def vector_of(mixture: gs.Mixture) -> Any:
    """Weights but the last, means, and the entries of the covariances that are free."""
    kind, covariances = mixture.covariance_type, mixture.covariances
    if kind in ("full", "tied"):
        row, column = np.tril_indices(mixture.n_features)
        covariances = covariances[..., row, column]
    return np.concatenate([mixture.weights[:-1], mixture.means.ravel(), covariances.ravel()])


def mixture_of(vector: Any, like: gs.Mixture) -> tuple[Any, Any, Any]:
    """Weights, means and full covariances of such a vector."""
    k, d = like.means.shape
    weights = np.append(vector[: k - 1], 1.0 - vector[: k - 1].sum())
    means, rest = vector[k - 1 : k - 1 + k * d].reshape(k, d), vector[k - 1 + k * d :]
    kind = like.covariance_type
    if kind == "spherical":
        return weights, means, rest[:, None, None] * np.eye(d)
    if kind == "diag":
        return weights, means, np.stack([np.diag(row) for row in rest.reshape(k, d)])
    row, column = np.tril_indices(d)
    matrices = np.zeros((1 if kind == "tied" else k, d, d))
    matrices[:, row, column] = matrices[:, column, row] = rest.reshape(len(matrices), -1)
    return weights, means, np.broadcast_to(matrices, (k, d, d))


def log_densities(vector: Any, like: gs.Mixture, X: Any) -> Any:
    """Of each row."""
    weights, means, matrices = mixture_of(vector, like)
    parts = [
        w * multivariate_normal.pdf(X, m, C).reshape(len(X))
        for w, m, C in zip(weights, means, matrices, strict=True)
    ]
    return np.log(np.sum(parts, axis=0))


def penalty(vector: Any, like: gs.Mixture, rows: float, scale: Any) -> float:
    """What the prior takes from the log-likelihood: rows times the divergence from each covariance."""
    matrices = mixture_of(vector, like)[2]
    matrices = matrices[:1] if like.covariance_type == "tied" else matrices
    d, total = like.n_features, 0.0
    for C in matrices:
        if like.covariance_type == "diag":
            scale = np.diag(np.diag(scale))
        if like.covariance_type == "spherical":
            scale = np.trace(scale) / d * np.eye(d)
        ratio = np.linalg.solve(C, scale)
        total += 0.5 * rows * (np.trace(ratio) - d - np.linalg.slogdet(ratio)[1])
    return total


def gradient_of_rows(like: gs.Mixture, X: Any) -> Any:
    """Scores of the rows, (n, m), by central differences."""
    at = vector_of(like)
    steps = 1e-5 * np.maximum(np.abs(at), 0.1)
    return np.stack(
        [
            (log_densities(at + h, like, X) - log_densities(at - h, like, X)) / (2 * step)
            for step, h in zip(steps, np.diag(steps), strict=True)
        ],
        axis=1,
    )


def information(like: gs.Mixture, X: Any, counts: Any = None, prior: Any = None) -> Any:
    """Minus the Hessian of the total log-likelihood, (m, m), by central differences."""
    at = vector_of(like)
    steps = np.diag(1e-4 * np.maximum(np.abs(at), 0.1))
    counts = np.ones(len(X)) if counts is None else counts

    def value(v: Any) -> float:
        taken = 0.0 if prior is None else penalty(v, like, prior.rows, prior.scale)
        return float(counts @ log_densities(v, like, X)) - taken

    m = len(at)
    found = np.empty((m, m))
    for i in range(m):
        for j in range(i + 1):
            a, b = steps[i], steps[j]
            rise = value(at + a + b) - value(at + a - b) - value(at - a + b) + value(at - a - b)
            found[i, j] = found[j, i] = -rise / (4 * a[i] * b[j])
    return found


def errors_of(covariance: Any, like: gs.Mixture) -> dict[str, Any]:
    """Standard errors by kind from the covariance of the vector: the delta method by hand."""
    k, d = like.means.shape
    errors = np.sqrt(np.diag(covariance))
    at, kind = vector_of(like), like.covariance_type
    last = np.sqrt(covariance[: k - 1, : k - 1].sum())
    found = {"weight": np.append(errors[: k - 1], last), "mean": errors[k - 1 : k - 1 + k * d]}
    start = k - 1 + k * d
    if kind in ("spherical", "diag"):
        found["sd"] = errors[start:] / (2 * np.sqrt(at[start:]))
        return found
    row, column = np.tril_indices(d)
    q = len(row)
    sds, correlations = [], []
    for i in range(1 if kind == "tied" else k):
        own = slice(start + i * q, start + (i + 1) * q)
        C, V = at[own], covariance[own, own]
        place = {(r, c): n for n, (r, c) in enumerate(zip(row, column, strict=True))}
        for j in range(d):
            n = place[j, j]
            sds.append(np.sqrt(V[n, n]) / (2 * np.sqrt(C[n])))
        for b in range(d):
            for a in range(b):
                n, x, y = place[b, a], place[a, a], place[b, b]
                root = np.sqrt(C[x] * C[y])
                slope = np.zeros(q)
                slope[n], slope[x], slope[y] = 1 / root, -C[n] / root / 2 / C[x], -C[n] / root / 2 / C[y]
                correlations.append(np.sqrt(slope @ V @ slope))
    return {**found, "sd": np.array(sds), "correlation": np.array(correlations)}
