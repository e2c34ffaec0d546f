"""Merged problems: some means taken as one mean of their added weight, and the count law in each of them.

The landscape of fewer means with unequal weights obeys the count law (docs/laws.md#law-7) by itself,
and its critical points are those of all means at which these coincide. A count that is wrong tells where to
search.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from gmmscape.effort import EFFORT
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.landscape.points.descent import Descent
from gmmscape.landscape.points.orbits import touching
from gmmscape.tolerances import TOLERANCES


class Grouped(NamedTuple):
    """A critical point as its places: the means at each, and the directions that split them downhill."""

    point: CriticalPoint
    places: tuple[tuple[int, ...], ...]
    downhill: tuple[int, ...]

    def index_with(self, blocks: Sequence[int]) -> int:
        """Return the index in the problem in which that many blocks of means lie at each place."""
        spare = (len(place) - n for place, n in zip(self.places, blocks, strict=True))
        return self.point.index - sum(n * left for n, left in zip(self.downhill, spare, strict=True))


def groupings(k: int) -> list[tuple[int, ...]]:
    """Return the ways to put k means into groups, up to relabelling, fewest groups first.

    Parameters
    ----------
    k : int
        Number of means.

    Returns
    -------
    list of tuple of int
        Sizes, largest first. For k above `all_groupings` those in which at most two groups are no single
        means.
    """
    found = [
        sizes
        for sizes in _partitions(k, k)
        if k <= EFFORT.atlas.all_groupings or sum(s > 1 for s in sizes) <= 2
    ]
    return sorted(found, key=lambda sizes: (len(sizes), sizes))


def _partitions(n: int, largest: int) -> Iterator[tuple[int, ...]]:
    if n == 0:
        yield ()
    for first in range(min(n, largest), 0, -1):
        for rest in _partitions(n - first, first):
            yield (first, *rest)


def grouped(descent: Descent, point: CriticalPoint) -> Grouped:
    """Return a critical point with the places of its means; coincident means take one Hessian."""
    places = tuple(
        tuple(group) for group in touching(point.means, TOLERANCES.points.coincident * descent.sigma)
    )
    if len(places) == descent.k:
        return Grouped(point, places, (0,) * descent.k)
    hessian = descent.hessian(point.means) * descent.sigma**2
    d = descent.measure.n_features
    downhill = []
    for place in places:
        i = place[0] * d
        j = place[-1] * d
        split = hessian[i : i + d, i : i + d] - hessian[i : i + d, j : j + d]
        downhill.append(
            0 if i == j else int(np.count_nonzero(np.linalg.eigvalsh(split) < -TOLERANCES.solve.flat))
        )
    return Grouped(point, places, tuple(downhill))


def assignments(sizes: Sequence[int], room: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Yield the ways to fill places with blocks of means: for each block its place."""
    if not sizes:
        yield ()
        return
    for place, left in enumerate(room):
        if left >= sizes[0]:
            less = [*room[:place], left - sizes[0], *room[place + 1 :]]
            for rest in assignments(sizes[1:], less):
                yield (place, *rest)


def merged_count(sizes: tuple[int, ...], points: Sequence[Grouped]) -> int:
    """Return the sum of (-1)^index over the labelled points of a merged problem.

    Parameters
    ----------
    sizes : tuple of int
        Means in each block.
    points : sequence of Grouped
        Of the whole problem.

    Returns
    -------
    int
        One where none is missing. Cost up to k! for each point at which no means coincide but few blocks fit.
    """
    total = 0
    for some in points:
        room = [len(place) for place in some.places]
        for filled in assignments(sizes, room):
            blocks = [filled.count(place) for place in range(len(room))]
            total += (-1) ** some.index_with(blocks)
    return total


def ringing(descent: Descent, points: Sequence[CriticalPoint]) -> list[tuple[int, ...]]:
    """Return the groupings of which a critical point is missing.

    Parameters
    ----------
    descent : Descent
        Of the landscape.
    points : sequence of CriticalPoint
        Those known.

    Returns
    -------
    list of tuple of int
        Merged problems in which the count is not one, all means apart not among them. Those with a flat
        point, whose degree they do not know, are left out; for k above `all_groupings` none is counted.
    """
    if descent.k > EFFORT.atlas.all_groupings:
        return []
    known = [grouped(descent, point) for point in points]
    found = []
    for sizes in groupings(descent.k)[:-1]:
        own = [some for some in known if next(assignments(sizes, [len(p) for p in some.places]), None)]
        if not any(some.point.flat for some in own) and merged_count(sizes, own) != 1:
            found.append(sizes)
    return found
