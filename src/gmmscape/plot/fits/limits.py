"""What range of a picture shows: all rows, unless a few are so far off that the others would be a dot."""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.plot.fits.views import Components
from gmmscape.plot.sizes import SIZES


def limits(points: FloatArray | None, parts: Components) -> list[tuple[float, float]]:
    """Return the range of each direction, both ends with some room.

    Parameters
    ----------
    points : ndarray of shape (n, m) or None
        Rows as they are seen.
    parts : Components
        As they are seen.

    Returns
    -------
    list of (float, float)
        Low and high.
    """
    low, high = _of_components(parts) if points is None or not len(points) else _of_rows(points)
    alive = parts.means[parts.weights > 0]
    if points is not None and len(alive):  # a mean a little outside is shown as well
        width = high - low
        low = np.minimum(low, np.maximum(alive.min(axis=0), low - 0.5 * width))
        high = np.maximum(high, np.minimum(alive.max(axis=0), high + 0.5 * width))
    width = high - low
    width[width <= 0] = np.maximum(1.0, np.abs(low[width <= 0]))
    return list(
        zip((low - SIZES.margin * width).tolist(), (high + SIZES.margin * width).tolist(), strict=True)
    )


def _of_rows(points: FloatArray) -> tuple[FloatArray, FloatArray]:
    low, high = points.min(axis=0), points.max(axis=0)
    inner = np.quantile(points, [SIZES.outside, 1.0 - SIZES.outside], axis=0)
    middle, half = inner.mean(axis=0), 0.5 * np.ptp(inner, axis=0)
    near = middle - SIZES.narrower * half, middle + SIZES.narrower * half
    return np.where(low < near[0], inner[0], low), np.where(high > near[1], inner[1], high)


def _of_components(parts: Components) -> tuple[FloatArray, FloatArray]:
    alive = parts.weights > 0
    means = parts.means[alive]
    if parts.covariances is None:
        return means.min(axis=0), means.max(axis=0)
    deviations = np.sqrt(np.einsum("kmm->km", parts.covariances[alive]))
    usual = deviations <= SIZES.wide * np.median(deviations, axis=0)
    reach = np.where(usual, SIZES.around * deviations, 0.0)
    return (means - reach).min(axis=0), (means + reach).max(axis=0)
