"""What an exploration finds, gathered point by point."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.landscape.atlas.alarms import loops
from gmmscape.landscape.atlas.atlas import Atlas
from gmmscape.landscape.atlas.edges import Edge, after, inverse
from gmmscape.landscape.atlas.moves import Moves, with_places
from gmmscape.landscape.atlas.symmetries import carried, image_of, place_of_image
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.landscape.points.descent import Descent
from gmmscape.landscape.points.isometries import Isometry, generators, isometries
from gmmscape.landscape.points.orbits import find_orbit, signed_count, touching
from gmmscape.landscape.points.same_point import Accuracy, same_point
from gmmscape.matching import match_means
from gmmscape.measure import Sample
from gmmscape.results.fields import restored
from gmmscape.solve import Solution, solution_of, stored
from gmmscape.structure.candidates import CandidateOutcome
from gmmscape.structure.structure import Structure
from gmmscape.threads import cached_property
from gmmscape.tolerances import TOLERANCES


class Task(NamedTuple):
    """One descent: from a candidate structure, or from the random start of that number."""

    number: int
    structure: Structure | None

    @property
    def name(self) -> str:
        """What it is called in a checkpoint."""
        return f"{'start' if self.structure is None else 'candidate'} {self.number}"


class Attempt(NamedTuple):
    """Where one coarse descent ended; for a candidate, whether its coincident configuration is a saddle."""

    task: Task
    end: Solution
    saddle: bool


def kept(attempt: Attempt) -> dict[str, Any]:
    """Return an attempt in values of JSON."""
    return {"end": stored(attempt.end), "saddle": attempt.saddle}


def attempt_of(descent: Descent, task: Task, content: dict[str, Any]) -> Attempt:
    """Return the attempt that `kept` has written."""
    return Attempt(task, end_of(descent, content["end"]), restored(bool, content["saddle"]))


def end_of(descent: Descent, content: dict[str, Any]) -> Solution:
    """Return the end of a descent that `stored` has written; ValueError where it is of other landscapes."""
    end = solution_of(content, descent.measure.origin)
    if end.local.n_components != descent.k:
        raise ValueError(f"an end has {end.local.n_components} means, and the landscape {descent.k}")
    return end


@dataclass
class Survey:
    """What an exploration has found so far.

    Attributes
    ----------
    descent : Descent
        Of the landscape.
    seed : int
        Of the exploration.
    minima, saddles : list of CriticalPoint
        In the order they were found.
    edges : dict
        For the place of each saddle of index 1 whose two descents were run, its edge; None where one of them
        ended in no minimum.
    outcomes : list
        Candidates with what became of them.
    starts, rounds : int
        Random starts, and rounds of the search for saddles, that are done.
    fruitful : bool
        Whether the last round found anything.
    moves : dict
        For the place of each minimum that means were moved about in, the places of those this led to.
    n_candidates : int
        Candidate structures there are.
    ends : Counter
        How random starts ended.
    """

    descent: Descent
    seed: int
    minima: list[CriticalPoint] = field(default_factory=list)
    saddles: list[CriticalPoint] = field(default_factory=list)
    edges: dict[int, Edge | None] = field(default_factory=dict)
    outcomes: list[tuple[Structure, str, CriticalPoint | None]] = field(default_factory=list)
    starts: int = 0
    rounds: int = 0
    fruitful: bool = True
    moves: dict[int, set[int]] = field(default_factory=dict)
    n_candidates: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    _images: set[int] = field(default_factory=set)
    _looked: set[int] = field(default_factory=set)

    def record(self, attempt: Attempt) -> CriticalPoint | None:
        """Take one attempt in; return its minimum if it is new."""
        place, new = self.place(attempt.end)
        structure = attempt.task.structure
        if structure is None:
            self.starts += 1
            self.ends["minimum" if place is not None else why_not(attempt.end)] += 1
            if place is not None:
                self.minima[place] = replace(self.minima[place], hits=self.minima[place].hits + 1)
        else:
            reached = None if place is None else self.minima[place]
            self.outcomes.append((structure, _outcome(structure, reached, attempt), reached))
        return self.minima[place] if new and place is not None else None

    def unmoved(self) -> int | None:
        """Return the place of the lowest minimum in which no means were moved about."""
        left = [place for place in range(len(self.minima)) if place not in self.moves]
        return min(left, key=lambda place: self.minima[place].nll, default=None)

    def place(self, end: Solution) -> tuple[int | None, bool]:
        """Return the place of the minimum that a coarse descent ended in, and whether it is new."""
        if not end.converged:
            return None, False
        for place, known in enumerate(self.minima):
            # Here values have to agree whether the minimum is flat or not.
            level = abs(end.nll - known.nll) <= TOLERANCES.atlas.known_nll
            accuracy = Accuracy(TOLERANCES.points.same_flat if known.flat else TOLERANCES.atlas.known)
            if level and same_point(self.descent.places(end.mixture), known.places, known.sigma, accuracy):
                return place, False
        point = self.descent.polish(end)
        if not point.is_minimum:
            return None, False
        point = self.descent.canonical(point)
        place = find_orbit(self.minima, point)
        if place is not None:
            return place, False
        self.minima.append(point)
        return len(self.minima) - 1, True

    def place_of(self, places: FloatArray) -> int | None:
        """Return the place of the minimum that places near one belong to; new ones are taken in."""
        # Along a flat valley a descent ends far from the minimum, and next to no higher.
        valley = Accuracy(TOLERANCES.atlas.known, TOLERANCES.points.same_flat, TOLERANCES.atlas.valley_nll)
        for place, known in enumerate(self.minima):
            gap = partial(self._gap, places, known.places)
            if same_point(places, known.places, known.sigma, valley, soft=known.flat, gap=gap):
                return place
        return self.place(self.descent.coarse(places))[0]

    def _gap(self, places: FloatArray, known: FloatArray, order: IntArray) -> float:
        """Difference of the values at two places, on one rule."""
        one, other = self.descent.values(places[order], known)
        return abs(one - other)

    def record_critical(self, places: FloatArray) -> CriticalPoint | None:
        """Take in the critical point of any index at some places; return it if it is new."""
        apart = len(
            touching(self.descent.local(places).means, TOLERANCES.points.coincident * self.descent.sigma)
        )
        for known in self._near(places, TOLERANCES.atlas.known):
            # Two points come as close as this only where some curvature is small.
            stiff = np.abs(known.eigenvalues).min() * known.sigma**2 > TOLERANCES.atlas.soft
            if stiff and same_point(places, known.places, known.sigma, Accuracy(TOLERANCES.atlas.known)):
                return None
            # What coincides is kept together, which leaves no soft direction but such as come from elsewhere.
            alike = (
                len(touching(known.means, TOLERANCES.points.coincident * known.sigma)) == apart < len(places)
            )
            if alike and same_point(places, known.places, known.sigma, Accuracy(TOLERANCES.points.same)):
                return None
        point = self.descent.critical(places, self._met)
        if (
            point is None
            or not point.converged
            or find_orbit([*self.minima, *self.saddles], point) is not None
        ):
            return None
        point = self.descent.canonical(point)
        (self.minima if point.is_minimum else self.saddles).append(point)
        return point

    def _met(self, places: FloatArray) -> bool:
        """Whether polished places are a known point to the accuracy at which all such are one orbit."""
        return any(
            same_point(places, point.places, point.sigma, Accuracy(TOLERANCES.points.same))
            for point in self._near(places, TOLERANCES.points.same)
        )

    def _near(self, places: FloatArray, distance: float) -> list[CriticalPoint]:
        """Points whose middle is no farther from that of places than matched means may be, in sigma."""
        points = [*self.minima, *self.saddles]
        if not points:
            return []
        gaps = np.stack([point.middle for point in points]) - places.mean(axis=0)
        near = np.linalg.norm(gaps, axis=1) <= distance * self.descent.sigma
        return [points[i] for i in np.flatnonzero(near)]

    @cached_property
    def generating(self) -> list[Isometry]:
        """Isometries of the truth whose compositions are all of them."""
        truth = self.descent.measure.truth
        return [] if truth is None else generators(isometries(truth))

    def originals(self) -> list[CriticalPoint]:
        """Points that were not taken in as images of others: what lies beside images are images."""
        return [point for point in (*self.minima, *self.saddles) if id(point) not in self._images]

    def fresh(self) -> list[CriticalPoint]:
        """Originals beside which nobody has looked."""
        return [point for point in self.originals() if id(point) not in self._looked]

    def looked_beside(self) -> None:
        """Note that what is known now is looked beside."""
        self._looked = {id(point) for point in (*self.minima, *self.saddles)}

    def closed(self) -> Iterator[CriticalPoint]:
        """Take in the images of all points under the isometries of the truth; yield the new ones."""
        for points in (self.minima, self.saddles):
            for point in points:  # grows while it is walked through
                for isometry in self.generating:
                    if place_of_image(point, isometry, points) is None:
                        points.append(image_of(point, isometry, self.descent))
                        self._images.add(id(points[-1]))
                        yield points[-1]

    def connected(self) -> Iterator[CriticalPoint | None]:
        """Descend from both sides of each saddle of index 1 without an edge; images take images of edges.

        Yields after each saddle: a minimum that was not known, or None.
        """
        for place, saddle in enumerate(self.saddles):
            if saddle.index != 1 or place in self.edges:
                continue
            known = len(self.minima)
            edge = self._edge(place)
            new = self.minima[known:]
            new += [*self.closed()]
            self.edges[place] = edge
            self._carry(place)
            yield from new or [None]

    def _carry(self, place: int) -> None:
        """Give the images of a saddle the images of its edge."""
        left = [place]
        while left:
            edge = self.edges[left.pop()]
            for isometry in self.generating if edge is not None else []:
                assert edge is not None
                image = carried(edge, isometry, self.minima, self.saddles)
                if image is not None and image.saddle not in self.edges:
                    self.edges[image.saddle] = image
                    left.append(image.saddle)

    def _edge(self, saddle: int) -> Edge | None:
        """What a saddle joins; where both descents end in one labelled minimum they are done again, finer."""
        edge = None
        for accuracy in (TOLERANCES.points.flow_error, TOLERANCES.points.flow_error_again):
            ends = self.descent.both_ways_down(self.saddles[saddle], accuracy)
            edge = self._edge_to(saddle, *ends)
            if edge is None or not loops((edge,), self.minima, self.saddles):
                break
        return edge

    def _edge_to(self, saddle: int, first: FloatArray | None, second: FloatArray | None) -> Edge | None:
        if first is None or second is None:
            return None
        one, other = self.place_of(first), self.place_of(second)
        if one is None or other is None:
            return None
        orders = []
        for places, place in ((first, one), (second, other)):
            order, distance = match_means(places, self.minima[place].places)
            if distance > TOLERANCES.points.same_flat * self.descent.sigma:
                return Edge(saddle, (one, other))
            orders.append([int(i) for i in order])
        # Mean orders[0][j] of the saddle goes to mean j of the first minimum.
        return Edge(saddle, (one, other), after(inverse(orders[1]), orders[0]))

    @property
    def count(self) -> int:
        """Sum of (-1)^index over the labelled points known."""
        return signed_count(self.minima, self.saddles)

    def atlas(self, stop_reason: str) -> Atlas:
        """Return what has been found, sorted."""
        minima = sorted(self.minima, key=lambda point: point.nll)
        saddles = sorted(self.saddles, key=lambda point: point.nll)
        return Atlas(
            minima=tuple(minima),
            candidates=tuple(
                CandidateOutcome(structure, outcome, None if end is None else find_orbit(minima, end))
                for structure, outcome, end in self.outcomes
            ),
            n_components=self.descent.k,
            sigma=self.descent.sigma,
            truth=self.descent.measure.truth,
            data=digest_of(self.descent),
            seed=self.seed,
            untried=self.n_candidates - len(self.outcomes),
            starts=self.starts,
            ends=dict(self.ends),
            stop_reason=stop_reason,
            saddles=tuple(saddles),
            edges=self._sorted_edges(minima, saddles),
            moves=self._sorted_moves(minima),
            rounds=self.rounds,
            weights=self.descent.weights,
        )

    def _sorted_moves(self, minima: list[CriticalPoint]) -> tuple[Moves, ...]:
        """What moves led to, with places in the sorted list."""
        at = {id(point): place for place, point in enumerate(minima)}
        moves = [Moves(place, tuple(reached)) for place, reached in self.moves.items()]
        return with_places(moves, [at[id(point)] for point in self.minima])

    def _sorted_edges(self, minima: list[CriticalPoint], saddles: list[CriticalPoint]) -> tuple[Edge, ...]:
        """The edges with places in the sorted lists."""
        at = {id(point): place for place, point in enumerate(minima)}
        found = []
        for place, saddle in enumerate(saddles):
            edge = self.edges.get(next(i for i, known in enumerate(self.saddles) if known is saddle))
            if edge is not None:
                one, other = (at[id(self.minima[end])] for end in edge.minima)
                found.append(edge.ordered(place, (one, other)))
        return tuple(found)


def digest_of(descent: Descent) -> str | None:
    return descent.measure.digest if isinstance(descent.measure, Sample) else None


def _outcome(structure: Structure, reached: CriticalPoint | None, attempt: Attempt) -> str:
    if reached is None:
        return "saddle" if attempt.saddle else "unresolved"
    assert reached.decoding is not None
    if reached.decoding.is_structured and reached.decoding.structure.orbit == structure.orbit:
        return "flat" if reached.flat else "realised"
    return "saddle" if attempt.saddle else "dissolved"


def why_not(end: Solution) -> str:
    """Say why a descent ended in no minimum."""
    return "not a minimum" if end.converged else end.stop_reason
