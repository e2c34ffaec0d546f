"""Sums over rows in the cells of some means: the distortion of a sample is piecewise quadratic."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.effort import EFFORT
from gmmscape.landscape.quantisation.cells import Cells
from gmmscape.measure import Sample
from gmmscape.tolerances import TOLERANCES


def row_cells(sample: Sample, means: FloatArray) -> Cells:
    """Return the moments of the cells of k means, shape (k, d), under weighted rows.

    A row as near to one mean as to another counts with the first. Walls hold no rows, so that the Hessian is
    that of the quadratic piece the means are on. Cost of a pass: O(n k d).
    """
    k, d = means.shape
    mass, pull, distortion = np.zeros(k), np.zeros((k, d)), 0.0
    for points, weights in _parts(sample):
        squares = _squares(points, means)
        nearest = squares.argmin(axis=1)
        distortion += float(weights @ squares[np.arange(len(points)), nearest])
        mass += np.bincount(nearest, weights, minlength=k)
        away = weights[:, None] * (points - means[nearest])
        pull += np.column_stack([np.bincount(nearest, away[:, j], minlength=k) for j in range(d)])
    error = TOLERANCES.quantisation.rounding * distortion * d
    none = np.zeros((0, 2), dtype=np.intp)
    return Cells(means, mass, pull, distortion, error, error, none, np.zeros(0), np.zeros((0, d + 1, d + 1)))


def ties_broken(sample: Sample, means: FloatArray) -> FloatArray | None:
    """Return the centroids once rows that lie half way have gone over to the other mean; None without any.

    Where Lloyd's method stands still with such a row it is no minimum: with the row handed over both
    centroids move, and the distortion falls (unless the row is all that a mean has).
    """
    k, d = means.shape
    mass, sums, tied = np.zeros(k), np.zeros((k, d)), False
    if k < 2:
        return None
    for points, weights in _parts(sample):
        squares = _squares(points, means)
        nearest = squares.argmin(axis=1)
        rows = np.arange(len(points))
        best = squares[rows, nearest]
        squares[rows, nearest] = np.inf
        second = squares.argmin(axis=1)
        close = squares[rows, second] - best <= TOLERANCES.quantisation.tie * (best + squares[rows, second])
        tied = tied or bool(close.any())
        nearest = np.where(close, second, nearest)
        mass += np.bincount(nearest, weights, minlength=k)
        sums += np.column_stack([np.bincount(nearest, weights * points[:, j], minlength=k) for j in range(d)])
    if not tied:
        return None
    moved = means.copy()
    moved[mass > 0.0] = sums[mass > 0.0] / mass[mass > 0.0, None]
    return moved


def nearest_means(points: FloatArray, means: FloatArray) -> IntArray:
    """Return the place of the mean nearest to each point, shape (n,)."""
    return _squares(points, means).argmin(axis=1)


def _squares(points: FloatArray, means: FloatArray) -> FloatArray:
    from scipy.spatial.distance import cdist

    return cdist(points, means, "sqeuclidean")


def _parts(sample: Sample) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Rows and their weights, some at a time."""
    together = EFFORT.quantisation.rows_together
    for begin in range(0, len(sample), together):
        rows = slice(begin, begin + together)
        yield sample.local(rows), sample.weights[rows]
