"""Nesting: two components that share one cluster, such as a narrow core in a wide halo.

Components count as nested where the mean of one lies within two standard deviations of the other, in the
other's own metric. Two components of equal weight and covariance have one common mode up to exactly that
distance. A tied covariance has no cores and halos: there nothing counts as nested.
"""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray
from gmmscape.mixture import Mixture

#: Standard deviations.
REACH = 2.0


def distances(mixture: Mixture) -> FloatArray:
    """Return how far mean j is from mean i in standard deviations of component i, shape (k, k)."""
    gaps = mixture.means[None, :, :] - mixture.means[:, None, :]
    factors = mixture.parameters.factors
    if mixture.covariance_type == "spherical":
        scaled = gaps * factors[:, None, None]
    elif mixture.covariance_type == "diag":
        scaled = gaps * factors[:, None, :]
    else:
        scaled = gaps @ factors
    return np.linalg.norm(scaled, axis=2)


def nested(mixture: Mixture) -> BoolArray:
    """Return which pairs of components share one cluster: symmetric, shape (k, k), False on the diagonal."""
    k = mixture.n_components
    if mixture.covariance_type == "tied":
        return np.zeros((k, k), dtype=bool)
    near = distances(mixture) < REACH
    present = mixture.weights > 0
    near = (near | near.T) & present[:, None] & present[None, :]
    np.fill_diagonal(near, False)
    return near


def n_clusters(mixture: Mixture) -> int:
    """Return the number of groups that nested pairs form, lone components included."""
    from scipy.sparse.csgraph import connected_components

    present = mixture.weights > 0
    pairs = nested(mixture)[np.ix_(present, present)]
    return int(connected_components(pairs, directed=False, return_labels=False))


def better_clustering(before: Mixture, after: Mixture) -> bool:
    """Say whether a change, with labels kept, does more than trade clusters for nested components.

    It does where there are more clusters than before, or as many and no pair is nested that was not.
    """
    gained = n_clusters(after) - n_clusters(before)
    return gained > 0 or (gained == 0 and not np.any(nested(after) & ~nested(before)))
