"""Falsification: what a search for minima without structure found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gmmscape.landscape.falsification.one_truth import Reading, Searched
from gmmscape.landscape.falsification.suspect import OUTCOMES, Suspect
from gmmscape.results.fields import plain
from gmmscape.results.records import Record
from gmmscape.results.text import counted
from gmmscape.results.words import ENDINGS
from gmmscape.structure.intervals import Share
from gmmscape.tolerances import TOLERANCES
from gmmscape.validation import real_number

if TYPE_CHECKING:
    from gmmscape.plot import FalsificationDisplay

#: Suspects that the printed text lists.
MOST_LISTED = 20
#: What to do where all was searched and nothing found.
MORE = "more truths, more components or less separation look harder"


@dataclass(frozen=True, eq=False)
class Falsification(Record):
    """Truths searched for minima that are not structured.

    Attributes
    ----------
    searched : tuple of Searched
        What was found for each truth: `number`, `n_components`, `k_star`, `d`, `separation`, `tau`, `minima`
        (each with `defect`, `position_error` and `hits`), `suspects`, `lost` and `farthest`.
    settings : dict
        What was asked for: k, k_star, d, separation, n_truths, n_starts, rtol, tau, confirm, sigma.
    seed : int
        Of the truths and the starts; truth i depends on it and on i alone.
    stop_reason : str
        "completed", "interrupted" or "time_limit".
    """

    format: ClassVar[str] = "gmmscape-falsification"
    names_in_files: ClassVar[Mapping[str, str]] = {"searched": "truths"}

    searched: tuple[Searched, ...]
    settings: dict[str, Any]
    seed: int
    stop_reason: str

    @property
    def n_minima(self) -> int:
        """Number of minima, each counted once for its truth."""
        return sum(len(one.minima) for one in self.searched)

    @property
    def suspects(self) -> tuple[Suspect, ...]:
        """All suspects, in the order of their truths."""
        return tuple(suspect for one in self.searched for suspect in one.suspects)

    @property
    def confirmed(self) -> tuple[Suspect, ...]:
        """Minima that are unstructured by two rules of integration."""
        return tuple(suspect for suspect in self.suspects if suspect.outcome == "confirmed")

    @property
    def outcomes(self) -> dict[str, int]:
        """How many suspects ended in each way."""
        counts = Counter(suspect.outcome for suspect in self.suspects)
        return {outcome: counts[outcome] for outcome in OUTCOMES}

    @property
    def unstructured(self) -> Share:
        """Minima with a defect above tau, refuted ones left out, of all minima.

        The interval takes minima as independent of each other; those of one truth are not.
        """
        return Share.of_counts(sum(one.unstructured for one in self.searched), self.n_minima)

    @property
    def truths_with(self) -> Share:
        """Truths that have a minimum with a defect above tau, of all truths."""
        return Share.of_counts(sum(one.unstructured > 0 for one in self.searched), len(self.searched))

    @property
    def largest_position_error(self) -> float:
        """Largest distance of a minimum from its nearest structure, in sigma; 0 where none is known."""
        return max((m.position_error for m in self._by_position), default=0.0)

    @property
    def farthest(self) -> Searched | None:
        """The truth whose minimum is farthest from a structure by position; None where none is known."""
        found = [(m.position_error, one) for one in self.searched for m in one.minima if m.is_by_position]
        return max(found, key=lambda pair: pair[0], default=(0.0, None))[1]

    @property
    def _by_position(self) -> list[Reading]:
        return [m for one in self.searched for m in one.minima if m.is_by_position]

    def beyond(self, reach: float = TOLERANCES.falsification.position_reach) -> Share:
        """Return the minima that have no structure by position, of those that were read so.

        Parameters
        ----------
        reach : float, default=1.0
            Farther than this from every structure, in sigma.

        Returns
        -------
        Share
            With `n`, `of`, `value` and the interval `low` to `high`. Minima of truths with too many
            structures to list are left out.

        Raises
        ------
        InvalidParameterError
            If reach is not usable.
        """
        reach = real_number("reach", reach)
        errors = [m.position_error for m in self._by_position]
        return Share.of_counts(sum(error > reach for error in errors), len(errors))

    def content(self) -> dict[str, Any]:
        """Return plain numbers, lists and strings.

        Returns
        -------
        dict
            Keys settings, seed, stop_reason, summary and truths.
        """
        return {"summary": self._summary(), **super().content()}

    def _summary(self) -> dict[str, Any]:
        return {
            "truths": len(self.searched),
            "minima": self.n_minima,
            "unstructured": self.unstructured._asdict(),
            "truths_with": self.truths_with._asdict(),
            "beyond_one_sigma": self.beyond()._asdict(),
            "outcomes": self.outcomes,
            "largest_position_error": plain(self.largest_position_error),
        }

    def plot(self, ax: Any = None) -> FalsificationDisplay:
        """Draw all minima: defect over distance from the nearest structure, suspects marked.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        FalsificationDisplay
            With `figure_`, `ax_` and the artists.

        Raises
        ------
        InvalidParameterError
            If there is no minimum whose distance from a structure is known.
        NotAvailableError
            If matplotlib is not installed.
        """
        from gmmscape.plot import FalsificationDisplay

        minima = [
            (m.position_error, m.defect, one.d)
            for one in self.searched
            for m in one.minima
            if m.is_by_position
        ]
        suspects = [
            (s.position_error, s.defect, s.outcome) for s in self.suspects if np.isfinite(s.position_error)
        ]
        taus = [one.tau for one in self.searched]
        return FalsificationDisplay(minima, suspects, taus).plot(ax)

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        asked, confirmed = self.settings, self.outcomes["confirmed"]
        among = f"{counted(self.n_minima, 'minimum', 'minima')} of {counted(len(self.searched), 'truth')}"
        yield (
            f"{counted(confirmed, 'counterexample')} confirmed among {among}"
            if confirmed
            else f"no counterexample among {among}"
        )
        yield (
            "next: look at what is confirmed" if confirmed else f"next: {ENDINGS.get(self.stop_reason, MORE)}"
        )
        tau = "0.5/k" if asked["tau"] is None else f"{asked['tau']:g}"
        yield (
            f"{len(self.searched)} of {counted(asked['n_truths'], 'truth')} searched from "
            f"{counted(asked['n_starts'], 'start')} "
            f"each ({self.stop_reason}); seed {self.seed}, tau {tau}"
        )
        for d in sorted({one.d for one in self.searched}):
            part = [one for one in self.searched if one.d == d]
            ks, stars = sorted({one.n_components for one in part}), sorted({one.k_star for one in part})
            least = min(one.separation for one in part)
            yield (
                f"d={d}: {counted(len(part), 'truth')}, k {_span(ks)}, k* {_span(stars)}, separation "
                f"{least:.4g} and more, {counted(sum(len(one.minima) for one in part), 'minimum', 'minima')}"
            )
        yield f"minima with a defect above tau: {self.unstructured}"
        yield f"truths that have one: {self.truths_with}"
        yield "suspects: " + ", ".join(
            f"{count} {name}" for name, count in self.outcomes.items() if count or name == "confirmed"
        )
        unread = self.n_minima - len(self._by_position)
        if not unread or self._by_position:
            yield (
                f"farthest from a structure by position: {self.largest_position_error:.4g} sigma; "
                f"beyond {TOLERANCES.falsification.position_reach:g} sigma: {self.beyond()}"
            )
        if unread:
            few = counted(unread, "minimum", "minima")
            yield f"not read by position, with too many structures to list: {few}"
        for suspect in self.suspects[:MOST_LISTED]:
            yield str(suspect)
        if len(self.suspects) > MOST_LISTED:
            yield f"and {len(self.suspects) - MOST_LISTED} suspects more"


def _span(values: list[int]) -> str:
    return str(values[0]) if len(values) == 1 else f"{values[0]}..{values[-1]}"
