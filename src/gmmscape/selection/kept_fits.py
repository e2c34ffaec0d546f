"""Fits of a selection kept in its checkpoint, so that a new run of the same one goes on where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gmmscape.arrays import FloatArray
from gmmscape.diagnosis.fit import Fit
from gmmscape.diagnosis.result import Diagnosis
from gmmscape.solve import CUT_SHORT, Solution, solution_of, stored
from gmmscape.work.journal import Journal
from gmmscape.work.pieces import Pieces


class KeptFits:
    """Fits of a selection, and where EM led from starts, as `Pieces` of its journal.

    Parameters
    ----------
    journal : Journal or None
        Where they are kept; None keeps nothing.

    Attributes
    ----------
    any : bool
        Whether any are kept.
    """

    def __init__(self, journal: Journal | None) -> None:
        self._pieces = Pieces(journal)
        self.any = journal is not None

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

        return self._pieces.piece(f"{name}, fit", compute, kept, read)

    def ends(
        self, name: str, origin: FloatArray, n_starts: int, compute: Callable[[], Sequence[Solution]]
    ) -> list[Solution]:
        """Return where EM leads from some starts; likewise."""

        def kept(ends: Sequence[Solution]) -> list[dict[str, Any]] | None:
            whole = len(ends) == n_starts and not any(end.stop_reason in CUT_SHORT for end in ends)
            return [stored(end) for end in ends] if whole else None

        def read(content: list[dict[str, Any]]) -> list[Solution]:
            if len(content) != n_starts:
                raise ValueError(f"{len(content)} ends of {n_starts} starts")
            return [solution_of(one, origin) for one in content]

        return list(self._pieces.piece(f"{name}, starts", compute, kept, read))

    def close(self) -> None:
        """Write what is kept to the file, and let other processes have it."""
        self._pieces.close()
