"""Edges: which minima a saddle of index 1 joins, and how high the passes between minima are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Edge(NamedTuple):
    """A saddle of index 1 and the two minima that descents along its unstable direction end in.

    Attributes
    ----------
    saddle : int
        Place in the saddles of the atlas.
    minima : tuple of int
        Places of the two ends in its minima; the same place twice joins two labellings of one orbit.
    """

    saddle: int
    minima: tuple[int, int]


def escape_height(
    place: int, minima: Sequence[float], saddles: Sequence[float], edges: Sequence[Edge]
) -> float:
    """Return the height of the lowest pass from a minimum to a lower one.

    Parameters
    ----------
    place : int
        Of the minimum.
    minima, saddles : sequence of float
        Their values.
    edges : sequence of Edge
        What is known of the connections.

    Returns
    -------
    float
        The smallest, over all known ways to a lower minimum, of the highest saddle on the way, less the
        value of the minimum; infinite where no way is known. Cost O(e^2) at worst.
    """
    for height in sorted({saddles[edge.saddle] for edge in edges}):
        if any(minima[other] < minima[place] for other in _joined_up_to(height, place, saddles, edges)):
            return height - minima[place]
    return float("inf")


def relabelling_height(
    place: int, minima: Sequence[float], saddles: Sequence[float], edges: Sequence[Edge]
) -> float:
    """Return the height of the lowest saddle that joins two labellings of a minimum directly.

    Parameters
    ----------
    place : int
        Of the minimum.
    minima, saddles : sequence of float
        Their values.
    edges : sequence of Edge
        What is known of the connections.

    Returns
    -------
    float
        Above the value of the minimum; infinite where no such saddle is known.
    """
    heights = [saddles[edge.saddle] for edge in edges if edge.minima == (place, place)]
    return min(heights) - minima[place] if heights else float("inf")


def _joined_up_to(height: float, place: int, saddles: Sequence[float], edges: Sequence[Edge]) -> set[int]:
    """Minima that can be reached from one without going higher."""
    found = {place}
    grown = True
    while grown:
        grown = False
        for edge in edges:
            ends = set(edge.minima)
            if saddles[edge.saddle] <= height and ends & found and not ends <= found:
                found |= ends
                grown = True
    return found
