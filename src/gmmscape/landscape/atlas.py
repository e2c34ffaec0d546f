"""Atlas: the orbits of minima found so far, as an object, a table and a JSON file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from gmmscape.exceptions import FormatError, InvalidParameterError
from gmmscape.jsonfile import read_json, write_json
from gmmscape.landscape.candidates import OUTCOMES, CandidateOutcome
from gmmscape.landscape.critical_point import CriticalPoint
from gmmscape.landscape.structure import Structure
from gmmscape.landscape.table import atlas_table
from gmmscape.matching import match_means
from gmmscape.mixture import Mixture
from gmmscape.validation import choice, mean_matrix, positive_integer, standard_deviation, whole_number
from gmmscape.version import VERSION

if TYPE_CHECKING:
    from gmmscape.landscape.pictures import AtlasDisplay

FORMAT = "gmmscape-atlas"
FORMAT_VERSION = 1
STOPPED = ("completed", "time_limit", "interrupted")

#: Two points are one orbit if they match within this many sigma (far above the error of a polished point)...
SAME = 1e-5
#: ...or this many where the positions of both are not known that well (flat points above all), and their
#: values agree within `SAME_NLL`, or within their errors.
SAME_FLAT = 0.1
SAME_NLL = 1e-9


@dataclass(frozen=True, eq=False)
class Atlas:
    """The minima of one landscape, one for each orbit under relabelling.

    Attributes
    ----------
    minima : tuple of CriticalPoint
        Sorted by NLL; flat ones are listed and say so.
    candidates : tuple of CandidateOutcome
        What became of each candidate structure tried.
    untried : int
        Candidate structures not tried: there are too many, or the search was stopped or told not to.
    k : int
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
    """

    minima: tuple[CriticalPoint, ...]
    candidates: tuple[CandidateOutcome, ...]
    untried: int
    k: int
    sigma: float
    truth: Mixture | None
    data: str | None
    seed: int
    starts: int
    ends: dict[str, int]
    stop_reason: str

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
            Of the same k, sigma and truth or data.

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
        self.check_same_landscape(other.k, other.sigma, other.truth, other.data)
        minima = list(self.minima)
        for point in other.minima:
            place = find_orbit(minima, point)
            if place is None:
                minima.append(point)
            else:
                minima[place] = replace(minima[place], hits=minima[place].hits + point.hits)
        minima.sort(key=lambda point: point.nll)
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
        from gmmscape.landscape.pictures import AtlasDisplay

        return AtlasDisplay.from_atlas(self, data=data, most=most).plot(ax)

    def check_same_landscape(self, k: int, sigma: float, truth: Mixture | None, data: str | None) -> None:
        """Raise unless the atlas is one of the landscape with these constants.

        Parameters
        ----------
        k : int
            Number of fitted means.
        sigma : float
            Standard deviation of the fit.
        truth : Mixture or None
            The truth of a population.
        data : str or None
            The digest of a sample.

        Raises
        ------
        InvalidParameterError
            If one of them differs.
        """
        for name, ours, theirs in (
            ("k", self.k, k),
            ("sigma", self.sigma, sigma),
            ("truth", self.truth, truth),
            ("data", self.data, data),
        ):
            if ours != theirs:
                raise InvalidParameterError(
                    f"the atlas was made for {name}={ours!r}, not {theirs!r}: use one of the same landscape"
                )

    def to_dict(self) -> dict[str, Any]:
        """Return what `to_json` writes: plain numbers, lists and strings, nothing that is not finite.

        Returns
        -------
        dict
            Keys format, format_version, gmmscape_version, seed, k, sigma, centers, weights, minima,
            truth, data, candidates, untried, starts, ends, stop_reason.
        """
        return {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "gmmscape_version": VERSION,
            "seed": self.seed,
            "k": self.k,
            "sigma": self.sigma,
            "centers": None if self.truth is None else _flat_centers(self.truth),
            "weights": None if self.truth is None else self.truth.weights.tolist(),
            "truth": None if self.truth is None else self.truth.to_dict(),
            "data": self.data,
            "minima": [point.to_dict() for point in self.minima],
            "candidates": [
                {
                    "blocks": [
                        {"means": list(b.means), "centers": list(b.centers)} for b in c.structure.blocks
                    ],
                    "outcome": c.outcome,
                    "minimum": c.minimum,
                }
                for c in self.candidates
            ],
            "untried": self.untried,
            "starts": self.starts,
            "ends": self.ends,
            "stop_reason": self.stop_reason,
        }

    def to_json(self, path: str | Path) -> None:
        """Write the atlas to a JSON file, whole or not at all.

        Parameters
        ----------
        path : str or Path
            An existing file is replaced once the new one is complete; links are followed.

        Raises
        ------
        InvalidParameterError
            If the path cannot be that of a file.
        OSError
            If the file cannot be written.
        """
        write_json(self.to_dict(), path)

    @classmethod
    def from_json(cls, path: str | Path) -> Atlas:
        """Read an atlas from a JSON file.

        Parameters
        ----------
        path : str or Path
            As written by `to_json` or ``gmmscape map --json``.

        Returns
        -------
        Atlas
            The atlas, without the histories of the descents.

        Raises
        ------
        FormatError
            If the file is no atlas that this version reads.
        """
        content = read_json(path)
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise FormatError(f"{path} is no atlas: its field 'format' is not {FORMAT!r}")
        if content.get("format_version") != FORMAT_VERSION:
            raise FormatError(
                f"{path} has format_version={content.get('format_version')!r}: "
                f"this version reads {FORMAT_VERSION}"
            )
        try:
            return cls._from_dict(content)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise FormatError(f"{path} is a damaged atlas: {error!r}") from error

    @classmethod
    def _from_dict(cls, content: dict[str, Any]) -> Atlas:
        k, sigma = positive_integer("k", content["k"]), standard_deviation("sigma", content["sigma"])
        minima = tuple(CriticalPoint.from_dict(item, sigma) for item in content["minima"])
        if any(len(point.means) != k for point in minima):
            raise ValueError(f"a minimum has not k={k} means")
        return cls(
            minima=minima,
            candidates=tuple(_candidate(item, len(minima)) for item in content["candidates"]),
            untried=whole_number("untried", content["untried"]),
            k=k,
            sigma=sigma,
            truth=None if content["truth"] is None else Mixture.from_dict(content["truth"]),
            data=None if content["data"] is None else str(content["data"]),
            seed=whole_number("seed", content["seed"]),
            starts=whole_number("starts", content["starts"]),
            ends={str(reason): whole_number("ends", n) for reason, n in content["ends"].items()},
            stop_reason=choice("stop_reason", content["stop_reason"], STOPPED),
        )

    def __str__(self) -> str:
        stopped = "" if self.stop_reason == "completed" else f"; stopped early: {self.stop_reason}"
        head = f"k={self.k}, sigma={self.sigma:g}; {self._ends()}{stopped}"
        return atlas_table(head, self.minima, self.candidates, self.untried)

    def _ends(self) -> str:
        others = {reason: n for reason, n in sorted(self.ends.items()) if reason != "minimum"}
        text = f"{self.starts} random starts"
        if others:
            reasons = ", ".join(f"{n} {reason}" for reason, n in others.items())
            text += f", of which {sum(others.values())} found no minimum ({reasons})"
        return text


def _candidate(item: dict[str, Any], n_minima: int) -> CandidateOutcome:
    place = item["minimum"]
    if place is not None and whole_number("minimum", place) >= n_minima:
        raise ValueError(f"a candidate names minimum {place} of {n_minima}")
    structure = Structure.of((block["means"], block["centers"]) for block in item["blocks"])
    return CandidateOutcome(structure, choice("outcome", item["outcome"], OUTCOMES), place)


def find_orbit(minima: list[CriticalPoint], point: CriticalPoint) -> int | None:
    """Return the place of the orbit that `point` belongs to, or None if it is a new one."""
    for place, known in enumerate(minima):
        distance = match_means(point.means, known.means)[1] / point.sigma
        if distance <= SAME:
            return place
        soft = min(known.means_error, point.means_error) > SAME * point.sigma
        alike = max(SAME_NLL, known.error + point.error)
        if soft and distance <= SAME_FLAT and abs(known.nll - point.nll) <= alike:
            return place
    return None


def _flat_centers(truth: Mixture) -> list[Any]:
    return truth.means[:, 0].tolist() if truth.n_features == 1 else truth.means.tolist()
