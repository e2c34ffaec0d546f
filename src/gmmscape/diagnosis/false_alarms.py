"""How large a gain the search would find if the fit were the truth: the parametric bootstrap."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.measure import Sample
from gmmscape.mixture import Mixture
from gmmscape.moves.mixture_problem import JUDGE, MixtureProblem
from gmmscape.moves.search import search
from gmmscape.objective import Objective, SampleObjective
from gmmscape.progress import Budget, Stopped
from gmmscape.solve import descend
from gmmscape.threads import limited, thread_count


def bootstrapped_gains(
    objective: SampleObjective, fit: Mixture, n_samples: int, seed: int, *, take_nested: bool, budget: Budget
) -> tuple[FloatArray, str]:
    """Return what the search gains on samples drawn from a fit, EM having started at the fit.

    Parameters
    ----------
    objective : SampleObjective
        Of the data: their effective number of rows and their floor are those of the samples.
    fit : Mixture
        In local coordinates.
    n_samples : int
        Samples to draw; sample b depends on `seed` and b alone.
    seed : int
        Of the samples.
    take_nested : bool
        Whether gains by nesting count.
    budget : Budget
        Time and callback.

    Returns
    -------
    tuple of (ndarray, str)
        Gains in nats in total, one a sample, and "completed"; or those that were done, and what ended
        the work early: "time_limit" or "interrupted". Cost: a search of each sample.
    """
    beside = objective.background_beside(fit)
    drawn_from = fit if beside is None else fit.beside(beside.moved(-objective.measure.origin))
    n = int(np.clip(round(objective.measure.effective_rows), 2, EFFORT.diagnosis.bootstrap_rows))

    gaps = np.isnan(objective.measure.points) if objective.measure.incomplete else None

    def gain(number: int) -> float:
        budget.check()
        rng = np.random.default_rng([seed, 5, number])
        rows, _ = drawn_from.sample(n, rng)
        if gaps is not None:  # as many as in the data, wherever they were there
            rows[gaps[rng.integers(len(gaps), size=n)]] = np.nan
        with limited(threads):
            return _gain(objective, fit, rows, seed, take_nested, budget.check)

    found: list[float] = []
    ended = "completed"
    workers = min(thread_count(), n_samples)
    threads = thread_count() // workers
    pool = ThreadPoolExecutor(max_workers=workers)
    try:
        for one in pool.map(gain, range(n_samples)):
            found.append(one)
            budget.report("bootstrap", len(found), n_samples, one)
    except Stopped as stop:
        ended = str(stop)
    except KeyboardInterrupt:
        ended = "interrupted"
    finally:
        pool.shutdown(cancel_futures=True)
    return np.array(found), ended


def _gain(
    of: SampleObjective,
    fit: Mixture,
    rows: FloatArray,
    seed: int,
    take_nested: bool,
    check: Callable[[], None],
) -> float:
    sample = Sample(rows, copy=False, background=of.measure.local_background)
    start = sample.local_mixture(fit)
    objective = Objective.near(sample, of.family.about(sample.origin), start)
    polished = descend(JUDGE, objective, start)
    check()
    problem = MixtureProblem(objective, take_nested=take_nested, seed=seed, hold_out=False)
    escape = search(problem, polished, Budget("diagnose"))
    if escape.stop_reason != "completed":
        raise Stopped(escape.stop_reason)
    return max(0.0, polished.value - escape.fit.value) * len(rows)
