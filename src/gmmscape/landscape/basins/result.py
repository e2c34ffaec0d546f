"""BasinShares: which share of the starts falls into each minimum."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self
from zlib import compress, decompress, error

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.mixture import Mixture
from gmmscape.results.records import Record
from gmmscape.results.text import aligned, counted
from gmmscape.structure.intervals import share_interval
from gmmscape.tolerances import TOLERANCES
from gmmscape.validation import whole_number

if TYPE_CHECKING:
    from gmmscape.plot import BasinsDisplay

#: Minima that the printed table shows, and means of each.
MOST_ROWS, MOST_MEANS = 25, 8
METHODS = {
    "em": "EM",
    "gd": "gradient descent with step sigma^2",
    "gradient_flow": "gradient flow",
    "newton": "Newton's method",
}


@dataclass(frozen=True, eq=False)
class BasinShares(Record):
    """The minima that starts fall into, with their shares.

    Attributes
    ----------
    minima : tuple of CriticalPoint
        Sorted by NLL, each orbit once; `hits` says how many starts ended in it.
    labels : ndarray of int, shape (n,)
        Place in `minima` of the minimum that each start fell into; -1 for none.
    unresolved : dict of str to int
        How many starts ended in no minimum, by what they did instead: "saddle", "plateau" (a mean without
        mass), "max_iter", "not a minimum", "degenerate", "not polished" (more different ends than were
        polished), "step sizes differ" (a flow that two step sizes lead to different ends), "interrupted".
    n_starts : int
        Starts that were run.
    start : str
        "truth", "k-means++", "uniform", "rows", "own" or "function".
    method : str
        "em", "gd", "gradient_flow" or "newton".
    seed : int
        Of the starts.
    n_components : int
        Number of fitted means.
    sigma : float
        Standard deviation of the fit.
    truth : Mixture or None
        The truth of a population.
    stop_reason : str
        "completed", "time_limit" or "interrupted".
    weights : str
        "equal" or "free".
    """

    format: ClassVar[str] = "gmmscape-basins"
    version: ClassVar[int] = 2
    names_in_files: ClassVar[Mapping[str, str]] = {"n_components": "k", "n_starts": "n"}
    left_out_of_files: ClassVar[tuple[str, ...]] = ("labels",)

    minima: tuple[CriticalPoint, ...]
    labels: IntArray
    unresolved: dict[str, int]
    n_starts: int
    start: str
    method: str
    seed: int
    n_components: int
    sigma: float
    truth: Mixture | None
    stop_reason: str
    weights: str = "equal"

    @property
    def hits(self) -> IntArray:
        """Starts that fell into each minimum, shape (m,)."""
        return np.array([point.hits for point in self.minima], dtype=np.intp)

    @property
    def shares(self) -> FloatArray:
        """Hits by starts, shape (m,): those of the whole, unresolved starts included."""
        return self.hits / max(self.n_starts, 1)

    @property
    def intervals(self) -> FloatArray:
        """95 % intervals of the shares by Clopper and Pearson, shape (m, 2): each by itself.

        Where the work ended early, starts that nobody settled may belong to any minimum: the upper end counts
        them as hits.
        """
        open_ = self.unresolved.get("interrupted", 0)
        ends = [
            (share_interval(hits, self.n_starts)[0], share_interval(hits + open_, self.n_starts)[1])
            for hits in self.hits.tolist()
        ]
        return np.array(ends).reshape(-1, 2)

    def _heading(self, own: bool, known: bool) -> tuple[str, ...]:
        # One's own starts are no draws: a share of theirs is not known up to an interval.
        shares = () if own else ("share", "95 % interval")
        return ("#", *shares, "hits", "kl" if known else "nll", "structure")

    def _lines_of_table(self, own: bool, known: bool) -> Iterator[tuple[str, ...]]:
        shares = list(zip(self.minima, self.shares, self.intervals, strict=True))[:MOST_ROWS]
        for i, (point, share, (low, high)) in enumerate(shares):
            value = point.kl if known else point.nll
            drawn = () if own else (f"{share:.4f}", f"{low:.4f} to {high:.4f}")
            yield (str(i), *drawn, str(point.hits), f"{value:.7g}", _read(point))

    def __str__(self) -> str:
        word = "minimum" if len(self.minima) == 1 else "minima"
        stopped = "" if self.stop_reason == "completed" else f"; stopped early: {self.stop_reason}"
        own, free = self.start == "own", ", free weights" if self.weights == "free" else ""
        origin = "of your own" if own else f"{self.start}, seed {self.seed}"
        lines = [
            f"{len(self.minima)} {word} from {counted(self.n_starts, 'start')} ({origin}) by "
            f"{METHODS[self.method]}; k={self.n_components}, sigma={self.sigma:g}{free}{stopped}"
        ]
        known = all(point.kl is not None for point in self.minima)
        if self.minima:
            lines += ["", *aligned([self._heading(own, known), *self._lines_of_table(own, known)])]
        left = self.minima[MOST_ROWS:]
        if left:
            lines.append(f"and {len(left)} more with {counted(sum(point.hits for point in left), 'start')}")
        if self.unresolved:
            parts = ", ".join(f"{n} {reason}" for reason, n in sorted(self.unresolved.items()))
            lines += ["", f"{counted(sum(self.unresolved.values()), 'start')} ended in none of them: {parts}"]
        if own:
            ends = [
                (str(i), f"minimum {label}" if label >= 0 else "none of them")
                for i, label in enumerate(self.labels[:MOST_ROWS].tolist())
            ]
            lines += ["", *aligned([("start", "ends in"), *ends])]
            lines += [f"and {self.n_starts - MOST_ROWS} more"] if self.n_starts > MOST_ROWS else []
        return "\n".join(lines)

    def content(self) -> dict[str, Any]:
        """Return plain numbers, lists and strings.

        Returns
        -------
        dict
            Keys k, sigma, truth, start, method, seed, n, stop_reason, level (of the intervals), minima (each
            with share and share_interval), unresolved, labels (of your own starts; else None) and
            packed_labels (of the others).
        """
        content = super().content()
        shares = zip(content["minima"], self.shares.tolist(), self.intervals.tolist(), strict=True)
        content["minima"] = [
            {**point, "share": share, "share_interval": interval} for point, share, interval in shares
        ]
        level, unresolved = TOLERANCES.structure.interval_level, dict(sorted(self.unresolved.items()))
        own = self.start == "own"
        return {
            **content,
            "level": level,
            "unresolved": unresolved,
            "labels": self.labels.tolist() if own else None,
            "packed_labels": None if own else packed(self.labels),
        }

    @classmethod
    def _restored(cls, content: Mapping[str, Any]) -> Self:
        labels = content["labels"]
        own = np.array(unpacked(content["packed_labels"]) if labels is None else labels, dtype=np.intp)
        found = cls(labels=own, **cls._fields_in(content))
        ended = [point.hits for point in found.minima] + list(found.unresolved.values())
        if sum(whole_number("hits", n) for n in ended) > whole_number("n", found.n_starts):
            raise ValueError(f"{sum(ended)} starts ended, of {found.n_starts}")
        return found

    def plot(self, ax: Any = None, *, most: int = 8) -> BasinsDisplay:
        """Draw the minima that most starts fell into, each with its share as a bar.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.
        most : int, default=8
            Minima drawn.

        Returns
        -------
        BasinsDisplay
            With `figure_`, `axes_` and the artists.

        Raises
        ------
        InvalidParameterError
            If there is no minimum.
        NotAvailableError
            If matplotlib is not installed.
        """
        from gmmscape.plot import BasinsDisplay

        return BasinsDisplay.from_basins(self, most=most).plot(ax)


def packed(labels: IntArray) -> str:
    """Return labels, of which there may be a hundred million, as compressed text."""
    return b64encode(compress(labels.astype("<i4").tobytes())).decode("ascii")


def unpacked(text: str) -> IntArray:
    """Return the labels that `packed` was given; a ValueError where the text is none of its own."""
    try:
        return np.frombuffer(decompress(b64decode(text, validate=True)), dtype="<i4")
    except error as damage:
        raise ValueError(f"labels cannot be unpacked: {damage}") from damage


def _read(point: CriticalPoint) -> str:
    """The structure of a minimum, or its means where there is none to read."""
    flat = "(flat) " if point.flat else ""
    if point.decoding is not None and point.decoding.is_structured:
        return flat + str(point.decoding.structure)
    means = " ".join(_place(mean) for mean in point.means[:MOST_MEANS])
    more = " ..." if len(point.means) > MOST_MEANS else ""
    what = "" if point.decoding is None else f"not structured (defect {point.decoding.defect:.2g}): "
    return f"{flat}{what}means {means}{more}"


def _place(mean: FloatArray) -> str:
    text = ", ".join(f"{coordinate:.4g}" for coordinate in mean)
    return text if len(mean) == 1 else f"({text})"
