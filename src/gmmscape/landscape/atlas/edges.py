"""Edges: which minima a saddle of index 1 joins, and how high the passes between minima are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from gmmscape.measure import Estimate
from gmmscape.tolerances import TOLERANCES
from gmmscape.validation import whole_number


class Edge(NamedTuple):
    """A saddle of index 1 and the two minima that descents along its unstable direction end in.

    Attributes
    ----------
    saddle : int
        Place in the saddles of the atlas.
    minima : tuple of int
        Places of the two ends in its minima; the same place twice joins two labellings of one orbit.
    relabelling : tuple of int or None
        Over the saddle, mean j of the first minimum, as the atlas lists it, becomes mean relabelling[j] of
        the second. None where it is not known: in files before format 3, or where an end was off its minimum.
    """

    saddle: int
    minima: tuple[int, int]
    relabelling: tuple[int, ...] | None = None

    def ordered(self, saddle: int, minima: tuple[int, int]) -> Edge:
        """Return the same edge with other places, the lower one first."""
        if minima[0] <= minima[1]:
            return Edge(saddle, minima, self.relabelling)
        back = None if self.relabelling is None else inverse(self.relabelling)
        return Edge(saddle, (minima[1], minima[0]), back)

    @classmethod
    def from_dict(cls, item: dict[str, Any], k: int, n_minima: int, n_saddles: int) -> Edge:
        """Return the edge that an atlas' file describes; a ValueError where its places are none."""
        saddle = whole_number("saddle", item["saddle"])
        ends = [whole_number("minima", end) for end in item["minima"]]
        if saddle >= n_saddles or len(ends) != 2 or max(ends) >= n_minima:
            raise ValueError(f"an edge joins minima {ends} of {n_minima} by saddle {saddle} of {n_saddles}")
        if item.get("relabelling") is None:
            return cls(saddle, (ends[0], ends[1]))
        order = tuple(whole_number("relabelling", mean) for mean in item["relabelling"])
        if sorted(order) != list(range(k)):
            raise ValueError(f"an edge relabels {k} means by {order}")
        return cls(saddle, (ends[0], ends[1]), order)


def inverse(order: Sequence[int]) -> tuple[int, ...]:
    """Return the relabelling that undoes one."""
    back = [0] * len(order)
    for i, j in enumerate(order):
        back[j] = i
    return tuple(back)


def after(second: Sequence[int], first: Sequence[int]) -> tuple[int, ...]:
    """Return the relabelling that is one after another."""
    return tuple(second[j] for j in first)


def escape_height(
    place: int, minima: Sequence[float], saddles: Sequence[float], edges: Sequence[Edge]
) -> Estimate:
    """Return the height of the lowest pass from a minimum to a lower one.

    Parameters
    ----------
    place : int
        Of the minimum.
    minima, saddles : sequence of float
        Their values; estimates have errors, and lower is what is lower by more than these.
    edges : sequence of Edge
        What is known of the connections.

    Returns
    -------
    Estimate
        The smallest, over all known ways to a lower minimum, of the highest saddle on the way, less the
        value of the minimum, with the errors of both; infinite where no way is known. Cost O(e^2) at worst.
    """
    for saddle in sorted({edge.saddle for edge in edges}, key=lambda one: saddles[one]):
        reached = _joined_up_to(saddles[saddle], place, saddles, edges)
        if any(_lower(minima[other], minima[place]) for other in reached):
            return _above(saddles[saddle], minima[place])
    return Estimate(float("inf"), 0.0)


def _lower(value: float, other: float) -> bool:
    return other - value > TOLERANCES.atlas.lower * (_error(value) + _error(other))


def _above(value: float, other: float) -> Estimate:
    return Estimate(value - other, _error(value) + _error(other))


def _error(value: float) -> float:
    return value.error if isinstance(value, Estimate) else 0.0


