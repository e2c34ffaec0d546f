"""Cells: the moments of the Voronoi cells of k means, and what follows for the distortion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmscape.arrays import FloatArray, IntArray


@dataclass(frozen=True)
class Cells:
    """Moments of the cells of k means under a measure of mass one, in local coordinates.

    Attributes
    ----------
    means : ndarray of shape (k, d)
        Whose cells they are. Of means in one place all but the first have none.
    mass : ndarray of shape (k,)
        Share of the measure in each cell.
    pull : ndarray of shape (k, d)
        E[x - mean; cell]: where the cell pulls its mean.
    distortion : float
        E min_j |x - m_j|^2.
    error : float
        Estimated absolute error of the distortion.
    noise : float
        What of it is rounding, by which values at two places differ.
    pairs : ndarray of shape (f, 2)
        The means on both sides of each wall; none where the measure is a sum over rows.
    gaps : ndarray of shape (f,)
        Their distances.
    walls : ndarray of shape (f, d + 1, d + 1)
        Integrals over the wall of the density times y y', y = (1, x - middle of the two means).
    by_component : ndarray of shape (k_star, k) or None
        Masses under each component of a mixture, each of mass one.
    """

    means: FloatArray
    mass: FloatArray
    pull: FloatArray
    distortion: float
    error: float
    noise: float
    pairs: IntArray
    gaps: FloatArray
    walls: FloatArray
    by_component: FloatArray | None = None

    @property
    def gradient(self) -> FloatArray:
        """Derivative of the distortion in the means, shape (k, d): twice the pull, downhill."""
        return -2.0 * self.pull

    @property
    def hessian(self) -> FloatArray:
        """Second derivative of the distortion, shape (k d, k d).

        As a mean moves its cell's moments change, and the walls of the cell move as well (Du, Faber and
        Gunzburger, SIAM Review 41, 1999): with v_i the ways of the means, the quadratic form is

            2 sum_i mass_i |v_i|^2 - sum over walls of (2 / gap) int ((x - m_i) v_i - (x - m_j) v_j)^2 p(x) dx
        """
        k, d = self.means.shape
        hessian = np.zeros((k, d, k, d))
        for i, mass in enumerate(self.mass):
            hessian[i, :, i, :] = 2.0 * mass * np.eye(d)
        for (i, j), gap, wall in zip(self.pairs.tolist(), self.gaps, self.walls, strict=True):
            half = 0.5 * (self.means[j] - self.means[i])
            # x - m_i = half + (x - middle), x - m_j = -half + (x - middle).
            both = [np.column_stack([half, np.eye(d)]), np.column_stack([half, -np.eye(d)])]
            for a, one in zip((i, j), both, strict=True):
                for b, other in zip((i, j), both, strict=True):
                    hessian[a, :, b, :] -= (2.0 / gap) * one @ wall @ other.T
        return hessian.reshape(k * d, k * d)

    @property
    def centroids(self) -> FloatArray:
        """Where Lloyd's step takes the means: to the centroids of their cells; those without mass stay."""
        filled = self.mass > 0.0
        moved = self.means.copy()
        moved[filled] += self.pull[filled] / self.mass[filled, None]
        return moved

    @property
    def unit(self) -> float:
        """Root of the distortion by coordinate: the standard deviation about the means, as one number."""
        return float(np.sqrt(max(self.distortion, 0.0) / self.means.shape[1]))

    @property
    def gradient_norm(self) -> float:
        """The longest Lloyd step of a mean, in units of `unit`; 0 where nothing is off its mean."""
        longest = float(np.linalg.norm(self.centroids - self.means, axis=1).max())
        return longest / self.unit if self.unit > 0.0 else 0.0
