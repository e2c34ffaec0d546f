"""Reading a CSV of 1e6 x 10 numbers: time beside pandas' two readers, and memory beyond the numbers."""

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
from benchmarks.page import Page, Shown

ROWS, SMALL_ROWS, COLUMNS = 1_000_000, 20_000, 10
REPEATS = 3
MIB = 1 << 20

#: What a process does: one small reading for what is loaded once, then the reading, by processor time.
PROBE = """
import json, sys, time
path, small, reader = sys.argv[1:]
if reader == "gmmscape":
    from gmmscape.tables.read import read_table
    def read(file):
        return read_table(file, missing="keep").values
else:
    import pandas
    def read(file):
        return pandas.read_csv(file, engine=reader).to_numpy()

def memory(field):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(field))

read(small)
with open("/proc/self/clear_refs", "w") as peak:
    peak.write("5")
before, begun = memory("VmRSS"), time.process_time()
values = read(path)
seconds = time.process_time() - begun
print(json.dumps({
    "seconds": seconds,
    "extra_MiB": (memory("VmHWM") - before - values.nbytes) / 2**20,
    "total": float(values[values == values].sum()),
}))
"""


def cases(small: bool) -> Iterator[Case]:
    """Yield plain numbers, numbers with a gap in each thousandth row, and numbers in quotation marks."""
    n = SMALL_ROWS if small else ROWS
    for kind in ("numbers", "gaps", "quoted"):
        yield Case(f"{kind}, n={n}", partial(_measured, n, kind, 1 if small else REPEATS))


def _measured(n: int, kind: str, repeats: int) -> dict[str, Any]:
    readers = {"gmmscape": "gmmscape", "pandas C": "c", "pandas Python": "python"}
    with tempfile.TemporaryDirectory() as folder:
        big, little = Path(folder) / "big.csv", Path(folder) / "small.csv"
        _write(big, n, kind)
        _write(little, 1000, "numbers")
        found = {
            name: [_run(big, little, reader) for _ in range(repeats)] for name, reader in readers.items()
        }
    totals = {run["total"] for runs in found.values() for run in runs}
    best = {name: min(run["seconds"] for run in runs) for name, runs in found.items()}
    return {
        "processor_seconds": best,
        "extra_MiB": {name: min(run["extra_MiB"] for run in runs) for name, runs in found.items()},
        "same_numbers": bool(np.ptp(list(totals)) <= 1e-9 * n),
    }


def _run(big: Path, little: Path, reader: str) -> dict[str, Any]:
    command = [sys.executable, "-c", PROBE, str(big), str(little), reader]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _write(path: Path, n: int, kind: str) -> None:
    rng = np.random.default_rng(0)
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join("abcdefghij") + "\n")
        for first in range(0, n, 50_000):
            values = rng.normal(size=(min(50_000, n - first), COLUMNS)).round(6)
            lines = [",".join(map(repr, row)) for row in values.tolist()]
            if kind == "gaps":
                lines[::1000] = ["NA" + line[line.index(",") :] for line in lines[::1000]]
            if kind == "quoted":
                lines = [",".join(f'"{cell}"' for cell in line.split(",")) for line in lines]
            file.write("\n".join(lines) + "\n")


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return times as multiples of pandas' readers, and memory beyond the numbers."""
    table = {}
    for name, case in done.items():
        seconds = case["processor_seconds"]
        ours = seconds["gmmscape"]
        table[name] = {
            "of pandas C": round(ours / seconds["pandas C"], 2),
            "of pandas Python": round(ours / seconds["pandas Python"], 2),
            "extra_MiB": round(case["extra_MiB"]["gmmscape"]),
            "same_numbers": case["same_numbers"],
        }
    return table


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a file."""
    plain = next(row for name, row in summary.items() if name.startswith("numbers"))
    rows = [
        (name, row["of pandas C"], row["of pandas Python"], row["extra_MiB"]) for name, row in summary.items()
    ]
    facts = {"c": plain["of pandas C"], "python": plain["of pandas Python"], "extra": plain["extra_MiB"]}
    return Shown(
        facts, ("file", "of pandas' C reader", "of its Python reader", "MiB beyond the numbers"), rows
    )


PAGE = Page(
    question="How long does it take to read a CSV?",
    setup="""1e6 rows of 10 columns of numbers with six decimals, 94 MB of text; processor time and peak
    resident memory of a process of its own, the best of three. Gaps: NA in each thousandth row; quoted: all
    numbers in quotation marks. pandas reads the same files by its C and its Python reader.""",
    sentence="Plain numbers take {c} times as long as pandas' C reader, {python} times as its Python reader.",
    claim="A CSV of numbers is read in a fraction of the time of pandas' Python reader",
    number="{python} times as long; {c} times its C reader",
    loses="pandas' C reader is faster",
    shown=shown,
)


BENCHMARK = Benchmark("reading a CSV of 1e6 x 10 numbers", cases, summary, PAGE)