def relabelling_height(
    place: int,
    minima: Sequence[float],
    saddles: Sequence[float],
    edges: Sequence[Edge],
    coincident: Sequence[Sequence[Sequence[int]]] | None = None,
) -> Estimate:
    """Return the height of the lowest pass between two labellings of a minimum, over any number of saddles.

    All ways up to a height are walks in a graph of minima. A way back to where it began relabels the means;
    the ways round a spanning tree and one more edge generate all such relabellings, so that labellings need
    not be listed: some way joins two labellings where one of these does.

    Parameters
    ----------
    place : int
        Of the minimum.
    minima, saddles : sequence of float
        Their values.
    edges : sequence of Edge
        What is known of the connections; one whose relabelling is not known serves only where it joins a
        minimum to itself, which takes two labellings.
    coincident : sequence of sequence of sequence of int, optional
        For each minimum the groups of its means that coincide: their labels are exchanged there at no height.

    Returns
    -------
    Estimate
        Above the value of the minimum, with the errors of both values; infinite where no such pass is known.
        Cost O(e^2 k) at worst.
    """
    groups = coincident or [()] * len(minima)
    for height in sorted({saddles[edge.saddle] for edge in edges}):
        low = [edge for edge in edges if saddles[edge.saddle] <= height]
        if any(changes(order, groups[place]) for order in _ways_round(place, low, groups)):
            return _above(height, minima[place])
    return Estimate(float("inf"), 0.0)


def changes(order: Sequence[int] | None, groups: Sequence[Sequence[int]]) -> bool:
    """Say whether a relabelling is more than an exchange of coincident means; None stands for one that is."""
    if order is None:
        return True
    home = {i: number for number, group in enumerate(groups) for i in group}
    return any(i != j and (i not in home or home[i] != home.get(j)) for i, j in enumerate(order))


def _ways_round(
    place: int, edges: Sequence[Edge], groups: Sequence[Sequence[Sequence[int]]], k: int | None = None
) -> Iterator[tuple[int, ...] | None]:
    """Yield relabellings that generate those of all closed ways from a minimum; None for an unknown one."""
    if any(edge.relabelling is None and edge.minima == (place, place) for edge in edges):
        yield None
    known = [(*edge.minima, edge.relabelling) for edge in edges if edge.relabelling is not None]
    if k is None:  # without edges only the labels that groups name are exchanged
        k = len(known[0][2]) if known else 1 + max((i for group in groups[place] for i in group), default=-1)
    reached = {place: tuple(range(k))}
    grown = True
    while grown:
        grown = False
        for one, other, order in known:
            for start, end, along in ((one, other, order), (other, one, inverse(order))):
                if start in reached and end not in reached:
                    reached[end] = after(along, reached[start])
                    grown = True
    for one, other, order in known:
        if one in reached:
            yield after(inverse(reached[other]), after(order, reached[one]))
    for minimum, there in reached.items():
        for group in groups[minimum]:
            for i, j in pairwise(group):
                swap = list(range(len(there)))
                swap[i], swap[j] = j, i
                yield after(inverse(there), after(swap, there))


def pieces(
    n_minima: int, edges: Sequence[Edge], groups: Sequence[Sequence[Sequence[int]]], k: int
) -> list[list[tuple[int, ...]]]:
    """Return for each piece of the graph of minima the relabellings that its closed ways generate.

    Parameters
    ----------
    n_minima : int
        Number of minima, up to relabelling.
    edges : sequence of Edge
        One whose relabelling is not known joins nothing here.
    groups : sequence of sequence of sequence of int
        For each minimum the groups of its means that coincide.
    k : int
        Number of means.

    Returns
    -------
    list of list of tuple of int
        Generators, of the relabellings of the first minimum of the piece.
    """
    known = [edge for edge in edges if edge.relabelling is not None]
    left, found = set(range(n_minima)), []
    while left:
        place = min(left)
        level = [0.0] * (1 + max((edge.saddle for edge in known), default=0))
        left -= _joined_up_to(float("inf"), place, level, known)
        found.append([order for order in _ways_round(place, known, groups, k) if order is not None])
    return found


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
