"""Integrals of a density in a plane over the cells of some means, from its values at nodes.

On each panel the nodes, of Gauss and Legendre, hold the density as a polynomial. Its integrals from the left
edge of the plane to x, as functions of x and y, are polynomials on each panel too; by Gauss's theorem their
flux through the walls of a cell, and through the right edge, is the integral over the cell. A wall is cut
where it leaves a panel, so that Gauss's rule is exact on the pieces.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import legendre

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.landscape.quantisation.cells import Cells
from gmmscape.landscape.quantisation.faces import Faces, faces_of
from gmmscape.landscape.quantisation.line_cells import times_x
from gmmscape.measure import Density
from gmmscape.tolerances import TOLERANCES


@dataclass(frozen=True)
class Plane:
    """A density in a plane as one polynomial a panel.

    Attributes
    ----------
    ends : tuple of ndarray
        Ends of the panels of both axes, in local coordinates.
    series : ndarray of shape (p, q, m, m)
        The density on each panel, as a series of products of Legendre polynomials.
    moments : ndarray of shape (3, p, q, m + 3, m)
        Integrals of the density, of x times it and of x^2 times it from the left end of a panel on, x from
        the middle of the panel.
    before : ndarray of shape (3, p, q, m)
        The same of all panels to the left, x from the local origin.
    left_out : float
        What of each panel's density, in mass, the last two terms of each axis are.
    """

    ends: tuple[FloatArray, FloatArray]
    series: FloatArray
    moments: FloatArray
    before: FloatArray
    left_out: float

    @classmethod
    def of(cls, density: Density) -> Plane:
        """Return the polynomials of a density in a plane."""
        ends = (density.ends[0] - density.origin[0], density.ends[1] - density.origin[1])
        order = density.values.shape[-1]
        x, w = legendre.leggauss(order)
        turn = (legendre.legvander(x, order - 1) * w[:, None] * (np.arange(order) + 0.5)).T
        series = np.einsum("am,bn,pqmn->pqab", turn, turn, density.values, optimize=True)
        half = 0.5 * np.diff(ends[0])
        moments = np.zeros((3, *series.shape[:2], order + 3, order))
        product = np.moveaxis(series, 2, 0)
        for power in range(3):
            inner = legendre.legint(product, lbnd=-1, axis=0) * (half ** (power + 1))[:, None, None]
            moments[power, :, :, : len(inner)] = np.moveaxis(inner, 0, 2)
            product = times_x(product)
        middle = 0.5 * (ends[0][:-1] + ends[0][1:])[:, None, None]
        # Legendre polynomials are one at the right end.
        whole = _about_origin(moments.sum(axis=3), middle)
        before = np.cumsum(whole, axis=1) - whole
        areas = np.outer(np.diff(ends[0]), np.diff(ends[1]))
        tail = np.abs(series)[:, :, -2:].sum(axis=(2, 3)) + np.abs(series)[:, :, :, -2:].sum(axis=(2, 3))
        return cls(ends, series, moments, before, float((tail * areas).sum()))

    def up_to(self, points: FloatArray) -> FloatArray:
        """Return integrals of 1, x and x^2 times the density from the left edge to points, shape (3, n)."""
        panels, at = self._panels(points)
        p, q = panels
        order = self.series.shape[-1]
        along = legendre.legvander(at[0], order + 2)
        across = legendre.legvander(at[1], order - 1)
        inside = np.einsum("na,knab,nb->kn", along, self.moments[:, p, q], across, optimize=True)
        middle = 0.5 * (self.ends[0][p] + self.ends[0][p + 1])
        return _about_origin(inside, middle) + np.einsum("knb,nb->kn", self.before[:, p, q], across)

    def at(self, points: FloatArray) -> FloatArray:
        """Return the density at points inside, shape (n,)."""
        (p, q), at = self._panels(points)
        order = self.series.shape[-1]
        along, across = (legendre.legvander(one, order - 1) for one in at)
        values = np.einsum("na,nab,nb->n", along, self.series[p, q], across, optimize=True)
        return np.maximum(values, 0.0)

    def _panels(self, points: FloatArray) -> tuple[tuple[IntArray, IntArray], tuple[FloatArray, FloatArray]]:
        """Panels of points, and where they lie in them, from -1 to 1 on each axis."""
        found, at = [], []
        for place, ends in zip(points.T, self.ends, strict=True):
            panel = np.clip(np.searchsorted(ends, place, side="right") - 1, 0, len(ends) - 2)
            found.append(panel)
            at.append((2.0 * place - ends[panel] - ends[panel + 1]) / (ends[panel + 1] - ends[panel]))
        return (found[0], found[1]), (at[0], at[1])


def _about_origin(moments: FloatArray, middle: FloatArray) -> FloatArray:
    """Moments of x from the origin, of those from the middle, shape (3, ...)."""
    zeroth, first, second = moments
    return np.stack([zeroth, first + middle * zeroth, second + 2.0 * middle * first + middle**2 * zeroth])


def plane_cells(plane: Plane, means: FloatArray) -> Cells:
    """Return the moments of the cells of k means, shape (k, 2), under a density in a plane.

    Exact for polynomials of the order of the rule on each panel. Cost: O(k) walls of some hundred pieces.
    """
    k = len(means)
    alone = np.sort(np.unique(means, axis=0, return_index=True)[1])
    kept = means[alone]
    faces = faces_of(kept) if len(kept) > 1 else None
    sums = _edge(plane, kept)
    pairs, gaps, walls = np.zeros((0, 2), dtype=np.intp), np.zeros(0), np.zeros((0, 3, 3))
    if faces is not None:
        pairs, gaps, walls = faces.pairs, faces.gaps, np.zeros((len(faces.pairs), 3, 3))
        for f, (i, j) in enumerate(faces.pairs.tolist()):
            points, lengths = _wall(plane, faces, f)
            if not len(points):
                continue
            flux = _flux(plane, points, lengths) * faces.normals[f, 0]
            sums[i] += flux
            sums[j] -= flux
            away = np.column_stack([np.ones(len(points)), points - faces.middles[f]])
            walls[f] = (away * (lengths * plane.at(points))[:, None]).T @ away
    mass, pull = np.zeros(k), np.zeros((k, 2))
    mass[alone] = np.maximum(sums[:, 0], 0.0)
    pull[alone] = sums[:, 1:3] - kept * sums[:, :1]
    parts = sums[:, 3] - 2.0 * np.einsum("kd,kd->k", kept, sums[:, 1:3]) + (kept**2).sum(axis=1) * sums[:, 0]
    extent = max(float(np.abs(np.concatenate(plane.ends)).max()), float(np.abs(kept).max()))
    # Whole panels are exact, and what a cell loses to its neighbour counts by the difference of two squares.
    widest = max(float(np.diff(ends).max()) for ends in plane.ends)
    noise = 8.0 * TOLERANCES.quantisation.rounding * extent**2
    error = noise + plane.left_out * widest * extent
    return Cells(means, mass, pull, float(parts.sum()), error, noise, alone[pairs], gaps, walls)


def _flux(plane: Plane, points: FloatArray, lengths: FloatArray) -> FloatArray:
    """Integrals along a line of what adds up to mass, E x, E y and E(x^2 + y^2), shape (4,)."""
    zeroth, first, second = plane.up_to(points)
    y = points[:, 1]
    return np.array(
        [lengths @ zeroth, lengths @ first, lengths @ (y * zeroth), lengths @ (second + y**2 * zeroth)]
    )


def _wall(plane: Plane, faces: Faces, f: int) -> tuple[FloatArray, FloatArray]:
    """Nodes and weights on what of a wall lies in the plane's panels, exact on each panel."""
    middle, tangent = faces.middles[f], faces.tangents[f]
    low, high = faces.ends[f]
    cuts = []
    for start, way, ends in zip(middle, tangent, plane.ends, strict=True):
        if abs(way) * (ends[-1] - ends[0]) < np.spacing(np.abs(ends).max()):
            if not ends[0] <= start <= ends[-1]:
                return np.zeros((0, 2)), np.zeros(0)
            continue
        crossings = (ends - start) / way
        low, high = max(low, crossings.min()), min(high, crossings.max())
        cuts.append(crossings)
    if not low < high:
        return np.zeros((0, 2)), np.zeros(0)
    inner = np.concatenate(cuts)
    t, lengths = _pieces(np.concatenate([[low], inner[(inner > low) & (inner < high)], [high]]), plane)
    return middle + t[:, None] * tangent, lengths


