"""Star partitions of a bipartite graph: the combinatorics behind structures.

A structure covers all means and all centers by disjoint stars: one mean with its centers, or one center with
its means. Its defect for a table A is the largest entry outside the stars.
"""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray

Star = tuple[list[int], list[int]]


def best_stars(table: FloatArray) -> tuple[list[Star], float]:
    """Return the star partition of smallest defect, and that defect.

    A partition of defect at most t exists exactly when the graph of the entries above t has only stars and
    isolated nodes as components, and the isolated nodes can join. This is monotone in t, so a binary search
    over the entries finds the optimum without enumerating partitions: O(k k_star log(k k_star)).

    Parameters
    ----------
    table : ndarray of shape (k, k_star)
        Non-negative associations.

    Returns
    -------
    stars : list of (means, centers)
        Index lists.
    defect : float
        Largest entry outside the stars; 0 where every entry is inside one.
    """
    levels = np.unique(np.concatenate([[0.0], table.ravel()]))
    low, high = 0, len(levels) - 1
    while low < high:
        middle = (low + high) // 2
        if _stars_above(table, levels[middle]) is None:
            low = middle + 1
        else:
            high = middle
    stars = _stars_above(table, levels[low])
    assert stars is not None  # at the highest level all nodes are isolated, and they can always join
    outside = np.ones(table.shape, dtype=bool)
    for means, centers in stars:
        outside[np.ix_(means, centers)] = False
    return stars, float(table[outside].max(initial=0.0))


def components(edges: BoolArray) -> list[Star]:
    """Return the connected components of a bipartite graph as (means, centers), isolated nodes included."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    k, k_star = edges.shape
    means, centers = np.nonzero(edges)
    graph = coo_array((np.ones(len(means)), (means, k + centers)), shape=(k + k_star, k + k_star))
    n, labels = connected_components(graph, directed=False)
    found: list[Star] = [([], []) for _ in range(n)]
    for i, label in enumerate(labels.tolist()):
        if i < k:
            found[label][0].append(i)
        else:
            found[label][1].append(i - k)
    return found


def _stars_above(table: FloatArray, level: float) -> list[Star] | None:
    parts = components(table > level)
    if any(len(means) > 1 and len(centers) > 1 for means, centers in parts):
        return None
    stars = [(means, centers) for means, centers in parts if means and centers]
    lone_means = [means[0] for means, centers in parts if not centers]
    lone_centers = [centers[0] for means, centers in parts if not means]
    if lone_means and lone_centers:
        # No entry between them exceeds the level, so any pairing keeps the defect; strong ones first.
        pairs = sorted((-table[i, s], i, s) for i in lone_means for s in lone_centers)
        for _, mean, center in pairs:
            if mean in lone_means and center in lone_centers:
                stars.append(([mean], [center]))
                lone_means.remove(mean)
                lone_centers.remove(center)
    return _joined(stars, lone_means, lone_centers, table)


def _joined(
    stars: list[Star], lone_means: list[int], lone_centers: list[int], table: FloatArray
) -> list[Star] | None:
    """Let lone means join stars with one center, or lone centers stars with one mean, by association."""
    for mean in lone_means:
        open_stars = [star for star in stars if len(star[1]) == 1]
        if not open_stars:
            return None
        max(open_stars, key=lambda star: table[mean, star[1][0]])[0].append(mean)
    for center in lone_centers:
        open_stars = [star for star in stars if len(star[0]) == 1]
        if not open_stars:
            return None
        max(open_stars, key=lambda star: table[star[0][0], center])[1].append(center)
    return stars
