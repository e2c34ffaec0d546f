"""What all benchmarks share: cases run one by one, results kept after each, machine facts beside them."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import scipy
import sklearn

from gmmscape.jsonfile import read_json, write_json
from gmmscape.version import VERSION


class Case(NamedTuple):
    """One piece of work: its name, which also says its seed, and what computes its figures."""

    name: str
    compute: Callable[[], dict[str, Any]]


class Benchmark(NamedTuple):
    """A named benchmark: cases for the full or the small version, and what sums them up."""

    about: str
    cases: Callable[[bool], Iterable[Case]]
    summary: Callable[[dict[str, dict[str, Any]]], dict[str, Any]]


def machine() -> dict[str, Any]:
    """Return facts about the machine and the versions of what is compared."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "scikit-learn": sklearn.__version__,
        "gmmscape": VERSION,
    }


def run(name: str, benchmark: Benchmark, out: Path, *, small: bool) -> dict[str, Any]:
    """Run the cases that `out` does not hold yet, writing after each; return the whole content."""
    content = _begun(name, out, small)
    done: dict[str, dict[str, Any]] = content["cases"]
    cases = list(benchmark.cases(small))
    for number, case in enumerate(cases, 1):
        if case.name in done:
            continue
        began = time.perf_counter()
        figures = case.compute()
        done[case.name] = {**figures, "seconds": round(time.perf_counter() - began, 3)}
        write_json(content, out)
        print(f"[{number}/{len(cases)}] {case.name}: {done[case.name]}", file=sys.stderr, flush=True)
    content["summary"] = benchmark.summary({case.name: done[case.name] for case in cases})
    write_json(content, out)
    return content


def _begun(name: str, out: Path, small: bool) -> dict[str, Any]:
    """What an earlier run of the same benchmark and version left in `out`, or an empty start."""
    facts = {"benchmark": name, "small": small, "machine": machine()}
    if out.exists():
        old = read_json(out)
        if all(old.get(key) == value for key, value in facts.items()):
            return old
        raise SystemExit(
            f"{out} holds another run (benchmark, version or machine differ): name another --out"
        )
    return {**facts, "cases": {}, "summary": None}
