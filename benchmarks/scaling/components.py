"""An EM iteration with many components, truncated and whole: the same sums, and how its cost grows with k.

Means lie on a grid in the plane, at corners of a cube in more dimensions, all jittered a little. Both runs
begin at the same mixture near the truth, and are timed by the processor time of all threads in turn, round
after round: the time of an iteration is that of a run less that of the first pass, which also sorts the rows.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, short
from gmmscape.engine import EmRun, EmTask
from gmmscape.families import Floor, Location, family_named
from gmmscape.measure import Sample
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve.batch import em_task

Array = NDArray[np.float64]


class Setting(NamedTuple):
    """What is drawn: `apart` are standard deviations between neighbouring means, about."""

    kind: str
    n: int
    d: int
    k: int
    apart: float

    @property
    def name(self) -> str:
        return f"{self.kind} n={self.n} d={self.d} k={self.k} {self.apart:g} apart"


#: Of which an iteration is asked to be five times as fast as a whole one.
SEPARATED = (
    Setting("location", 100_000, 2, 1024, 8.0),
    Setting("spherical", 100_000, 2, 1024, 8.0),
    Setting("diag", 100_000, 2, 1024, 8.0),
    Setting("full", 100_000, 2, 1024, 8.0),
    Setting("location", 100_000, 16, 1024, 16.0),
    Setting("spherical", 100_000, 16, 1024, 16.0),
    Setting("diag", 100_000, 16, 1024, 16.0),
    Setting("full", 100_000, 16, 1024, 16.0),
)
#: Of which nothing is asked: apart, but not so far that blocks of rows in many columns have short lists.
BETWEEN = (
    Setting("spherical", 50_000, 16, 1024, 8.0),
    Setting("diag", 50_000, 16, 1024, 8.0),
    Setting("full", 20_000, 16, 1024, 8.0),
)
#: Of which a run is asked to take no longer than 1 / 0.9 of a whole one.
OVERLAPPING = (
    Setting("spherical", 100_000, 2, 64, 1.0),
    Setting("diag", 100_000, 2, 64, 2.0),
    Setting("full", 100_000, 2, 64, 3.0),
    Setting("spherical", 100_000, 2, 256, 0.5),
    Setting("spherical", 50_000, 16, 256, 2.0),
    Setting("diag", 50_000, 16, 256, 4.0),
    Setting("full", 20_000, 16, 64, 4.0),
)
GROWING = {"spherical": 8.0, "diag": 8.0, "full": 8.0}
SIZES = (64, 256, 1024, 4096)
#: Iterations of a truncated run and of a whole one; of runs that overlap, both.
TRUNCATED, WHOLE, RUN = 20, 2, 30
ROUNDS = 3


def cases(small: bool) -> Iterator[Case]:
    """Yield iterations where components are apart, runs where they overlap, and iterations by k."""
    if small:
        yield Case("apart: small, apart", partial(_iteration, Setting("diag", 20_000, 2, 256, 8.0), True, 1))
        yield Case("overlapping: small, overlapping", partial(_run, Setting("diag", 5_000, 2, 64, 1.0), 1))
        for k in (64, 256):
            yield Case(
                f"growth: small k={k}", partial(_iteration, Setting("diag", 20_000, 2, k, 8.0), False, 1)
            )
        return
    for one in SEPARATED:
        yield Case(f"apart: {one.name}", partial(_iteration, one, True, ROUNDS))
    for one in BETWEEN:
        yield Case(f"between: {one.name}", partial(_iteration, one, True, ROUNDS))
    for one in OVERLAPPING:
        yield Case(f"overlapping: {one.name}", partial(_run, one, ROUNDS))
    for kind, apart in GROWING.items():
        for k in SIZES:
            one = Setting(kind, 200_000, 2, k, apart)
            yield Case(f"growth: {kind} k={k}", partial(_iteration, one, False, ROUNDS))


def drawn(setting: Setting) -> tuple[Array, Mixture]:
    """Return rows and a mixture near their truth; the seed is the setting's numbers."""
    kind, n, d, k, apart = setting
    rng = np.random.default_rng([n, d, k])
    side = int(np.ceil(k ** (1 / d) - 1e-9))
    grid = np.stack(np.unravel_index(rng.choice(side**d, k, replace=False), (side,) * d), axis=1)
    means = apart * (grid + rng.uniform(-0.1, 0.1, (k, d)))
    roots = np.eye(d) + 0.3 / np.sqrt(d) * rng.standard_normal((k, d, d))
    if kind == "diag":
        roots = roots * np.eye(d)
    elif kind != "full":
        roots = np.broadcast_to(np.eye(d), (k, d, d)) * rng.uniform(0.8, 1.2, (k, 1, 1))
    labels = rng.integers(k, size=n)
    X = means[labels] + np.einsum("nij,nj->ni", roots[labels], rng.standard_normal((n, d)))
    full = roots @ np.swapaxes(roots, 1, 2)
    diagonals = np.diagonal(full, axis1=1, axis2=2)
    covariances = {"diag": diagonals, "full": full}.get(kind, diagonals[:, 0])
    begun = means + 0.2 * rng.standard_normal((k, d))
    return X, Mixture(
        np.full(k, 1 / k), begun, 1.1 * covariances, "spherical" if kind == "location" else kind
    )


