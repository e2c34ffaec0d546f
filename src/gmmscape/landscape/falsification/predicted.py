"""Places at which law 9 expects minima that cut a center, to leading order."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.effort import EFFORT
from gmmscape.matching import match_means
from gmmscape.mixture import Mixture
from gmmscape.structure.candidates import candidates, count_candidates
from gmmscape.structure.structure import Structure
from gmmscape.tolerances import TOLERANCES

#: Shares of a cut center that are tried.
GRID = np.linspace(0.03, 0.97, 48)


def listed(k: int, k_star: int) -> tuple[Structure, ...]:
    """Return all candidate structures; none where there are too many to list."""
    return _listed(k, k_star) if count_candidates(k, k_star) <= EFFORT.structure.most_candidates else ()


def shares_of(structure: Structure, k: int, k_star: int) -> FloatArray:
    """Return the shares of the centers that the means of a structure have, shape (k, k_star)."""
    table = np.zeros((k, k_star))
    for block in structure.blocks:
        table[np.ix_(block.means, block.centers)] = 1.0 / len(block.means)
    return table


def predicted_cuts(truth: Mixture, k: int, sigma: float, most: int) -> list[FloatArray]:
    """Return means of expected minima in which two means share one center.

    Let a center give the share alpha of its draws to a second mean, those beyond the border of the two. Both
    means follow, and with them the border, which leaves a share f(alpha) beyond it. Where f crosses alpha
    from above the cut holds itself: that is law 9.

    Parameters
    ----------
    truth : Mixture
        Equal spherical components.
    k : int
        Number of means.
    sigma : float
        Standard deviation of the fit.
    most : int
        Places at most.

    Returns
    -------
    list of ndarray of shape (k, d)
        Those first at which the share is most nearly one half. Cost: some 0.2 ms for each structure.
    """
    structures = listed(k, truth.n_components)
    chosen = structures[:: max(1, -(-len(structures) // EFFORT.falsification.most_structures))]
    found: list[tuple[float, FloatArray]] = []
    for structure in chosen if most > 0 and k > 1 else ():
        found.extend(_cuts_of(structure, truth, k, sigma))
    kept: list[FloatArray] = []
    for _, means in sorted(found, key=lambda item: item[0]):
        if len(kept) == most:
            break
        if all(match_means(means, other)[1] > TOLERANCES.falsification.alike * sigma for other in kept):
            kept.append(means)
    return kept


@lru_cache(maxsize=64)
def _listed(k: int, k_star: int) -> tuple[Structure, ...]:
    return tuple(candidates(k, k_star))


def _cuts_of(
    structure: Structure, truth: Mixture, k: int, sigma: float
) -> Iterator[tuple[float, FloatArray]]:
    """Distance of the share from one half, and means, for each cut of a center of the structure."""
    pairs = _pairs(structure)
    if not len(pairs):
        return
    table = shares_of(structure, k, truth.n_components) * truth.weights
    masses, sums = table.sum(axis=1), table @ truth.means
    at, first, second = _moved(pairs, masses, sums, truth, sigma)
    left = _beyond(pairs, first, second, truth, sigma) - GRID
    for row, place in np.argwhere((left[:, :-1] > 0.0) & (left[:, 1:] <= 0.0)).tolist():
        part = left[row, place] / (left[row, place] - left[row, place + 1])
        means = sums / masses[:, None]
        center, own, other = pairs[row].tolist()
        means[own] = (1 - part) * first[row, place] + part * first[row, place + 1]
        means[other] = (1 - part) * second[row, place] + part * second[row, place + 1]
        if _consistent(means, center, (own, other), table, truth):
            yield abs(at[place] + part * (at[1] - at[0]) - 0.5), means


def _pairs(structure: Structure) -> IntArray:
    """Rows (center, its mean, another mean), both means alone in their blocks."""
    alone = [block for block in structure.blocks if len(block.means) == 1]
    rows = [
        (center, block.means[0], other.means[0])
        for block in alone
        if len(block.centers) > 1  # what is left to the first mean has to hold it
        for other in alone
        if other is not block
        for center in block.centers
    ]
    return np.array(rows, dtype=np.intp).reshape(-1, 3)


def _moved(
    pairs: IntArray, masses: FloatArray, sums: FloatArray, truth: Mixture, sigma: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The shares, and for each pair and share the two means, shape (pairs, shares, d)."""
    from scipy.special import ndtri

    center, own, other = pairs.T
    weight = truth.weights[center][:, None, None]
    there, share = truth.means[center][:, None], GRID[None, :, None]
    given = weight * share * there
    kept_mass, taken_mass = masses[own][:, None, None], masses[other][:, None, None]
    first = (sums[own][:, None] - given) / (kept_mass - weight * share)
    second = (sums[other][:, None] + given) / (taken_mass + weight * share)
    line = second - first
    line = line / np.maximum(np.linalg.norm(line, axis=2, keepdims=True), np.finfo(np.float64).tiny)
    # Draws beyond the border lie farther along the line than the center, by sigma phi(z) in all.
    z = ndtri(1.0 - share)
    excess = weight * sigma * np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi) * line
    return (
        GRID,
        first - excess / (kept_mass - weight * share),
        second + excess / (taken_mass + weight * share),
    )


def _beyond(
    pairs: IntArray, first: FloatArray, second: FloatArray, truth: Mixture, sigma: float
) -> FloatArray:
    """The share of the draws of each center beyond the border of its two means, shape (pairs, shares)."""
    from scipy.special import ndtr

    line = second - first
    gap = np.linalg.norm(line, axis=2)
    offset = 0.5 * (first + second) - truth.means[pairs[:, 0]][:, None]
    border = (offset * line).sum(axis=2) / np.maximum(gap, np.finfo(np.float64).tiny)
    return ndtr(-border / sigma)


def _consistent(
    means: FloatArray, center: int, pair: tuple[int, int], table: FloatArray, truth: Mixture
) -> bool:
    """Whether each whole center is nearest to its own mean, and the cut one to its two."""
    gaps = np.linalg.norm(means[:, None] - truth.means, axis=2)
    owners = table > 0
    own = np.where(owners, gaps, np.inf).min(axis=0)
    strangers = np.where(owners, np.inf, gaps)
    strangers[pair[1], center] = np.inf
    others = strangers.min(axis=0)
    own[center] = gaps[list(pair), center].max()
    return bool((own < others).all())
