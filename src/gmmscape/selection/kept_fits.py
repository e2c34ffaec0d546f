"""Fits of a selection kept in its checkpoint, so that a new run of the same one goes on where it stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from gmmscape.arrays import FloatArray
from gmmscape.diagnosis.fit import CUT_SHORT, Fit
from gmmscape.diagnosis.result import Diagnosis
from gmmscape.solve import Solution, solution_of, stored
from gmmscape.work.journal import Journal


class KeptFits:
    """Pieces of a selection by name and number: what is tried next depends on results alone, so that a new
    run asks for the same pieces in the same order.

    Parameters
    ----------
    journal : Journal or None
        Where they are kept; None keeps nothing.
    """

    def __init__(self, journal: Journal | None) -> None:
        self._journal = journal
        self._asked: Counter[str] = Counter()

    def fit(self, name: str, origin: FloatArray, compute: Callable[[], Fit]) -> Fit:
        """Return a fit: the one kept, or a new one, which is kept unless it was cut short."""

        def kept(fit: Fit) -> dict[str, Any] | None:
            if fit.solution.stop_reason in CUT_SHORT:
                return None
            before = None if fit.em_diagnosis is None else fit.em_diagnosis.to_dict()
            return {
                "solution": stored(fit.solution),
                "diagnosis": fit.diagnosis.to_dict(),
                "em_diagnosis": before,
            }

        def read(content: dict[str, Any]) -> Fit:
            before = content["em_diagnosis"]
            return Fit(
                solution_of(content["solution"], origin),
                Diagnosis.from_dict(content["diagnosis"]),
                None if before is None else Diagnosis.from_dict(before),
            )

        return self._piece(f"{name}, fit", compute, kept, read)

    def ends(
        self, name: str, origin: FloatArray, n_starts: int, compute: Callable[[], Sequence[Solution]]
    ) -> list[Solution]:
        """Return where EM leads from some starts; likewise."""

        def kept(ends: Sequence[Solution]) -> list[dict[str, Any]] | None:
            whole = len(ends) == n_starts and not any(end.stop_reason in CUT_SHORT for end in ends)
            return [stored(end) for end in ends] if whole else None

        def read(content: list[dict[str, Any]]) -> list[Solution]:
            return [solution_of(one, origin) for one in content]

        return list(self._piece(f"{name}, starts", compute, kept, read))

    def close(self) -> None:
        """Write what is kept to the file, and let other processes have it."""
        if self._journal is not None:
            self._journal.close()

    def _piece(
        self,
        name: str,
        compute: Callable[[], Any],
        kept: Callable[[Any], Any],
        read: Callable[[Any], Any],
    ) -> Any:
        self._asked[name] += 1
        numbered = f"{name} {self._asked[name]}"
        if self._journal is None:
            return compute()
        if numbered in self._journal:
            return read(self._journal[numbered])
        result = compute()
        content = kept(result)
        if content is not None:
            self._journal.put(numbered, content)
        return result
