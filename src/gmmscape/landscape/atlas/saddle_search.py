"""Where to look for critical points of every index, and how one is reached from there.

The gradient keeps coincident means together: a critical point of fewer means with added weights is one of all
means. So points are looked for with the means in every number of groups, each group a mean of its own weight.
With free weights coincident means are a continuum, and all means are apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, combinations_with_replacement
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.landscape.atlas.groupings import Grouped, assignments, grouped
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.landscape.points.descent import Descent
from gmmscape.landscape.points.eigenvector_following import follow
from gmmscape.landscape.points.ground import LocationGround
from gmmscape.matching import match_means
from gmmscape.mixture import Mixture
from gmmscape.tolerances import TOLERANCES


class Trail(NamedTuple):
    """One following: sizes of the groups of means, the places where the groups begin (see `Descent`), and the
    index wanted there.

    Without an index it is for Newton's method on the gradient alone, from so close that no other is met.
    """

    sizes: tuple[int, ...]
    places: FloatArray
    uphill: int | None


def trails(
    descent: Descent,
    known: Sequence[CriticalPoint],
    wanted: Sequence[tuple[int, ...]],
    seed: int,
    number: int,
) -> list[Trail]:
    """Return the followings of a round.

    Parameters
    ----------
    descent : Descent
        Of the landscape.
    known : sequence of CriticalPoint
        What was found by the last round.
    wanted : sequence of tuple of int
        Groupings to search.
    seed, number : int
        Of the exploration, and of the round.

    Returns
    -------
    list of Trail
        They depend on the arguments alone.
    """
    rng = np.random.default_rng([seed, 1, number])
    anchors = _anchors(descent.reference)
    found = []
    for sizes in wanted:
        m = len(sizes)
        if m == 1:
            if number == 0:
                found.append(Trail(sizes, descent.begun(descent.random_means(1, rng)), 0))
            continue
        for i in range(EFFORT.atlas.saddle_starts):
            if i % 2 == 0 and anchors is not None:
                some = anchors[rng.choice(len(anchors), m, replace=len(anchors) < m)]
                means = some + TOLERANCES.atlas.start_noise * descent.sigma * rng.standard_normal(some.shape)
            else:
                means = descent.random_means(m, rng)
            places = descent.begun(means)
            indices = range(m * descent.measure.n_features)
            if descent.free_weights:
                places[:, -1] += TOLERANCES.atlas.start_noise * descent.sigma * rng.standard_normal(m)
                indices = range(indices.stop + m - 1)
            # Minima of all means apart are what descents find.
            found += [Trail(sizes, places, index) for index in indices_from(indices, m == descent.k, i)]
    return found + _beside(descent, known, wanted, rng) + _between(descent, known, number, rng)


def trails_beside(descent: Descent, known: Sequence[CriticalPoint], seed: int, number: int) -> list[Trail]:
    """Return the followings of a round that only looks beside points: means apart, and as they are."""
    rng = np.random.default_rng([seed, 2, number])
    found = []
    for point in known:
        own = sorted((len(place) for place in grouped(descent, point).places), reverse=True)
        wanted = {tuple(own), (1,) * descent.k}
        found += _beside(descent, [point], sorted(wanted), rng)
    return found


def indices_from(indices: range, apart: bool, turn: int) -> list[int]:
    """Return the indices followed from a start: all where they are few, else low ones and another in turn."""
    chosen = [index for index in indices if index > 0 or not apart]
    if len(chosen) <= 4:
        return chosen
    return [*chosen[:2], chosen[2 + turn % (len(chosen) - 2)]]


def _beside(
    descent: Descent,
    known: Sequence[CriticalPoint],
    wanted: Sequence[tuple[int, ...]],
    rng: np.random.Generator,
) -> list[Trail]:
    """Off known points along their softest directions, up to the next index and down to the one before."""
    if descent.free_weights:
        return [
            trail
            for point in known
            for trail in _pushed(
                descent, (1,) * descent.k, point.places, descent.hessian(point.places) * descent.sigma**2, rng
            )
        ]
    found = []
    for some in (grouped(descent, point) for point in known):
        room = [len(place) for place in some.places]
        fitting = [(sizes, next(assignments(sizes, room), None)) for sizes in wanted]
        if all(filled is None for _, filled in fitting):
            continue
        hessian = descent.hessian(some.point.means) * descent.sigma**2
        for sizes, filled in fitting:
            if filled is not None:
                means = np.stack([some.point.means[some.places[place][0]] for place in filled])
                found += _pushed(descent, sizes, means, _merged_hessian(hessian, some, filled, sizes), rng)
    return found


def _merged_hessian(
    hessian: FloatArray, some: Grouped, filled: tuple[int, ...], sizes: tuple[int, ...]
) -> FloatArray:
    """The Hessian of the problem in which each block of means is one mean."""
    left = [list(place) for place in some.places]
    blocks = np.zeros((len(some.point.means), len(sizes)))
    for block, (place, size) in enumerate(zip(filled, sizes, strict=True)):
        for _ in range(size):
            blocks[left[place].pop(), block] = 1.0
    merge = np.kron(blocks, np.eye(some.point.means.shape[1]))
    return merge.T @ hessian @ merge


def _pushed(
    descent: Descent,
    sizes: tuple[int, ...],
    places: FloatArray,
    hessian: FloatArray,
    rng: np.random.Generator,
) -> list[Trail]:
    found = []
    values, vectors = np.linalg.eigh(hessian)
    index = int(np.count_nonzero(values < 0))
    for mode in range(
        max(0, index - EFFORT.atlas.softest_modes), min(index + EFFORT.atlas.softest_modes, len(values))
    ):
        uphill = index - 1 if mode < index else index + 1
        direction = descent.sigma * descent.family.spread(vectors[:, mode], len(sizes))
        for side in (-1.0, 1.0):
            length = np.exp(rng.uniform(*np.log(TOLERANCES.atlas.pushes)))
            if uphill > 0 or len(sizes) < descent.k:
                found.append(Trail(sizes, places + side * length * direction, uphill))
            if abs(values[mode]) < TOLERANCES.atlas.splitting and not descent.free_weights:
                # What has just split off is as far as the root of the curvature (docs/laws.md#law-4).
                near = rng.uniform(0.5, 3.0) * np.sqrt(descent.k * abs(values[mode]))
                found.append(Trail(sizes, places + side * near * direction, None))
    return found


def _between(
    descent: Descent, known: Sequence[CriticalPoint], number: int, rng: np.random.Generator
) -> list[Trail]:
    """From the highest places between two labellings of minima, the nearest ones first."""
    found = []
    minima = [point for point in known if point.index == 0][: EFFORT.atlas.most_paired]
    shares = np.linspace(0.0, 1.0, EFFORT.atlas.places_between + 2)[1:-1, None, None]
    orders = EFFORT.atlas.orders_between
    for first, second in combinations_with_replacement(minima, 2):
        targets = labellings(first.places, second.places)[number * orders : (number + 1) * orders]
        for target in targets:
            places = (1.0 - shares) * first.places + shares * target
            top = places[int(np.argmax(descent.values_between(places)))]
            noise = TOLERANCES.atlas.noise_between * descent.sigma * rng.standard_normal(top.shape)
            found.append(Trail((1,) * descent.k, top + noise, 1))
    return found


def labellings(places: FloatArray, other: FloatArray) -> list[FloatArray]:
    """Return the labellings of other places that are close to some: the closest, and two exchanged in it.

    Labellings of the places themselves are left out, and those that differ by means that coincide.
    """
    return [other[order] for order in orders_of(places, other)]


def orders_of(places: FloatArray, other: FloatArray) -> list[list[int]]:
    """Return what orders of other places make `labellings`."""
    order, _ = match_means(other, places)
    orders = [order.tolist()]
    for i, j in combinations(range(len(places)), 2):
        swapped = order.tolist()
        swapped[i], swapped[j] = swapped[j], swapped[i]
        orders.append(swapped)
    orders.sort(key=lambda order: float(((other[order] - places) ** 2).sum()))
    found: list[list[int]] = []
    for order in orders:
        known = [places, *(other[one] for one in found)]
        if not any(np.allclose(other[order], one, atol=1e-9) for one in known):
            found.append(order)
    return found


def followed(descent: Descent, trail: Trail) -> FloatArray | None:
    """Return the places of all k means at the critical point a trail leads to, or None."""
    if trail.uphill is None:
        return np.repeat(trail.places, trail.sizes, axis=0)
    start = _grouped(descent, trail.sizes, trail.places)
    end = follow(LocationGround(descent.common(start)), start, trail.uphill).mixture
    if end is None:
        return None
    return np.repeat(descent.places_of_local(end), trail.sizes, axis=0)


def _grouped(descent: Descent, sizes: tuple[int, ...], places: FloatArray) -> Mixture:
    """The fit, in local coordinates, with one mean for each group."""
    local = descent.local(places)
    if descent.free_weights:
        return local
    return Mixture.location(local.means, descent.sigma, np.array(sizes) / descent.k)


def _anchors(reference: Mixture | None) -> FloatArray | None:
    """Averages of centers that one mean may cover."""
    if reference is None:
        return None
    weights = np.maximum(reference.weights, np.finfo(np.float64).tiny)
    runs = covered_together(reference)
    return np.stack([np.average(reference.means[run], axis=0, weights=weights[run]) for run in runs])


def covered_together(reference: Mixture) -> list[list[int]]:
    """Return sets of centers that one component may cover: neighbours on a line, any few elsewhere."""
    k = reference.n_components
    if reference.n_features == 1:
        order = np.argsort(reference.means[:, 0], kind="stable").tolist()
        return [order[a:b] for a in range(k) for b in range(a + 1, k + 1)]
    most = k if k <= EFFORT.atlas.few_centers else 2
    return [list(some) for size in range(1, most + 1) for some in combinations(range(k), size)]
