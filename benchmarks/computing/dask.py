"""Mixtures of rows that Dask has: bits of any number of workers, workers that die, efficiency."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

import gmmscape as gs
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, percent
from gmmscape.dask import DaskBlocks
from gmmscape.estimator.of_blocks import fit_blocks
from gmmscape.families import family_named
from gmmscape.measure.blocked import ArrayBlocks, BlockedSample, LocalBlocks, facts_of
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective

#: A worker by itself, without the nanny that would start another in its place.
WORKER = ("-m", "distributed.cli.dask_worker", "--no-nanny", "--nthreads", "1", "--no-dashboard")
#: Partitions of one row and of none are among them.
SIZES = (30_000, 0, 1, 45_000, 20_000, 1, 0, 25_000)
SMALL_SIZES = (400, 0, 1, 300)
#: EM alone, so many steps: where workers die it has to be in the midst.
STEPS: dict[str, Any] = {
    "escape": False,
    "accelerate": False,
    "max_iter": 25,
    "tol": 1e-12,
    "random_state": 0,
}
TIMEOUT = 5.0


class Timed:
    """A pass timed: rows of d columns in partitions, k components."""

    def __init__(self, small: bool) -> None:
        self.partitions, self.rows, self.d, self.k = (4, 2_000, 4, 4) if small else (8, 150_000, 16, 48)
        self.pairs, self.passes = (3, 2) if small else (9, 2)


def cases(small: bool) -> Iterator[Case]:
    """Yield fits by one, two and three workers, fits whose workers are killed, and passes that are timed."""
    for n in (1, 2, 3):
        yield Case(f"same bits, workers={n}", partial(same_bits, n, small))
    yield Case("one of two workers killed in the midst", partial(killed, 1, small))
    yield Case("both of two workers killed in the midst", partial(killed, 2, small))
    yield Case("two workers against one", partial(efficiency, Timed(small)))


@contextmanager
def workers(n: int) -> Iterator[tuple[Any, list[subprocess.Popen[bytes]]]]:
    """Yield the client of a cluster of n processes of one thread each, and these."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=0, dashboard_address=":0") as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        command = [sys.executable, *WORKER, cluster.scheduler_address]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        processes = [subprocess.Popen(command, **quiet) for _ in range(n)]
        try:
            client.wait_for_workers(n, timeout=300)
            yield client, processes
        finally:
            for process in processes:
                process.kill()
                process.wait()


def blobs(n: int, d: int, k: int, *, apart: float, seed: int) -> np.ndarray:
    """Return rows around k random centers."""
    rng = np.random.default_rng(seed)
    centers = apart * rng.standard_normal((k, d))
    return centers[rng.integers(k, size=n)] + rng.standard_normal((n, d))


def rows_in(sizes: tuple[int, ...]) -> tuple[Any, list[np.ndarray]]:
    """Return an array of Dask with partitions of these sizes, and the partitions."""
    from dask.array import from_array

    X = blobs(sum(sizes), 3, 5, apart=4.0, seed=1)
    return from_array(X, chunks=(sizes, 2)), np.split(X, np.cumsum(sizes)[:-1])


def bits(model: Any) -> list[bytes]:
    """Return all that a fit has found, as bytes."""
    found = [model.weights_, model.means_, model.covariances_, np.array(model.lower_bounds_)]
    return [array.tobytes() for array in found]


def same_bits(n: int, small: bool) -> dict[str, Any]:
    """Compare a default fit by n workers with one in this process."""
    X, parts = rows_in(SMALL_SIZES if small else SIZES)
    local = gs.GaussianMixture(5, random_state=0).fit(LocalBlocks(ArrayBlocks(parts)))
    with workers(n) as (client, _):
        model = gs.GaussianMixture(5, random_state=0).fit(DaskBlocks(X, client=client))
    return {"same": bits(model) == bits(local), "n_iter": model.n_iter_, "partitions": len(parts)}


def killed(n: int, small: bool) -> dict[str, Any]:
    """Kill n of two workers after five iterations, and say what became of the fit."""
    X, parts = rows_in(SMALL_SIZES if small else SIZES)
    model, at = gs.GaussianMixture(5, **STEPS), []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that iterations run out is wanted
        local = gs.GaussianMixture(5, **STEPS).fit(LocalBlocks(ArrayBlocks(parts)))
        with workers(2) as (client, processes):

            def watch(event: Any) -> None:
                if event.stage == "em" and event.done == 5 and not at:
                    at.append(time.monotonic())
                    for process in processes[:n]:
                        process.kill()

            try:
                fit_blocks(model, DaskBlocks(X, client=client, timeout=TIMEOUT), watch)
                error = None
            except gs.GmmscapeError as caught:
                error = type(caught).__name__
            seconds = time.monotonic() - at[0]
    same = error is None and bits(model) == bits(local)
    return {"same": same, "error": error, "seconds_after": round(seconds, 1), "timeout": TIMEOUT}


