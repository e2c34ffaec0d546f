"""agreement_against_size: how often samples of a size have the landscape of their population."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from gmmscape.exceptions import InvalidParameterError, NoResultError
from gmmscape.landscape.atlas.atlas import Atlas
from gmmscape.landscape.comparison.matching import expected_spread, matched, population_minima
from gmmscape.landscape.comparison.size_curve import SizeCurve
from gmmscape.landscape.landscape import Landscape
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.measure import Sample
from gmmscape.progress import Budget, Callback, Stopped
from gmmscape.threads import limited
from gmmscape.validation import positive_integer, random_state_too
from gmmscape.work.journal import Journal, seed_for
from gmmscape.work.tasks import Task, Tasks, closed


@random_state_too
def agreement_against_size(
    population: Landscape,
    sizes: Sequence[int],
    *,
    n_draws: int = 200,
    atlas: Atlas | None = None,
    n_starts: int = 16,
    rng: Any = None,
    n_jobs: int = 1,
    max_seconds: float | None = None,
    callback: Callback | None = None,
    checkpoint: str | Path | None = None,
    verbose: int = 0,
) -> SizeCurve:
    """Measure how often samples of each size have the population's landscape, and how far their minima are.

    Each sample is compared as `compare` does.

    Parameters
    ----------
    population : Landscape
        Of a population, with equal weights.
    sizes : sequence of int
        Rows of a sample.
    n_draws : int, default=200
        Samples of each size.
    atlas : Atlas, optional
        Minima of the population; what `explore` finds by default.
    n_starts : int, default=16
        Random starts in the landscape of each sample.
    rng : None, int or numpy.random.Generator, default=None
        Seed; sample i of a size depends on it, on the size and on i alone.
    n_jobs : int, default=1
        Processes; -1 for all cores. No number depends on it.
    max_seconds : float, optional
        Time budget, checked after each sample.
    callback : callable, optional
        Called with an `Event` after each sample (stage "samples", detail: size, agrees); returning True
        stops.
    checkpoint : str or Path, optional
        JSON file that finished samples are kept in; if it exists, the work goes on from it, without `rng`
        with its seed. Sizes and draws may be added.
    verbose : int, default=0
        1 prints every two seconds how far it has come.

    Returns
    -------
    SizeCurve
        Shares with intervals, distances, `smallest` and `slope`. Ctrl-C, the budget and the callback end the
        work with the samples that were done. Cost: some hundredths of a second a sample on a line, plus what
        EM of its rows costs.

    Raises
    ------
    InvalidParameterError
        If a parameter is not usable, or the checkpoint is one of another population.
    NotAvailableError
        If the weights of the landscape are free.
    NoResultError
        If the work was ended before one sample was done.

    Examples
    --------
    >>> import gmmscape as gs
    >>> from gmmscape import lab
    >>> truth = gs.Mixture.location([-3, 3, 12], sigma=1.0)
    >>> land = lab.Landscape(lab.Population(truth), n_components=3)
    >>> curve = lab.agreement_against_size(land, [10, 1000], n_draws=10, rng=0)
    >>> curve.shares[1].value
    1.0
    """
    seed = seed_for(checkpoint, rng)
    minima = population_minima(population, atlas, seed)
    wanted = sorted({positive_integer("sizes", size) for size in sizes})
    if not wanted or wanted[0] < population.n_components:
        raise InvalidParameterError.of(
            "sizes", list(sizes), f"pass numbers of rows from n_components={population.n_components} on"
        )
    n_draws = positive_integer("n_draws", n_draws)
    n_starts = positive_integer("n_starts", n_starts, minimum=0)
    if n_jobs != -1:
        n_jobs = positive_integer("n_jobs", n_jobs)
    budget = Budget.of("agreement_against_size", max_seconds, callback, verbose)
    journal = Journal(checkpoint, budget.task, _facts(population, minima, n_starts, seed))
    tasks = [
        Task(f"n={size} sample {draw}", _one, (population, minima, size, draw, n_starts, seed))
        for size in wanted
        for draw in range(n_draws)
    ]
    results, reason = _carried_out(Tasks(journal, n_jobs, budget), tasks)
    if not results:
        raise NoResultError(f"no sample was done before the end ({reason}): give it longer")
    return _summed_up(population, minima, wanted, n_draws, results, reason, (n_starts, seed))


def _carried_out(work: Tasks, tasks: list[Task]) -> tuple[list[dict[str, Any]], str]:
    """The results of the tasks that were done, in order, and why the work ended."""
    results: list[dict[str, Any]] = []

    def told(one: dict[str, Any]) -> dict[str, Any]:
        return {"size": one["size"], "agrees": _agrees(one)}

    try:
        with closed(work.run("samples", tasks, detail=told, last=True)) as found:
            for one in found:
                results.append(one)  # not extend: what was done before an interruption counts
    except Stopped as stop:
        return results, str(stop)
    except KeyboardInterrupt:
        return results, "interrupted"
    finally:
        work.close()
    return results, "completed"


def _one(
    population: Landscape,
    minima: tuple[CriticalPoint, ...],
    size: int,
    draw: int,
    n_starts: int,
    seed: int,
) -> dict[str, Any]:
    """One sample compared, in values of JSON."""
    truth = population.measure.truth
    assert truth is not None
    rows = truth.sample(size, np.random.default_rng([seed, size, draw]))[0]
    with limited(1):
        found = matched(Sample(rows, copy=False), population, minima, n_starts, draw)
    distances = [None if partner is None else partner[1] for partner in found.partners]
    n_matched = sum(distance is not None for distance in distances)
    return {"size": size, "distances": distances, "new": len(found.minima) - n_matched}


def _agrees(one: dict[str, Any]) -> bool:
    return None not in one["distances"] and one["new"] == 0


def _summed_up(
    population: Landscape,
    minima: tuple[CriticalPoint, ...],
    sizes: list[int],
    n_draws: int,
    results: list[dict[str, Any]],
    reason: str,
    effort: tuple[int, int],
) -> SizeCurve:
    done = [size for size in sizes if any(one["size"] == size for one in results)]
    by_size = [[one for one in results if one["size"] == size] for size in done]
    distances = [np.array([one["distances"] for one in some], dtype=np.float64) for some in by_size]
    truth = population.measure.truth
    assert truth is not None
    return SizeCurve(
        sizes=tuple(done),
        distances=tuple(np.where(np.isnan(each), np.inf, each) for each in distances),
        new=tuple(np.array([one["new"] for one in some], dtype=np.intp) for some in by_size),
        minima=minima,
        expected=tuple(expected_spread(population, minimum) for minimum in minima),
        n_draws=n_draws,
        n_components=population.n_components,
        sigma=population.sigma,
        truth=truth,
        n_starts=effort[0],
        seed=effort[1],
        stop_reason=reason,
    )


def _facts(
    population: Landscape, minima: tuple[CriticalPoint, ...], n_starts: int, seed: int
) -> dict[str, Any]:
    """What must be the same for samples to be of use."""
    truth = population.measure.truth
    assert truth is not None
    means = np.stack([minimum.means for minimum in minima])
    return {
        "truth": truth.to_dict(),
        "n_components": population.n_components,
        "sigma": population.sigma,
        "minima": sha256(means.round(6).tobytes()).hexdigest(),
        "n_starts": n_starts,
        "rng": seed,
    }
