"""Rows drawn from separated Gaussian components of one family: what several benchmarks plant things in."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def centers_apart(
    k: int, d: int, least: float, length: Callable[[], float], rng: np.random.Generator
) -> Array:
    """Return k centers in d dimensions, `least` apart, each `length()` from one before it."""
    centers = [np.zeros(d)]
    while len(centers) < k:
        step = rng.standard_normal(d)
        step *= length() / np.linalg.norm(step)
        new = centers[rng.integers(len(centers))] + step
        if min(np.linalg.norm(new - old) for old in centers) >= least:
            centers.append(new)
    return np.stack(centers)


class Spread(NamedTuple):
    """Standard deviations (k, d) of components along their axes, and the axes as columns (k, d, d)."""

    scales: Array
    axes: Array

    @property
    def covariances(self) -> Array:
        """Of the components, shape (k, d, d)."""
        return (self.axes * self.scales[:, None, :] ** 2) @ self.axes.transpose(0, 2, 1)


def spread_of(k: int, d: int, kind: str, narrowest: float, rng: np.random.Generator) -> Spread:
    """Return how k components spread: deviations between `narrowest` and 1, as the family asks."""
    scales = rng.uniform(narrowest, 1.0, (k, d))
    axes = np.linalg.qr(rng.standard_normal((k, d, d)))[0]
    if kind in ("spherical", "tied"):
        scales[:] = scales[:, :1] if kind == "spherical" else scales[0]
    if kind in ("spherical", "diag"):
        axes[:] = np.eye(d)
    elif kind == "tied":
        axes[:] = axes[0]
    return Spread(scales, axes)


def rows_of(centers: Array, labels: NDArray[np.intp], spread: Spread, rng: np.random.Generator) -> Array:
    """Return a row for each label."""
    noise = spread.scales[labels] * rng.standard_normal((len(labels), centers.shape[1]))
    return centers[labels] + np.einsum("nde,ne->nd", spread.axes[labels], noise)


def rows_around(
    centers: Array, labels: NDArray[np.intp], kind: str, narrowest: float, rng: np.random.Generator
) -> Array:
    """Return a row for each label around its center, of components that spread as the family asks."""
    k, d = centers.shape
    return rows_of(centers, labels, spread_of(k, d, kind, narrowest, rng), rng)
