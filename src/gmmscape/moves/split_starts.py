"""Where two components of a part begin: means along its widest direction or far apart, and their scatter.

Found on a few rows of each part, of many parts at once: EM on all of them follows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray, IntArray
from gmmscape.covariances import CovarianceKind
from gmmscape.effort import EFFORT
from gmmscape.families import Family
from gmmscape.moves.degeneracy import rows_for_covariance
from gmmscape.moves.subproblems import SmallProblems
from gmmscape.solve import Small


def split_starts(
    small: SmallProblems, n_random: int, kind: CovarianceKind, rng: np.random.Generator
) -> tuple[IntArray, Small]:
    """Return starts of two components on each usable part, and which part each belongs to.

    Parameters
    ----------
    small : SmallProblems
        The parts.
    n_random : int
        Starts with two random rows far apart, beside the one along the widest direction.
    kind : CovarianceKind
        How the covariances of a start are stored. Both components have the scatter about the nearer mean.
    rng : numpy.random.Generator
        Of the rows.

    Returns
    -------
    ndarray of int, shape (b,)
        Parts, in rising order.
    Small
        The starts. Fewer than asked for where all rows of a part are equal.
    """
    d = small.n_features
    which: list[IntArray] = [np.empty(0, dtype=np.int64)]
    means: list[FloatArray] = [np.empty((0, 2, d))]
    matrices: list[FloatArray] = [np.empty((0, d, d))]
    for parts in _at_a_time(small, n_random):
        points, weights = few_rows(small, parts)
        found, there = starting_means(small, parts, points, weights, n_random, rng)
        scatter = scatter_about(points, weights, found, whole=small.whole)
        which.append(np.repeat(parts, there.sum(axis=1)))
        means.append(found[there])
        matrices.append(scatter[there])
    pair_means = np.concatenate(means)
    weights = np.full((len(pair_means), 2), 0.5)
    return np.concatenate(which), pairs(weights, pair_means, np.concatenate(matrices), small.family, kind)


def _most_rows(small: SmallProblems) -> int:
    """Rows that stand for a part, enough for a covariance."""
    return max(EFFORT.moves.start_rows, 4 * rows_for_covariance(small.family.kind.own, small.n_features))


def _at_a_time(small: SmallProblems, n_random: int) -> Iterator[IntArray]:
    """The usable parts, one at least, so many together that arrays of their rows for each start are small."""
    usable = np.flatnonzero(small.usable)
    rows = min(_most_rows(small), int(small.parts.sizes[usable].max()))
    together = max(1, EFFORT.moves.values_together // (rows * small.n_features * (1 + n_random)))
    for first in range(0, len(usable), together):
        yield usable[first : first + together]


def few_rows(small: SmallProblems, parts: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return evenly spaced rows of each part, (p, r, d), and their weights, (p, r), which sum to one.

    Of a part with fewer than r rows, the last are repeated, of no weight.
    """
    sizes = small.parts.sizes[parts]
    r = min(_most_rows(small), int(sizes.max()))
    places = np.arange(r)
    spread = ((places + 0.5) * (sizes[:, None] / r)).astype(np.int64)
    at = np.where(sizes[:, None] > r, spread, np.minimum(places, sizes[:, None] - 1))
    at = small.parts.ends[parts][:, None] + at
    weights = np.where(places < sizes[:, None], small.held.weights[at], 0.0)
    points = small.held.local(at.ravel()).reshape(len(parts), r, small.n_features)
    return points, weights / weights.sum(axis=1, keepdims=True)


