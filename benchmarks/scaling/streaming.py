"""Streaming: a fit of rows in files, which are never all in memory, beside the same fit of rows in memory."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, percent, short

ROWS, SMALL_ROWS = 10_000_000, 60_000
DIMENSION, COMPONENTS, FILES = 10, 50, 8
REPEATS, ITERATIONS = 3, 5
MEMORY = "600MB"
MIB = 1 << 20

#: What both processes do: the fit from given parameters, plain EM, the time between its iterations.
PROBE = """
import json, sys, time, warnings
import numpy as np
import gmmscape as gs
from gmmscape.estimator.fitting import fit_estimator
from gmmscape.estimator.of_blocks import fit_blocks
warnings.simplefilter("ignore")

folder, how, k, iterations, memory = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
start = np.load(folder + "/start.npy")
model = gs.GaussianMixture(
    k, escape=False, covariance_prior=0, accelerate=False, tol=1e-15, max_iter=iterations, random_state=0,
    weights_init=np.full(k, 1 / k), means_init=start,
    precisions_init=np.tile(np.eye(start.shape[1]), (k, 1, 1)),
)
seen = []
def watch(event):
    if event.stage == "em" and event.detail.get("iteration", 0) >= 1:
        seen.append((event.detail["iteration"], time.perf_counter()))
model.verbose = 2
if how == "files":
    fit_blocks(model, gs.open_rows(folder + "/rows", memory=memory), watch)
else:
    import pyarrow.parquet as parquet
    from pathlib import Path
    parts = [parquet.read_table(file) for file in sorted(Path(folder, "rows").glob("*.parquet"))]
    X = np.empty((sum(part.num_rows for part in parts), start.shape[1]))
    first = 0
    for part in parts:
        for j, column in enumerate(part.columns):
            X[first : first + part.num_rows, j] = column.to_numpy()
        first += part.num_rows
    fit_estimator(model, X, None, watch, defer=False)
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
# The last run of EM only: what went before chose where it begins.
seen = seen[max(i for i, (number, _) in enumerate(seen) if number == seen[0][0]):]
(a, began), (b, ended) = seen[0], seen[-1]
assert b - a == iterations - 1, seen
print(json.dumps({
    "seconds_each": (ended - began) / (b - a), "peak_bytes": peak, "n_iter": model.n_iter_,
    "nll": model.solution_.nll, "means": model.means_.tolist(), "weights": model.weights_.tolist(),
    "covariances": model.covariances_.tolist(),
}))
"""


def write_rows(folder: Path, n: int, seed: int) -> None:
    """Write rows of a mixture to Parquet files of float32 columns, and where EM is to begin."""
    import pyarrow
    from pyarrow import parquet

    rng = np.random.default_rng(seed)
    centers = rng.normal(0.0, 4.0, (COMPONENTS, DIMENSION))
    (folder / "rows").mkdir()
    for i, m in enumerate(np.diff(np.linspace(0, n, FILES + 1).astype(int))):
        X = (centers[rng.integers(COMPONENTS, size=m)] + rng.normal(size=(m, DIMENSION))).astype(np.float32)
        table = pyarrow.table({f"x{j}": X[:, j] for j in range(DIMENSION)})
        parquet.write_table(table, folder / "rows" / f"{i}.parquet", row_group_size=1 << 18)
    np.save(folder / "start.npy", centers + 0.2 * rng.normal(size=centers.shape))


def cases(small: bool) -> Iterator[Case]:
    """Yield the fit of rows in files beside that in memory, each in a process of its own."""
    n = SMALL_ROWS if small else ROWS
    yield Case(
        f"n={n} x {DIMENSION}, k={COMPONENTS}, seed 0", partial(_beside, n, 0, 1 if small else REPEATS)
    )


def _beside(n: int, seed: int, repeats: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="gmmscape-") as temporary:
        folder = Path(temporary)
        write_rows(folder, n, seed)
        on_disk = sum(file.stat().st_size for file in (folder / "rows").iterdir())
        found = [{how: _measured(folder, how) for how in ("files", "memory")} for _ in range(repeats)]
    files, memory = found[-1]["files"], found[-1]["memory"]
    gap = max(
        float(np.max(np.abs(np.subtract(files[name], memory[name]))))
        for name in ("means", "weights", "covariances")
    )
    return {
        "bytes_on_disk": on_disk,
        "seconds_files": [one["files"]["seconds_each"] for one in found],
        "seconds_memory": [one["memory"]["seconds_each"] for one in found],
        "peak_MiB_files": max(one["files"]["peak_bytes"] for one in found) / MIB,
        "peak_MiB_memory": max(one["memory"]["peak_bytes"] for one in found) / MIB,
        "iterations": [files["n_iter"], memory["n_iter"]],
        "largest_difference": gap,
        "nll_difference": abs(files["nll"] - memory["nll"]),
    }


def _measured(folder: Path, how: str) -> dict[str, Any]:
    command = [sys.executable, "-c", PROBE, str(folder), how, str(COMPONENTS), str(ITERATIONS), MEMORY]
    return json.loads(
        subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()[-1]
    )


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return throughput as a share of that in memory, peak memory and difference."""
    return {
        name: {
            "throughput": float(np.median(np.divide(case["seconds_memory"], case["seconds_files"]))),
            "seconds_files": float(np.median(case["seconds_files"])),
            "peak_MiB": case["peak_MiB_files"],
            "peak_MiB_memory": case["peak_MiB_memory"],
            "difference": case["largest_difference"],
        }
        for name, case in done.items()
    }


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a case."""
    rows = [
        (
            name,
            percent(row["throughput"]),
            short(row["seconds_files"]),
            round(row["peak_MiB"]),
            round(row["peak_MiB_memory"]),
            short(row["difference"], 2),
        )
        for name, row in summary.items()
    ]
    last = next(reversed(summary.values()))
    return Shown(
        {"throughput": percent(last["throughput"]), "peak": round(last["peak_MiB"])},
        ("rows", "throughput of memory's", "s an iteration", "peak MiB", "in memory", "largest difference"),
        rows,
    )


PAGE = Page(
    question="How fast is a fit of files that are never all in memory, and is it the same?",
    setup="""Parquet files of float32 columns, five iterations of EM from given parameters, full
    covariances; each way in a process of its own, medians of interleaved runs; peak resident memory of the
    whole process.""",
    sentence="Rows stream at {throughput} of the speed that they are walked in memory with, in {peak} MiB.",
    claim="Data need not fit into memory",
    number="{throughput} of the speed in memory, {peak} MiB in all",
    loses="files are decoded anew for each pass",
    shown=shown,
)


BENCHMARK = Benchmark("fits of rows in files beside fits of rows in memory", cases, summary, PAGE)
