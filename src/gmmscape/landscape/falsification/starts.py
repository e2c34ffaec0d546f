"""Starts of many kinds, so that many different minima are met, structured or not."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.landscape.falsification.predicted import listed, predicted_cuts, shares_of
from gmmscape.mixture import Mixture
from gmmscape.tolerances import TOLERANCES


class Starts(NamedTuple):
    """Means to begin from.

    Attributes
    ----------
    expected : list of ndarray of shape (k, d)
        Places next to which a cut of a center is expected to hold itself: for Newton's method, which does not
        leave their neighbourhood.
    random : list of ndarray of shape (k, d)
        For EM.
    """

    expected: list[FloatArray]
    random: list[FloatArray]


def starts_for(truth: Mixture, k: int, n: int, rng: np.random.Generator) -> Starts:
    """Return n starts of four kinds.

    A quarter of them at most where law 9 expects minima that cut a center. The others in turn: a random
    candidate structure; draws from the truth; points of the box around the centers; and a random structure
    with a random center cut.

    Parameters
    ----------
    truth : Mixture
        Equal spherical components.
    k : int
        Number of means.
    n : int
        Number of starts.
    rng : numpy.random.Generator
        What chooses.

    Returns
    -------
    Starts
        The starts.
    """
    sigma = truth.sigma
    assert sigma is not None
    expected = predicted_cuts(truth, k, sigma, n // 4)
    kinds = (_structured, _drawn, _boxed, _cut)
    return Starts(expected, [kinds[i % len(kinds)](truth, k, rng) for i in range(n - len(expected))])


def _structured(truth: Mixture, k: int, rng: np.random.Generator) -> FloatArray:
    structures = listed(k, truth.n_components)
    if not structures:
        return _drawn(truth, k, rng)
    chosen = structures[rng.integers(len(structures))]
    return _averages(shares_of(chosen, k, truth.n_components), truth, rng)


def _cut(truth: Mixture, k: int, rng: np.random.Generator) -> FloatArray:
    """A structure with a share of one center given to the mean next to its own."""
    structures = listed(k, truth.n_components)
    if not structures or k < 2:
        return _structured(truth, k, rng)
    table = shares_of(structures[rng.integers(len(structures))], k, truth.n_components)
    means = _averages(table, truth, rng)
    center = int(rng.integers(truth.n_components))
    owners = table[:, center] > 0
    if owners.all():
        return means
    distances = np.linalg.norm(means - truth.means[center], axis=1)
    taker = int(np.argmin(np.where(owners, np.inf, distances)))
    least, most = TOLERANCES.falsification.cut_shares
    share = rng.uniform(least, most)
    table[:, center] *= 1.0 - share
    table[taker, center] = share
    return _averages(table, truth, rng)


def _drawn(truth: Mixture, k: int, rng: np.random.Generator) -> FloatArray:
    return truth.sample(k, rng)[0]


def _boxed(truth: Mixture, k: int, rng: np.random.Generator) -> FloatArray:
    low, high = truth.means.min(axis=0), truth.means.max(axis=0)
    return rng.uniform(low, high, size=(k, truth.n_features)) + _jitter(truth, k, rng)


def _averages(table: FloatArray, truth: Mixture, rng: np.random.Generator) -> FloatArray:
    shares = table * truth.weights
    return shares @ truth.means / shares.sum(axis=1, keepdims=True) + _jitter(truth, len(table), rng)


def _jitter(truth: Mixture, k: int, rng: np.random.Generator) -> FloatArray:
    sigma = float(np.sqrt(truth.covariances[0]))
    return TOLERANCES.falsification.jitter * sigma * rng.standard_normal((k, truth.n_features))
