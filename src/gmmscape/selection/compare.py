"""Fits side by side: the table of their figures, and the one that a criterion prefers."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from gmmscape.exceptions import NoResultError
from gmmscape.progress import Stopped
from gmmscape.selection.criteria import scores
from gmmscape.selection.folds import held_out
from gmmscape.selection.ladder import Ladder, Rung
from gmmscape.selection.result import SIGN, Chosen, Selection
from gmmscape.tolerances import TOLERANCES


def table_of(
    ladders: dict[str, Ladder], kinds: list[str], counted: float, criterion: str, n_folds: int, ended: str
) -> tuple[list[dict[str, Any]], str]:
    """Return a row for each fit, by family as given and number of components, and what ended the work."""
    table = []
    for kind in kinds:
        ladder, below, sound_below = ladders[kind], np.inf, np.inf
        for _, rung in sorted(ladder.rungs.items()):
            sound = rung.refusal is None
            # Beside a fit that may not win, one that may has always gained something.
            table.append(_row(ladder, rung, counted, sound_below if sound else below))
            below, sound_below = rung.nll, rung.nll if sound else sound_below
    if criterion == "heldout" and ended == "completed":
        try:
            _judge_on_held_out(table, ladders, n_folds)
        except Stopped as stop:
            ended = str(stop)
        except KeyboardInterrupt:
            ended = "interrupted"
    return table, ended


def _row(ladder: Ladder, rung: Rung, counted: float, below: float) -> dict[str, Any]:
    solution = rung.fit.solution
    objective = ladder.objective(solution.local.n_components)
    columns = ladder.sample.n_varying
    found = scores(objective, solution.local, solution.nll, counted, columns)
    flags = []
    if rung.refusal is not None:
        flags += ["refused", rung.refusal]
    if below - rung.nll <= TOLERANCES.selection.same / ladder.sample.effective_rows:
        flags.append("nothing gained")
    if solution.stop_reason != "converged":
        flags.append(solution.stop_reason)
    better = rung.refused is not None and rung.refused.solution.nll < rung.nll
    return {
        "n_components": solution.mixture.n_components,
        "covariance_type": ladder.name,
        "log_likelihood": -ladder.total * solution.nll,
        "n_parameters": found.n_parameters,
        "bic": found.bic,
        "icl": found.icl,
        "heldout": None,
        "chosen": False,
        "flags": tuple(flags),
        "found_by": rung.found_by,
        "refused_log_likelihood": -ladder.total * rung.refused.solution.nll
        if better and rung.refused is not None
        else None,
    }


def _judge_on_held_out(table: list[dict[str, Any]], ladders: dict[str, Ladder], n_folds: int) -> None:
    for place, row in enumerate(table):
        if "refused" in row["flags"] or "nothing gained" in row["flags"]:
            continue
        ladder = ladders[row["covariance_type"]]
        solution = ladder.rungs[row["n_components"]].fit.solution
        ladder.begin("heldout", place, len(table), 1, row["n_components"])
        ladder.budget.report("heldout", place, value=solution.nll)
        fitted = partial(ladder.refitted, row["n_components"])
        row["heldout"] = held_out(ladder.sample, fitted, n_folds, ladder.plan.seed)


def chosen_from(
    table: list[dict[str, Any]],
    ladders: dict[str, Ladder],
    criterion: str,
    ended: str,
    seed: int,
    settings: dict[str, Any],
) -> Selection:
    """Mark the row that the criterion prefers; where all are refused, that of the fewest parameters."""
    if not table:
        raise NoResultError(f"the selection ended before there was a fit ({ended}): raise max_seconds")
    if all(row[criterion] is None for row in table):
        criterion = "bic"  # stopped before rows were held out
    judged = [row for row in table if row[criterion] is not None]
    # Of fits whose likelihoods mean nothing, the simplest.
    best = min(
        judged,
        key=lambda row: (
            "refused" in row["flags"],
            "refused" not in row["flags"] and SIGN[criterion] * row[criterion],
            row["n_parameters"],
        ),
    )
    best["chosen"] = True
    fits = {
        (kind, k): rung.fit for kind, ladder in ladders.items() for k, rung in sorted(ladder.rungs.items())
    }
    fit = fits[best["covariance_type"], best["n_components"]]
    prior = ladders[best["covariance_type"]].objective(best["n_components"]).family.prior
    return Selection(Chosen.of(fit, covariance_prior=prior, **settings), table, fits, criterion, ended, seed)
