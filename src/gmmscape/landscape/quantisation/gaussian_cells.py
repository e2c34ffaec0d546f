"""Integrals of a Gaussian mixture over the Voronoi cells of some means, without quadrature.

Gauss's theorem turns moments over a cell into terms of its walls, which are differences of Gaussian
distribution functions; masses are those of Owen's function T (Ann. Math. Statist. 27, 1956). With phi the
standard Gaussian density in r dimensions, n the outer normal, h its distance from the center and F the cell:

    int_F z phi    =                - sum over walls of n int phi int_F z z' phi = I int_F phi    - sum over
    walls of n int z' phi int_F phi      = open angle / (2 pi) + sum over walls of [G(h, t)],    in a plane,
    G(h, t) = arctan(t/h) / (2 pi) - T(h, t/h),    which has no jump where a wall or a corner meets the
    center.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import NotAvailableError
from gmmscape.landscape.quantisation.cells import Cells
from gmmscape.landscape.quantisation.faces import Faces, faces_of, open_angles
from gmmscape.measure.span import basis_of, rounding_length
from gmmscape.mixture import Mixture
from gmmscape.tolerances import TOLERANCES

#: Walls of cells are points and lines that are integrated over in closed form.
MOST_DIMENSIONS = 2


def gaussian_cells(truth: Mixture, means: FloatArray) -> Cells:
    """Return the moments of the cells of k means under a mixture.

    Parameters
    ----------
    truth : Mixture
        Of any covariances.
    means : ndarray of shape (k, d)
        In the same coordinates. Only the span of their differences matters: across it cells are unbounded.

    Returns
    -------
    Cells
        Good to rounding. Cost O(k^3) for each component.

    Raises
    ------
    NotAvailableError
        If the means span more than two dimensions.
    """
    k, d = means.shape
    alone = np.sort(np.unique(means, axis=0, return_index=True)[1])
    kept = means[alone]
    basis = _basis(kept, d)
    flat = kept @ basis
    faces = faces_of(flat)
    masses, pull = np.zeros((truth.n_components, k)), np.zeros((k, d))
    walls = np.zeros((len(faces.pairs), d + 1, d + 1))
    distortion, size = 0.0, 0.0
    for s, weight in enumerate(truth.weights.tolist()):
        view = _View.of(truth, s, kept, basis)
        found = _of_component(view, flat, faces)
        masses[s, alone] = found.mass
        pull[alone] += weight * _pull(view, found, flat, basis)
        own, terms = _distortion(view, found, flat)
        distortion, size = distortion + weight * own, size + weight * terms
        walls += weight * _walls(view, found, faces)
    error = TOLERANCES.quantisation.rounding * size
    return Cells(
        means,
        truth.weights @ masses,
        pull,
        distortion,
        error,
        error,
        alone[faces.pairs],
        faces.gaps,
        walls,
        masses,
    )


def _basis(means: FloatArray, d: int) -> FloatArray:
    """Directions (d, r) that hold all differences of the means."""
    if d <= MOST_DIMENSIONS and len(means) > 1:
        return np.eye(d)
    basis = basis_of(means - means.mean(axis=0), rounding_length(means))
    if basis.shape[1] > MOST_DIMENSIONS:
        raise NotAvailableError(
            f"the means span {basis.shape[1]} dimensions, and cells of a mixture are integrated over in at "
            f"most {MOST_DIMENSIONS}: take k of at most {MOST_DIMENSIONS + 1}, or rows drawn from the truth, "
            "lab.Sample(truth.sample(n)[0])"
        )
    return basis


@dataclass(frozen=True)
class _View:
    """A component seen from the span of the means: u = basis' x, and the rest w = base + K (u - center) + e.

    Attributes
    ----------
    center : ndarray of shape (r,)
        Mean of u.
    root : ndarray of shape (r, r)
        Lower triangle, root root' the covariance of u.
    lift : ndarray of shape (d, r)
        basis + rest K: how x goes with u.
    base : ndarray of shape (d,)
        Mean of what is orthogonal to the span, relative to the means.
    slope : ndarray of shape (d, r)
        rest K.
    left : ndarray of shape (d, d)
        Covariance of e.
    across : float
        E|w - base of the means|^2.
    """

    center: FloatArray
    root: FloatArray
    lift: FloatArray
    base: FloatArray
    slope: FloatArray
    left: FloatArray
    across: float

    @classmethod
    def of(cls, truth: Mixture, s: int, means: FloatArray, basis: FloatArray) -> _View:
        d, r = basis.shape
        covariance, middle = truth.full_covariances()[s], truth.means[s]
        inner = basis.T @ covariance @ basis
        root = np.linalg.cholesky(inner) if r else np.zeros((0, 0))
        beyond = np.eye(d) - basis @ basis.T
        slope = beyond @ covariance @ basis @ np.linalg.inv(inner) if r else np.zeros((d, 0))
        outer = beyond @ covariance @ beyond
        base = beyond @ (middle - means[0])
        return cls(
            basis.T @ middle,
            root,
            basis + slope,
            base,
            slope,
            outer - slope @ inner @ slope.T,
            float(np.trace(outer) + base @ base),
        )


@dataclass(frozen=True)
class _Found:
    """Moments of one component, of mass one, in standard coordinates z with u = center + root z.

    `mass` (k,), `first` (k, r) and `second` (k, r, r) are of cells; `wall` (f,), `place` (f, r) and `along`
    (f, r) say that the density on a wall is wall times that of t, at place + t along; `parts` (f, 3) are
    the integrals of 1, t, t^2 under the density of t.
    """

    mass: FloatArray
    first: FloatArray
    second: FloatArray
    wall: FloatArray
    place: FloatArray
    along: FloatArray
    parts: FloatArray


def _of_component(view: _View, means: FloatArray, faces: Faces) -> _Found:
    k, r = means.shape
    turned = faces.normals @ view.root
    sizes = np.linalg.norm(turned, axis=1)
    normals = turned / sizes[:, None]
    away = faces.middles - view.center
    h = np.einsum("fr,fr->f", faces.normals, away) / sizes
    tangents, ends = np.zeros_like(normals), faces.ends
    if r == MOST_DIMENSIONS:
        inverse = np.linalg.inv(view.root)
        ways = faces.tangents @ inverse.T
        lengths = np.linalg.norm(ways, axis=1)
        tangents = ways / lengths[:, None]
        start = np.einsum("fr,fr->f", tangents, away @ inverse.T)
        ends = start[:, None] + lengths[:, None] * faces.ends
    parts = _parts(ends)
    height = np.exp(-0.5 * h * h) / np.sqrt(2.0 * np.pi)
    place = h[:, None] * normals
    mass = _masses(view, means, faces, h, ends)
    # Of a wall int z phi, n times which is what the second moments lose: (f, r).
    moved = height[:, None] * (place * parts[:, :1] + tangents * parts[:, 1:2])
    signed = np.zeros((k, len(h)))
    signed[faces.pairs[:, 0], np.arange(len(h))] = 1.0
    signed[faces.pairs[:, 1], np.arange(len(h))] = -1.0
    first = -signed @ (normals * (height * parts[:, 0])[:, None])
    second = mass[:, None, None] * np.eye(r) - np.einsum("kf,fr,fq->krq", signed, normals, moved)
    return _Found(
        mass,
        first,
        0.5 * (second + second.transpose(0, 2, 1)),
        height / sizes,
        view.center + place @ view.root.T,
        tangents @ view.root.T,
        parts,
    )


def _parts(ends: FloatArray) -> FloatArray:
    """Integrals of 1, t and t^2 under the standard Gaussian density from one end to the other, (f, 3)."""
    from scipy.special import ndtr

    low, high = ends[:, 0], ends[:, 1]
    flip = low > 0.0  # both far to the right: the difference of two numbers near one is lost
    zeroth = np.where(flip, ndtr(-low) - ndtr(-high), ndtr(high) - ndtr(low))
    at = np.exp(-0.5 * ends * ends) / np.sqrt(2.0 * np.pi)
    weighted = np.where(np.isfinite(ends), ends, 0.0) * at
    return np.column_stack([zeroth, at[:, 0] - at[:, 1], zeroth + weighted[:, 0] - weighted[:, 1]])


def _masses(view: _View, means: FloatArray, faces: Faces, h: FloatArray, ends: FloatArray) -> FloatArray:
    from scipy.special import ndtr, owens_t

    k, r = means.shape
    if r == 0:
        return np.ones(k)
    if r == 1:
        order = np.argsort(means[:, 0], kind="stable")
        walls = np.concatenate([[-np.inf], h, [np.inf]])
        low, high = walls[:-1], walls[1:]
        masses = np.empty(k)
        masses[order] = np.where(low > 0.0, ndtr(-low) - ndtr(-high), ndtr(high) - ndtr(low))
        return masses
    masses = open_angles(means, view.root) / (2.0 * np.pi)
    far, sign = np.abs(h)[:, None], np.where(h < 0.0, -1.0, 1.0)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(ends == 0.0, 0.0, ends / far)
    flux = sign * (np.arctan(ratio) / (2.0 * np.pi) - owens_t(np.broadcast_to(far, ratio.shape), ratio))
    through = flux[:, 1] - flux[:, 0]
    np.add.at(masses, faces.pairs[:, 0], through)
    np.add.at(masses, faces.pairs[:, 1], -through)
    return np.maximum(masses, 0.0)


def _pull(view: _View, found: _Found, means: FloatArray, basis: FloatArray) -> FloatArray:
    """E[x - mean; cell] for a component of mass one, shape (k, d)."""
    moved = found.first @ view.root.T
    inside = found.mass[:, None] * (view.center - means) + moved
    return inside @ basis.T + found.mass[:, None] * view.base + moved @ view.slope.T


def _distortion(view: _View, found: _Found, means: FloatArray) -> tuple[float, float]:
    """E|x - mean|^2 over all cells for a component of mass one; and the size of the terms it is made of."""
    away = view.center - means
    parts = (
        np.einsum("kab,ca,cb->k", found.second, view.root, view.root),
        2.0 * np.einsum("kr,rq,kq->k", away, view.root, found.first),
        found.mass * np.einsum("kr,kr->k", away, away),
    )
    own = float(sum(part.sum() for part in parts)) + view.across
    # Masses and moments are differences of numbers up to one.
    spread = float(np.trace(view.root @ view.root.T))
    return own, view.across + spread + float((away * away).sum(axis=1) @ found.mass) + abs(own)


def _walls(view: _View, found: _Found, faces: Faces) -> FloatArray:
    """Integrals over the walls of the density times y y', y = (1, x - middle), shape (f, d + 1, d + 1)."""
    d = len(view.base)
    zero, one, two = (found.wall * found.parts[:, n] for n in range(3))
    place = (found.place - faces.middles) @ view.lift.T + view.base
    place += (faces.middles - view.center) @ view.slope.T
    along = found.along @ view.lift.T
    walls = np.empty((len(zero), d + 1, d + 1))
    walls[:, 0, 0] = zero
    walls[:, 0, 1:] = walls[:, 1:, 0] = zero[:, None] * place + one[:, None] * along
    mixed = np.einsum("fd,fe->fde", place, along)
    walls[:, 1:, 1:] = (
        zero[:, None, None] * (np.einsum("fd,fe->fde", place, place) + view.left)
        + one[:, None, None] * (mixed + mixed.transpose(0, 2, 1))
        + two[:, None, None] * np.einsum("fd,fe->fde", along, along)
    )
    return walls
