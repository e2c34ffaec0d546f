"""Where to look for critical points of every index with more freedom than means, and each following.

The gradient keeps equal components equal, whatever is free: points at which some coincide are looked for
among fits at which these are kept so.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import IntArray
from gmmscape.effort import EFFORT
from gmmscape.landscape.atlas.groupings import groupings
from gmmscape.landscape.atlas.saddle_search import covered_together, indices_from, orders_of
from gmmscape.landscape.freedom.descent import FreeDescent
from gmmscape.landscape.freedom.features import coincident, features, made_equal
from gmmscape.landscape.freedom.point import FreePoint
from gmmscape.landscape.freedom.starts import Moments, between, drawn, moments_of, of_blocks, structures_of
from gmmscape.landscape.points.eigenvector_following import Followed, follow
from gmmscape.mixture import Mixture
from gmmscape.tolerances import TOLERANCES


class Trail(NamedTuple):
    """One following: the local fit it begins from, components that are kept equal, and the index wanted."""

    start: Mixture
    groups: tuple[tuple[int, ...], ...]
    uphill: int


def followed(descent: FreeDescent, trail: Trail) -> Followed:
    """Return the critical point that a trail leads to, on the coarse rule."""
    return follow(descent.everywhere(trail.groups), trail.start, trail.uphill)


def trails(
    descent: FreeDescent,
    minima: Sequence[FreePoint],
    fresh: Sequence[FreePoint],
    seed: int,
    number: int,
) -> list[Trail]:
    """Return the followings of a round.

    Parameters
    ----------
    descent : FreeDescent
        Of the landscape.
    minima : sequence of FreePoint
        Those known, lowest first.
    fresh : sequence of FreePoint
        Points of every index beside which nobody has looked.
    seed, number : int
        Of the exploration, and of the round.

    Returns
    -------
    list of Trail
        They depend on the arguments alone. Passes between minima come first.
    """
    rng = np.random.default_rng([seed, 2, number])
    found = _between(descent, minima, number, rng)
    for point in fresh:
        found += _beside(descent, point, rng)
    if number == 0:
        found += _of_structures(descent)
    return found + _at_random(descent, rng)


def _of_structures(descent: FreeDescent) -> list[Trail]:
    """The minima of all candidate structures whose components on one center coincide."""
    found = []
    truth, freedom = descent.reference, descent.freedom
    for structure in structures_of(descent):
        assert truth is not None
        blocks = [block.means for block in structure.blocks]
        groups = tuple(tuple(block) for block in blocks if len(block) > 1)
        if not groups or not _mergeable(descent, groups):
            continue
        covers = [moments_of(truth, block.centers) for block in structure.blocks]
        start = of_blocks(descent, covers, blocks, np.zeros((freedom.n_components, truth.n_features)))
        found.append(Trail(start, groups, 0))
    return found


def _at_random(descent: FreeDescent, rng: np.random.Generator) -> list[Trail]:
    """From fits with the components in every number of groups, each over a few centers or among the rows."""
    found, k = [], descent.freedom.n_components
    for sizes in groupings(k):
        for turn in range(EFFORT.atlas.saddle_starts if len(sizes) > 1 else 1):
            blocks = np.split(rng.permutation(k), np.cumsum(sizes)[:-1])
            groups = tuple(tuple(sorted(block.tolist())) for block in blocks if len(block) > 1)
            if not _mergeable(descent, groups):
                continue
            shared = descent.freedom.held_weights is None
            start = made_equal(_scattered(descent, blocks, turn, rng), groups, shared=shared)
            q = len(descent.everywhere(groups).at(start).slope)
            found += [Trail(start, groups, index) for index in indices_from(range(q), not groups, turn)]
    return found


def _scattered(
    descent: FreeDescent, blocks: Sequence[IntArray], turn: int, rng: np.random.Generator
) -> Mixture:
    """Every other turn a fit over sets of centers, a little aside; else a start of descents."""
    truth, k = descent.reference, descent.freedom.n_components
    if truth is None or turn % 2:
        return descent.random_start(rng)
    runs = covered_together(truth)
    chosen = rng.choice(len(runs), len(blocks), replace=len(runs) < len(blocks))
    covers = [moments_of(truth, runs[i]) for i in chosen]
    noise = [TOLERANCES.atlas.start_noise * drawn(cover.covariance, rng) for cover in covers]
    covers = [
        Moments(cover.share, cover.mean + aside, cover.covariance)
        for cover, aside in zip(covers, noise, strict=True)
    ]
    return of_blocks(descent, covers, blocks, np.zeros((k, truth.n_features)))


def _mergeable(descent: FreeDescent, groups: Sequence[Sequence[int]]) -> bool:
    """Whether the components of each group may be equal: not where they are held at different widths."""
    held = descent.freedom.held_sigmas
    return held is None or all(np.ptp(held[list(group)]) == 0.0 for group in groups)


def _beside(descent: FreeDescent, point: FreePoint, rng: np.random.Generator) -> list[Trail]:
    """Off a known point along its softest directions, up to the next index and down to the one before."""
    own = coincident(point.local, TOLERANCES.points.near_continuum)
    return [trail for groups in {(), own} for trail in _pushed(descent, point, groups, rng)]


def _pushed(
    descent: FreeDescent, point: FreePoint, groups: tuple[tuple[int, ...], ...], rng: np.random.Generator
) -> list[Trail]:
    ground, found = descent.everywhere(groups), []
    at = ground.at(point.local)
    values, vectors = np.linalg.eigh(at.bend)
    index = int(np.count_nonzero(values < -TOLERANCES.solve.flat))
    # What is exactly flat is no way off: components that share a weight.
    upwards = index + np.flatnonzero(values[index:] > TOLERANCES.solve.flat)
    some = EFFORT.atlas.softest_modes
    for mode in [*range(max(0, index - some), index), *upwards[:some]]:
        uphill = index - 1 if mode < index else index + 1
        if uphill == 0 and not groups:  # minima are what descents find
            continue
        for side in (-1.0, 1.0):
            length = np.exp(rng.uniform(*np.log(TOLERANCES.atlas.pushes)))
            pushed = ground.stepped(at, side * length * vectors[:, mode])
            if pushed is not None:
                found.append(Trail(pushed.mixture, groups, uphill))
    return found


def _between(
    descent: FreeDescent, minima: Sequence[FreePoint], number: int, rng: np.random.Generator
) -> list[Trail]:
    """From the highest places between two labellings of minima, the nearest ones first."""
    found, ground = [], descent.everywhere()
    shares = np.linspace(0.0, 1.0, EFFORT.atlas.places_between + 2)[1:-1]
    keeps = partial(_keeps, descent)
    some, each = list(minima[: EFFORT.atlas.most_paired]), EFFORT.atlas.orders_between
    for first, second in combinations_with_replacement(some, 2):
        orders = [one for one in orders_of(features(first.local), features(second.local)) if keeps(one)]
        if not orders and first is not second:
            orders = [list(range(len(first.weights)))]
        for order in orders[number * each : (number + 1) * each]:
            target = second.local.permuted(order)
            path = [between(descent.freedom, first.local, target, share) for share in shares]
            top = path[int(np.argmax([descent.common.value(fit) for fit in path]))]
            at = ground.at(top)
            noise = TOLERANCES.atlas.noise_between * rng.standard_normal(len(at.slope))
            aside = ground.stepped(at, noise)
            found.append(Trail(top if aside is None else aside.mixture, (), 1))
    return found


def _keeps(descent: FreeDescent, order: Sequence[int]) -> bool:
    """Whether a relabelling leaves what is held as it is."""
    home = {i: number for number, kind in enumerate(descent.freedom.alike) for i in kind}
    return all(home[i] == home[j] for i, j in enumerate(order))
