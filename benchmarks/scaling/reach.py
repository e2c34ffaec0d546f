"""Reach: what a pass costs, as a law in columns and components, and what that means for more rows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

import gmmscape as gs
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, percent, short
from gmmscape.engine import hold
from gmmscape.threads import limited

#: Columns and components that passes are timed for, and others that the law is held against.
FITTED = [(2, 8), (2, 32), (8, 8), (8, 32), (32, 8), (32, 32)]
FORESEEN = [(4, 16), (16, 16), (16, 64)]
ROWS_TIMES_COMPONENTS, SMALL_ROWS_TIMES_COMPONENTS, REPEATS = 2_000_000, 200_000, 5
#: Of a cluster whose numbers are assumed and not measured: seconds a message takes, bytes a second.
LATENCY, BANDWIDTH = 5e-3, 1e8
CORES = 16
#: Rows, workers of so many cores each; columns and components of a case that is foreseen.
PLANS = [(1e7, 1), (1e9, 1), (1e9, 16), (1e12, 256), (1e12, 4096)]
D, K = 10, 100


def cases(small: bool) -> Iterator[Case]:
    """Yield processor times of passes."""
    size = SMALL_ROWS_TIMES_COMPONENTS if small else ROWS_TIMES_COMPONENTS
    for kind in ("diag", "full"):
        for d, k in FITTED + FORESEEN:
            yield Case(f"{kind}, d={d}, k={k}", partial(_pass, kind, d, k, size // k))


def _pass(kind: str, d: int, k: int, n: int) -> dict[str, Any]:
    """Processor seconds of a pass, the least of several, by one thread."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d))
    covariances = np.ones((k, d)) if kind == "diag" else np.tile(np.eye(d), (k, 1, 1))
    mixture = gs.Mixture(None, rng.normal(size=(k, d)), covariances, kind)
    held, seconds = hold(X), []
    with limited(1):
        for _ in range(REPEATS):
            began = time.process_time()
            found = held.statistics(mixture.parameters, kind)
            seconds.append(time.process_time() - began)
    assert found.scatter is not None
    return {
        "kind": kind,
        "d": d,
        "k": k,
        "nanoseconds": 1e9 * min(seconds) / (n * k),
        "bytes_that_cross": found.mass.nbytes + found.mean.nbytes + found.scatter.nbytes,
    }


def law(kind: str, d: float) -> np.ndarray:
    """Return the terms of the cost of a row and a component: one, columns and, for matrices, their square."""
    return np.array([1.0, d, d * d] if kind == "full" else [1.0, d])


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the law's constants, how far it is off where it was not fitted, and what it foresees."""
    laws, errors = {}, []
    for kind in ("diag", "full"):
        own = [case for case in done.values() if case.get("kind") == kind]
        fitted = [case for case in own if (case["d"], case["k"]) in FITTED]
        # Relative errors are what is least.
        terms = np.array([law(kind, case["d"]) / case["nanoseconds"] for case in fitted])
        laws[kind] = np.linalg.lstsq(terms, np.ones(len(fitted)), rcond=None)[0].tolist()
        for case in own:
            if (case["d"], case["k"]) in FORESEEN:
                errors.append(abs(float(law(kind, case["d"]) @ laws[kind]) / case["nanoseconds"] - 1.0))
    each = float(law("full", D) @ laws["full"])
    crossing = 8 * K * (1 + D + D * D)
    plans = []
    for n, workers in PLANS:
        compute = 1e-9 * each * n * K / (workers * CORES)
        levels = np.ceil(np.log2(max(workers, 2)))
        merge = levels * (2 * LATENCY + crossing / BANDWIDTH)
        plans.append([n, workers, float(compute), float(merge), float(compute / (compute + merge))])
    return {"laws": laws, "largest_error": max(errors), "bytes_that_cross": crossing, "plans": plans}


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row for each plan."""
    rows = [
        (f"{n:.0e}", workers, short(compute), short(merge, 2), percent(share))
        for n, workers, compute, merge, share in summary["plans"]
    ]
    full = summary["laws"]["full"]
    cost = f"{short(full[0], 2)} + {short(full[1], 2)} d + {short(full[2], 2)} d^2"
    return Shown(
        {"cost": cost, "error": percent(summary["largest_error"])},
        ("rows", f"workers of {CORES} cores", "s of sums a pass", "s of merging", "share of sums"),
        rows,
    )


PAGE = Page(
    question="How far does it go?",
    setup="""Processor time of passes by one thread, for several numbers of columns and components; a law is
    fitted to some and held against others. The table is computed from it, for d = 10, k = 100, full
    covariances, with an assumed 5 ms a message and 100 MB/s.""",
    sentence="""A row and a component of full covariance cost {cost} nanoseconds of a core; where the law was
    not fitted it is off by {error} at most.""",
    claim="What a pass costs is known beforehand",
    number="{cost} ns a row and component, to {error}",
    loses="clusters of machines are computed, not measured",
    shown=shown,
)


BENCHMARK = Benchmark("cost of passes, and what it implies for more rows", cases, summary, PAGE)