def _edge(plane: Plane, means: FloatArray) -> FloatArray:
    """What flows through the right edge of the plane into each cell, shape (k, 4)."""
    x, ends = plane.ends[0][-1], plane.ends[1]
    first, second = np.triu_indices(len(means), 1)
    ways = means[second] - means[first]
    sums = 0.5 * ((means[second] ** 2).sum(axis=1) - (means[first] ** 2).sum(axis=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        crossings = (sums - ways[:, 0] * x) / ways[:, 1]
    inside = crossings[(crossings > ends[0]) & (crossings < ends[-1])]
    y, lengths = _pieces(np.concatenate([ends, inside]), plane)
    points = np.column_stack([np.full(len(y), x), y])
    nearest = ((points[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    return np.array([_flux(plane, points, lengths * (nearest == i)) for i in range(len(means))])


def _pieces(cuts: FloatArray, plane: Plane) -> tuple[FloatArray, FloatArray]:
    """Nodes and weights between cuts, exact for what a polynomial of the panels is along a line."""
    cuts = np.unique(cuts)
    x, w = legendre.leggauss(plane.series.shape[-1] + 2)
    half, middle = 0.5 * np.diff(cuts)[:, None], 0.5 * (cuts[1:] + cuts[:-1])[:, None]
    return (middle + half * x).ravel(), (half * w).ravel()
