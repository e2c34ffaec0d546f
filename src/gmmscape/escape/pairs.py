"""Two components fitted to the rows of one, from several starts at once.

The small problems of a split are many and short: here the starts of one problem share every array operation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.covariances import precision_factors
from gmmscape.exceptions import InvalidParameterError
from gmmscape.families import FreeCovariance
from gmmscape.mixture import Mixture

MAX_ITER = 40
#: Fall of the NLL in one iteration, in nats per unit mass, below which all starts have come to rest.
TOL = 1e-4


class Pairs(NamedTuple):
    """Pairs of components, one for each start: weights (b, 2), means (b, 2, d), covariances (b, 2, d, d)."""

    weights: FloatArray
    means: FloatArray
    covariances: FloatArray

    def mixture(self, start: int, kind: str) -> Mixture:
        """Return the pair that one start led to."""
        return Mixture(self.weights[start], self.means[start], _stored(self.covariances[start], kind), kind)


def nearest_pairs(points: FloatArray, weights: FloatArray, means: FloatArray) -> Pairs:
    """Return starts around the given means, (b, 2, d): the scatter about the nearer mean, pooled."""
    distance = ((points[:, None, None, :] - means) ** 2).sum(axis=3)
    second = (distance[..., 1] < distance[..., 0]).T
    nearest = np.where(second[..., None], means[:, 1, None, :], means[:, 0, None, :])
    deviation = points - nearest
    pooled = np.swapaxes(deviation * weights[:, None], 1, 2) @ deviation
    covariances = np.repeat(pooled[:, None], 2, axis=1)
    return Pairs(np.full(means.shape[:2], 0.5), means, covariances)


def fit_pairs(
    points: FloatArray, weights: FloatArray, start: Pairs, family: FreeCovariance
) -> tuple[Pairs, FloatArray]:
    """Return where plain EM leads from each start, and the NLL there.

    Parameters
    ----------
    points : ndarray of shape (n, d)
        Rows.
    weights : ndarray of shape (n,)
        Their weights, summing to one.
    start : Pairs
        b starts.
    family : FreeCovariance
        Kind and floor of the covariances.

    Returns
    -------
    Pairs
        With covariances of the family's kind, as matrices.
    ndarray of shape (b,)
        NLL in nats per unit mass; infinite where the covariances became singular. At most `MAX_ITER`
        iterations of cost O(b n d^2) each.
    """
    pairs = start._replace(covariances=_projected(start, family))
    value = np.full(len(start.weights), np.inf)
    for iteration in range(MAX_ITER + 1):
        try:
            joint = _log_joint(points, pairs)
        except InvalidParameterError:
            return pairs, np.full(len(value), np.inf)
        density = np.logaddexp(joint[:, 0], joint[:, 1])
        before, value = value, -(density @ weights)
        if iteration == MAX_ITER or np.all(before - value < TOL):
            break
        pairs = _updated(points, weights, np.exp(joint - density[:, None]), pairs, family)
    return pairs, value


def _log_joint(points: FloatArray, pairs: Pairs) -> FloatArray:
    b, _, d = pairs.means.shape
    factors = precision_factors(pairs.covariances.reshape(2 * b, d, d), "full").reshape(b, 2, d, d)
    scaled = (points - pairs.means[:, :, None, :]) @ factors
    diagonal = np.diagonal(factors, axis1=2, axis2=3)
    with np.errstate(divide="ignore"):
        constant = np.log(pairs.weights) + np.log(diagonal).sum(axis=2) - 0.5 * d * np.log(2 * np.pi)
    return constant[:, :, None] - 0.5 * np.einsum("bknd,bknd->bkn", scaled, scaled)


def _updated(
    points: FloatArray, weights: FloatArray, posterior: FloatArray, pairs: Pairs, family: FreeCovariance
) -> Pairs:
    posterior *= weights
    mass = posterior.sum(axis=2)
    divisor = np.maximum(mass, np.finfo(np.float64).tiny)[..., None]
    means = np.where(mass[..., None] > 0, posterior @ points / divisor, pairs.means)
    deviation = points - means[:, :, None, :]
    scatter = np.swapaxes(deviation * posterior[..., None], 2, 3) @ deviation
    covariances = np.where(mass[..., None, None] > 0, scatter / divisor[..., None], pairs.covariances)
    updated = Pairs(mass / mass.sum(axis=1, keepdims=True), means, covariances)
    return updated._replace(covariances=_projected(updated, family))


def _projected(pairs: Pairs, family: FreeCovariance) -> FloatArray:
    """The covariances of the family nearest in likelihood, on or above its floor, as matrices."""
    matrices = pairs.covariances
    if family.name == "tied":
        matrices = np.einsum("bk,bkde->bde", pairs.weights, matrices)[:, None]
    clipped, _ = family.floor.clip(_stored(matrices, family.name), family.name)
    d = matrices.shape[-1]
    if family.name in ("spherical", "diag"):
        clipped = np.broadcast_to(clipped.reshape(*matrices.shape[:2], -1), (*matrices.shape[:2], d))
        clipped = clipped[..., None] * np.eye(d)
    clipped = 0.5 * (clipped + np.swapaxes(clipped, -1, -2))
    return np.broadcast_to(clipped, pairs.covariances.shape)


def _stored(matrices: FloatArray, kind: str) -> FloatArray:
    """Matrices (..., d, d) as the storage kind has them; "tied" takes those of the first component."""
    diagonal = np.diagonal(matrices, axis1=-2, axis2=-1)
    if kind == "spherical":
        return diagonal.mean(axis=-1)
    if kind == "diag":
        return diagonal
    return matrices[0] if kind == "tied" and matrices.ndim == 3 else matrices
