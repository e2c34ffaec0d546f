"""Rows drawn from separated Gaussian components of one family: what several benchmarks plant things in."""

from __future__ import annotations

from collections.abc import Callable

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


def rows_around(
    centers: Array, labels: NDArray[np.intp], kind: str, narrowest: float, rng: np.random.Generator
) -> Array:
    """Return a row for each label; standard deviations lie between `narrowest` and 1, as the family asks."""
    k, d = centers.shape
    scales = rng.uniform(narrowest, 1.0, (k, d))
    turns = np.linalg.qr(rng.standard_normal((k, d, d)))[0]
    if kind in ("spherical", "tied"):
        scales[:] = scales[:, :1] if kind == "spherical" else scales[0]
    if kind in ("spherical", "diag"):
        turns[:] = np.eye(d)
    elif kind == "tied":
        turns[:] = turns[0]
    noise = scales[labels] * rng.standard_normal((len(labels), d))
    return centers[labels] + np.einsum("nde,ne->nd", turns[labels], noise)
