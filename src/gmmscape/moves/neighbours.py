"""Pairs of components that are worth looking at: all of a few, of many those that are near or overlap."""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import IntArray
from gmmscape.effort import EFFORT
from gmmscape.mixture import Mixture


def neighbours(mixture: Mixture, overlaps: IntArray) -> IntArray:
    """Return pairs of neighbours, smaller index first, shape (p, 2).

    Beyond `all_pairs` components: for each the `nearest_means` other means, in units of the average standard
    deviation of each column, and those that it shares rows with. Cost O(k log k) and the overlaps.
    """
    k = mixture.n_components
    if k <= EFFORT.moves.all_pairs:
        return np.stack(np.triu_indices(k, 1), axis=1)
    pairs = np.stack(
        [np.repeat(np.arange(k), EFFORT.moves.nearest_means + 1), nearest(mixture).ravel()], axis=1
    )
    pairs = np.sort(np.concatenate([pairs, overlaps]), axis=1)
    return np.unique(pairs[pairs[:, 0] < pairs[:, 1]], axis=0)


def nearest(mixture: Mixture) -> IntArray:
    """Return for each component the `nearest_means` other means and itself, shape (k, NEAREST + 1).

    In units of the average standard deviation of each column.
    """
    from scipy.spatial import cKDTree

    variances = mixture.column_variances().mean(axis=0)
    tree = cKDTree(mixture.means / np.sqrt(variances))
    _, found = tree.query(tree.data, EFFORT.moves.nearest_means + 1)
    return found
