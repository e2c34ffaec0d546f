"""Peak memory of a fit of 1e7 x 2 rows beyond what the rows take: the peak RSS of a process of its own.

Fits run to their end, and their time is told.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, short

ROWS, SMALL_ROWS = 10_000_000, 200_000
COMPONENTS = 64
MIB = 1 << 20

#: What the process does: rows in place, one small fit for what is loaded or kept once, then the fit.
PROBE = """
import json, sys, time, warnings
import numpy as np
import gmmscape as gs
warnings.simplefilter("ignore")

def memory(field):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(field))

n, k, what = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
rng = np.random.default_rng(0)
side = int(np.sqrt(k))
centers = 10.0 * np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1).reshape(-1, 2)
if what == "close":
    centers = rng.uniform(0.0, 10.0 * side, (k, 2))
X = np.empty((n, 2))
for first in range(0, n, 100_000):
    rows = X[first : first + 100_000]
    rows[:] = centers[rng.integers(k, size=len(rows))] + rng.standard_normal(rows.shape)
gs.GaussianMixture(3, random_state=0).fit(X[:3000].copy())
given = {
    "weights_init": np.full(k, 1.0 / k),
    "means_init": centers + 0.3,
    "precisions_init": np.tile(np.eye(2), (k, 1, 1)),
    "escape": False,
    "max_iter": 5,
}
model = gs.GaussianMixture(k, random_state=0, **(given if what == "given" else {}))
with open("/proc/self/clear_refs", "w") as peak:
    peak.write("5")
before = memory("VmRSS")
began = time.perf_counter(), time.process_time()
model.fit(X)
seconds = time.perf_counter() - began[0], time.process_time() - began[1]
peak = memory("VmHWM")
truth = gs.Mixture.location(centers, sigma=1.0)
behind = float(np.mean(truth.log_density(X[::100]) - model.score_samples(X[::100])))
print(json.dumps({
    "extra_bytes": peak - before,
    "fit_seconds": seconds[0],
    "processor_seconds": seconds[1],
    "behind_truth": behind,
    "data_bytes": X.nbytes,
    "n_iter": int(model.n_iter_),
    "stop_reason": model.stop_reason_,
    "verdict": model.diagnosis_.verdict,
}))
"""


def cases(small: bool) -> Iterator[Case]:
    """Yield EM from given parameters, and default fits: of clusters apart, and of some that are close."""
    n = ROWS if not small else SMALL_ROWS
    yield Case(f"EM from given parameters, n={n}", partial(_measured, n, "given", 0.0))
    yield Case(f"default fit, n={n}", partial(_measured, n, "default", 16.0))
    if not small:
        yield Case(f"default fit, random centers, n={n}", partial(_measured, n, "close", 16.0))


def _measured(n: int, what: str, allowed_per_row: float) -> dict[str, Any]:
    command = [sys.executable, "-c", PROBE, str(n), str(COMPONENTS), what]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(result.stdout)
    extra = found.pop("extra_bytes")
    return {
        "extra_MiB": extra / MIB,
        "allowed_MiB": 64.0 + allowed_per_row * n / MIB,
        "bytes_per_row_beyond_64_MiB": max(0.0, (extra - 64 * MIB) / n),
        **found,
    }


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the extra memory beside what is allowed, times, and how far below the truth fits end."""
    return {
        name: {
            **{key: float(np.round(case[key], 1)) for key in ("extra_MiB", "allowed_MiB", "fit_seconds")},
            **{key: case[key] for key in ("processor_seconds", "behind_truth", "verdict")},
        }
        for name, case in done.items()
    }


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a fit."""
    given = next(row for name, row in summary.items() if name.startswith("EM from given"))
    defaults = [row["extra_MiB"] for name, row in summary.items() if name.startswith("default")]
    rows = [
        (
            name,
            row["extra_MiB"],
            row["allowed_MiB"],
            short(row["fit_seconds"], 2),
            short(row["processor_seconds"], 2),
            f"{row['behind_truth']:.1e}",
            row["verdict"],
        )
        for name, row in summary.items()
    ]
    columns = (
        "fit",
        "MiB beyond the data",
        "allowed",
        "s",
        "s of processor",
        "nats a row below truth",
        "verdict",
    )
    return Shown({"extra": given["extra_MiB"], "default": max(defaults, default=None)}, columns, rows)


PAGE = Page(
    question="How much memory does a fit take beyond its data, and how long?",
    setup="""1e7 x 2 rows of 64 components of equal weight, centers on a grid of 10 standard deviations, or
    uniformly random in the same square, so that some nearly coincide; peak resident memory of a process of
    its own, less what it had before. Allowed are 64 MiB, and for fits with starts and search 16 bytes a row.
    Fits run to their end; below zero is above the truth, as fits on their own rows are.""",
    sentence="""EM from given parameters takes {extra} MiB beyond the data, default fits to their end
    {default} MiB at most.""",
    claim="EM makes nothing of the size of the data, a search some bytes a row",
    number="{extra} and {default} MiB beyond 1e7 x 2 rows",
    loses="""where centers nearly coincide the search is bounded: it says so, and ends a little below the
    truth""",
    shown=shown,
)


BENCHMARK = Benchmark("peak memory of a fit of 1e7 x 2 rows, k = 64", cases, summary, PAGE)
