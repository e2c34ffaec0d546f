"""Critical points of every index by two searches that share no code with the package.

Starts move on one rule of quadrature: by Newton's method, whatever index it leads to, and uphill along a
random number of the lowest modes. What they find is polished on panels made for it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from benchmarks.landscapes.panels import Array, Panels, matched

#: Nodes a deviation of the common rule; its reach in deviations, by number of dimensions.
DENSITY, REACH = {1: 6.0, 2: 3.0}, {1: 7.0, 2: 5.0}
#: Steps; the longest one of a mean, in sigma; noise about averages of centers; slope where a start ends.
STEPS, LONGEST, NOISE, ENDED = 80, 0.7, 1.0, 1e-5
#: Points of a search are one within this many sigma; last step of a polished one; curvatures that are none.
SAME, POLISHED, FLAT = 1e-3, 1e-10, 1e-6
#: Newton steps of polishing.
POLISHING = 12


class Found(NamedTuple):
    """A critical point: its means, and how many curvatures are negative."""

    means: Array
    index: int


class Together:
    """Gradients and Hessians of many fits of k equal means of unit deviation at once, under unit clusters."""

    def __init__(self, centers: Array) -> None:
        d = centers.shape[1]
        n = int(2 * REACH[d] * DENSITY[d]) + 1
        z = np.linspace(-REACH[d], REACH[d], n)
        mass = np.exp(-0.5 * z**2) / np.exp(-0.5 * z**2).sum()
        grid = np.stack(np.meshgrid(*[z] * d, indexing="ij"), axis=-1).reshape(-1, d)
        share = mass
        for _ in range(d - 1):
            share = np.outer(share, mass).ravel()
        kept = share > 1e-12
        self.points = np.concatenate([grid[kept] + center for center in centers])
        self.mass = np.tile(share[kept] / len(centers), len(centers))

    def at(self, means: Array) -> tuple[Array, Array]:
        """Return gradients (b, k d) and Hessians (b, k d, k d) at means (b, k, d)."""
        b, k, d = means.shape
        gradients, hessians = np.empty((b, k * d)), np.empty((b, k * d, k * d))
        for number, fit in enumerate(means):
            off = self.points[:, None] - fit
            logs = -0.5 * (off**2).sum(axis=2)
            odds = np.exp(logs - logs.max(axis=1, keepdims=True))
            psi = odds / odds.sum(axis=1, keepdims=True)
            flat = (psi[:, :, None] * off).reshape(len(off), k * d)
            weighted = self.mass[:, None] * flat
            gradients[number] = -weighted.sum(axis=0)
            bend = flat.T @ weighted
            each = self.mass @ psi
            for i in range(k):
                block = slice(i * d, (i + 1) * d)
                bend[block, block] -= (off[:, i] * (self.mass * psi[:, i])[:, None]).T @ off[:, i]
                bend[block, block] += each[i] * np.eye(d)
            hessians[number] = bend
        return gradients, hessians


def searched(centers: Array, k: int, n_starts: int, rng: np.random.Generator, *, uphill: bool) -> list[Array]:
    """Return the means of critical points that starts lead to, roughly, each once.

    Parameters
    ----------
    centers : ndarray of shape (n, d)
        Of the truth.
    k : int
        Number of means.
    n_starts : int
        Starts: averages of random sets of centers with noise, some of them in one place.
    rng : numpy.random.Generator
        Draws them.
    uphill : bool
        Whether each start goes uphill along a number of its lowest modes, drawn once; else plain Newton.

    Returns
    -------
    list of ndarray of shape (k, d)
        Means.
    """
    rule = Together(centers)
    means = np.stack([_start(centers, k, rng) for _ in range(n_starts)])
    modes = rng.integers(0, k, n_starts)
    going = np.ones(n_starts, dtype=bool)
    for _ in range(STEPS):
        places = np.flatnonzero(going)
        if not len(places):
            break
        gradients, hessians = rule.at(means[places])
        values, vectors = np.linalg.eigh(hessians)
        slopes = np.einsum("bij,bi->bj", vectors, gradients)
        if uphill:
            up = np.arange(values.shape[1]) < modes[places, None]
            values = np.where(up, -np.abs(values), np.abs(values))
        away = np.abs(values) < 1e-9
        steps = -slopes / np.where(away, 1e-9, values)
        steps = np.einsum("bij,bj->bi", vectors, steps).reshape(len(places), k, -1)
        longest = np.linalg.norm(steps, axis=2).max(axis=1)
        means[places] += steps * np.minimum(1.0, LONGEST / np.maximum(longest, 1e-300))[:, None, None]
        arrived = (np.abs(gradients).max(axis=1) < ENDED) & (longest < ENDED)
        going[places[arrived]] = False
    found: list[Array] = []
    for fit in means[~going]:
        if not any(matched(fit, known)[1] < 10 * SAME for known in found):
            found.append(fit)
    return found


def _start(centers: Array, k: int, rng: np.random.Generator) -> Array:
    groups = np.sort(rng.integers(0, k, k)) if rng.random() < 0.5 else np.arange(k)
    places = []
    for _ in range(k):
        some = rng.random(len(centers)) < rng.uniform(0.2, 0.8)
        middle = centers[some].mean(axis=0) if some.any() else centers[rng.integers(len(centers))]
        places.append(middle + NOISE * rng.standard_normal(centers.shape[1]))
    return np.array(places)[groups]


def polished(panels: Panels, means: Array) -> Found | None:
    """Return the critical point next to some means on panels, or None: none, a soft one, or one elsewhere."""
    at = means.copy()
    for _ in range(POLISHING):
        _, gradient, bend = panels.at(at, hessian=True)
        values, vectors = np.linalg.eigh(panels.difference(at) if bend is None else bend)
        if np.abs(values).min() < FLAT:
            return None
        step = -(vectors @ ((vectors.T @ gradient.ravel()) / values)).reshape(at.shape)
        at = at + step
        if np.abs(step).max() < POLISHED:
            near = matched(at, means)[1] < 100 * SAME
            return Found(at, int(np.count_nonzero(values < 0))) if near else None
    return None