def starting_means(
    small: SmallProblems,
    parts: IntArray,
    points: FloatArray,
    weights: FloatArray,
    n_random: int,
    rng: np.random.Generator,
) -> tuple[FloatArray, BoolArray]:
    """Return pairs of means for each part, (p, 1 + n_random, 2, d): the widest direction, then random rows.

    The second of the random rows is far from the first; there is none where all rows are equal to it. What is
    returned beside them, (p, 1 + n_random), says where there are means.
    """
    mean, covariance = small.means[parts], small.scatter[parts]
    variance = np.diagonal(covariance, axis1=1, axis2=2)
    scale = np.sqrt(np.where(variance > 0, variance, 1.0))
    if small.whole:
        step = widest(covariance / (scale[:, :, None] * scale[:, None, :])) * scale
    else:
        scaled = (points - mean[:, None]) / scale[:, None]
        step = scale * np.stack([widest_of_rows(*own) for own in zip(scaled, weights, strict=True)])
    along = np.stack([mean - step, mean + step], axis=1)
    each = np.arange(len(parts))[:, None]
    first = points[each, _drawn(np.cumsum(weights, axis=1)[:, None], rng.random((len(parts), n_random)))]
    gaps = (points[:, None] - first[:, :, None]) / scale[:, None, None]
    far = np.cumsum(weights[:, None] * np.square(gaps).sum(axis=3), axis=2)
    second = points[each, _drawn(far, rng.random((len(parts), n_random)))]
    there = np.concatenate([np.ones((len(parts), 1), dtype=bool), far[:, :, -1] > 0], axis=1)
    return np.concatenate([along[:, None], np.stack([first, second], axis=2)], axis=1), there


def _drawn(running: FloatArray, chances: FloatArray) -> IntArray:
    """Rows drawn by their weights, of which `running` (p, s or 1, r) are the sums, at `chances` (p, s)."""
    last = running[:, :, -1]
    drawn = (running <= (chances * last)[:, :, None]).sum(axis=2)
    with_weight = (running < last[:, :, None]).sum(axis=2)  # behind these, rows have none
    return np.minimum(drawn, with_weight)


def scatter_about(points: FloatArray, weights: FloatArray, means: FloatArray, *, whole: bool) -> FloatArray:
    """Return the scatter of rows about the nearer of two means, for means (p, s, 2, d), (p, s, d, d).

    Of its diagonal only, where not the `whole` is asked for.
    """
    first, second = (points[:, None] - means[:, :, i, None] for i in range(2))
    nearer = np.square(first).sum(axis=3) <= np.square(second).sum(axis=3)
    deviations = np.where(nearer[:, :, :, None], first, second)
    if not whole:
        return np.einsum("pr,psrd->psd", weights, deviations**2)[..., None] * np.eye(points.shape[2])
    deviations *= np.sqrt(weights)[:, None, :, None]
    found = np.swapaxes(deviations, 2, 3) @ deviations
    return 0.5 * (found + np.swapaxes(found, 2, 3))


def widest(covariances: FloatArray) -> FloatArray:
    """Return the directions that covariances (p, d, d) are widest in, one standard deviation long, (p, d)."""
    if covariances.shape[1] <= EFFORT.moves.whole_columns:
        values, vectors = np.linalg.eigh(covariances)
        return np.sqrt(np.maximum(values[:, -1:], 0.0)) * vectors[:, :, -1]
    return np.stack([_widest_by_power(covariance) for covariance in covariances])


def _widest_by_power(covariance: FloatArray) -> FloatArray:
    start = covariance[:, int(np.argmax(np.square(covariance).sum(axis=0)))]
    return _by_power(lambda direction: covariance @ direction, start)


def widest_of_rows(rows: FloatArray, weights: FloatArray) -> FloatArray:
    """Return about the same of the rows' own covariance, which is not formed; rows (m, d) of mean zero."""
    start = rows[int(np.argmax(np.square(rows).sum(axis=1)))]
    return _by_power(lambda direction: (weights * (rows @ direction)) @ rows, start)


def _by_power(product: Callable[[FloatArray], FloatArray], direction: FloatArray) -> FloatArray:
    """The direction in which a covariance is about widest, by products with it: good enough for a start."""
    for _ in range(EFFORT.moves.power_steps):
        length = float(np.linalg.norm(direction))
        if length == 0.0:
            return direction
        direction = product(direction / length)
    return direction / np.sqrt(float(np.linalg.norm(direction)) or 1.0)


def pairs(
    weights: FloatArray, means: FloatArray, matrices: FloatArray, family: Family, kind: CovarianceKind
) -> Small:
    """Return pairs as starts; `matrices` (b, d, d) are shared, (b, 2, d, d) each component's own."""
    lifted = family.relaxed(kind.own).lifted
    if kind.shared:
        return Small(weights, means, lifted(matrices)[0], kind)
    each = matrices if matrices.ndim == 4 else np.repeat(matrices[:, None], 2, axis=1)
    b, d = len(means), means.shape[2]
    stored = kind.each_of(each.reshape(2 * b, d, d))
    return Small(weights, means, lifted(stored)[0].reshape(b, 2, *stored.shape[1:]), kind)
