"""The points of an atlas that lie on one continuum, listed as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gmmscape.landscape.atlas.atlas import Atlas
from gmmscape.landscape.atlas.edges import Edge
from gmmscape.landscape.atlas.moves import with_places
from gmmscape.landscape.points.continuum import Continuum
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.landscape.points.descent import Descent
from gmmscape.progress import Budget, Stopped


def with_continua(descent: Descent, atlas: Atlas, budget: Budget) -> Atlas:
    """Return an atlas in which each continuum is listed once, with its dimension.

    Parameters
    ----------
    descent : Descent
        Of the landscape.
    atlas : Atlas
        As a search has found it.
    budget : Budget
        Of the search.

    Returns
    -------
    Atlas
        The first point of each continuum stands for all; hits are added, and edges and candidates name it. As
        it came where the weights are free, no point is flat, or the search was ended early. Cost: that of
        `Continuum` for each flat point.
    """
    flat = any(point.flat for point in (*atlas.minima, *atlas.saddles))
    if descent.free_weights or not flat or atlas.stop_reason != "completed":
        return atlas
    try:
        minima, homes = _joined(descent, atlas.minima, budget)
        saddles, passes = _joined(descent, atlas.saddles, budget)
    except Stopped as stop:
        return replace(atlas, stop_reason=str(stop))
    except KeyboardInterrupt:
        return replace(atlas, stop_reason="interrupted")
    edges: dict[int, Edge] = {}
    for edge in atlas.edges:
        one, other = edge.minima
        # A minimum's means are in another order at another place of its continuum.
        kept = _is_first(homes, one) and _is_first(homes, other) and _is_first(passes, edge.saddle)
        moved = Edge(edge.saddle, edge.minima, edge.relabelling if kept else None)
        place = passes[edge.saddle]
        edges.setdefault(place, moved.ordered(place, (homes[one], homes[other])))
    return replace(
        atlas,
        minima=minima,
        saddles=saddles,
        edges=tuple(edges[place] for place in sorted(edges)),
        candidates=tuple(
            item._replace(minimum=None if item.minimum is None else homes[item.minimum])
            for item in atlas.candidates
        ),
        moves=with_places(atlas.moves, homes),
    )


def _is_first(homes: Sequence[int], place: int) -> bool:
    """Whether the point at a place stands for itself."""
    return homes.index(homes[place]) == place


def _joined(
    descent: Descent, points: Sequence[CriticalPoint], budget: Budget
) -> tuple[tuple[CriticalPoint, ...], list[int]]:
    """The points with each continuum once, and for each old place the new one."""
    listed: list[CriticalPoint] = []
    continua: list[Continuum | None] = []
    homes: list[int] = []
    for number, point in enumerate(points, 1):
        home = _home(point, listed, continua)
        if home is None:
            home = len(listed)
            continuum = Continuum(descent, point) if point.flat else None
            continua.append(continuum if continuum is not None and continuum.dimension else None)
            listed.append(point if continuum is None else replace(point, continuum=continuum.dimension))
        else:
            listed[home] = replace(listed[home], hits=listed[home].hits + point.hits)
        homes.append(home)
        if point.flat:
            budget.report("continua", number, len(points), last=number == len(points))
    return tuple(listed), homes


def _home(
    point: CriticalPoint, listed: Sequence[CriticalPoint], continua: Sequence[Continuum | None]
) -> int | None:
    """The place of the continuum that a point is on, if it is known."""
    for place, (known, continuum) in enumerate(zip(listed, continua, strict=True)):
        if continuum is not None and point.flat and point.index == known.index and continuum.reaches(point):
            return place
    return None
