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
from pathlib import Path
from tempfile import TemporaryDirectory
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
#: What the summary has of the passes that are timed.
OF_TIMES = ("efficiency", "quartiles", "unhindered", "unhindered_quartiles", "pass_seconds", "load")


class Timed:
    """A pass timed: rows of d columns in partitions, k components."""

    def __init__(self, small: bool) -> None:
        self.partitions, self.rows, self.d, self.k = (4, 2_000, 4, 4) if small else (8, 400_000, 16, 48)
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
        command = [sys.executable, *WORKER, str(cluster.scheduler_address)]
        quiet = subprocess.DEVNULL
        processes = [subprocess.Popen(command, stdout=quiet, stderr=quiet) for _ in range(n)]
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
    """Kill n of two workers after five iterations, and say what became of the fit; then two others go on."""
    X, parts = rows_in(SMALL_SIZES if small else SIZES)
    at: list[float] = []
    with warnings.catch_warnings(), TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")  # that iterations run out is wanted
        local = gs.GaussianMixture(5, **STEPS).fit(LocalBlocks(ArrayBlocks(parts)))
        model = gs.GaussianMixture(5, **STEPS, checkpoint=str(Path(folder, "fit")))
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
        if error is not None:
            with workers(2) as (client, _):
                fit_blocks(model, DaskBlocks(X, client=client))
    return {
        "same": same,
        "error": error,
        "seconds_after": round(seconds, 1),
        "timeout": TIMEOUT,
        "same_after": bits(model) == bits(local),
    }


def efficiency(size: Timed) -> dict[str, Any]:
    """Time passes by one worker and by two, in turns."""
    with workers(1) as (one, first), workers(2) as (two, second):
        sides = [Side(size, client, processes) for client, processes in ((one, first), (two, second))]
        for side in sides:
            side.time()  # what is loaded or started once
        pairs = []
        for turn in range(size.pairs):
            found = {i: sides[i].time() for i in ((0, 1) if turn % 2 == 0 else (1, 0))}
            pairs.append([found[0], found[1]])
    seconds, busy, kept_waiting = np.moveaxis(np.array(pairs), 2, 0)
    own = seconds - kept_waiting / [1.0, 2.0]
    measured, unhindered = (each[:, 0] / (2.0 * each[:, 1]) for each in (seconds, own))
    return {
        "efficiency": float(np.median(measured)),
        "quartiles": np.quantile(measured, [0.25, 0.75]).tolist(),
        "unhindered": float(np.median(unhindered)),
        "unhindered_quartiles": np.quantile(unhindered, [0.25, 0.75]).tolist(),
        "efficiencies": measured.tolist(),
        "unhindered_efficiencies": unhindered.tolist(),
        "pass_seconds": np.median(seconds, axis=0).tolist(),
        "busy_seconds": np.median(busy, axis=0).tolist(),
        "kept_waiting_seconds": np.median(kept_waiting, axis=0).tolist(),
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

    def time(self) -> np.ndarray:
        """Return seconds of a pass with its M-step: in all, of computing, and of being kept waiting.

        They are kept waiting where they could compute and no processor is free.
        """
        began, before = time.perf_counter(), self._scheduled()
        for _ in range(self._passes):
            self._objective.update(self._objective.statistics(self._mixture), self._mixture)
        seconds = time.perf_counter() - began
        return np.array([seconds, *(self._scheduled() - before)]) / self._passes

    def _scheduled(self) -> np.ndarray:
        """Seconds that all threads of the workers have had a processor, and have waited for one (Linux)."""
        total = np.zeros(2)
        for process in self._processes:
            for thread in Path(f"/proc/{process.pid}/task").iterdir():
                total += np.array((thread / "schedstat").read_text().split()[:2], dtype=np.float64)
        return total * 1e-9


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
        "gone_same_after": both.get("same_after"),
        "timeout": both.get("timeout"),
        **{key: timed.get(key) for key in OF_TIMES},
    }


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row for each question."""
    rows = [
        ("fits with the bits of one process", f"{summary['same']} of {summary['of']}"),
        ("the same where one of two workers is killed", "yes" if summary["killed_same"] else "no"),
        ("where both are killed", f"{summary['gone_error']} after {summary['gone_seconds']} s"),
        ("the same when two others go on from its checkpoint", "yes" if summary["gone_same_after"] else "no"),
        ("efficiency of two workers, as measured", _with_quartiles(summary, "efficiency", "quartiles")),
        (
            "the same less what workers waited for a processor",
            _with_quartiles(summary, "unhindered", "unhindered_quartiles"),
        ),
        ("load of the machine, other work included", summary["load"]),
    ]
    figures = {"same": f"{summary['same']} of {summary['of']}"}
    for name in ("efficiency", "unhindered"):
        figures[name] = percent(summary[name])
    return Shown(figures, ("question", "answer"), rows)


def _with_quartiles(summary: dict[str, Any], name: str, quartiles: str) -> str:
    low, high = summary[quartiles]
    return f"{percent(summary[name])} (quartiles {percent(low)}, {percent(high)})"


PAGE = Page(
    question="Does a fit by Dask depend on the workers, and how well do two share the work?",
    setup="""Worker processes of one thread each on one machine. Bits: default fits of 120,000 x 3 rows,
    k = 5, in eight partitions, two of them empty and two of one row, by 1, 2 and 3 workers; a
    worker killed (SIGKILL) after five iterations of 25; both killed, with a timeout of 5 s, and two
    others that go on from the checkpoint. Efficiency: passes with their M-step over 3.2e6 x 16 rows
    in eight partitions, k = 48, full covariances, one worker and two in turns, medians of pairs; the
    search on the coreset, which one process does, is not in it. Workers, though of a raised
    priority, were kept waiting for a processor by whatever else a machine of two cores does; the
    kernel tells for how long.""",
    sentence="""{same} fits have the bits of one process; two workers have an efficiency of {unhindered}
    without the time in which other work had the processors, {efficiency} with it.""",
    claim="a fit by Dask does not depend on how many workers there are, nor on one that dies",
    number="{same} fits the same; efficiency of two workers {unhindered}, beside other work {efficiency}",
    loses="the search works on a coreset in one process",
    shown=shown,
)


BENCHMARK = Benchmark("fits by Dask: the same bits, workers that die, efficiency", cases, summary, PAGE)