def _task(setting: Setting) -> tuple[Objective, EmTask]:
    X, start = drawn(setting)
    sample = Sample(X)
    if setting.kind == "location":
        family, start = Location(1.0), Mixture.location(start.means, 1.0)
    else:
        family = family_named(setting.kind, Floor.of(sample.variance))
    local = sample.local_mixture(start)
    objective = Objective.near(sample, family, local)
    stacked = (local.weights[None], local.means[None], local.covariances[None])
    task = em_task(objective, family, stacked, tol=0.0, max_iter=1, accelerate=False)
    assert task is not None
    return objective, task


def _timed(objective: Objective, task: EmTask, iterations: int, *, truncated: bool) -> tuple[float, EmRun]:
    """Processor time of a run and where it ended."""
    task = replace(task, max_iter=iterations, truncation=task.truncation if truncated else None)
    began = time.process_time()
    found = objective.rows.em(task)
    seconds = time.process_time() - began
    assert found is not None
    return seconds, found.runs[0]


def difference(found: EmRun, whole: EmRun) -> float:
    """Return the largest difference of two runs: values, weights relative, else in standard deviations."""
    k, d = whole.means.shape
    C = whole.covariances
    variances = C if C.ndim == 2 else C[:, None] if C.ndim == 1 else np.diagonal(C, axis1=1, axis2=2)
    sds = np.sqrt(np.broadcast_to(variances, (k, d)))
    scale = C if C.ndim < 3 else sds[:, :, None] * sds[:, None, :]
    return float(
        max(
            np.abs((found.history - whole.history) / whole.history).max(),
            np.abs(found.weights / whole.weights - 1.0).max(),
            np.abs((found.means - whole.means) / sds).max(),
            np.abs((found.covariances - C) / scale).max(),
        )
    )


def _iteration(setting: Setting, beside: bool, rounds: int) -> dict[str, Any]:
    objective, task = _task(setting)
    times: dict[str, list[float]] = {"truncated": [], "first": [], "whole": []}
    for _ in range(rounds):
        first, _ = _timed(objective, task, 0, truncated=True)
        several, run = _timed(objective, task, TRUNCATED, truncated=True)
        times["first"].append(first)
        times["truncated"].append((several - first) / (len(run.history) - 1))
        if beside:
            first, _ = _timed(objective, task, 0, truncated=False)
            several, _ = _timed(objective, task, WHOLE, truncated=False)
            times["whole"].append((several - first) / WHOLE)
    found: dict[str, Any] = {
        f"{name}_nanoseconds_a_row": 1e9 * float(np.median(one)) / setting.n
        for name, one in times.items()
        if one
    }
    found["components_a_row"] = setting.k * run.work.densities / run.work.passes
    if beside:
        found["ratio"] = float(np.median(times["whole"]) / np.median(times["truncated"]))
        found["difference"] = _one_iteration_apart(objective, task)
    return found


