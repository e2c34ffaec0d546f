"""All stationary points of k means on a line: zeros of one function of the first wall.

The first wall b_1 gives the first mean, the centroid of what is before it; half way to the second mean is b_1, so
that the second mean is known, and b_2 is the one place at which the centroid of the second cell is that mean; and so
on. The last mean is the centroid of what is behind the last wall, or b_1 was no wall of a stationary point. The
difference is positive far to the left and negative far to the right; on the way it changes its sign at each
stationary point. (For the centroids as functions of the walls: Trushkin, IEEE Trans. Inf. Theory 28, 1982.)
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.mixture import Mixture
from gmmscape.tolerances import TOLERANCES

#: Mass and first moment of a measure up to some places, shape (n, 2).
UpTo = Callable[[FloatArray], FloatArray]


def mixture_up_to(truth: Mixture) -> UpTo:
    """Return mass and first moment of a mixture on a line up to some places."""
    from scipy.special import ndtr

    centers, scales = truth.means[:, 0], np.sqrt(truth.full_covariances()[:, 0, 0])

    def up_to(places: FloatArray) -> FloatArray:
        z = (places[:, None] - centers) / scales
        mass = ndtr(z)
        first = centers * mass - scales * np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)
        return np.column_stack([mass @ truth.weights, first @ truth.weights])

    return up_to


def stationary_points(up_to: UpTo, low: float, high: float, k: int) -> list[FloatArray]:
    """Return means of all stationary points that a scan of the first wall finds, each (k, 1), in ascending order.

    Parameters
    ----------
    up_to : callable
        Mass and first moment of the measure up to some places; the whole has mass one.
    low, high : float
        Where the measure is.
    k : int
        Number of means; of one the only point is the mean of the measure, which this leaves to descents.

    Returns
    -------
    list of ndarray
        Two whose first walls are closer than a 4,000th of the length may be missed, both at a time.
    """
    if k == 1:
        return []
    chain = _Chain(up_to, low, high, k)
    walls = np.linspace(low, high, EFFORT.quantisation.first_walls + 2)[1:-1]
    over = chain.overshoots(walls)
    change = np.flatnonzero(over[1:] != over[:-1])
    left, right, right_over = walls[change], walls[change + 1], over[change + 1]
    for _ in range(EFFORT.quantisation.bisections):
        middle = 0.5 * (left + right)
        same = chain.overshoots(middle) == right_over
        left, right = np.where(same, left, middle), np.where(same, middle, right)
    found, _ = chain.means_and_last_wall(0.5 * (left + right))
    return [means[:, None] for means in found if np.isfinite(means).all()]


class _Chain:
    """Means and walls that follow from a first wall."""

    def __init__(self, up_to: UpTo, low: float, high: float, k: int) -> None:
        self.up_to, self.low, self.high, self.k = up_to, low, high, k

    def overshoots(self, walls: FloatArray) -> FloatArray:
        """Say for first walls whether the means that follow lie too far to the right, shape (n,)."""
        means, ends = self.means_and_last_wall(walls)
        last = self._centroid(ends, np.full(len(walls), self.high))
        return ~np.isfinite(means[:, -1]) | (means[:, -1] > last)

    def means_and_last_wall(self, walls: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the means that follow from first walls, (n, k), infinite where there are none; the last wall."""
        found = [self._centroid(np.full(len(walls), self.low), walls)]
        for j in range(1, self.k):
            found.append(2.0 * walls - found[-1])
            if j < self.k - 1:
                walls = self._next(walls, found[-1])
        return np.column_stack(found), walls

    def _next(self, walls: FloatArray, means: FloatArray) -> FloatArray:
        """Where cells that begin at walls end, if these are their centroids; infinite if beyond everything."""
        ends = np.full(len(walls), self.high)
        known = np.isfinite(walls) & (means < self._centroid(walls, ends))
        left, right = np.where(known, walls, self.low), ends
        for _ in range(EFFORT.quantisation.bisections):
            middle = 0.5 * (left + right)
            short = self._centroid(np.where(known, walls, self.low), middle) < means
            left, right = np.where(short, middle, left), np.where(short, right, middle)
        return np.where(known, 0.5 * (left + right), np.inf)

    def _centroid(self, low: FloatArray, high: FloatArray) -> FloatArray:
        """Centroid between two places; half way where the measure has nothing there."""
        inside = np.isfinite(low) & (low < high)
        safe = np.where(inside, low, self.low)
        sums = self.up_to(np.where(inside, high, self.high)) - self.up_to(safe)
        filled = sums[:, 0] > TOLERANCES.quantisation.vanished
        at = np.divide(sums[:, 1], sums[:, 0], out=0.5 * (safe + high), where=filled)
        return np.where(inside, np.clip(at, safe, high), low)
