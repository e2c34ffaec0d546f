"""Minima whose defect exceeds a level, looked for at one truth from candidates, cuts and draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.landscape.atlas.explore import listed_candidates
from gmmscape.landscape.points.descent import Descent
from gmmscape.landscape.points.same_point import Accuracy, same_point
from gmmscape.mixture import Mixture
from gmmscape.structure.candidates import starting_means
from gmmscape.structure.structure import decode
from gmmscape.tolerances import TOLERANCES


class Found(NamedTuple):
    """A minimum found by a search.

    Attributes
    ----------
    means : tuple of tuple of float
        Shape (k, d).
    defect : float
        See `decode`.
    hits : int
        Starts that ended there.
    """

    means: tuple[tuple[float, ...], ...]
    defect: float
    hits: int


class Search(NamedTuple):
    """What a search at one truth found.

    Attributes
    ----------
    minima : tuple of Found
        Those with a defect above the level, each once up to relabelling.
    n_minima : int
        All minima found.
    n_starts : int
        Descents: candidate structures, cuts and draws, and starts that were passed in.
    """

    minima: tuple[Found, ...]
    n_minima: int
    n_starts: int


def search(
    descent: Descent,
    level: float,
    n_starts: int,
    seed: Sequence[int],
    extra: Sequence[FloatArray] = (),
    *,
    listed: bool = True,
) -> Search:
    """Descend from many starts and keep the minima whose defect is above a level.

    Starts are the candidate structures (on a line only those of neighbours, where there are many), and
    `n_starts` random ones, of three kinds in turn: draws from the truth, from which EM runs first; the true
    mass cut by k - 1 random planes across a random direction, so that centers are divided between two means;
    and centers assigned at random, one of them to two means.

    Parameters
    ----------
    descent : Descent
        Of the location family against a population.
    level : float
        Defects at most this are left out.
    n_starts : int
        Random starts.
    seed : sequence of int
        Of the random starts.
    extra : sequence of ndarray of shape (k, d)
        More starts.
    listed : bool, default=True
        Whether to start from candidate structures, too.

    Returns
    -------
    Search
        What was found. Cost: one coarse descent a start, one decoding a minimum.
    """
    truth = descent.measure.truth
    assert truth is not None
    ends: list[tuple[FloatArray, float, int]] = []
    n = 0
    predicted = listed_candidates(descent.k, truth) if listed else []
    candidates = [starting_means(structure, truth, descent.sigma) for structure in predicted]
    for start in chain(extra, candidates, _random_starts(descent, truth, n_starts, seed)):
        n += 1
        found = descent.coarse(start)
        if not found.converged:
            continue
        means = found.mixture.means
        for place, (known, _, hits) in enumerate(ends):
            if same_point(means, known, descent.sigma, Accuracy(TOLERANCES.threshold.same)):
                ends[place] = (known, ends[place][1], hits + 1)
                break
        else:
            ends.append((means, decode(found.mixture, truth, sigma=descent.sigma).defect, 1))
    minima = [
        Found(tuple(tuple(mean) for mean in means.tolist()), defect, hits)
        for means, defect, hits in ends
        if defect > level
    ]
    return Search(tuple(sorted(minima, key=lambda m: -m.defect)), len(ends), n)


def _random_starts(
    descent: Descent, truth: Mixture, n_starts: int, seed: Sequence[int]
) -> Iterator[FloatArray]:
    generators = [np.random.default_rng([*seed, i]) for i in range(n_starts)]
    drawn = [truth.sample(descent.k, rng)[0] for rng in generators[::3]]
    if drawn:
        yield from descent.rough(drawn)
    for rng in generators[1::3]:
        yield cut_means(truth, descent.k, rng)
    for rng in generators[2::3]:
        yield assigned_means(truth, descent.k, descent.sigma, rng)


def cut_means(truth: Mixture, k: int, rng: np.random.Generator) -> FloatArray:
    """Return averages of k parts of the true mass, cut at random across a random direction; shape (k, d)."""
    direction = rng.standard_normal(truth.n_features)
    order = np.argsort(truth.means @ direction, kind="stable")
    upper = np.cumsum(truth.weights[order])
    lower = upper - truth.weights[order]
    cuts = np.concatenate([[0.0], np.sort(rng.random(k - 1)), [upper[-1]]])
    share = np.minimum(upper, cuts[1:, None]) - np.maximum(lower, cuts[:-1, None])
    return _averages(truth, np.maximum(share, 0.0)[:, np.argsort(order)], rng)


def assigned_means(truth: Mixture, k: int, sigma: float, rng: np.random.Generator) -> FloatArray:
    """Return averages of centers assigned to k means at random, one center to two of them; shape (k, d)."""
    share = np.zeros((k, truth.n_components))
    share[rng.integers(k, size=truth.n_components), np.arange(truth.n_components)] = truth.weights
    if k > 1:
        s = int(rng.integers(truth.n_components))
        first, second = rng.choice(k, size=2, replace=False)
        part = rng.uniform(0.2, 0.8)
        share[:, s] = 0.0
        share[first, s], share[second, s] = part * truth.weights[s], (1 - part) * truth.weights[s]
    means = _averages(truth, share, rng)
    empty = share.sum(axis=1) == 0
    means[empty] += (
        TOLERANCES.threshold.aside * sigma * rng.standard_normal((int(empty.sum()), truth.n_features))
    )
    return means


def _averages(truth: Mixture, share: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Averages of the centers by their shares, shape (k, k_star); a random center where there are none."""
    mass = share.sum(axis=1)
    means = truth.means[rng.integers(truth.n_components, size=len(share))].copy()
    some = mass > 0
    means[some] = share[some] @ truth.means / mass[some, None]
    return means