def efficiency(size: Timed) -> dict[str, Any]:
    """Time passes by one worker and by two, in turns, and how much of the time these compute."""
    with workers(1) as (one, first), workers(2) as (two, second):
        sides = [Side(size, client, processes) for client, processes in ((one, first), (two, second))]
        for side in sides:
            side.time()  # what is loaded or started once
        pairs = []
        for turn in range(size.pairs):
            found = {i: sides[i].time() for i in ((0, 1) if turn % 2 == 0 else (1, 0))}
            pairs.append((*found[0], *found[1]))
    seconds_one, busy_one, seconds_two, busy_two = np.transpose(pairs)
    of_each = seconds_one / (2.0 * seconds_two)
    return {
        "efficiency": float(np.median(of_each)),
        "quartiles": np.quantile(of_each, [0.25, 0.75]).tolist(),
        "efficiencies": of_each.tolist(),
        "pass_seconds_one": float(np.median(seconds_one)),
        "pass_seconds_two": float(np.median(seconds_two)),
        # Of the processor time that one worker takes, what two of them take: work that the second one adds.
        "work_ratio": float(np.median(busy_two / busy_one)),
        "load": round(os.getloadavg()[0], 1),
        "pairs": size.pairs,
        "rows": size.partitions * size.rows,
    }


class Side:
    """A cluster with its rows, and a mixture to pass over them with."""

    def __init__(self, size: Timed, client: Any, processes: list[Any]) -> None:
        from dask.array import concatenate, from_delayed
        from dask.delayed import delayed

        parts = [
            from_delayed(
                delayed(blobs)(size.rows, size.d, size.k, apart=2.0, seed=seed),
                (size.rows, size.d),
                np.float64,
            )
            for seed in range(size.partitions)
        ]
        blocks = DaskBlocks(concatenate(parts), client=client)
        sample = BlockedSample(blocks, facts_of(blocks))
        means = np.random.default_rng(0).standard_normal((size.k, size.d))
        given = Mixture(np.full(size.k, 1.0 / size.k), means, np.tile(np.eye(size.d), (size.k, 1, 1)), "full")
        self._mixture = sample.local_mixture(given)
        self._objective: Any = Objective(sample, family_named("full"), sample.rows(self._mixture))
        self._processes, self._passes = processes, size.passes

    def time(self) -> tuple[float, float]:
        """Return the seconds of a pass with its M-step, and the processor time of the workers in it."""
        began, busy = time.perf_counter(), self._busy()
        for _ in range(self._passes):
            self._objective.update(self._objective.statistics(self._mixture), self._mixture)
        return (time.perf_counter() - began) / self._passes, (self._busy() - busy) / self._passes

    def _busy(self) -> float:
        import psutil

        times = [psutil.Process(process.pid).cpu_times() for process in self._processes]
        return sum(one.user + one.system for one in times)


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return whether bits agree, what became of fits whose workers were killed, and the efficiency."""
    fits = [case for name, case in done.items() if name.startswith("same bits")]
    one = done.get("one of two workers killed in the midst", {})
    both = done.get("both of two workers killed in the midst", {})
    timed = done.get("two workers against one", {})
    return {
        "same": sum(case["same"] for case in fits),
        "of": len(fits),
        "killed_same": one.get("same"),
        "gone_error": both.get("error"),
        "gone_seconds": both.get("seconds_after"),
        "timeout": both.get("timeout"),
        **{
            key: timed.get(key)
            for key in ("efficiency", "quartiles", "pass_seconds_one", "work_ratio", "load")
        },
    }


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row for each question."""
    low, high = summary["quartiles"]
    measured = f"{percent(summary['efficiency'])} (quartiles {percent(low)}, {percent(high)})"
    rows = [
        ("fits with the bits of one process", f"{summary['same']} of {summary['of']}"),
        ("the same where one of two workers is killed", "yes" if summary["killed_same"] else "no"),
        ("where both are killed", f"{summary['gone_error']} after {summary['gone_seconds']} s"),
        ("efficiency of two workers", measured),
        ("processor time of two workers over that of one", f"{summary['work_ratio']:.3f}"),
        ("load of the machine, other work included", summary["load"]),
    ]
    figures = {"same": f"{summary['same']} of {summary['of']}", "efficiency": percent(summary["efficiency"])}
    return Shown(figures, ("question", "answer"), rows)


PAGE = Page(
    question="Does a fit by Dask depend on the workers, and how well do two share the work?",
    setup="""Worker processes of one thread each on one machine. Bits: default fits of 120,000 x 3 rows,
    k = 5, in eight partitions, two of them empty and two of one row, by 1, 2 and 3 workers; a worker killed
    (SIGKILL) after five iterations of 25; both killed, with a timeout of 5 s. Efficiency: passes with their
    M-step over
    1.2e6 x 16 rows in eight partitions, k = 48, full covariances, one worker and two in turns, medians of
    pairs; the search on the coreset, which one process does, is not in it. The machine has two cores, and did
    other work beside.""",
    sentence="{same} fits have the bits of one process; two workers have an efficiency of {efficiency}.",
    claim="a fit by Dask does not depend on how many workers there are, nor on one that dies",
    number="{same} fits the same; efficiency of two workers {efficiency}",
    loses="the search works on a coreset in one process",
    shown=shown,
)


BENCHMARK = Benchmark("fits by Dask: the same bits, workers that die, efficiency", cases, summary, PAGE)
