"""The second reading of a fit: how far its means are from those of the nearest structure."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.landscape.falsification.predicted import listed
from gmmscape.mixture import Mixture
from gmmscape.structure.structure import Structure, block_average


class Position(NamedTuple):
    """The structure nearest to a fit.

    Attributes
    ----------
    error : float
        Smallest value, over all structures, of the largest distance of a mean from where the structure has
        it (the average of its centers, or its center), in sigma.
    structure : Structure or None
        A structure at that distance; None where there are too many to look at, and `error` is infinite.
    """

    error: float
    structure: Structure | None


def nearest_structure(means: FloatArray, truth: Mixture, sigma: float) -> Position:
    """Return the structure whose places are nearest to some means.

    Parameters
    ----------
    means : ndarray of shape (k, d)
        Fitted means.
    truth : Mixture
        What is true.
    sigma : float
        Unit of the error.

    Returns
    -------
    Position
        Error and structure. Cost: a few distances for each candidate, and a bottleneck matching for those
        that may be the nearest.
    """
    k = len(means)
    structures = listed(k, truth.n_components)
    best = Position(np.inf, None)
    if not structures:
        return best
    gaps = _distances(means, truth, k)
    orders = [_targets(i, k, truth.n_components) for i in range(len(structures))]
    columns = _columns(k, truth.n_components)
    bounds = []
    for order in orders:
        here = gaps[:, [columns[target] for target in order]]
        bounds.append(max(here.min(axis=0).max(), here.min(axis=1).max()))
    for place in np.argsort(bounds, kind="stable").tolist():
        if bounds[place] >= best.error:
            break
        here = gaps[:, [columns[target] for target in orders[place]]]
        error, order = _bottleneck(here)
        if error < best.error:
            best = Position(error, _relabelled(structures[place], order))
    return Position(best.error / sigma, best.structure)


def _relabelled(structure: Structure, order: list[int]) -> Structure:
    """The structure with mean order[i] in the place of its mean i."""
    return Structure.of([([order[i] for i in b.means], b.centers) for b in structure.blocks])


def _bottleneck(gaps: FloatArray) -> tuple[float, list[int]]:
    """Smallest largest distance of a matching, and the row matched to each column."""
    levels = np.unique(gaps)
    low, high = 0, len(levels) - 1
    while low < high:
        middle = (low + high) // 2
        if (_matched(gaps <= levels[middle]) < 0).any():
            low = middle + 1
        else:
            high = middle
    return float(levels[low]), _matched(gaps <= levels[low]).tolist()


def _matched(allowed: FloatArray) -> FloatArray:
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    return maximum_bipartite_matching(csr_array(allowed), perm_type="row")


@lru_cache(maxsize=100_000)
def _targets(number: int, k: int, k_star: int) -> tuple[tuple[int, ...], ...]:
    """For each mean of a candidate the centers of its block."""
    centers: list[tuple[int, ...]] = [()] * k
    for block in listed(k, k_star)[number].blocks:
        for i in block.means:
            centers[i] = block.centers
    return tuple(centers)


@lru_cache(maxsize=64)
def _columns(k: int, k_star: int) -> dict[tuple[int, ...], int]:
    """The sets of centers that occur in candidates, numbered."""
    sets = {block.centers for structure in listed(k, k_star) for block in structure.blocks}
    return {centers: column for column, centers in enumerate(sorted(sets))}


def _distances(means: FloatArray, truth: Mixture, k: int) -> FloatArray:
    targets = np.stack([block_average(centers, truth) for centers in _columns(k, truth.n_components)])
    return np.linalg.norm(means[:, None] - targets, axis=2)
