"""Where to look for critical points of every index, and how one is reached from there.

The gradient keeps coincident means together: a critical point of fewer means with added weights is one of all
means. So points are looked for with the means in every number of groups, each group a mean of its own weight.
With free weights coincident means are a continuum, and all means are apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.landscape.critical_point import CriticalPoint
from gmmscape.landscape.descent import Descent, touching
from gmmscape.landscape.following import follow
from gmmscape.measure import Sample
from gmmscape.mixture import Mixture
from gmmscape.solve import random_row_means

#: Starts of each grouping in a round; rounds at most, while the count law says that something is missing.
STARTS, MOST_ROUNDS = 10, 8
#: Groupings of more means are not all tried: only those of at most this many groups, and of all means apart.
ALL_GROUPINGS = 6
#: Centers whose averages are all tried as places of means, where they have no order.
FEW_CENTERS = 4
#: Standard deviation of the noise on a structured start, in sigma.
NOISE = 0.3
#: Directions that are followed uphill from a known point; minima between whose labellings is searched.
MODES, MOST_PAIRED = 2, 8
#: Means closer than this, in sigma, are one.
TOGETHER = 1e-6


class Trail(NamedTuple):
    """One following: sizes of the groups of means, the places where the groups begin (see `Descent`),
    and how many directions lead uphill: the index wanted."""

    sizes: tuple[int, ...]
    places: FloatArray
    uphill: int


def groupings(k: int) -> list[tuple[int, ...]]:
    """Return the ways to put k means into groups, up to relabelling, fewest groups first.

    Parameters
    ----------
    k : int
        Number of means.

    Returns
    -------
    list of tuple of int
        Sizes, largest first. For k above `ALL_GROUPINGS` those in which at most two groups are no single
        means.
    """
    found = [sizes for sizes in _partitions(k, k) if k <= ALL_GROUPINGS or sum(s > 1 for s in sizes) <= 2]
    return sorted(found, key=lambda sizes: (len(sizes), sizes))


def _partitions(n: int, largest: int) -> Iterator[tuple[int, ...]]:
    if n == 0:
        yield ()
    for first in range(min(n, largest), 0, -1):
        for rest in _partitions(n - first, first):
            yield (first, *rest)


def trails(
    descent: Descent, reference: Mixture | None, known: Sequence[CriticalPoint], seed: int, number: int
) -> list[Trail]:
    """Return the followings of a round.

    Parameters
    ----------
    descent : Descent
        Of the landscape.
    reference : Mixture or None
        Whose centers, and averages of neighbouring ones, make structured starts.
    known : sequence of CriticalPoint
        What was found by the last round.
    seed, number : int
        Of the exploration, and of the round.

    Returns
    -------
    list of Trail
        They depend on the arguments alone.
    """
    rng = np.random.default_rng([seed, 1, number])
    anchors = _anchors(reference)
    found = []
    for sizes in [(1,) * descent.k] if descent.free_weights else groupings(descent.k):
        m = len(sizes)
        if m == 1:
            if number == 0:
                found.append(Trail(sizes, _random_means(descent, 1, rng), 0))
            continue
        for i in range(STARTS):
            if i % 2 == 0 and anchors is not None:
                some = anchors[rng.choice(len(anchors), m, replace=len(anchors) < m)]
                means = some + NOISE * descent.sigma * rng.standard_normal(some.shape)
            else:
                means = _random_means(descent, m, rng)
            places = descent.begun(means)
            indices = range(m * descent.measure.n_features)
            if descent.free_weights:
                places[:, -1] += NOISE * descent.sigma * rng.standard_normal(m)
                indices = range(indices.stop + m - 1)
            # Minima of all means apart are what descents find.
            found += [Trail(sizes, places, index) for index in _wanted(indices, m == descent.k, i)]
    found += _between(descent, known, rng)
    return found


def _wanted(indices: range, apart: bool, turn: int) -> list[int]:
    """The indices followed from a start: all where they are few, else low ones and another each time."""
    chosen = [index for index in indices if index > 0 or not apart]
    if len(chosen) <= 4:
        return chosen
    return [*chosen[:2], chosen[2 + turn % (len(chosen) - 2)]]


def _between(descent: Descent, known: Sequence[CriticalPoint], rng: np.random.Generator) -> list[Trail]:
    """Off known points along their softest directions, and between minima in any labelling."""
    found = []
    for point in known:
        for sizes, places in _as_groups(descent, point):
            local = _grouped(descent, sizes, places)
            hessian = descent.common(local).derivatives(local, hessian=True).hessian
            assert hessian is not None
            values, vectors = np.linalg.eigh(hessian)
            index = int(np.count_nonzero(values < 0))
            for mode in range(index, min(index + MODES, len(values))):
                along = descent.family.spread(vectors[:, mode], len(sizes))
                push = rng.uniform(0.2, 2.0) * descent.sigma * along
                found += [Trail(sizes, places + side * push, index + 1) for side in (-1.0, 1.0)]
    minima = [point for point in known if point.index == 0][:MOST_PAIRED]
    for first in minima:
        for second in minima:
            order = rng.permutation(descent.k)
            share = rng.uniform(0.3, 0.7)
            middle = (1.0 - share) * first.places + share * second.places[order]
            noise = 0.1 * descent.sigma * rng.standard_normal(middle.shape)
            found.append(Trail((1,) * descent.k, middle + noise, 1))
    return found


def _as_groups(descent: Descent, point: CriticalPoint) -> list[tuple[tuple[int, ...], FloatArray]]:
    """A point with all its means apart, and with those that coincide as one."""
    apart = ((1,) * descent.k, point.places)
    if descent.free_weights:
        return [apart]
    groups = touching(point.means, TOGETHER * descent.sigma)
    if len(groups) in (1, descent.k):
        return [apart]
    groups.sort(key=len, reverse=True)
    return [apart, (tuple(map(len, groups)), np.stack([point.means[group].mean(axis=0) for group in groups]))]


def followed(descent: Descent, trail: Trail) -> FloatArray | None:
    """Return the places of all k means at the critical point a trail leads to, or None."""
    start = _grouped(descent, trail.sizes, trail.places)
    end = follow(descent.common(start), start, trail.uphill)
    if end is None:
        return None
    return np.repeat(descent.places(end.shifted(descent.measure.origin)), trail.sizes, axis=0)


def _grouped(descent: Descent, sizes: tuple[int, ...], places: FloatArray) -> Mixture:
    """The fit, in local coordinates, with one mean for each group."""
    local = descent.local(places)
    if descent.free_weights:
        return local
    return Mixture.location(local.means, descent.sigma, np.array(sizes) / descent.k)


def _anchors(reference: Mixture | None) -> FloatArray | None:
    """Averages of neighbouring centers on a line, of any few of them elsewhere."""
    if reference is None:
        return None
    k = reference.n_components
    if reference.n_features == 1:
        order = np.argsort(reference.means[:, 0], kind="stable")
        runs = [order[a:b] for a in range(k) for b in range(a + 1, k + 1)]
    else:
        most = k if k <= FEW_CENTERS else 2
        runs = [np.array(some) for size in range(1, most + 1) for some in combinations(range(k), size)]
    weights = np.maximum(reference.weights, np.finfo(np.float64).tiny)
    return np.stack([np.average(reference.means[run], axis=0, weights=weights[run]) for run in runs])


def _random_means(descent: Descent, m: int, rng: np.random.Generator) -> FloatArray:
    truth = descent.measure.truth
    if truth is not None:
        return truth.sample(m, rng)[0]
    assert isinstance(descent.measure, Sample)
    return random_row_means(descent.measure, m, rng)
