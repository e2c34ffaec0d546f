"""A fit to rows in blocks kept in a checkpoint: where its search ended, how far EM on all rows has come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gmmscape.estimator.document import FitDocument
from gmmscape.estimator.kept.watched_em import EM_STATE, WatchedEM
from gmmscape.objective import Objective
from gmmscape.solve import CUT_SHORT, EM, Solution, solution_of, stored
from gmmscape.work.journal import Journal
from gmmscape.work.kept_file import as_kept

#: Names of what else is kept.
SEARCH, SOLUTION = "search", "solution"
#: Runs a solver: from it, the content of the state to go on from, if any, and the iterations before that.
Runner = Callable[[WatchedEM, dict[str, Any] | None, int], Solution]


class KeptFit:
    """What is kept of a fit. What it returns went through the values of the file, just now or before: so a
    fit that goes on and one that never stopped have the same bits.

    Parameters
    ----------
    journal : Journal
        Where it is kept.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def searched(self, kind: Any, compute: Callable[[], Any]) -> Any:
        """Return the estimator, of that class, fitted to the coreset; one cut short is not kept."""
        if SEARCH not in self._journal:
            found = compute()
            if cut_short(found):
                return found
            self._journal.put(SEARCH, found.document().to_dict())
            self._journal.save(now=True)
        with as_kept():
            return kind.of_document(FitDocument.from_dict(self._journal[SEARCH]))

    def polished(self, em: EM, objective: Objective[Any], carry_out: Runner) -> Solution:
        """Return where EM leads on all rows, from where it was."""
        origin, unit = objective.measure.origin, objective.rows.log_unit
        with as_kept():
            if SOLUTION in self._journal:
                return solution_of(self._journal[SOLUTION], origin)
            kept = EM_STATE in self._journal
            begun = self._journal[EM_STATE] if kept else None
            values = [] if begun is None else [begun["first"], *begun["values"][:-1]]
        solver = WatchedEM(em, len(values), self._journal, values[0] if values else None)
        try:
            solution = carry_out(solver, begun, len(values))
        finally:
            solver.put()
        solution = replace(
            solution,
            n_iter=len(values) + solution.n_iter,
            history=(*(value + unit for value in values), *solution.history),
        )
        content = stored(solution)
        if solution.stop_reason not in CUT_SHORT:
            self._journal.put(SOLUTION, content)
        return solution_of(content, origin)


def cut_short(model: Any) -> bool:
    """Say whether a fit was ended by time, a callback or Ctrl-C."""
    return model.stop_reason_ in CUT_SHORT or model.diagnosis_.stop_reason in CUT_SHORT
