"""Passes and time that the second-order phase takes to the limit of a fit, beside accelerated EM."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.data import suite
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, short
from gmmscape.engine import EmRun, Work
from gmmscape.families import family_named
from gmmscape.measure import Sample
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve import EM, start_around
from gmmscape.solve.batch import em_task, second_order_of

Array = NDArray[np.float64]
BEGUN = 30
#: Nats in total, above the limit.
NEAR = 1e-6
#: Iterations of accelerated EM from which on the second order has to be so many times as fast.
CREEPING, WANTED = 500, 5.0
MOST_ITERATIONS = 6_000
#: Seconds from which on a run is timed once.
SLOW = 2.0


def _overlapping(seed: int, n: int = 20_000, k: int = 15, spread: float = 0.8) -> Array:
    rng = np.random.default_rng([seed, 20])
    return rng.uniform(0.0, 10.0, (k, 2))[rng.integers(k, size=n)] + spread * rng.standard_normal((n, 2))


def _blobs(n: int, d: int, k: int, spread: float) -> Array:
    rng = np.random.default_rng([d, k])
    return spread * rng.standard_normal((k, d))[rng.integers(k, size=n)] + rng.standard_normal((n, d))


class Problem(NamedTuple):
    """Rows and what is fitted to them."""

    rows: Callable[[], Array]
    k: int
    family: str = "full"


PROBLEMS: dict[str, Problem] = {
    "s2": Problem(lambda: suite("s2")[0], 15),
    "a1": Problem(lambda: suite("a1")[0], 20),
    "5000 x 2 overlapping": Problem(partial(_overlapping, 9, 5000), 15),
    **{f"20000 x 2 overlapping {seed}": Problem(partial(_overlapping, seed), 15) for seed in range(5)},
    **{
        f"20000 x 2 overlapping 0 {family}": Problem(partial(_overlapping, 0), 15, family)
        for family in ("spherical", "diag", "tied")
    },
    "g2mg_16_50": Problem(lambda: suite("g2mg_16_50")[0], 2),
    "birch1": Problem(lambda: suite("birch1")[0], 100),
    "20000 x 16": Problem(partial(_blobs, 20_000, 16, 32, 1.0), 32),
    "20000 x 16 diag": Problem(partial(_blobs, 20_000, 16, 32, 1.0), 32, "diag"),
    "20000 x 64": Problem(partial(_blobs, 20_000, 64, 16, 0.6), 16),
}
SMALL = ("a1", "5000 x 2 overlapping")


def cases(small: bool) -> Iterator[Case]:
    """Yield the problems, all from the same kind of start."""
    for name in PROBLEMS if not small else SMALL:
        yield Case(name, partial(_case, PROBLEMS[name]))


class _Runs:
    """Runs from where thirty iterations of EM ended."""

    def __init__(self, problem: Problem) -> None:
        sample, family = Sample(problem.rows()), family_named(problem.family)
        start = start_around(sample, family, problem.k, "kmeans", np.random.default_rng(0))
        self.objective = Objective.near(sample, family, start)
        self.n, self.start = len(sample), start
        begun = self.run(EM(max_iter=BEGUN, second_order=False))
        self.start = Mixture(begun.weights, begun.means, begun.covariances, family.kind.name)

    def run(self, solver: EM) -> EmRun:
        at = self.start
        task = em_task(
            self.objective,
            self.objective.family,
            (at.weights[None], at.means[None], at.covariances[None]),
            tol=solver.tol,
            max_iter=solver.max_iter,
            accelerate=solver.accelerate,
            second_order=second_order_of(solver),
        )
        assert task is not None
        found = self.objective.rows.em(task)
        assert found is not None
        return found.runs[0]

    def to_the_limit(self, solver: EM) -> dict[str, Any]:
        """Work and time of the run that stops near its own limit."""
        whole = self.run(solver)
        near = int(np.flatnonzero((whole.history - whole.history.min()) * self.n <= NEAR)[0])
        short_of = replace(solver, max_iter=max(near, 1))
        began = time.perf_counter()
        found = self.run(short_of)
        slow = time.perf_counter() - began > SLOW
        return {
            "iterations": near,
            "work": list(found.work),
            "passes": self.passes(found.work),
            "milliseconds": 1e3 * _median(partial(self.run, short_of), 1 if slow else 5),
            "end": whole.end,
            "nll": float(whole.history.min()) * self.n,
        }

    def passes(self, work: Work) -> float:
        """Everything in passes, by the times that a Hessian and a product take here."""
        return work.passes + self.price[0] * work.hessians + self.price[1] * work.products

    def measure(self) -> None:
        """Take the times of a Hessian and a product, in passes."""
        rows, at, family = self.objective.rows, self.start, self.objective.family
        assert family.scores is not None
        size = at.means.size + len(at.weights) + family.kind.n_parameters(*at.means.shape)
        vector = np.random.default_rng(0).standard_normal(size)
        one = _median(partial(rows.statistics, at, family.scatter))
        product = _median(partial(rows.missing_product, at, family.scores, vector)) / one
        formed = size <= 1000
        hessian = (
            _median(partial(rows.information, at, family.scores, missing=True), 3) / one if formed else 0.0
        )
        self.price = (hessian, product)


def _median(work: Callable[[], Any], times: int = 5) -> float:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return float(np.median(taken))


def _case(problem: Problem) -> dict[str, Any]:
    runs = _Runs(problem)
    runs.measure()
    solver = EM(tol=1e-8, max_iter=MOST_ITERATIONS)
    second = runs.to_the_limit(solver)
    plain = runs.to_the_limit(replace(solver, second_order=False))
    return {
        "second": second,
        "em": plain,
        "hessian_passes": runs.price[0],
        "product_passes": runs.price[1],
        "times_as_fast": plain["milliseconds"] / second["milliseconds"],
        "nats_below_em": plain["nll"] - second["nll"],
    }


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the figures of each problem, and those of all."""
    passes = [row["second"]["passes"] for row in done.values()]
    creeping = [row["times_as_fast"] for row in done.values() if row["em"]["iterations"] > CREEPING]
    return {
        "problems": done,
        "median_passes": float(np.median(passes)),
        "most_passes": max(passes),
        "creeping": len(creeping),
        "least_times_as_fast": min(creeping, default=None),
        "max_iter": sum(row["second"]["end"] == "max_iter" for row in done.values()),
    }


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a problem."""
    rows = [
        (
            name,
            row["second"]["iterations"],
            f"{row['second']['passes']:.0f}",
            row["em"]["iterations"],
            f"{row['em']['passes']:.0f}",
            short(row["second"]["milliseconds"], 2),
            short(row["times_as_fast"], 2),
            short(row["hessian_passes"], 2) if row["hessian_passes"] else "-",
            short(row["product_passes"], 2),
            short(row["nats_below_em"], 2),
        )
        for name, row in summary["problems"].items()
    ]
    figures = {
        "median": f"{summary['median_passes']:.0f}",
        "most": f"{summary['most_passes']:.0f}",
        "creeping": summary["creeping"],
        "least": "-" if summary["least_times_as_fast"] is None else short(summary["least_times_as_fast"], 2),
    }
    columns = (
        "problem",
        "iterations",
        "passes",
        "EM's iterations",
        "EM's passes",
        "ms",
        "times as fast",
        "a Hessian, passes",
        "a product, passes",
        "nats below EM",
    )
    return Shown(figures, columns, rows)


PAGE = Page(
    question="How long does a fit take to converge?",
    setup="""From thirty iterations of accelerated EM after k-means, to within 1e-6 nats in total of the limit
    that each run reaches, tolerance 1e-8: second order and accelerated EM, at most 6,000 iterations. Hessians
    and products count as the passes that they take on these rows; medians of five, or one if long.""",
    sentence="""The second-order phase takes {median} passes in the median, {most} at most. On {creeping} sets
    accelerated EM takes over 500 iterations; the second order is {least} times as fast there or more.""",
    claim="Fits converge in some dozen passes where EM creeps for thousands of iterations",
    number="{median} passes in the median, {most} at most",
    loses="where EM converges by itself in a few dozen iterations, it is EM that does",
    shown=shown,
)


BENCHMARK = Benchmark("passes and time to the limit of a fit", cases, summary, PAGE)
