"""Nesting: two components that share one cluster, such as a narrow core in a wide halo.

Components count as nested where the mean of one lies within two standard deviations of the other, in the
other's own metric. Two components of equal weight and covariance have one common mode up to exactly that
distance. A tied covariance has no cores and halos: there nothing counts as nested.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray, IntArray
from gmmscape.mixture import Mixture
from gmmscape.tolerances import TOLERANCES


def distances(mixture: Mixture) -> FloatArray:
    """Return how far mean j is from mean i in standard deviations of component i, shape (k, k)."""
    factors = mixture.parameters.factors
    found = np.empty((mixture.n_components, mixture.n_components))
    for i, mean in enumerate(mixture.means):
        found[i] = np.linalg.norm(mixture.kind.scaled(mixture.means - mean, factors, i), axis=1)
    return found


def close_pairs(mixture: Mixture, reach: float) -> IntArray:
    """Return the pairs, smaller index first, (p, 2), of which j lies so near i, in i's standard deviations.

    For a reach that few pairs are within: their number, not the square of k, is what it costs.
    """
    from scipy.spatial import cKDTree

    widest = float(np.sqrt(mixture.column_variances().sum(axis=1).max()))
    pairs = cKDTree(mixture.means).query_pairs(reach * widest, output_type="ndarray").astype(np.int64)
    pairs = pairs[np.lexsort(pairs.T[::-1])]
    factors = mixture.parameters.factors
    gaps = mixture.means[pairs[:, 1]] - mixture.means[pairs[:, 0]]
    apart = [
        np.linalg.norm(mixture.kind.scaled(gap[None], factors, int(i)))
        for gap, i in zip(gaps, pairs[:, 0], strict=True)
    ]
    return pairs[np.array(apart, dtype=np.float64) <= reach]


def nested(mixture: Mixture) -> BoolArray:
    """Return which pairs of components share one cluster: symmetric, shape (k, k), False on the diagonal."""
    k = mixture.n_components
    if mixture.kind.shared:
        return np.zeros((k, k), dtype=bool)
    near = distances(mixture) < TOLERANCES.moves.nesting_reach
    present = mixture.weights > 0
    near = (near | near.T) & present[:, None] & present[None, :]
    np.fill_diagonal(near, False)
    return near


def background(mixture: Mixture) -> BoolArray:
    """Return which components lie behind several others, shape (k,).

    At least twice as wide, in the geometric mean over the directions, as two others or more whose means lie
    within two of its standard deviations, which are not nested with each other and weigh more than it
    together: else it is a cluster with slivers upon it. Not for tied covariances.
    """
    k = mixture.n_components
    if mixture.kind.shared or k < 3:
        return np.zeros(k, dtype=bool)
    factors = mixture.parameters
    width = np.exp(-factors.log_determinants / mixture.n_features)
    present = mixture.weights > 0
    inside = (
        (distances(mixture) < TOLERANCES.moves.nesting_reach)
        & present
        & (width[:, None] >= TOLERANCES.moves.wider * width)
        & present[:, None]
    )
    pairs = nested(mixture)
    found = np.zeros(k, dtype=bool)
    for i in np.flatnonzero(inside.sum(axis=1) >= 2):
        others = np.flatnonzero(inside[i])
        apart = not pairs[np.ix_(others, others)][np.triu_indices(len(others), 1)].all()
        found[i] = apart and bool(mixture.weights[others].sum() > mixture.weights[i])
    return found


class Clustering(NamedTuple):
    """What a mixture says about clusters.

    Attributes
    ----------
    nested : ndarray of bool, shape (k, k)
        Pairs that share a cluster.
    counted : ndarray of bool, shape (k,)
        Components that may stand for a cluster.
    """

    nested: BoolArray
    counted: BoolArray

    @property
    def n_clusters(self) -> int:
        """Number of groups that nested pairs form among the components that count, lone ones included."""
        from scipy.sparse.csgraph import connected_components

        pairs = self.nested[np.ix_(self.counted, self.counted)]
        return int(connected_components(pairs, directed=False, return_labels=False))


def better_clustering(before: Clustering, after: Clustering) -> bool:
    """Say whether a change does more than trade clusters for nested components.

    It does where there are more clusters than before, or as many and no pair is nested that was not.
    """
    gained = after.n_clusters - before.n_clusters
    new = after.nested & ~before.nested & after.counted[:, None] & after.counted
    return gained > 0 or (gained == 0 and not new.any())
