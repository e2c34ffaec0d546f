"""Nesting: two components that share one cluster, such as a narrow core in a wide halo.

Components count as nested where the mean of one lies within two standard deviations of the other, in the
other's own metric. Two components of equal weight and covariance have one common mode up to exactly that
distance. A tied covariance has no cores and halos: there nothing counts as nested.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray, IntArray
from gmmscape.effort import EFFORT
from gmmscape.mixture import Mixture
from gmmscape.tolerances import TOLERANCES


def distances(mixture: Mixture) -> Iterator[FloatArray]:
    """Yield how far each mean is from mean i in standard deviations of component i, shape (k,)."""
    factors = mixture.parameters.factors
    for i, mean in enumerate(mixture.means):
        yield mixture.kind.lengths(mixture.means - mean, factors, i)


def near(mixture: Mixture) -> BoolArray:
    """Return whether mean j is within the reach of nesting from mean i, as `distances` has it, (k, k)."""
    found = np.empty((mixture.n_components, mixture.n_components), dtype=bool)
    for i, gaps in enumerate(distances(mixture)):
        found[i] = gaps < TOLERANCES.moves.nesting_reach
    return found


def close_pairs(mixture: Mixture, reach: float) -> IntArray:
    """Return the pairs, smaller index first, (p, 2), of which j lies so near i, in i's standard deviations.

    For a reach that few pairs are within: their number, not the square of k, is what it costs.
    """
    from scipy.spatial import cKDTree

    widths = np.sqrt(mixture.column_variances().sum(axis=1))
    # In a unit in which squares are numbers; a power of two changes no digit.
    unit = np.exp2(np.frexp(max(np.abs(mixture.means).max(), widths.max()))[1] - 1)
    means, widths = mixture.means / unit, widths / unit
    # Within the width of each, not of the widest: one that lies over all others is near few of them.
    around = cKDTree(means).query_ball_point(means, reach * widths)
    first = np.repeat(np.arange(len(around)), [len(own) for own in around])
    pairs = np.stack([first, np.concatenate(around).astype(np.int64)], axis=1)
    pairs = pairs[pairs[:, 0] < pairs[:, 1]]
    pairs = pairs[np.lexsort(pairs.T[::-1])]
    found, together = [pairs[:0]], EFFORT.moves.values_together // mixture.kind.work(mixture.n_features)
    for start in range(0, len(pairs), max(1, together)):
        some = pairs[start : start + max(1, together)]
        factors = mixture.parameters.factors
        factors = factors if mixture.kind.shared else factors[some[:, 0]]
        gaps = mixture.means[some[:, 1]] - mixture.means[some[:, 0]]
        found.append(some[mixture.kind.lengths_each(gaps, factors) <= reach])
    return np.concatenate(found)


def nested(mixture: Mixture) -> BoolArray:
    """Return which pairs of components share one cluster: symmetric, shape (k, k), False on the diagonal."""
    k = mixture.n_components
    if mixture.kind.shared:
        return np.zeros((k, k), dtype=bool)
    inside, present = near(mixture), mixture.weights > 0
    found = (inside | inside.T) & present[:, None] & present[None, :]
    np.fill_diagonal(found, False)
    return found


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
    inside = near(mixture) & present & (width[:, None] >= TOLERANCES.moves.wider * width) & present[:, None]
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
