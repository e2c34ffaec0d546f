"""The bootstrap: refits to rows drawn again, or given random weights, each from the fit in hand."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray
from gmmscape.effort import EFFORT
from gmmscape.families import Family
from gmmscape.inference.quantities import values
from gmmscape.inference.rows import Worth
from gmmscape.measure import Sample
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective, SampleObjective
from gmmscape.progress import Budget, Stopped
from gmmscape.solve import EM, descend
from gmmscape.work.journal import Journal
from gmmscape.work.kept_file import as_kept
from gmmscape.work.tasks import Task, Tasks

#: Methods, and what rows get instead of their weights.
BOOTSTRAPS = ("bootstrap", "weighted bootstrap")


class Plan(NamedTuple):
    """What is drawn: which bootstrap, how many refits, the seed, processes, where they are kept."""

    method: str
    number: int
    seed: int
    n_jobs: int
    checkpoint: str | Path | None


class Refits(NamedTuple):
    """Quantities of the refits that are of use, (r, p), how many are not, and how the work ended."""

    values: FloatArray
    left_out: int
    stop_reason: str


def refits(
    objective: SampleObjective, fit: Mixture, worth: Worth, plan: Plan, solver: EM, budget: Budget
) -> Refits:
    """Refit the mixture again and again, and return what becomes of its quantities.

    Parameters
    ----------
    objective : Objective
        Of the rows; prior and floor of its family stay as they are.
    fit : Mixture
        Where each refit starts, in local coordinates.
    worth : Worth
        Of the rows: so many independent ones are drawn.
    plan : Plan
        What is drawn.
    solver : EM
        Of the refits.
    budget : Budget
        Time and callback.

    Returns
    -------
    Refits
        Cost: an EM run from the fit for each, mostly a few dozen passes.
    """
    sample, family = objective.measure, objective.family
    facts = {
        "data": sample.digest,
        "family": family.name,
        "fit": [part.tolist() for part in (fit.weights, fit.means, fit.covariances)],
        "held": None if family.held is None else family.held.content(),
        "prior": None if family.prior is None else family.prior.rows,
        "method": plan.method,
        "rng": plan.seed,
    }
    tasks = Tasks(
        Journal(plan.checkpoint, "standard_errors", facts),
        plan.n_jobs,
        budget,
        size=EFFORT.inference.refits_together,
        total=plan.number,
    )
    blocks = range(0, plan.number, EFFORT.inference.refits_together)
    some = [
        Task(f"refits {first}", _block, (sample, family, fit, worth, plan.method, plan.seed, first, solver))
        for first in blocks
    ]
    found: list[Any] = []
    ended = _collected(tasks.run("refits", some, last=True), found)
    tasks.close()
    with as_kept():
        rows = [one for block in found for one in block][: plan.number]
        kept = [one for one in rows if one is not None]
        table = np.array(kept, dtype=np.float64).reshape(len(kept), len(values(fit)))
    return Refits(table, len(rows) - len(kept), ended)


def _collected(results: Generator[Any, None, None], found: list[Any]) -> str:
    """Collect results until the work is done or ended; how it ended."""
    try:
        for block in results:
            found.append(block)
    except Stopped as stopped:
        return str(stopped)
    except KeyboardInterrupt:
        return "interrupted"
    return "completed"


def _block(
    sample: Sample, family: Family, fit: Mixture, worth: Worth, method: str, seed: int, first: int, solver: EM
) -> list[list[float] | None]:
    """Refits number `first` and the next ones; each depends on its number alone."""
    numbers = range(first, first + EFFORT.inference.refits_together)
    return [_refit(sample, family, fit, _drawn(sample, worth, method, seed, i), solver) for i in numbers]


def _drawn(sample: Sample, worth: Worth, method: str, seed: int, number: int) -> FloatArray:
    """Weights of the rows in one refit, shape (n,)."""
    rng = np.random.default_rng([seed, 7, number])  # [seed, 0] is the stream that data may come from
    n = len(sample)
    counts = np.ones(n) if worth.counts is None else worth.counts
    if method == "bootstrap":
        draws = max(1, round(float(counts.sum()) / worth.repetition))
        drawn = rng.multinomial(draws, counts / counts.sum()).astype(np.float64)
    else:
        drawn = rng.gamma(counts / worth.repetition)
    return drawn if worth.counts is not None else drawn * sample.weights


def _refit(
    sample: Sample, family: Family, fit: Mixture, weights: FloatArray, solver: EM
) -> list[float] | None:
    """Quantities of the fit to rows of these weights; None where it collapsed or did not converge."""
    drawn = np.flatnonzero(weights > 0)
    rows = sample.rows(fit).taken(drawn, weights[drawn] / weights.sum())
    objective = Objective(sample, family, rows)
    found = descend(solver, objective, fit)
    if not found.converged or np.any(family.on_floor(found.local) & ~family.on_floor(fit)):
        return None
    kept = None if family.held is None else ~family.movable(fit.n_components)
    return values(found.local.permuted(in_order_of(found.local, fit, kept))).tolist()


def in_order_of(mixture: Mixture, reference: Mixture, kept: BoolArray | None = None) -> FloatArray:
    """Return the order in which components correspond to those of a reference, shape (k,).

    Components are as far apart as Hellinger's distance says, which sees widths as well as means: a core in a
    halo has its mean. Those that are `kept` keep their places.
    """
    from scipy.optimize import linear_sum_assignment

    one, other = mixture.full_covariances()[None], reference.full_covariances()[:, None]
    middle = 0.5 * (one + other)
    gaps = reference.means[:, None] - mixture.means[None]
    logs = [np.linalg.slogdet(matrices)[1] for matrices in (one, other, middle)]
    lengths = np.einsum("...i,...i", gaps, np.linalg.solve(middle, gaps[..., None])[..., 0])
    distance = 0.125 * lengths + 0.5 * (logs[2] - 0.5 * (logs[0] + logs[1]))  # Bhattacharyya's
    costs = -np.exp(-distance)
    if kept is not None:
        costs[(kept[:, None] | kept) & ~np.eye(len(kept), dtype=bool)] = np.inf
    return linear_sum_assignment(costs)[1]
