"""TheoremTable: a condition and error bounds beside the minima that were found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from gmmscape.exceptions import InvalidParameterError, NotAvailableError
from gmmscape.landscape.theorems.claims import Bound, Claims, Condition
from gmmscape.landscape.theorems.found import FoundBlock, FoundMinimum, FoundTruth
from gmmscape.landscape.theorems.text import lines
from gmmscape.results.records import Record
from gmmscape.validation import choice

if TYPE_CHECKING:
    import pandas as pd

    from gmmscape.plot import TheoremDisplay


class TheoremRow(NamedTuple):
    """A block of a minimum of a truth: a row of the table.

    Attributes
    ----------
    truth : int
        Place of the truth in `truths`.
    minimum : int
        Place of the minimum among that truth's.
    separation : float
        Of the truth, sigma.
    claimed : bool
        Whether the theorem is claimed of the truth.
    found : FoundBlock
        With `block`, `error`, `numerical_error`, `bound`, `ratio` and `verdict`.
    """

    truth: int
    minimum: int
    separation: float
    claimed: bool
    found: FoundBlock


@dataclass(frozen=True, eq=False)
class TheoremTable(Record):
    """A theorem about minima, as its user wrote it, beside minima that a search found.

    Nothing in it is proved. A row that exceeds its bound is evidence against the theorem, as good as its
    errors; that no row does proves nothing.

    Attributes
    ----------
    truths : tuple of FoundTruth
        Those that were searched, in the order in which they were given, each with its `minima`, their blocks
        and errors, `predictions`, and whether the condition `holds`.
    n_components : int
        Number of fitted means.
    n_truths : int
        Truths that were asked for.
    n_starts : int
        Random starts at each truth.
    seed : int
        Of the random starts.
    stop_reason : str
        "completed", "time_limit" or "interrupted": then the last truths are missing, and the minima of the
        last one that is there may be.
    """

    format: ClassVar[str] = "gmmscape-theorem-table"

    truths: tuple[FoundTruth, ...]
    n_components: int
    n_truths: int
    n_starts: int
    seed: int
    stop_reason: str

    @property
    def rows(self) -> tuple[TheoremRow, ...]:
        """A row for each block of each minimum of each truth."""
        return tuple(
            TheoremRow(place, number, truth.separation, truth.claimed, found)
            for place, truth in enumerate(self.truths)
            for number, minimum in enumerate(truth.minima)
            for found in minimum.blocks
        )

    @property
    def exceeded(self) -> tuple[TheoremRow, ...]:
        """Rows that exceed their bound by more than their numerical error, where the theorem is claimed."""
        return self._claimed("exceeded")

    @property
    def undecided(self) -> tuple[TheoremRow, ...]:
        """Rows whose numerical error does not tell whether they exceed it, where the theorem is claimed."""
        return self._claimed("undecided")

    def _claimed(self, verdict: str) -> tuple[TheoremRow, ...]:
        return tuple(row for row in self.rows if row.claimed and row.found.verdict == verdict)

    @property
    def unstructured(self) -> tuple[tuple[int, int], ...]:
        """Minima without structure by association, where the theorem is claimed: (truth, minimum)."""
        return tuple(
            (place, number)
            for place, truth in enumerate(self.truths)
            for number, minimum in enumerate(truth.minima)
            if truth.claimed and minimum.reading == "unstructured"
        )

    @property
    def largest_ratio(self) -> float | None:
        """Largest error over bound where the theorem is claimed; None where it bounds nothing."""
        ratios = [row.found.ratio for row in self.rows if row.claimed and row.found.ratio is not None]
        return max(ratios, default=None)

    @property
    def condition_from(self) -> float | None:
        """Smallest separation tried from which on the condition holds; None where there is none."""
        return self._from(lambda truth: truth.claimed)

    @property
    def structured_from(self) -> float | None:
        """Smallest separation tried from which on all minima found have structure, by association."""
        return self._from(lambda truth: all(one.reading == "structured" for one in truth.minima), found=True)

    @property
    def within_from(self) -> float | None:
        """Smallest separation tried from which on all measured errors are within their bounds.

        None where one is not at the largest separation, or nothing is bounded.
        """
        if not any(row.found.bound is not None for row in self.rows):
            return None
        return self._from(lambda truth: all(map(_within, truth.minima)), found=True)

    def _from(self, good: Callable[[FoundTruth], bool], *, found: bool = False) -> float | None:
        """The smallest separation from which on something is so at all truths; with minima, if asked."""
        smallest = None
        for separation in sorted({truth.separation for truth in self.truths}, reverse=True):
            for truth in self.truths:
                bare = found and (not truth.minima or truth.stop_reason != "completed")
                if truth.separation == separation and (bare or not good(truth)):
                    return smallest
            smallest = separation
        return smallest

    def judged(
        self,
        *,
        condition: Condition | None = None,
        bounds: Bound | Mapping[str, Bound] | None = None,
    ) -> TheoremTable:
        """Return the table of the same minima under another theorem; nothing is searched again.

        Parameters
        ----------
        condition : callable, optional
            As in `theorem_table`.
        bounds : callable or mapping of str to callable, optional
            As in `theorem_table`.

        Returns
        -------
        TheoremTable
            A new table.

        Raises
        ------
        InvalidParameterError
            If one of them raises, or returns something that is not usable.
        """
        claims = Claims.of(condition, bounds)
        return replace(self, truths=tuple(truth.judged(claims, self.n_components) for truth in self.truths))

    def to_frame(self, rows: str = "blocks") -> pd.DataFrame:
        """Return the table for pandas.

        Parameters
        ----------
        rows : {"blocks", "predictions"}, default="blocks"
            A row for each block of each minimum, or for each block of each candidate structure that was
            tried.

        Returns
        -------
        pandas.DataFrame
            Columns truth, parameter, separation, condition, margin, structure, kind, means, centers, bound
            and minimum; of blocks also kl, hits, reading, defect, error, numerical_error, ratio and verdict;
            of predictions outcome. What is not known is missing.

        Raises
        ------
        InvalidParameterError
            If rows is neither.
        NotAvailableError
            If pandas is not installed.
        """
        choice("rows", rows, ("blocks", "predictions"))
        try:
            import pandas as pd
        except ModuleNotFoundError as error:
            raise NotAvailableError("to_frame needs pandas: install gmmscape[frame]") from error
        some = self._blocks() if rows == "blocks" else self._predicted()
        names = list(dict.fromkeys(name for row in some for name in row))
        return pd.DataFrame({name: [row[name] for row in some] for name in names})

    def _blocks(self) -> list[dict[str, Any]]:
        return [
            {
                **_of_truth(place, truth),
                "minimum": number,
                **_of_minimum(minimum),
                "kind": found.block.kind,
                "means": list(found.block.means),
                "centers": list(found.block.centers),
                "error": found.error,
                "numerical_error": found.numerical_error,
                "bound": found.bound,
                "ratio": found.ratio,
                "verdict": found.verdict,
            }
            for place, truth in enumerate(self.truths)
            for number, minimum in enumerate(truth.minima)
            for found in minimum.blocks
        ]

    def _predicted(self) -> list[dict[str, Any]]:
        return [
            {
                **_of_truth(place, truth),
                "minimum": one.minimum,
                "structure": str(one.structure),
                "outcome": one.outcome,
                "kind": block.kind,
                "means": list(block.means),
                "centers": list(block.centers),
                "bound": bound,
            }
            for place, truth in enumerate(self.truths)
            for one in truth.predictions
            for block, bound in zip(one.structure.blocks, one.bounds, strict=True)
        ]

    def __str__(self) -> str:
        return "\n".join(lines(self))

    def plot(self, ax: Any = None) -> TheoremDisplay:
        """Draw measured errors and bounds: over the separation or, of one separation, block by block.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        TheoremDisplay
            With `figure_`, `ax_` and the artists.

        Raises
        ------
        InvalidParameterError
            If no block was found.
        NotAvailableError
            If matplotlib is not installed.
        """
        from gmmscape.plot import TheoremDisplay

        if not self.rows:
            raise InvalidParameterError(f"the table has no row ({self.stop_reason}): search longer")
        return TheoremDisplay.from_table(self).plot(ax)


def _within(minimum: FoundMinimum) -> bool:
    """Whether all that is bounded of a minimum is within its bounds."""
    return bool(minimum.blocks) and all(found.verdict in ("within", "no bound") for found in minimum.blocks)


def _of_truth(place: int, truth: FoundTruth) -> dict[str, Any]:
    return {
        "truth": place,
        "parameter": truth.parameter,
        "separation": truth.separation,
        "condition": truth.holds,
        "margin": truth.margin,
    }


def _of_minimum(minimum: FoundMinimum) -> dict[str, Any]:
    return {
        "kl": minimum.kl,
        "hits": minimum.hits,
        "reading": minimum.reading,
        "defect": minimum.defect,
        "structure": "  ".join(str(found.block) for found in minimum.blocks),
    }
