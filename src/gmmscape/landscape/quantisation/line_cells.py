"""Integrals of a density on a line over the cells of some means, from its values at nodes.

On each panel the nodes, of Gauss and Legendre, hold the density as a polynomial; its moments up to any
place of the panel are polynomials too, so that a cell may end anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import legendre

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.landscape.quantisation.cells import Cells
from gmmscape.landscape.quantisation.faces import faces_of
from gmmscape.measure import Density
from gmmscape.tolerances import TOLERANCES


@dataclass(frozen=True)
class Line:
    """A density on a line as one polynomial a panel.

    Attributes
    ----------
    ends : ndarray of shape (p + 1,)
        Of the panels, in local coordinates.
    series : ndarray of shape (m, p)
        The density on each panel, as a series of Legendre polynomials.
    moments : tuple of ndarray of shape (m', p)
        From the beginning of a panel on the integrals of the density, of x times it and of x^2 times it, x
        from the middle of the panel.
    before : ndarray of shape (p + 1, 3)
        The moments of all panels before, x from the local origin.
    left_out : float
        What of each panel's density, in mass, the last two terms of the series are: an estimate of what is
        left out.
    """

    ends: FloatArray
    series: FloatArray
    moments: tuple[FloatArray, ...]
    before: FloatArray
    left_out: float

    @classmethod
    def of(cls, density: Density) -> Line:
        """Return the polynomials of a density on a line."""
        ends = density.ends[0] - density.origin[0]
        half, order = 0.5 * np.diff(ends), density.values.shape[1]
        x, w = legendre.leggauss(order)
        degrees = np.arange(order)
        series = (legendre.legvander(x, order - 1) * w[:, None] * (degrees + 0.5)).T @ density.values.T
        moments, product = [], series
        for power in range(3):
            # Half a panel's length for dx, and another for each power of x.
            moments.append(legendre.legint(product, lbnd=-1) * half ** (power + 1))
            product = times_x(product)
        left_out = float(np.abs(series[-2:]).sum(axis=0) @ (2.0 * half))
        line = cls(ends, series, tuple(moments), np.zeros((len(ends), 3)), left_out)
        whole = line._within(np.arange(len(half)), np.ones(len(half)))
        return cls(ends, series, tuple(moments), np.vstack([np.zeros(3), whole.cumsum(axis=0)]), left_out)

    def up_to(self, places: FloatArray) -> FloatArray:
        """Return mass and first two moments of the density up to some places, shape (n, 3)."""
        inside = np.clip(places, self.ends[0], self.ends[-1])
        panels, at = self._panel(inside)
        return self.before[panels] + self._within(panels, at)

    def at(self, places: FloatArray) -> FloatArray:
        """Return the density, shape (n,): zero outside."""
        panels, at = self._panel(np.clip(places, self.ends[0], self.ends[-1]))
        values = legendre.legval(at, self.series[:, panels], tensor=False)
        return np.where((places >= self.ends[0]) & (places <= self.ends[-1]), np.maximum(values, 0.0), 0.0)

    def _panel(self, places: FloatArray) -> tuple[IntArray, FloatArray]:
        """Panels of places, and where they lie in them, from -1 to 1."""
        panels = np.clip(np.searchsorted(self.ends, places, side="right") - 1, 0, len(self.ends) - 2)
        low, high = self.ends[panels], self.ends[panels + 1]
        return panels, (2.0 * places - low - high) / (high - low)

    def _within(self, panels: IntArray, at: FloatArray) -> FloatArray:
        """Moments from the beginning of panels on, x from the local origin, shape (n, 3)."""
        zeroth, first, second = (
            legendre.legval(at, moment[:, panels], tensor=False) for moment in self.moments
        )
        middle = 0.5 * (self.ends[panels] + self.ends[panels + 1])
        return np.column_stack(
            [zeroth, first + middle * zeroth, second + 2.0 * middle * first + middle**2 * zeroth]
        )


def times_x(series: FloatArray) -> FloatArray:
    """Return x times series of Legendre polynomials, degrees along the first axis, of one degree more.

    By (2n + 1) x P_n = (n + 1) P_(n+1) + n P_(n-1).
    """
    n = np.arange(len(series)).reshape(-1, *[1] * (series.ndim - 1))
    share = series / (2 * n + 1)
    product = np.zeros((len(series) + 1, *series.shape[1:]))
    product[1:] += (n + 1) * share
    product[:-2] += (n * share)[1:]
    return product


def line_cells(line: Line, means: FloatArray) -> Cells:
    """Return the moments of the cells of k means, shape (k, 1), under a density on a line.

    Exact for piecewise polynomials of the order of the rule. Cost: O(k) polynomials.
    """
    k = len(means)
    alone = np.sort(np.unique(means[:, 0], return_index=True)[1])
    kept = means[alone]
    faces = faces_of(kept)
    order = np.argsort(kept[:, 0])
    walls = np.concatenate([line.ends[:1], faces.middles[:, 0], line.ends[-1:]])
    sums = np.diff(line.up_to(walls), axis=0)
    mass, pull = np.zeros(k), np.zeros((k, 1))
    at = kept[order, 0]
    mass[alone[order]] = np.maximum(sums[:, 0], 0.0)
    pull[alone[order], 0] = sums[:, 1] - at * sums[:, 0]
    parts = sums[:, 2] - 2.0 * at * sums[:, 1] + at**2 * sums[:, 0]
    extent = max(float(np.abs(line.ends).max()), float(np.abs(kept).max()))
    # Whole panels are exact, and what a cell loses to its neighbour counts by the difference of two squares.
    cut = line.left_out * float(np.diff(line.ends).max()) * extent
    noise = 4.0 * TOLERANCES.quantisation.rounding * extent**2
    across = np.zeros((len(faces.pairs), 2, 2))
    across[:, 0, 0] = line.at(faces.middles[:, 0])
    return Cells(
        means, mass, pull, float(parts.sum()), noise + cut, noise, alone[faces.pairs], faces.gaps, across
    )
