"""Collinear columns, starts of five rows each in many dimensions, and time budgets that have to hold."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

import gmmscape as gs
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, part_of, short

Array = NDArray[np.float64]
DRAWS = 20
#: Dimensions of the groups that starts of a few rows each are repaired on; rows, groups, rows of a start.
DIMENSIONS, ROWS, GROUPS, OF_EACH = (50, 200, 600), 3_000, 4, 5
#: Seconds allowed, and times as many that may be taken.
BUDGET, OVERRUN = 10.0, 2.0
#: Rows, columns, components and family that take longer than allowed.
LONG = {
    "100000 x 2, k = 20000": (100_000, 2, 20_000, "spherical"),
    "20000 x 600, k = 50": (20_000, 600, 50, "diag"),
    "3000 x 600, k = 4": (3_000, 600, 4, "full"),
    "200000 x 16, k = 200": (200_000, 16, 200, "full"),
}


def cases(small: bool) -> Iterator[Case]:
    """Yield draws, and fits and repairs with a time budget."""
    draws = range(DRAWS if not small else 1)
    for family in ("full", "tied"):
        for draw in draws:
            yield Case(f"collinear columns, {family}, draw {draw}", partial(_collinear, family, draw))
    for d in DIMENSIONS if not small else DIMENSIONS[:1]:
        for draw in draws:
            yield Case(f"start of {OF_EACH} rows each, {d} columns, draw {draw}", partial(_few_rows, d, draw))
    for name in LONG if not small else ():
        for what in ("fit", "diagnose", "repair"):
            yield Case(f"{what} in {BUDGET:g} s: {name}", partial(_in_time, what, *LONG[name]))


def _collinear(family: str, draw: int) -> dict[str, Any]:
    """Two groups twenty standard deviations apart in a direction that has next to no variance."""
    rng = np.random.default_rng(draw)
    a = rng.standard_normal(ROWS)
    X = np.column_stack([a, a + 1e-4 * rng.standard_normal(ROWS), 1e5 * rng.standard_normal(ROWS)])
    labels = np.arange(ROWS) % 2
    X[:, 1] += 2e-3 * labels
    model = gs.GaussianMixture(2, covariance_type=family, random_state=draw).fit(X)
    return {"rand_index": float(adjusted_rand_score(labels, model.predict(X)))}


def _few_rows(d: int, draw: int) -> dict[str, Any]:
    """Repair the start of Spark: the average of a few random rows each, and their variances."""
    rng = np.random.default_rng([draw, d])
    labels = rng.integers(GROUPS, size=ROWS)
    X = rng.normal(0.0, 1.2, (GROUPS, d))[labels] + rng.standard_normal((ROWS, d))
    few = X[rng.choice(ROWS, (GROUPS, OF_EACH), replace=False)]
    start = gs.Mixture(None, few.mean(axis=1), few.var(axis=1), "diag")
    repaired = gs.repair(start, X, covariance_type="diag", rng=draw)
    found = repaired.model.responsibilities(X).argmax(axis=1)
    return {
        "rand_index": float(adjusted_rand_score(labels, found)),
        "start_rand_index": float(adjusted_rand_score(labels, start.responsibilities(X).argmax(axis=1))),
        "verdict": repaired.diagnosis.verdict,
    }


def _in_time(what: str, n: int, d: int, k: int, family: str) -> dict[str, Any]:
    rng = np.random.default_rng([n, d, k])
    X = rng.normal(0.0, 3.0 * k ** (1.0 / d), (k, d))[rng.integers(k, size=n)] + rng.standard_normal((n, d))
    given = X[rng.choice(n, k, replace=False)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        began = time.perf_counter()
        if what == "fit":
            model = gs.GaussianMixture(k, covariance_type=family, random_state=0, max_seconds=BUDGET).fit(X)
            ended = model.stop_reason_
        else:
            start = gs.Mixture(None, given, _identity(k, d, family), family)
            work = getattr(gs, what)
            result = work(start, X, covariance_type=family, rng=0, max_seconds=BUDGET)
            ended = result.stop_reason if what == "diagnose" else result.diagnosis.stop_reason
        seconds = time.perf_counter() - began
    return {"taken": seconds, "ended": ended}


def _identity(k: int, d: int, family: str) -> Array:
    if family == "spherical":
        return np.ones(k)
    return np.ones((k, d)) if family == "diag" else np.tile(np.eye(d), (k, 1, 1))


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return how many draws have the groups, and the times taken."""
    groups: dict[str, dict[str, int]] = {}
    for case, figures in done.items():
        if "rand_index" in figures:
            row = groups.setdefault(case.rsplit(", draw", 1)[0], {"right": 0, "of": 0})
            row["right"] += figures["rand_index"] == 1.0
            row["of"] += 1
    taken = {case: figures["taken"] for case, figures in done.items() if "taken" in figures}
    return {"groups": groups, "taken": taken}


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row for each kind of draw and each budget."""
    groups, taken = summary["groups"].items(), summary["taken"]
    rows = [(name, part_of(row["right"], row["of"])) for name, row in groups]
    rows += [(name, f"{short(seconds, 3)} s") for name, seconds in taken.items()]
    late = [name for name, seconds in taken.items() if seconds > OVERRUN * BUDGET]
    figures = {
        "right": sum(row["right"] for _, row in groups),
        "of": sum(row["of"] for _, row in groups),
        "longest": short(max(taken.values(), default=0.0) / BUDGET, 2),
        "late": "; ".join(late) or "none",
    }
    return Shown(figures, ("data", "groups found, or time taken"), rows)


PAGE = Page(
    question="Do collinear columns, bad starts in many dimensions and large problems in little time work?",
    setup="""Two groups twenty standard deviations apart along a collinear direction, 3,000 rows; starts of
    five random rows a component of four groups in up to 600 columns, repaired; fits, diagnoses and repairs
    with max_seconds=10. A draw counts where the adjusted Rand index is 1.""",
    sentence="""The groups are found in {right} of {of} draws; the longest time taken is {longest} times
    what was allowed (more than twice: {late}).""",
    claim="Collinear columns, bad starts in 600 columns, time budgets",
    number="{right} of {of} draws; {longest} times the budget",
    loses="more than twice the budget: {late}",
    shown=shown,
)


BENCHMARK = Benchmark("collinear columns, starts of few rows, time budgets", cases, summary, PAGE)
