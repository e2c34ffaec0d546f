"""What an exploration with more freedom than means finds, gathered point by point."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from gmmscape.landscape.freedom.atlas import FreeAtlas, Unjoined
from gmmscape.landscape.freedom.descent import FreeDescent
from gmmscape.landscape.freedom.features import features, same_fit
from gmmscape.landscape.freedom.newton import Ended
from gmmscape.landscape.freedom.passes import Way, edge_of, handovers, is_loop, pieces
from gmmscape.landscape.freedom.point import FreePoint, same_soft
from gmmscape.landscape.points.eigenvector_following import Followed
from gmmscape.matching import match_means
from gmmscape.measure import Sample
from gmmscape.mixture import Mixture
from gmmscape.tolerances import TOLERANCES


@dataclass
class Survey:
    """What was found so far.

    Attributes
    ----------
    descent : FreeDescent
        Of the landscape.
    minima, saddles : list of FreePoint
        In the order they were found.
    ends, followings : Counter
        How random starts, and followings, ended.
    ways : dict
        For the place of each saddle of index 1 whose two descents were run, where they end, or why not.
    rounds : int
        Rounds of followings that are done.
    """

    descent: FreeDescent
    minima: list[FreePoint] = field(default_factory=list)
    saddles: list[FreePoint] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    followings: Counter[str] = field(default_factory=Counter)
    ways: dict[int, list[Way] | str] = field(default_factory=dict)
    rounds: int = 0
    _looked: set[int] = field(default_factory=set)

    def record(self, end: Ended, *, hit: bool) -> int | None:
        """Take in where a coarse descent ended, a new minimum polished; return its place."""
        reason = end.stop_reason
        place = None
        if reason == "converged":
            place = self._place(self.minima, end.at.mixture)
            if place is None:
                point = self.descent.full(self._ordered(end.at.mixture))
                reason = point.stop_reason
                if point.is_minimum:
                    place = self._taken_in(self.minima, point)
        if hit:
            self.ends["minimum" if place is not None else "saddle" if reason == "converged" else reason] += 1
        if hit and place is not None:
            known = self.minima[place]
            self.minima[place] = replace(known, hits=known.hits + 1)
        return place

    def record_critical(self, end: Followed) -> FreePoint | None:
        """Take in where a following ended, polished; return the point if it is new."""
        if end.mixture is None:
            self.followings[end.reason] += 1
            return None
        point = self._polished(end.mixture)
        if isinstance(point, str):
            self.followings["nowhere" if point == "max_iter" else point] += 1
            return None
        points = self.minima if point.is_minimum else self.saddles
        place = self._place(points, point.local, point)
        if place is None and point.is_minimum and point.flat:
            # Without a negative curvature, and yet no minimum where a way leads down that is flatter.
            points = self.saddles if self.descent.flat_sides(point) is not None else points
            place = self._place(points, point.local, point)
        self.followings["minimum" if points is self.minima else "saddle"] += 1
        if place is not None:
            return None
        points.append(point)
        return point

    def _polished(self, end: Mixture) -> FreePoint | str:
        """The critical point at the end of a following; what it is where it is known; or why none."""
        for points, name in ((self.minima, "minimum"), (self.saddles, "saddle")):
            place = self._place(points, end)
            # Two points come as close as this only where some curvature is small.
            if place is not None and points[place].softest > TOLERANCES.freedom.soft:
                return name
        return self.descent.critical(self._ordered(end))

    def _taken_in(self, points: list[FreePoint], point: FreePoint) -> int:
        place = self._place(points, point.local, point)
        if place is None:
            points.append(point)
            return len(points) - 1
        return place

    def _place(self, points: list[FreePoint], local: Mixture, point: FreePoint | None = None) -> int | None:
        for place, known in enumerate(points):
            if same_fit(local, known.local) and (point is None or point.index == known.index):
                return place
            if point is not None and same_soft(point, known):
                return place
        return None

    def _ordered(self, local: Mixture) -> Mixture:
        """The fit with its components in lexicographic order of their means, where all are alike."""
        if len(self.descent.freedom.alike) > 1:
            return local
        return local.permuted(np.lexsort(local.means.T[::-1]))

    @property
    def in_pieces(self) -> bool:
        """Whether known passes leave some labelled minima apart."""
        joined = {place: down for place, down in self.ways.items() if not isinstance(down, str)}
        edges = [edge_of(place, *down) for place, down in joined.items()]
        free = self.descent.freedom
        if free.held_weights is None:
            edges += handovers(self.minima, self.saddles, joined)
        number = pieces(self.minima, edges, free.alike)
        return number is not None and number > 1

    def points(self) -> list[FreePoint]:
        """All points known."""
        return [*self.minima, *self.saddles]

    def fresh(self) -> list[FreePoint]:
        """Points beside which nobody has looked; they are looked beside now."""
        points = self.points()
        new = [point for point in points if id(point.local) not in self._looked]
        self._looked |= {id(point.local) for point in points}
        return new

    def connected(self) -> Iterator[FreePoint | None]:
        """Descend from both sides of each saddle of index 1 without an edge, and of flat ones that lead down.

        Yields after each saddle: a minimum that was not known, or None.
        """
        for place, saddle in enumerate(self.saddles):
            if saddle.index <= 1 and place not in self.ways:
                known = len(self.minima)
                self.ways[place] = self._down(place)
                yield self.minima[-1] if len(self.minima) > known else None

    def _down(self, saddle: int) -> list[Way] | str:
        """Where a saddle leads; two descents to one labelled minimum are done again, finer."""
        ways: list[Way] | str = ""
        for accuracy in (TOLERANCES.points.flow_error, TOLERANCES.points.flow_error_again):
            ways = self._down_by(saddle, accuracy)
            if isinstance(ways, str) or not is_loop(
                edge_of(saddle, *ways), self.minima, self.descent.freedom.alike
            ):
                break
        return ways

    def _down_by(self, saddle: int, accuracy: float) -> list[Way] | str:
        ends = self.descent.both_ways_down(self.saddles[saddle], accuracy)
        ways = list[Way]()
        for end in ends:
            if end.mixture is None:
                return end.reason
            place = self._home(end.mixture)
            if place is None:
                return "no minimum"
            order, distance = match_means(features(end.mixture), features(self.minima[place].local))
            ways.append(Way(place, None if distance > TOLERANCES.points.same_flat else tuple(order.tolist())))
        return ways or "no way down"

    def _home(self, end: Mixture) -> int | None:
        """The place of the minimum that a steepest descent ended in, or next to; new ones are taken in."""
        place = self._place(self.minima, end)
        return self.record(self.descent.coarse(end), hit=False) if place is None else place

    def atlas(self, *, seed: int, starts: int, candidates: int, stop_reason: str) -> FreeAtlas:
        """Return what has been found, sorted."""
        measure, freedom = self.descent.measure, self.descent.freedom
        minima, saddles = (
            sorted(points, key=lambda point: point.value) for points in (self.minima, self.saddles)
        )
        ways = self._sorted_ways(minima, saddles)
        joined = {place: down for place, down in ways.items() if not isinstance(down, str)}
        edges = [edge_of(place, *down) for place, down in joined.items()]
        free = freedom.held_weights is None
        return FreeAtlas(
            minima=tuple(minima),
            saddles=tuple(saddles),
            edges=tuple(edge.ordered(edge.saddle, edge.minima) for edge in edges),
            handovers=tuple(
                edge.ordered(edge.saddle, edge.minima)
                for edge in (handovers(minima, saddles, joined) if free else ())
            ),
            unjoined=tuple(Unjoined(place, down) for place, down in ways.items() if isinstance(down, str)),
            rounds=self.rounds,
            followings=dict(self.followings),
            family=freedom.name,
            weights=freedom.weights,
            widths=freedom.widths,
            n_components=freedom.n_components,
            exchangeable=tuple(map(tuple, freedom.alike)),
            truth=measure.truth,
            data=measure.digest if isinstance(measure, Sample) else None,
            seed=seed,
            starts=starts,
            candidates=candidates,
            ends=dict(self.ends),
            stop_reason=stop_reason,
        )

    def _sorted_ways(self, minima: list[FreePoint], saddles: list[FreePoint]) -> dict[int, list[Way] | str]:
        """The ways down with places in the sorted lists."""
        home = {id(point.local): place for place, point in enumerate(minima)}
        found = dict[int, list[Way] | str]()
        for place, saddle in enumerate(saddles):
            down = self.ways.get(next(i for i, known in enumerate(self.saddles) if known is saddle))
            if isinstance(down, str):
                found[place] = down
            elif down is not None:
                found[place] = [Way(home[id(self.minima[way.minimum].local)], way.order) for way in down]
        return found
