"""Moves: one mean of a minimum taken to another, where a descent then begins.

Structures of minima differ by which clusters have too many means, and which too few. A move takes a mean from
one place and splits the mean at another with it. Where no structures can be listed, because no truth is known
or there are too many, the minima next to a known one are reached so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.landscape.points.descent import Descent
from gmmscape.landscape.points.orbits import find_orbit, touching
from gmmscape.tolerances import TOLERANCES
from gmmscape.validation import whole_number


class Moves(NamedTuple):
    """What moving means about in a minimum led to.

    Attributes
    ----------
    minimum : int
        Its place in the minima of the atlas.
    leads_to : tuple of int
        Places of other minima that some move in it leads to.
    """

    minimum: int
    leads_to: tuple[int, ...]

    @classmethod
    def from_dict(cls, item: Mapping[str, Any], n_minima: int) -> Moves:
        """Return the moves that an atlas' file describes; a ValueError where their places are none."""
        place = whole_number("minimum", item["minimum"])
        leads_to = tuple(whole_number("leads_to", other) for other in item["leads_to"])
        if max((place, *leads_to)) >= n_minima:
            raise ValueError(f"moves in minimum {place} lead to {leads_to} of {n_minima}")
        return cls(place, leads_to)


def with_places(moves: Sequence[Moves], homes: Sequence[int | None]) -> tuple[Moves, ...]:
    """Return moves with another place for each minimum; those with none, and ways back, are left out."""
    found: dict[int, set[int]] = {}
    for item in moves:
        home = homes[item.minimum]
        if home is not None:
            ends = {homes[end] for end in item.leads_to} - {None, home}
            found.setdefault(home, set()).update(end for end in ends if end is not None)
    return tuple(Moves(place, tuple(sorted(ends))) for place, ends in sorted(found.items()))


def joined_moves(
    parts: Sequence[tuple[Sequence[Moves], Sequence[CriticalPoint]]], minima: Sequence[CriticalPoint]
) -> tuple[Moves, ...]:
    """Return the moves of several atlases, each with the minima that its places are in, in a joined list."""
    found = [
        item
        for moves, own in parts
        for item in with_places(moves, [find_orbit(minima, point) for point in own])
    ]
    return with_places(found, range(len(minima)))


def moved_places(descent: Descent, point: CriticalPoint) -> list[FloatArray]:
    """Return the places after each move in a minimum; means that coincide are moved and split once.

    Parameters
    ----------
    descent : Descent
        Of the landscape.
    point : CriticalPoint
        A minimum.

    Returns
    -------
    list of ndarray of shape (k, d) or (k, d + 1)
        Places, with those of log weights where they are free. At most k (k - 1), of one Hessian.
    """
    k, d = point.means.shape
    half = TOLERANCES.atlas.split * descent.sigma
    blocks = descent.hessian(point.places)[: k * d, : k * d].reshape(k, d, k, d)
    groups = touching(point.means, TOLERANCES.points.touching * descent.sigma)
    found = []
    for taken in groups:
        for split in groups:
            if taken is split:
                continue
            i, j = taken[0], split[0]
            # Along its lowest curvature the rows of a mean spread most.
            off = half * np.linalg.eigh(blocks[j, :, j, :])[1][:, 0]
            places = point.places.copy()
            places[i] = places[j]
            places[[i, j], d:] -= descent.sigma * np.log(2.0)
            places[i, :d] += off
            places[j, :d] -= off
            found.append(places)
    return found
