"""The edges of several atlases of one landscape, put into one list."""

from __future__ import annotations

from collections.abc import Sequence

from gmmscape.landscape.atlas.edges import Edge, after, inverse
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.landscape.points.orbits import find_orbit
from gmmscape.matching import match_means

#: Edges of an atlas, with the minima and the saddles that their places are in.
Part = tuple[Sequence[Edge], Sequence[CriticalPoint], Sequence[CriticalPoint]]


def joined_edges(
    parts: Sequence[Part], minima: Sequence[CriticalPoint], saddles: Sequence[CriticalPoint]
) -> tuple[Edge, ...]:
    """Return the edges of all parts with places in joined lists.

    Parameters
    ----------
    parts : sequence of tuple
        Edges, minima and saddles of each atlas; of a saddle that several have, the last one's edge is taken.
    minima, saddles : sequence of CriticalPoint
        The joined lists.

    Returns
    -------
    tuple of Edge
        By saddle. An edge whose ends are not in the lists is left out.
    """
    found: dict[int, Edge] = {}
    for edges, own_minima, own_saddles in parts:
        for edge in edges:
            saddle = find_orbit(saddles, own_saddles[edge.saddle])
            ends = [find_orbit(minima, own_minima[end]) for end in edge.minima]
            if saddle is not None and ends[0] is not None and ends[1] is not None:
                order = edge.relabelling
                if order is not None:
                    # A minimum's means may be listed in another order in the joined atlas.
                    one, other = (
                        match_means(own_minima[old].means, minima[new].means)[0].tolist()
                        for old, new in zip(edge.minima, (ends[0], ends[1]), strict=True)
                    )
                    order = after(inverse(other), after(order, one))
                found[saddle] = Edge(saddle, edge.minima, order).ordered(saddle, (ends[0], ends[1]))
    return tuple(found[saddle] for saddle in sorted(found))
