"""EM on all rows, from where a search on a coreset has ended."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gmmscape.families import CovariancePrior, Family, HeldParts, family_named, with_held
from gmmscape.measure.blocked import BlockedSample
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.progress import Budget, Event
from gmmscape.solve import EM, Regularity, Solution
from gmmscape.solve.loop import run


def family_on_all(
    name: str,
    sample: BlockedSample,
    regularity: Regularity,
    prior: CovariancePrior | None,
    held: HeldParts | None = None,
) -> Family:
    """Return a family under the floor of all rows and a coreset's prior, worth as many rows beside all.

    Parameters
    ----------
    name : str
        Of the family.
    sample : BlockedSample
        All rows.
    regularity : Regularity
        Limits that the user asks for.
    prior : CovariancePrior or None
        That the coreset suggests.
    held : HeldParts, optional
        What is not free.

    Returns
    -------
    Family
        In the local coordinates of the sample.
    """
    beside = None if prior is None else prior.beside(sample.counted_rows)
    asked = replace(regularity, prior_rows=0.0 if prior is None else prior.rows)
    return with_held(family_named(name, asked.floor(sample), beside), held, sample.origin)


def polished_on_all(
    solver: EM, sample: BlockedSample, family: Family, start: Mixture, budget: Budget
) -> Solution:
    """Return where EM on all rows leads from a mixture in the caller's coordinates; each step is told."""
    measure: Any = sample  # as far as EM asks, a measure like any other
    local = family.admissible(sample.local_mixture(start))
    objective: Objective[Any] = Objective(measure, family, measure.rows(local))

    def iterated(event: Event) -> bool:
        return budget.asks_to_stop("em", event.done, event.total, event.value, **event.detail)

    return run(solver, objective, local, max_seconds=budget.left, callback=iterated)
