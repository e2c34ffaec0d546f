"""The reference engine: NumPy, written to be read, and the truth that faster engines are tested against.

Rows are walked in blocks, so that nothing of size n x k is ever kept. Sums over blocks are merged along a
fixed tree: the same rows give the same bits.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.covariances import kind_named
from gmmscape.engine.logsumexp import logsumexp_rows
from gmmscape.engine.parameters import Parameters
from gmmscape.statistics import LocationDerivatives, SufficientStatistics, merge_in_order

BLOCK_ROWS = 4096
#: Responsibilities below this count as zero. What they add is far below rounding, and their products with
#: small deviations would be subnormal: slow, and no longer exact under scaling by powers of two.
SMALLEST = 2.0**-800


def blocks(n: int) -> Iterator[slice]:
    """Yield the slices of at most `BLOCK_ROWS` rows that cover `n` rows."""
    for start in range(0, n, BLOCK_ROWS):
        yield slice(start, min(start + BLOCK_ROWS, n))


def log_joint(X: FloatArray, parameters: Parameters) -> FloatArray:
    """Return log(weight_i N(x; mean_i, covariance_i)) for a block of rows, shape (n, k)."""
    return parameters.log_constants - 0.5 * squared_distances(X, parameters)


def squared_distances(X: FloatArray, parameters: Parameters) -> FloatArray:
    """Return the squared Mahalanobis distances of a block of rows from the means, shape (n, k)."""
    k = len(parameters.means)
    squared = np.empty((len(X), k))
    with np.errstate(over="ignore", invalid="ignore"):
        for i in range(k):
            scaled = standardised(X, parameters, i)
            np.einsum("nd,nd->n", scaled, scaled, out=squared[:, i])
    squared[np.isnan(squared)] = np.inf  # overflow: rows farther than 1e154 deviations have density zero
    return squared


def standardised(X: FloatArray, parameters: Parameters, i: int) -> FloatArray:
    """Return deviations of a block of rows from mean i in its own standard deviations, shape (n, d)."""
    return kind_named(parameters.kind).scaled(X - parameters.means[i], parameters.factors, i)


def log_density(X: FloatArray, parameters: Parameters) -> FloatArray:
    """Return the log density of the mixture at each row, shape (n,); -inf where it underflows."""
    out = np.empty(len(X))
    for block in blocks(len(X)):
        out[block] = logsumexp_rows(log_joint(X[block], parameters))
    return out


def responsibilities(X: FloatArray, parameters: Parameters) -> FloatArray:
    """Return the posterior probability of each component at each row, shape (n, k)."""
    out = np.empty((len(X), len(parameters.means)))
    for block in blocks(len(X)):
        out[block], _ = posterior_and_density(X[block], parameters)
    return out


def posterior_and_density(X: FloatArray, parameters: Parameters) -> tuple[FloatArray, FloatArray]:
    """Return responsibilities (n, k) and log densities (n,) of a block of rows."""
    joint = log_joint(X, parameters)
    density = logsumexp_rows(joint)
    lost = np.isneginf(density)
    with np.errstate(invalid="ignore", under="ignore"):
        posterior = np.exp(joint - density[:, None])
    posterior[posterior < SMALLEST] = 0.0
    if lost.any():
        posterior[lost] = _nearest_component(X[lost], parameters)
    # A density of a million nats is rounded by 1e-10, and so would be every responsibility of the row.
    posterior /= posterior.sum(axis=1, keepdims=True)
    return posterior, density


def _nearest_component(X: FloatArray, parameters: Parameters) -> FloatArray:
    """Responsibilities of rows so far out that every squared distance overflows.

    There the component of least Mahalanobis distance takes everything; distances are compared after
    dividing rows and means by the largest entry of both. Exact ties are shared.
    """
    scale = np.maximum(np.abs(X).max(axis=1, keepdims=True), np.abs(parameters.means).max())
    distance = np.full((len(X), len(parameters.means)), np.inf)
    for i in np.flatnonzero(parameters.log_weights > -np.inf):
        mean = parameters.means[i]
        centred = parameters._replace(means=np.zeros_like(parameters.means))
        scaled = standardised(X / scale - mean / scale, centred, int(i))
        with np.errstate(over="ignore"):
            distance[:, i] = np.linalg.norm(scaled, axis=1)
    nearest = distance == distance.min(axis=1, keepdims=True)
    return nearest / nearest.sum(axis=1, keepdims=True)


def statistics(
    X: FloatArray, weights: FloatArray, parameters: Parameters, scatter: str
) -> SufficientStatistics:
    """Return the sufficient statistics of local rows."""
    parts = [_block_statistics(X[b], weights[b], parameters, scatter) for b in blocks(len(X))]
    return merge_in_order(parts)


def _block_statistics(
    X: FloatArray, weights: FloatArray, parameters: Parameters, scatter: str
) -> SufficientStatistics:
    posterior, density = posterior_and_density(X, parameters)
    posterior *= weights[:, None]
    mass = posterior.sum(axis=0)
    # Deviations about the current mean keep the sums small when components are narrow and far apart.
    mean = parameters.means.copy()
    for i in np.flatnonzero(mass > 0):
        mean[i] += posterior[:, i] @ (X - parameters.means[i]) / mass[i]
    return SufficientStatistics(
        mass=mass,
        mean=mean,
        scatter=_scatter(X, posterior, mean, scatter),
        kind=scatter,
        log_likelihood=float(weights @ np.where(weights > 0, density, 0.0)),
        weight=float(weights.sum()),
    )


def _scatter(X: FloatArray, posterior: FloatArray, mean: FloatArray, kind: str) -> FloatArray | None:
    if kind == "none":
        return None
    storage = kind_named(kind)
    with np.errstate(over="ignore", invalid="ignore"):  # of what is not finite no mixture is made
        return storage.joined([storage.scatter(X - at, posterior[:, i]) for i, at in enumerate(mean)])


def location_derivatives(
    X: FloatArray, weights: FloatArray, parameters: Parameters, *, hessian: bool
) -> LocationDerivatives:
    """Return value, gradient and Hessian in the means, as `HeldRows.derivatives` states them."""
    k, d = parameters.means.shape
    factor = float(parameters.factors[0])
    nll = 0.0
    mass = np.zeros(k)
    gradient = np.zeros((k, d))
    second = np.zeros((k * d, k * d)) if hessian else None
    for block in blocks(len(X)):
        posterior, density = posterior_and_density(X[block], parameters)
        weighted = posterior * weights[block, None]
        scaled = factor * (X[block, None, :] - parameters.means)
        nll -= float(weights[block] @ density)
        mass += weighted.sum(axis=0)
        gradient -= np.einsum("nk,nkd->kd", weighted, scaled)
        if second is not None:
            second += _hessian_terms(posterior, weighted, scaled, weights[block])
    # sigma is the unit of length up to here: its fourth power may not be representable.
    if second is not None:
        second = factor * (factor * second)
    return LocationDerivatives(nll, factor * gradient, second, mass)


def _hessian_terms(
    posterior: FloatArray, weighted: FloatArray, scaled: FloatArray, weights: FloatArray
) -> FloatArray:
    n, k, d = scaled.shape
    score = (posterior[:, :, None] * scaled).reshape(n, k * d)
    hessian = (score * weights[:, None]).T @ score
    for i in range(k):
        part = slice(i * d, (i + 1) * d)
        spread = (scaled[:, i] * weighted[:, i, None]).T @ scaled[:, i]
        hessian[part, part] += weighted[:, i].sum() * np.eye(d) - spread
    return 0.5 * (hessian + hessian.T)


def covered(
    X: FloatArray, parameters: Parameters, threshold: float
) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """Return component, row, responsibility and one less it, of responsibilities from a threshold on."""
    parts = []
    for block in blocks(len(X)):
        posterior = responsibilities(X[block], parameters)
        rest = 1.0 - posterior
        # Of the largest, the sum of the others says more than the difference from one.
        row, top = np.arange(len(posterior)), posterior.argmax(axis=1)
        others = posterior.copy()
        others[row, top] = 0.0
        rest[row, top] = others.sum(axis=1)
        at, component = np.nonzero(posterior >= threshold)
        parts.append((component, at + block.start, posterior[at, component], rest[at, component]))
    component, row, posterior, rest = (np.concatenate(part) for part in zip(*parts, strict=True))
    return component, row, posterior, rest


def nearest(X: FloatArray, parameters: Parameters) -> IntArray:
    """Return the component of largest joint density at each row, shape (n,); the first of equal ones."""
    out = np.empty(len(X), dtype=np.int64)
    for block in blocks(len(X)):
        out[block] = log_joint(X[block], parameters).argmax(axis=1)
    return out
