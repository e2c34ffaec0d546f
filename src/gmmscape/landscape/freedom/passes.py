"""What edges between fits say: loops, pieces, and components that coincide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import factorial, prod
from typing import NamedTuple

from gmmscape.landscape.atlas.alarms import loop_alarm, pieces_of
from gmmscape.landscape.atlas.edges import Edge, after, changes, inverse
from gmmscape.landscape.freedom.features import coincident, order_of_same, together
from gmmscape.landscape.freedom.point import FreePoint
from gmmscape.tolerances import TOLERANCES

NO_LAW = (
    "there is no count law where weights, widths or covariances are free: nothing checks whether saddles are "
    "missing"
)


class Way(NamedTuple):
    """A minimum that a descent from a point ends in, and which component of the point becomes which of its.

    Component order[j] of the point becomes component j of the minimum; None where that is not known.
    """

    minimum: int
    order: tuple[int, ...] | None


def edge_of(saddle: int, one: Way, other: Way) -> Edge:
    """Return the edge of a saddle with these two ways down."""
    known = one.order is not None and other.order is not None
    order = after(inverse(other.order or ()), one.order or ()) if known else None
    return Edge(saddle, (one.minimum, other.minimum), order)


def handed_over(one: FreePoint, other: FreePoint) -> tuple[int, ...] | None:
    """Return what becomes of the components of a point on the way to another at one value, if there is one.

    Where weights are free, one of components that coincide hands its weight over, moves at weight zero, and
    takes a share where others are: all fits that are one, put together, are joined so. Component i of the
    first becomes component order[i] of the other.
    """
    level = abs(one.value - other.value) <= TOLERANCES.freedom.same_nll
    if not (level and one.flat and other.flat):
        return None
    mine, theirs = together(one.local), together(other.local)
    places = order_of_same(mine.fit, theirs.fit, TOLERANCES.freedom.same_soft)
    if places is None or max(mine.counts.max(), theirs.counts.max()) == 1:
        return None
    order, moving, room = [0] * len(one.weights), list[int](), list[int]()
    for place, target in zip(places, theirs.groups, strict=True):
        stay = min(len(mine.groups[place]), len(target))
        for i, j in zip(mine.groups[place], target, strict=False):
            order[i] = j
        moving += mine.groups[place][stay:]
        room += target[stay:]
    for i, j in zip(moving, room, strict=True):
        order[i] = j
    return tuple(order)


def handovers(
    minima: Sequence[FreePoint], saddles: Sequence[FreePoint], ways: Mapping[int, Sequence[Way]]
) -> Iterator[Edge]:
    """Yield edges over weights of zero: from below saddles to below others, or to flat minima.

    Parameters
    ----------
    minima, saddles : sequence of FreePoint
        Of a landscape with free weights.
    ways : mapping of int to sequence of Way
        For the place of each saddle of index 1 where its descents end.
    """
    k = len(minima[0].weights) if minima else 0
    still = [(point, [Way(place, tuple(range(k)))]) for place, point in enumerate(minima) if point.flat]
    below = [(saddles[place], found) for place, found in ways.items()]
    for number, (place, found) in enumerate(ways.items()):
        for other, others in [*below[number + 1 :], *still]:
            order = handed_over(saddles[place], other)
            if order is None:
                continue
            for way in others[:1]:
                back = None if way.order is None else after(inverse(order), way.order)
                yield edge_of(place, found[0], Way(way.minimum, back))


def is_loop(edge: Edge, minima: Sequence[FreePoint], exchangeable: Sequence[Sequence[int]]) -> bool:
    """Say whether both descents of an edge end in one labelled minimum."""
    one, other = edge.minima
    if one != other or edge.relabelling is None:
        return False
    return not changes(edge.relabelling, exchanged(minima[one], exchangeable))


def exchanged(minimum: FreePoint, exchangeable: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return the groups of components whose labels mean nothing at a minimum: they coincide.

    Of a flat one also such as nearly do: descents creep towards a place where they would.
    """
    soft = minimum.softest < TOLERANCES.freedom.soft
    within = TOLERANCES.freedom.coincident if soft else TOLERANCES.points.shown_coincident
    groups = [
        sorted(set(group) & set(kind)) for group in coincident(minimum.local, within) for kind in exchangeable
    ]
    return [group for group in groups if len(group) > 1]


def pieces(
    minima: Sequence[FreePoint], joins: Sequence[Edge], exchangeable: Sequence[Sequence[int]]
) -> int | None:
    """Return into how many pieces the labelled minima fall; None where it would take too long to say."""
    k = sum(len(kind) for kind in exchangeable)
    relabellings = prod(factorial(len(kind)) for kind in exchangeable)
    groups = [exchanged(point, exchangeable) for point in minima]
    return pieces_of(groups, joins, k, relabellings) if minima else 0


def alarm_of(
    minima: Sequence[FreePoint],
    edges: Sequence[Edge],
    over_zero: Sequence[Edge],
    exchangeable: Sequence[Sequence[int]],
) -> str:
    """Return what says that saddles or edges are missing or wrong; that no law counts them is said always."""
    number = pieces(minima, [*edges, *over_zero], exchangeable)
    said = [NO_LAW, loop_alarm([edge for edge in edges if is_loop(edge, minima, exchangeable)])]
    if number is not None and number > 1:
        said.append(
            f"the labelled minima fall into {number} pieces that no known edge joins: saddles of index 1 are "
            "missing, or edges, or there are passes where a weight is zero; explore with more starts"
        )
    return "; ".join(one for one in said if one is not None)
