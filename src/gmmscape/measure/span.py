"""Subspaces that contain given vectors, to rounding; and the view of a fit from one.

What it is for: docs/integrals.md#more-dimensions.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gmmscape import engine
from gmmscape.arrays import FloatArray
from gmmscape.mixture import Mixture
from gmmscape.statistics import LocationDerivatives

#: Units in the last place of the largest coordinate, for each row or column, below which a direction is the
#: rounding of coordinates: leaving it out moves a mean no farther than the rounding of its coordinates does.
ROUNDING = 4.0 * np.finfo(np.float64).eps


def rounding_length(*points: FloatArray) -> float:
    """Return the length below which differences of these points, each (n, d), are rounding."""
    return ROUNDING * max(max(p.shape) * float(np.abs(p).max(initial=0.0)) for p in points)


def basis_of(vectors: FloatArray, tolerance: float) -> FloatArray:
    """Return an orthonormal basis (d, r) of the span of rows (n, d), longest directions first."""
    _, sizes, directions = np.linalg.svd(vectors, full_matrices=False)
    return directions[sizes > tolerance].T


def contains(basis: FloatArray, vectors: FloatArray, tolerance: float) -> bool:
    """Say whether rows lie in the span of a basis, to the tolerance."""
    if basis.shape[1] == basis.shape[0]:
        return True
    return bool(np.linalg.norm(beyond(basis, vectors)) <= tolerance)


def beyond(basis: FloatArray, vectors: FloatArray) -> FloatArray:
    """Return the parts of rows orthogonal to a basis."""
    return vectors - (vectors @ basis) @ basis.T


def extended(basis: FloatArray, vectors: FloatArray, tolerance: float) -> FloatArray:
    """Return a basis with directions added until its span contains the rows too."""
    more = basis_of(beyond(basis, vectors), tolerance)
    # What a short vector has beyond the basis is rounded: its direction is orthogonal only at a second try.
    more, _ = np.linalg.qr(beyond(basis, more.T).T)
    return np.column_stack([basis, more])


def followed(basis: FloatArray, vectors: FloatArray, tolerance: float) -> FloatArray | None:
    """Return a basis of as many vectors whose span contains the rows, turned as little as possible.

    None where the rows span more dimensions than the basis has.
    """
    found = basis_of(vectors, tolerance)
    missing = basis.shape[1] - found.shape[1]
    if missing < 0:
        return None
    if missing:
        rest = beyond(found, basis.T)
        found = np.column_stack([found, np.linalg.svd(rest, full_matrices=False)[2][:missing].T])
    left, _, right = np.linalg.svd(found.T @ basis)
    return found @ (left @ right)


def joint_basis(truth: Mixture, mixture: Mixture) -> FloatArray:
    """Return a basis of the span of the differences of centers and means, that of the centers first."""
    length = rounding_length(truth.means, mixture.means)
    first = truth.means[0]
    basis = basis_of(truth.means - first, length)
    return extended(basis, mixture.means - first, length)


class View(NamedTuple):
    """A fit of one spherical covariance and a truth of spherical components, seen from a span.

    Coordinates are those along the basis, those that tell the centers apart beyond it, and, where there are
    dimensions beyond the basis, one more in which component s of the truth lies its standard deviation tau_s
    away from all means. In it the engine's sums are the corrections of docs/integrals.md#more-dimensions.

    Attributes
    ----------
    frame : ndarray of shape (d, f)
        Directions of all coordinates but the last one.
    n_basis : int
        How many of them belong to the basis.
    middle : ndarray of shape (d,)
        Where coordinates count from.
    places : ndarray of shape (k_star, f + 1) or (k_star, f)
        Centers.
    taus : ndarray of shape (k_star,)
        Standard deviations of the truth's components.
    parameters : Parameters
        The fit.
    sigma : float
        Standard deviation of the fit.
    """

    frame: FloatArray
    n_basis: int
    middle: FloatArray
    places: FloatArray
    taus: FloatArray
    parameters: engine.Parameters
    sigma: float

    @classmethod
    def of(cls, truth: Mixture, mixture: Mixture, basis: FloatArray, unit: float) -> View:
        """Return the view of a fit whose means differ within the span of the basis."""
        sigma = mixture.sigma
        assert sigma is not None
        d, r = basis.shape
        taus = spherical_deviations(truth)
        assert taus is not None
        middle = mixture.means.mean(axis=0)
        frame = basis
        offsets = truth.means - middle
        if r < d:
            tolerance = rounding_length(truth.means, mixture.means)
            frame = extended(basis, offsets, tolerance)
        means = np.zeros((mixture.n_components, frame.shape[1] + (r < d)))
        means[:, :r] = (mixture.means - middle) @ basis
        places = offsets @ frame
        if r < d:
            places = np.column_stack([places, taus])
        parameters = engine.Parameters(
            "spherical",
            mixture.parameters.log_weights,
            means,
            np.full(mixture.n_components, 1.0 / sigma),
            unit,
        )
        return cls(frame, r, middle, places, taus, parameters, sigma)

    def nodes(self, s: int, z: FloatArray) -> FloatArray:
        """Return rows for component s of the truth at standard nodes (n, r)."""
        X = np.tile(self.places[s], (len(z), 1))
        X[:, : self.n_basis] += self.taus[s] * z
        return X

    def value_beyond(self, shares: FloatArray) -> float:
        """Return what the dimensions left out add to the NLL per unit^d."""
        d, seen = self.frame.shape[0], self.places.shape[1]
        more = d - seen
        constant = 0.5 * np.log(2 * np.pi) + np.log(self.sigma / self.parameters.unit)
        # One dimension beyond the basis is among the coordinates.
        times = d - self.n_basis - 1 if d > self.n_basis else 0
        spread = float(shares @ (self.taus / self.sigma) ** 2)
        return float(more * constant + 0.5 * times * spread)

    def lifted(self, at: LocationDerivatives, value: float = 0.0) -> LocationDerivatives:
        """Return derivatives in d dimensions from those in the view's coordinates.

        Joint derivatives have the log weights for their last coordinate, which stays as it is.
        """
        d, f = self.frame.shape
        k = len(at.mass)
        joint = at.gradient.shape[1] > self.places.shape[1]
        gradient = np.column_stack([at.gradient[:, :f] @ self.frame.T, at.gradient[:, -1:]][: 1 + joint])
        if at.hessian is None:
            return LocationDerivatives(at.nll + value, gradient, None, at.mass)
        seen = at.hessian.reshape(k, -1, k, at.hessian.shape[0] // k)
        core = seen[:, :f, :, :f].copy()
        hessian = np.zeros((k, d, k, d))
        if d > self.n_basis:
            outer = seen[:, f, :, f]
            correction = outer - np.diag(at.mass) / self.sigma**2
            for a in range(self.n_basis, f):
                core[:, a, :, a] += correction
            rest = np.eye(d) - self.frame @ self.frame.T
            hessian += outer[:, None, :, None] * rest[None, :, None, :]
        hessian += np.einsum("ax,ixjy,by->iajb", self.frame, core, self.frame, optimize=True)
        if joint:
            means = hessian
            hessian = np.empty((k, d + 1, k, d + 1))
            hessian[:, :d, :, :d] = means
            hessian[:, :d, :, d] = np.einsum("ax,ixj->iaj", self.frame, seen[:, :f, :, -1])
            hessian[:, d, :, :d] = np.moveaxis(hessian[:, :d, :, d], 2, 0)
            hessian[:, d, :, d] = seen[:, -1, :, -1]
        flat = hessian.reshape(gradient.size, gradient.size)
        return LocationDerivatives(at.nll + value, gradient, 0.5 * (flat + flat.T), at.mass)


def spherical_deviations(mixture: Mixture) -> FloatArray | None:
    """Return the standard deviation of each component, shape (k,), or None if some is not spherical."""
    variances = mixture.kind.isotropic(mixture.covariances)
    if variances is not None:
        return np.sqrt(variances)
    values = np.linalg.eigvalsh(mixture.full_covariances())
    if np.any(np.ptp(values, axis=1) > 1e-12 * values[:, -1]):
        return None
    return np.sqrt(values[:, 0])
