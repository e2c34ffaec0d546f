"""What says that an atlas is not complete: the count, Morse's inequalities, pieces, loops, loose ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import factorial

from gmmscape.effort import EFFORT
from gmmscape.landscape.atlas.edges import Edge, after, changes, pieces
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.landscape.points.orbits import count_alarm, touching
from gmmscape.matching import match_means
from gmmscape.results.text import counted
from gmmscape.tolerances import TOLERANCES


def alarm_of(
    minima: Sequence[CriticalPoint], saddles: Sequence[CriticalPoint], edges: Sequence[Edge]
) -> str | None:
    """Return everything that says that points or edges are missing or wrong, or None where all is silent."""
    said = (
        count_alarm(minima, saddles),
        morse_alarm((*minima, *saddles)),
        piece_alarm(minima, edges),
        loop_alarm(loops(edges, minima, saddles)),
        loose_alarm(saddles, edges),
    )
    return "; ".join(one for one in said if one is not None) or None


def coincident(points: Sequence[CriticalPoint]) -> list[list[list[int]]]:
    """Return for each point the groups of its means that coincide."""
    return [touching(point.means, TOLERANCES.points.shown_coincident * point.sigma) for point in points]


def loops(
    edges: Sequence[Edge], minima: Sequence[CriticalPoint], saddles: Sequence[CriticalPoint]
) -> tuple[Edge, ...]:
    """Return the edges whose two descents end in one labelled minimum.

    A saddle that float64 hardly tells from a flat minimum makes none.
    """
    found = []
    for edge in edges:
        one, other = edge.minima
        if one != other or edge.relabelling is None:
            continue
        minimum, saddle = minima[one], saddles[edge.saddle]
        groups = touching(minimum.means, TOLERANCES.points.shown_coincident * minimum.sigma)
        close = TOLERANCES.points.degree_radius * minimum.sigma
        if changes(edge.relabelling, groups) or match_means(minimum.means, saddle.means)[1] <= close:
            continue
        found.append(edge)
    return tuple(found)


def loop_alarm(found: Sequence[Edge]) -> str | None:
    """Return what edges that are loops say, or None where there are none."""
    if not found:
        return None
    some = ", ".join(str(edge.saddle) for edge in found)
    what = counted(len(found), "saddle has", "saddles have")
    return (
        f"{what} both descents end in one labelled minimum ({some}): a way round that a saddle of index 2 "
        "closes, or a wrong edge; compare with profile"
    )


def loose_alarm(saddles: Sequence[CriticalPoint], edges: Sequence[Edge]) -> str | None:
    """Return which saddles of index 1 have no edge, or None: their descents reached no known minimum."""
    joined = {edge.saddle for edge in edges}
    loose = [place for place, point in enumerate(saddles) if point.index == 1 and place not in joined]
    if not loose:
        return None
    some = ", ".join(str(place) for place in loose)
    what = counted(len(loose), "saddle of index 1 joins", "saddles of index 1 join")
    return f"{what} no known minima ({some}): descents from there were not run, or did not arrive"


def morse_alarm(points: Sequence[CriticalPoint]) -> str | None:
    """Return which of Morse's inequalities the labelled points break, or None.

    For a landscape whose descents keep means within a ball (docs/laws.md#law-7) and has nondegenerate points
    only, c_j of index j: c_m - c_(m-1) + ... +- c_0 is at least (-1)^m for each m. Nothing is said where a
    point is flat, because what it counts for at each index is not known.
    """
    if any(point.flat for point in points):
        return None
    counts: Counter[int] = Counter()
    for point in points:
        counts[point.index] += point.orbit_size
    total = 0
    for m in range(max(counts, default=0) + 1):
        total = counts[m] - total
        if total < (-1) ** m:
            missing = (-1) ** m - total
            return (
                f"Morse's inequality for index {m} fails: at least {missing} labelled points of index {m} "
                "are missing; explore with more starts"
            )
    return None


def piece_alarm(minima: Sequence[CriticalPoint], edges: Sequence[Edge]) -> str | None:
    """Return into how many pieces the labelled minima fall, or None where all hang together.

    Whatever the indices add up to: over passes every labelled minimum is reached from every other. None too
    where some stand for continua, which may join labellings by themselves.
    """
    if any(point.continuum for point in minima):
        return None
    number = labelled_pieces(minima, edges)
    if number is None or number <= 1:
        return None
    return (
        f"the labelled minima fall into {number} pieces that no known edge joins: saddles of index 1 are "
        "missing, or edges; explore with more starts"
    )


def labelled_pieces(minima: Sequence[CriticalPoint], edges: Sequence[Edge]) -> int | None:
    """Return the number of pieces of the graph of all labelled minima; None where it would take too long."""
    if not minima:
        return 0
    k = len(minima[0].means)
    return pieces_of([_in_one_sphere(point) for point in minima], edges, k, factorial(k))


def pieces_of(
    groups: Sequence[Sequence[Sequence[int]]], edges: Sequence[Edge], k: int, relabellings: int
) -> int | None:
    """Return the number of pieces of the graph of all labelled minima; None where it would take too long.

    Parameters
    ----------
    groups : sequence of sequence of sequence of int
        For each minimum the groups of its components that coincide.
    edges : sequence of Edge
        What joins them.
    k : int
        Number of components.
    relabellings : int
        How many change nothing.
    """
    if relabellings > EFFORT.atlas.most_relabellings:
        return None
    return sum(relabellings // len(_generated(ways, k)) for ways in pieces(len(groups), edges, groups, k))


def _in_one_sphere(point: CriticalPoint) -> list[list[int]]:
    """Means that coincide, or of which float64 hardly tells whether they do, where curvatures vanish."""
    soft = point.flat or point.degree is not None
    sphere = 2 * TOLERANCES.points.middle * TOLERANCES.points.degree_radius
    return touching(point.means, (sphere if soft else TOLERANCES.points.shown_coincident) * point.sigma)


def _generated(ways: Sequence[tuple[int, ...]], k: int) -> set[tuple[int, ...]]:
    """All relabellings that some generate."""
    first = tuple(range(k))
    found, new = {first}, [first]
    steps = sorted(set(ways))
    while new:
        one = new.pop()
        for step in steps:
            product = after(step, one)
            if product not in found:
                found.add(product)
                new.append(product)
    return found
