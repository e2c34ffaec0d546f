"""What it costs to find and rank moves, in iterations of EM; and how long a diagnosis takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import gmmscape as gs
from benchmarks.data import suite
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, short
from gmmscape import lab
from gmmscape.families import Floor, family_named
from gmmscape.moves.mixture_problem import MixtureProblem
from gmmscape.objective import Objective
from gmmscape.solve import EM, descend

ROWS, SMALL_ROWS = 1_000_000, 50_000
ROUNDS = 7
ITERATIONS = 20


def cases(small: bool) -> Iterator[Case]:
    """Yield the million rows by covariance, and the diagnosis of s1."""
    for kind in ("full", "tied", "diag", "spherical"):
        yield Case(f"finding and ranking, {kind}", partial(_ranking, kind, ROWS if not small else SMALL_ROWS))
    yield Case("diagnose s1", _diagnosis)


def _ranking(kind: str, n: int) -> dict[str, Any]:
    """All that is proposed at the reference fit of s1, on rows drawn from it: every group, ranked."""
    X, _ = suite("s1")
    reference = gs.GaussianMixture(15, covariance_type="full", random_state=0).fit(X)
    rows = reference.sample(n)[0]
    sample = lab.Sample(rows, copy=False)
    family = family_named(kind, Floor.of(sample.variance))
    model = gs.GaussianMixture(15, covariance_type=kind, means_init=reference.means_, escape=False, tol=1e-4)
    model.fit(rows)
    start = sample.local_mixture(gs.Mixture(model.weights_, model.means_, model.covariances_, kind))
    objective = Objective.near(sample, family, start)
    fit = descend(EM(max_iter=0), objective, start)

    def propose() -> None:
        problem = MixtureProblem(objective, take_nested=True, seed=0)
        assert sum(len(attempt.alternatives) for attempt in problem.proposals(fit, 1, lambda: None)) > 0

    def iterate() -> None:
        descend(EM(tol=0.0, max_iter=ITERATIONS, accelerate=False), objective, start)

    times: dict[str, list[float]] = {"propose": [], "iterate": []}
    for _ in range(ROUNDS):
        times["propose"].append(_seconds(propose))
        # Beside its iterations: the start, and the rounding at the end.
        times["iterate"].append(_seconds(iterate) / (ITERATIONS + 2))
    seconds = {name: float(np.median(values)) for name, values in times.items()}
    return {
        "proposing_seconds": seconds["propose"],
        "iteration_seconds": seconds["iterate"],
        "iterations": seconds["propose"] / seconds["iterate"],
    }


def _diagnosis() -> dict[str, Any]:
    X, _ = suite("s1")
    found = {}
    for name, options in (
        ("good", {"random_state": 0}),
        ("bad", {"random_state": 3, "escape": False, "init_params": "random_from_data"}),
    ):
        model = gs.GaussianMixture(15, **options).fit(X)
        times, diagnosis = [], None
        for _ in range(ROUNDS):
            began = time.perf_counter()
            diagnosis = gs.diagnose(model, X, rng=0)
            times.append(time.perf_counter() - began)
        assert diagnosis is not None
        found[name] = {
            "seconds": float(np.median(times)),
            "verdict": diagnosis.verdict,
            "tried": diagnosis.tried,
            "moves": len(diagnosis.moves),
        }
    return found


def _seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return iterations by covariance, and seconds."""
    return {
        **{name: figures["iterations"] for name, figures in done.items() if "iterations" in figures},
        "diagnose s1": {
            name: one["seconds"] for name, one in done["diagnose s1"].items() if name != "seconds"
        },
    }


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a family."""
    costs = {name: value for name, value in summary.items() if name != "diagnose s1"}
    seconds = summary["diagnose s1"]
    rows = [(name.rpartition(", ")[2], short(value, 2)) for name, value in costs.items()]
    figures = {
        "least": short(min(costs.values()), 2),
        "most": short(max(costs.values()), 2),
        "good": short(seconds["good"], 2),
        "bad": short(seconds["bad"], 2),
    }
    return Shown(figures, ("covariance", "cost of all proposals, in iterations of EM"), rows)


PAGE = Page(
    question="What does it cost to find and rank all moves, and how long does a diagnosis take?",
    setup="""1e6 rows drawn from a fit of s1, 15 components; `diagnose` on s1 itself, a good fit and a bad
    one.""",
    sentence="""All that is proposed costs {least} to {most} iterations; `diagnose` takes {good} s on the
    good fit and {bad} s on the bad one.""",
    claim="Looking for better optima costs a few iterations",
    number="{least} to {most} iterations of EM",
    loses="""the moves themselves are run through EM: a bad fit of s1 takes {bad} s to judge, a good one
    {good} s""",
    shown=shown,
)


BENCHMARK = Benchmark("the cost of finding and ranking moves, and of a diagnosis", cases, summary, PAGE)
