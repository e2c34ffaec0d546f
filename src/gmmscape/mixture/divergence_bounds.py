"""What is known of two mixtures in closed form: bounds on divergences, overlaps and distances.

Sources: Hershey and Olsen, ICASSP 2007 (product and variational bounds); Goldberger, Gordon and Greenspan,
ICCV 2003 (matching); Durrieu, Thiran and Kelly, ICASSP 2012 (both sides together).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import logsumexp

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from gmmscape.mixture.parts import MixtureParts

LOG_2PI = float(np.log(2.0 * np.pi))


class Gaussians(NamedTuple):
    """Weights in logarithms (k,), means (k, d), covariances (k, d, d) and their lower roots."""

    log_weights: FloatArray
    means: FloatArray
    covariances: FloatArray
    roots: FloatArray

    @classmethod
    def of(cls, mixture: MixtureParts) -> Gaussians:
        """Return the components that have weight."""
        there = mixture.weights > 0
        full = mixture.full_covariances()[there]
        return cls(np.log(mixture.weights[there]), mixture.means[there], full, np.linalg.cholesky(full))

    def halved_with(self, other: Gaussians) -> Gaussians:
        """Return the components of ``(p + q) / 2``."""
        weights = np.concatenate([self.log_weights, other.log_weights]) - np.log(2.0)
        return Gaussians(weights, *(np.concatenate(pair) for pair in zip(self[1:], other[1:], strict=True)))

    @property
    def entropies(self) -> FloatArray:
        """Of each component, (k,), in nats."""
        d = self.means.shape[1]
        return 0.5 * d * (1.0 + LOG_2PI) + _half_log_determinants(self.roots)


def kl_bounds(p: Gaussians, q: Gaussians) -> tuple[float, float]:
    """Return bounds between which the Kullback-Leibler divergence of p from q lies, in nats."""
    pp, pq = _kl_of_components(p, p), _kl_of_components(p, q)
    shares = np.exp(p.log_weights)
    # E log of a mixture under a component: Jensen's inequality on either side.
    log_overlap_pp = logsumexp(p.log_weights + log_overlaps(p, p), axis=1)
    log_overlap_pq = logsumexp(q.log_weights + log_overlaps(p, q), axis=1)
    below_p = logsumexp(p.log_weights - pp, axis=1) - p.entropies
    below_q = logsumexp(q.log_weights - pq, axis=1) - p.entropies
    lower = float(shares @ (below_p - log_overlap_pq))
    upper = float(shares @ (log_overlap_pp - below_q))
    return max(0.0, lower), max(0.0, min(upper, _variational(p, q, pq)))


def _variational(p: Gaussians, q: Gaussians, pq: FloatArray) -> float:
    """Hershey and Olsen's upper bound: components divided into parts, and parts matched, as well as can be.

    KL is convex, so that any division of both into as many weighted parts bounds it from above; the two
    steps in turn only lower the bound. Goldberger's matching is one such division.
    """
    log_p, log_q = p.log_weights[:, None], q.log_weights[None, :]
    log_psi = log_p + log_q
    best = np.inf
    for _ in range(EFFORT.measure.bound_rounds):
        log_phi = log_p + _normalised(log_psi - pq, axis=1)
        phi = np.exp(log_phi)
        log_psi = log_q + _normalised(log_phi, axis=0)
        with np.errstate(invalid="ignore"):
            value = float(np.where(phi > 0, phi * (log_phi - log_psi + pq), 0.0).sum())
        if not value < best:
            break
        best = value
    return best


def _normalised(logs: FloatArray, axis: int) -> FloatArray:
    total = logsumexp(logs, axis=axis, keepdims=True)
    with np.errstate(invalid="ignore"):
        return np.where(np.isneginf(total), -np.inf, logs - total)


def log_overlaps(p: Gaussians, q: Gaussians) -> FloatArray:
    """Return the logarithm of the integral of each component of p times each of q, (kp, kq)."""
    out = np.empty((len(p.means), len(q.means)))
    for i, (mean, covariance) in enumerate(zip(p.means, p.covariances, strict=True)):
        roots = np.linalg.cholesky(covariance + q.covariances)
        scaled = np.linalg.solve(roots, (mean - q.means)[:, :, None])[:, :, 0]
        squares = np.square(scaled).sum(axis=1)
        out[i] = -0.5 * (squares + mean.size * LOG_2PI) - _half_log_determinants(roots)
    return out


def _kl_of_components(p: Gaussians, q: Gaussians) -> FloatArray:
    """Return the divergence of each component of p from each of q, (kp, kq), in nats."""
    out = np.empty((len(p.means), len(q.means)))
    logs = _half_log_determinants(q.roots)
    for i, (mean, root) in enumerate(zip(p.means, p.roots, strict=True)):
        both = np.concatenate([np.broadcast_to(root, q.roots.shape), (mean - q.means)[:, :, None]], axis=2)
        squares = np.square(np.linalg.solve(q.roots, both)).sum(axis=(1, 2))
        out[i] = 0.5 * (squares - mean.size) + logs - _half_log_determinants(root)
    return np.maximum(out, 0.0)


def _half_log_determinants(roots: FloatArray) -> FloatArray:
    return np.log(np.diagonal(roots, axis1=-2, axis2=-1)).sum(axis=-1)


def cauchy_schwarz(p: Gaussians, q: Gaussians) -> float:
    """Return ``-log(<p, q> / sqrt(<p, p> <q, q>))``, with <,> the integral of the product."""
    pp, pq, qq = (_log_product(a, b) for a, b in ((p, p), (p, q), (q, q)))
    return max(0.0, 0.5 * (pp + qq) - pq)


def squared_l2(p: Gaussians, q: Gaussians) -> tuple[float, float]:
    """Return the integral of ``(p - q)^2`` and how far rounding may have moved it."""
    logs = [_log_product(a, b) for a, b in ((p, p), (q, q), (p, q))]
    top = max(logs)
    if not np.log(np.finfo(np.float64).tiny) < top < np.log(np.finfo(np.float64).max) - 2:
        raise InvalidParameterError(
            "p and q have densities whose squares leave float64: rescale the columns, for example by their "
            "standard deviations"
        )
    pp, qq, pq = (float(np.exp(log - top)) for log in logs)
    scale, eps = float(np.exp(top)), np.finfo(np.float64).eps
    rounding = 4 * eps * (len(p.means) + len(q.means) + abs(top)) * (pp + qq + 2 * pq)
    return scale * max(0.0, pp + qq - 2 * pq), scale * rounding


def _log_product(p: Gaussians, q: Gaussians) -> float:
    return float(logsumexp(p.log_weights[:, None] + q.log_weights + log_overlaps(p, q)))