def _one_iteration_apart(objective: Objective, task: EmTask) -> float:
    runs = [_timed(objective, task, 1, truncated=truncated)[1] for truncated in (True, False)]
    return difference(*runs)


def _run(setting: Setting, rounds: int) -> dict[str, Any]:
    objective, task = _task(setting)
    times: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(rounds):
        for truncated, own in times.items():
            seconds, run = _timed(objective, task, RUN, truncated=truncated)
            own.append(seconds)
            if truncated:
                components = setting.k * run.work.densities / run.work.passes
    return {
        "whole_nanoseconds_a_row": 1e9 * float(np.median(times[False])) / setting.n / RUN,
        "components_a_row": components,
        "ratio": float(np.median(times[False]) / np.median(times[True])),
        "difference": _one_iteration_apart(objective, task),
    }


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the extremes of the ratios and differences, the rows of the table, and how costs grow with k."""

    def of(prefix: str) -> dict[str, dict[str, Any]]:
        return {name.split(": ")[1]: row for name, row in done.items() if name.startswith(prefix)}

    growth: dict[str, dict[int, float]] = {}
    for name, row in of("growth").items():
        kind, k = name.split(" k=")
        growth.setdefault(kind, {})[int(k)] = row["truncated_nanoseconds_a_row"]
    compared = {**of("apart"), **of("between"), **of("overlapping")}
    return {
        "least_ratio_apart": min((row["ratio"] for row in of("apart").values()), default=None),
        "least_ratio_between": min((row["ratio"] for row in of("between").values()), default=None),
        "least_ratio_overlapping": min((row["ratio"] for row in of("overlapping").values()), default=None),
        "largest_difference": max((row["difference"] for row in compared.values()), default=None),
        "settings": compared,
        "nanoseconds_a_row": growth,
        "grows_as_k_to_the": {
            kind: float(np.polyfit(np.log(list(own)), np.log(list(own.values())), 1)[0])
            for kind, own in growth.items()
            if len(own) > 1
        },
    }


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a setting."""
    rows = [
        (
            name,
            short(row["components_a_row"]),
            short(row["whole_nanoseconds_a_row"]),
            f"{short(row['ratio'], 2)}x",
            f"{row['difference']:.0e}",
        )
        for name, row in summary["settings"].items()
    ]
    exponents = summary["grows_as_k_to_the"].values()
    figures = {
        "least": short(summary["least_ratio_apart"], 2),
        "between": short(summary["least_ratio_between"], 2),
        "overlapping": short(summary["least_ratio_overlapping"], 2),
        "difference": f"{summary['largest_difference']:.0e}",
        "growth": f"k^{short(max(exponents, default=None), 2)}",
    }
    columns = ("setting", "components a row", "whole: ns a row", "truncated is faster by", "difference")
    return Shown(figures, columns, rows)


PAGE = Page(
    question="How much do passes save in which rows meet only the components that matter to them?",
    setup="""Plain EM from a mixture near the truth, in processor time, medians of three rounds in turn; means
    on a grid in the plane, at corners of a cube in 16 dimensions: 8 standard deviations apart in the plane,
    16 in 16 dimensions, and 8 there for comparison. Where components overlap, whole runs of 30 iterations
    with all tries; differences are those after one iteration, relative or in standard deviations.""",
    sentence="""Where components are apart an iteration is at least {least} times as fast, where they overlap
    runs go at {overlapping} of the whole ones' speed at least; results differ by {difference} at most. In the
    plane the cost of a row grows at most like {growth}, from 64 to 4,096 components.""",
    claim="With many components an iteration costs what the few near each row do",
    number="at least {least} times as fast with 1,024 components; a row costs {growth}",
    loses="""in 16 dimensions and 8 standard deviations apart {between} times as fast; runs whose components
    overlap go at {overlapping} of the speed at worst""",
    shown=shown,
)

BENCHMARK = Benchmark("an EM iteration with many components, truncated and whole", cases, summary, PAGE)
