"""Atlas: the orbits of minima found so far, as an object, a table and a JSON file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from numpy.typing import ArrayLike

from gmmscape.exceptions import InvalidParameterError
from gmmscape.landscape.atlas.alarms import alarm_of, coincident, loops
from gmmscape.landscape.atlas.edges import Edge
from gmmscape.landscape.atlas.export import Exported
from gmmscape.landscape.atlas.joined_edges import joined_edges
from gmmscape.landscape.atlas.moves import Moves, joined_moves
from gmmscape.landscape.atlas.symmetries import Symmetries, classes
from gmmscape.landscape.atlas.text import atlas_table, saddle_table
from gmmscape.landscape.atlas.unseen import Unseen, unseen
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.landscape.points.isometries import generators, isometries
from gmmscape.landscape.points.orbits import find_orbit, mirror_of, mirrored_places, signed_count
from gmmscape.matching import match_means
from gmmscape.mixture import Mixture
from gmmscape.results.fields import plain
from gmmscape.results.records import Record
from gmmscape.results.text import counted
from gmmscape.structure.candidates import OUTCOMES, CandidateOutcome
from gmmscape.structure.structure import Structure
from gmmscape.threads import cached_property
from gmmscape.validation import choice, mean_matrix, positive_integer, standard_deviation, whole_number

if TYPE_CHECKING:
    from gmmscape.plot import AtlasDisplay

NO_LAW = (
    "there is no count law for free weights, where coincident means and weights of zero are continua: "
    "nothing checks whether points are missing"
)
WEIGHTS = ("equal", "free")
STOPPED = ("completed", "time_limit", "interrupted")


@dataclass(frozen=True, eq=False)
class Atlas(Exported[CriticalPoint], Record):
    """The minima of one landscape, one for each orbit under relabelling.

    Attributes
    ----------
    minima : tuple of CriticalPoint
        Sorted by NLL; flat ones are listed and say so.
    candidates : tuple of CandidateOutcome
        What became of each candidate structure tried.
    untried : int
        Candidate structures not tried: there are too many, or the search was stopped or told not to.
    n_components : int
        Number of fitted means.
    sigma : float
        Standard deviation of the fit.
    truth : Mixture or None
        The truth of a population; None for a sample.
    data : str or None
        `Sample.digest` of a sample; None for a population.
    seed : int
        Seed of the random starts.
    starts : int
        Random starts done.
    ends : dict of str to int
        How the random starts ended: "minimum", or the reason why one did not end in a minimum.
    stop_reason : str
        "completed", "time_limit" or "interrupted".
    saddles : tuple of CriticalPoint
        Critical points of index 1 and more, sorted by NLL; empty where they were not asked for.
    edges : tuple of Edge
        Which minima the saddles of index 1 join.
    rounds : int
        Rounds of the search for saddles that were done.
    moves : tuple of Moves
        Minima in which means were moved about, and those that this led to.
    weights : {"equal", "free"}
        Fitted weights.
    """

    format: ClassVar[str] = "gmmscape-atlas"
    version: ClassVar[int] = 3
    older_versions: ClassVar[tuple[int, ...]] = (1, 2)

    minima: tuple[CriticalPoint, ...]
    candidates: tuple[CandidateOutcome, ...]
    untried: int
    n_components: int
    sigma: float
    truth: Mixture | None
    data: str | None
    seed: int
    starts: int
    ends: dict[str, int]
    stop_reason: str
    saddles: tuple[CriticalPoint, ...] = ()
    edges: tuple[Edge, ...] = ()
    rounds: int = 0
    weights: str = "equal"
    moves: tuple[Moves, ...] = ()

    @property
    def count_law(self) -> int | None:
        """Sum of (-1)^index over the labelled points known; 1 where none is missing (law 7).

        None where no saddles were sought, and with free weights: coincident means and weights of zero make
        continua, which have no count.
        """
        if self.weights == "free" or not (self.rounds or self.saddles):
            return None
        return signed_count(self.minima, self.saddles)

    @property
    def alarm(self) -> str | None:
        """What says that points are missing or edges wrong; None where all is silent, which proves nothing.

        The count law, Morse's inequalities, minima that no passes join, `loops`, and passes without an edge.
        With free weights, which have no count law, that no such check was made.
        """
        if self.rounds == 0:
            return None
        return NO_LAW if self.weights == "free" else alarm_of(self.minima, self.saddles, self.edges)

    @property
    def unseen(self) -> Unseen | None:
        """An estimate of what random starts have not met; None where none ended in a minimum."""
        led_to = {item.minimum for item in self.candidates}.union(*(item.leads_to for item in self.moves))
        known = self.symmetries.minima
        hits = [sum(self.minima[i].hits for i in places) for places in known]
        return unseen(hits, [led_to.isdisjoint(places) for places in known])

    @property
    def loops(self) -> tuple[Edge, ...]:
        """Edges of saddles whose two descents end in one labelled minimum, which `alarm` tells."""
        return loops(self.edges, self.minima, self.saddles)

    @cached_property
    def symmetries(self) -> Symmetries:
        """The isometries of the truth, and which minima and saddles are images of each other under them."""
        group = [] if self.truth is None else isometries(self.truth)
        generating = generators(group)
        minima, all_minima = classes(self.minima, generating)
        saddles, all_saddles = classes(self.saddles, generating)
        return Symmetries(tuple(group), minima, saddles, all_minima and all_saddles)

    @property
    def mirror_images(self) -> dict[str, tuple[int | None, ...]]:
        """For minima and saddles the place of each one's mirror image, its own where it is symmetric.

        The mirror is the reflection x -> c - x of a truth that it leaves as it is; None where there is no
        such c, or the image was not found.
        """
        middle = None if self.truth is None else mirror_of(self.truth)
        return {
            "minima": mirrored_places(self.minima, middle),
            "saddles": mirrored_places(self.saddles, middle),
        }

    def _coincident(self) -> list[list[list[int]]]:
        return coincident(self.minima)

    def _place_of(self, point: Any) -> int | None:
        return find_orbit(self.minima, point) if isinstance(point, CriticalPoint) else None

    def _own_columns(self, point: CriticalPoint) -> dict[str, Any]:
        return {"continuum": point.continuum}

    def nearest(self, means: ArrayLike) -> CriticalPoint:
        """Return the minimum closest to some means, whatever their order.

        Parameters
        ----------
        means : array_like of shape (k,) or (k, d)
            A fit.

        Returns
        -------
        CriticalPoint
            The one whose largest distance between matched means is smallest.

        Raises
        ------
        InvalidParameterError
            If the shape does not fit or the atlas is empty.
        """
        if not self.minima:
            raise InvalidParameterError("the atlas holds no minimum: explore with more starts")
        k, d = self.minima[0].means.shape
        points = mean_matrix("means", means, n_features=d)
        if len(points) != k:
            raise InvalidParameterError(f"means has {len(points)} rows where the atlas has k={k}")
        return min(self.minima, key=lambda minimum: match_means(points, minimum.means)[1])

    def union(self, other: Atlas) -> Atlas:
        """Return the atlas of everything found in this one or in another of the same landscape.

        Parameters
        ----------
        other : Atlas
            Of the same n_components, sigma and truth or data.

        Returns
        -------
        Atlas
            Hits and starts are added; the seed is that of this atlas.

        Raises
        ------
        InvalidParameterError
            If the other atlas belongs to another landscape.
        """
        if not isinstance(other, Atlas):
            raise InvalidParameterError.of("other", other, "pass an Atlas")
        self.check_same_landscape(
            other.n_components, other.sigma, other.truth, other.data, weights=other.weights
        )
        minima = list(self.minima)
        for point in other.minima:
            place = find_orbit(minima, point)
            if place is None:
                minima.append(point)
            else:
                minima[place] = replace(minima[place], hits=minima[place].hits + point.hits)
        minima.sort(key=lambda point: point.nll)
        saddles = list(self.saddles)
        saddles += [point for point in other.saddles if find_orbit(saddles, point) is None]
        saddles.sort(key=lambda point: point.nll)
        old = self if self.candidates else other
        candidates = tuple(
            item._replace(
                minimum=None if item.minimum is None else find_orbit(minima, old.minima[item.minimum])
            )
            for item in old.candidates
        )
        return replace(
            self,
            minima=tuple(minima),
            candidates=candidates,
            starts=self.starts + other.starts,
            ends=dict(Counter(self.ends) + Counter(other.ends)),
            saddles=tuple(saddles),
            edges=joined_edges(
                [(part.edges, part.minima, part.saddles) for part in (other, self)], minima, saddles
            ),
            rounds=max(self.rounds, other.rounds),
            moves=joined_moves([(part.moves, part.minima) for part in (self, other)], minima),
        )

    def plot(self, ax: Any = None, *, data: Any = None, most: int = 8) -> AtlasDisplay:
        """Draw the minima, and beside them their disconnectivity graph where saddles are known.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.
        data : array_like of shape (n, d), optional
            The rows of a sample, which the atlas does not hold: drawn faintly behind the means.
        most : int, default=8
            Minima drawn, best first; the rest are summed up.

        Returns
        -------
        AtlasDisplay
            With `figure_`, `axes_` and the two pictures `minima` and `graph`.

        Raises
        ------
        InvalidParameterError
            If the atlas holds no minimum, or data do not fit.
        NotAvailableError
            If matplotlib is not installed.
        """
        from gmmscape.plot import AtlasDisplay

        return AtlasDisplay.from_atlas(self, data=data, most=most).plot(ax)

    def check_same_landscape(
        self,
        n_components: int,
        sigma: float,
        truth: Mixture | None,
        data: str | None,
        *,
        weights: str = "equal",
    ) -> None:
        """Raise unless the atlas is one of the landscape with these constants.

        Parameters
        ----------
        n_components : int
            Number of fitted means.
        sigma : float
            Standard deviation of the fit.
        truth : Mixture or None
            The truth of a population.
        data : str or None
            The digest of a sample.
        weights : {"equal", "free"}, default="equal"
            Fitted weights.

        Raises
        ------
        InvalidParameterError
            If one of them differs.
        """
        for name, ours, theirs in (
            ("n_components", self.n_components, n_components),
            ("sigma", self.sigma, sigma),
            ("truth", self.truth, truth),
            ("data", self.data, data),
            ("weights", self.weights, weights),
        ):
            if ours != theirs:
                raise InvalidParameterError(
                    f"the atlas was made for {name}={ours!r}, not {theirs!r}: use one of the same landscape"
                )

    def content(self) -> dict[str, Any]:
        """Return plain numbers, lists and strings.

        Returns
        -------
        dict
            Keys seed, k, sigma, fitted_weights, centers, weights (those of the truth), minima, truth, data,
            candidates, untried, starts, ends, stop_reason, saddles, edges, rounds, moves, count_law, alarm,
            mirror_images, symmetries, unseen.
        """
        return {
            "seed": self.seed,
            "k": self.n_components,
            "sigma": self.sigma,
            "fitted_weights": self.weights,
            "centers": None if self.truth is None else _flat_centers(self.truth),
            "weights": None if self.truth is None else self.truth.weights.tolist(),
            "truth": plain(self.truth),
            "data": self.data,
            "minima": plain(self.minima),
            "candidates": [
                {"blocks": item.structure.pairs, "outcome": item.outcome, "minimum": item.minimum}
                for item in self.candidates
            ],
            "untried": self.untried,
            "starts": self.starts,
            "ends": self.ends,
            "stop_reason": self.stop_reason,
            "saddles": plain(self.saddles),
            "edges": plain(self.edges),
            "rounds": self.rounds,
            "moves": plain(self.moves),
            "count_law": self.count_law,
            "alarm": self.alarm,
            "mirror_images": plain(self.mirror_images),
            "symmetries": self._symmetries_told(),
            "unseen": plain(None if self.unseen is None else self.unseen._asdict()),
        }

    def _symmetries_told(self) -> dict[str, Any]:
        same = self.symmetries
        classes = {"minima": plain(same.minima), "saddles": plain(same.saddles)}
        return {"isometries": same.order, **classes, "complete": same.complete}

    @classmethod
    def _restored(cls, content: Mapping[str, Any]) -> Self:
        """Return the atlas that `content` described, without the histories of the descents."""
        k, sigma = positive_integer("k", content["k"]), standard_deviation("sigma", content["sigma"])
        # Versions before 3 knew equal weights only.
        weights = choice("fitted_weights", content.get("fitted_weights", "equal"), WEIGHTS)
        of_all = {"sigma": sigma, "free_weights": weights == "free"}
        minima, saddles = (
            tuple(CriticalPoint.from_content({**item, **of_all}) for item in points)
            for points in (content["minima"], content.get("saddles", []))
        )
        if any(len(point.means) != k for point in (*minima, *saddles)):
            raise ValueError(f"a critical point has not k={k} means")
        return cls(
            minima=minima,
            candidates=tuple(_candidate(item, len(minima)) for item in content["candidates"]),
            untried=whole_number("untried", content["untried"]),
            n_components=k,
            sigma=sigma,
            truth=None if content["truth"] is None else Mixture.from_content(content["truth"]),
            data=None if content["data"] is None else str(content["data"]),
            seed=whole_number("seed", content["seed"]),
            starts=whole_number("starts", content["starts"]),
            ends={str(reason): whole_number("ends", n) for reason, n in content["ends"].items()},
            stop_reason=choice("stop_reason", content["stop_reason"], STOPPED),
            saddles=saddles,
            edges=tuple(
                Edge.from_dict(item, k, len(minima), len(saddles)) for item in content.get("edges", [])
            ),
            rounds=whole_number("rounds", content.get("rounds", 0)),
            weights=weights,
            moves=tuple(Moves.from_dict(item, len(minima)) for item in content.get("moves", [])),
        )

    def __str__(self) -> str:
        stopped = "" if self.stop_reason == "completed" else f"; stopped early: {self.stop_reason}"
        free = ", free weights" if self.weights == "free" else ""
        head = f"k={self.n_components}, sigma={self.sigma:g}{free}; {self._ends()}{stopped}"
        ladder: list[str] = []
        same = self.symmetries
        if self.rounds or self.saddles:
            barriers = [(self.barrier(i), self.relabelling_barrier(i)) for i in range(len(self.minima))]
            images = (same.minima, same.saddles)
            ladder = saddle_table(self.saddles, self.edges, barriers, self.count_law, self.alarm, images)
        if self.unseen is not None:
            ladder += ["", f"unseen: {self.unseen}"]
        if same.order > 1:
            ladder += ["", *str(same).splitlines()]
        return atlas_table(head, self.minima, self.candidates, self.untried, ladder, same.minima)

    def _ends(self) -> str:
        others = {reason: n for reason, n in sorted(self.ends.items()) if reason != "minimum"}
        text = f"{self.starts} random starts"
        if others:
            reasons = ", ".join(f"{n} {reason}" for reason, n in others.items())
            text += f", of which {sum(others.values())} found no minimum ({reasons})"
        if self.moves:
            text += f"; moves in {counted(len(self.moves), 'minimum', 'minima')}"
        return text


def _candidate(item: dict[str, Any], n_minima: int) -> CandidateOutcome:
    place = item["minimum"]
    if place is not None and whole_number("minimum", place) >= n_minima:
        raise ValueError(f"a candidate names minimum {place} of {n_minima}")
    structure = Structure.of_pairs(item["blocks"])
    return CandidateOutcome(structure, choice("outcome", item["outcome"], OUTCOMES), place)


def _flat_centers(truth: Mixture) -> list[Any]:
    return truth.means[:, 0].tolist() if truth.n_features == 1 else truth.means.tolist()
