"""Many starts by k-means++ at once: on few rows, one by one they take longer than EM from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.effort import EFFORT
from gmmscape.measure import Sample
from gmmscape.solve.starts import each_row_once


def spread_means(
    sample: Sample, k: int, rngs: Sequence[np.random.Generator], check: Callable[[], None] | None = None
) -> FloatArray:
    """Return k rows picked far from each other, for each of many starts, shape (starts, k, d).

    Greedy k-means++ as scikit-learn has it (Arthur and Vassilvitskii, 2007): of 2 + log k rows drawn by
    weight times squared distance, the one that leaves the least of it becomes the next mean.

    Parameters
    ----------
    sample : Sample
        Of k rows at least.
    k : int
        Number of means.
    rngs : sequence of numpy.random.Generator
        Of the draws of each start, which depend on nothing else.
    check : callable, optional
        Called before each mean; raises where there is no time for more.

    Returns
    -------
    ndarray of shape (starts, k, d)
        In local coordinates. Cost O(starts n k log k d).
    """
    once = each_row_once(sample, k)
    points, weights = sample.filled(slice(None)), sample.weights
    if once is not None:
        points, weights = once.points + once.origin, once.weights
    trials = 2 + int(np.log(k))
    together = max(1, EFFORT.solve.distances_together // (len(points) * trials))
    found: list[FloatArray] = [np.empty((0, k, sample.n_features))]
    for first in range(0, len(rngs), together):
        chances = np.stack([rng.random((k, trials)) for rng in rngs[first : first + together]])
        found.append(_spread(points, weights, chances, check))
    return np.concatenate(found)


def _spread(
    points: FloatArray, weights: FloatArray, chances: FloatArray, check: Callable[[], None] | None
) -> FloatArray:
    """The means that draws at `chances` (b, k, t) lead to."""
    b, k, _ = chances.shape
    chosen = np.empty((b, k), dtype=np.int64)
    squared = np.square(points).sum(axis=1)
    running = np.cumsum(weights)
    chosen[:, 0] = _drawn(running[None], chances[:, 0, :1].reshape(1, b))[0]
    nearest = _distances(points, squared, chosen[:, :1])[:, 0]
    for step in range(1, k):
        if check is not None:
            check()
        drawn = _drawn(np.cumsum(nearest * weights, axis=1), chances[:, step])
        closer = _distances(points, squared, drawn)
        np.minimum(closer, nearest[:, None], out=closer)
        best = (closer @ weights).argmin(axis=1)
        each = np.arange(b)
        chosen[:, step], nearest = drawn[each, best], closer[each, best]
    return points[chosen]


def _distances(points: FloatArray, squared: FloatArray, chosen: IntArray) -> FloatArray:
    """Squared distances of all rows from the chosen ones (b, t), shape (b, t, n)."""
    own = chosen.ravel()
    found = (-2.0 * points[own]) @ points.T
    found += squared
    found += squared[own, None]
    return np.maximum(found, 0.0, out=found).reshape(*chosen.shape, len(points))


def _drawn(running: FloatArray, chances: FloatArray) -> IntArray:
    """Rows drawn by weights of which `running` (b, n) are the sums, at `chances` (b, t)."""
    found = [
        np.searchsorted(own, at * own[-1], side="right") for own, at in zip(running, chances, strict=True)
    ]
    return np.minimum(np.array(found), running.shape[1] - 1)
