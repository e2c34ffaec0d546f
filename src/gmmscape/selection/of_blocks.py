"""select of rows in blocks: fits are compared on a coreset, and EM takes the chosen one to all rows."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gmmscape.diagnosis.assess import check_n_jobs
from gmmscape.diagnosis.blocked import StandIn, family_on_all, polished_on_all
from gmmscape.exceptions import InvalidParameterError, NotAvailableError
from gmmscape.measure.blocked import RowBlocks
from gmmscape.progress import Budget
from gmmscape.selection.result import Chosen, Selection
from gmmscape.solve import EM, Regularity
from gmmscape.threads import limited
from gmmscape.validation import generator, optional_seconds, positive_integer


def select_blocks(
    select: Callable[..., Selection], X: RowBlocks, n_components: Any, **options: Any
) -> Selection:
    """Return what `select` finds on a coreset of rows in blocks, its best fit after EM on all rows.

    Parameters
    ----------
    select : callable
        For rows in memory.
    X : RowBlocks
        The rows.
    n_components : int or iterable of int
        As `select` takes it.
    **options
        All other parameters of `select`. Without `rng` the coreset is that of seed 0.

    Returns
    -------
    Selection
        Its table, and all fits but the chosen one, are of the coreset.
    """
    began = time.monotonic()
    limit = optional_seconds("max_seconds", options["max_seconds"])
    check_n_jobs(options["n_jobs"])
    if options["sample_weight"] is not None:
        raise InvalidParameterError.of(
            "sample_weight", "an array", "rows in blocks bring their weights: open them with weights"
        )
    if options["background"] is not None:
        raise NotAvailableError("background: rows in blocks have none yet; leave it out")
    numbers = [n_components] if isinstance(n_components, int) else list(n_components)
    most = max((positive_integer("n_components", one) for one in numbers), default=1)
    rng = options["rng"] if options["rng"] is None else generator(options["rng"])
    with limited(options["n_jobs"]):
        stand_in = StandIn.of(X, most, 0 if rng is None else int(rng.integers(2**63)))

    def left() -> float | None:
        return None if limit is None else max(0.0, limit - (time.monotonic() - began))

    rest = {**options, "rng": rng, "max_seconds": left(), "sample_weight": stand_in.coreset.own_weights}
    found = select(stand_in.coreset.points, numbers, **rest)
    budget = Budget.of("select", left(), options["callback"], options["verbose"])
    solver = EM(tol=options["tol"], max_iter=options["max_iter"])
    with limited(options["n_jobs"]):
        return _with_best_on_all(found, stand_in, solver, budget)


def _with_best_on_all(found: Selection, stand_in: StandIn, solver: EM, budget: Budget) -> Selection:
    """A selection whose chosen fit is of all rows."""
    best = found.best
    sample = stand_in.sample
    regularity = Regularity.of(0.0, best.reg_covar, best.covariance_floor)
    family = family_on_all(best.family, sample, regularity, best.covariance_prior)
    solution = polished_on_all(solver, sample, family, best.mixture, budget)
    on = stand_in.compared(solution.mixture)
    diagnosis = best.diagnosis.told(stand_in.names)
    fit = replace(
        best.fit,
        solution=solution,
        diagnosis=replace(diagnosis, warnings=(*diagnosis.warnings, *on.told)),
    )
    chosen = Chosen.of(
        fit,
        n_samples=sample.n_samples,
        reg_covar=best.reg_covar,
        covariance_floor=best.covariance_floor,
        covariance_prior=family.prior,
        feature_names=stand_in.names,
    )
    key = found.best_covariance_type, found.best_n_components
    return replace(found, best=chosen, fits={**found.fits, key: fit}, searched_on=on)
