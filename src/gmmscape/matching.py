"""Matching two sets of points: fits are compared only up to relabelling."""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray, IntArray


def match_means(means: FloatArray, reference: FloatArray) -> tuple[IntArray, float]:
    """Return the relabelling of `means` closest to `reference`, and the largest distance left.

    Parameters
    ----------
    means, reference : ndarray of shape (k, d)
        Two sets of k points.

    Returns
    -------
    order : ndarray of shape (k,)
        ``means[order]`` lies closest to ``reference`` in the sum of squared distances.
    distance : float
        Largest distance between matched points, infinite beyond 1e154. Cost O(k^3).
    """
    if means.shape[1] == 1:  # on a line, matching in sorted order is optimal
        order = np.empty(len(means), dtype=np.intp)
        order[np.argsort(reference[:, 0], kind="stable")] = np.argsort(means[:, 0], kind="stable")
    else:
        from scipy.optimize import linear_sum_assignment
        from scipy.spatial.distance import cdist

        costs = cdist(reference, means, "sqeuclidean")
        if not np.isfinite(costs).all():  # too far off for squares in float64
            largest = max(float(np.abs(means).max()), float(np.abs(reference).max()))
            costs = cdist(reference / largest, means / largest, "sqeuclidean")
        _, order = linear_sum_assignment(costs)
    with np.errstate(over="ignore"):
        return order, float(np.linalg.norm(means[order] - reference, axis=1).max())
