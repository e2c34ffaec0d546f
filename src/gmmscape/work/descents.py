"""Descents kept in a checkpoint, with what they cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gmmscape.objective import SampleObjective
from gmmscape.results.fields import restored
from gmmscape.solve import CUT_SHORT, Solution, solution_of, stored
from gmmscape.work.pieces import Pieces


class KeptDescents:
    """Where EM led on one objective.

    What a descent cost is kept with it: the effort of a search, and so what it tries next, is the same for a
    run that goes on.

    Parameters
    ----------
    objective : SampleObjective
        What is descended on.
    pieces : Pieces
        Where it is kept.
    """

    def __init__(self, objective: SampleObjective, pieces: Pieces) -> None:
        self._origin = objective.measure.origin
        self._tally = objective.rows.tally
        self._pieces = pieces

    def one(
        self, name: str, descend: Callable[[], Solution], *, whole: Callable[[Solution], bool] | None = None
    ) -> Solution:
        """Return where one descent led; `whole` says whether it came to its end, else its stop reason."""
        return self.several(name, 1, lambda: [descend()], whole=whole)[0]

    def several(
        self,
        name: str,
        number: int,
        descend: Callable[[], Sequence[Solution]],
        *,
        whole: Callable[[Solution], bool] | None = None,
    ) -> Sequence[Solution]:
        """Return where a number of descents led: just now, or in the run that this one goes on from."""
        before = self._tally.done

        def compute() -> tuple[Sequence[Solution], float]:
            ends = descend()
            return ends, self._tally.done - before

        def kept(done: tuple[Sequence[Solution], float]) -> dict[str, Any] | None:
            ends, cost = done
            ended = all(map(whole, ends)) if whole else not any(one.stop_reason in CUT_SHORT for one in ends)
            finite = all(np.isfinite(one.nll) and np.isfinite(one.history).all() for one in ends)
            return {"ends": list(map(stored, ends)), "cost": cost} if ended and finite else None

        def read(content: dict[str, Any]) -> tuple[Sequence[Solution], float]:
            ends = [solution_of(one, self._origin) for one in content["ends"]]
            if len(ends) != number:
                raise ValueError(f"{len(ends)} ends of {number} descents")
            return ends, restored(float, content["cost"])

        ends, cost = self._pieces.piece(name, compute, kept, read)
        self._tally.done = before + cost
        return ends
