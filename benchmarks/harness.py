"""What all benchmarks share: cases run one by one, results kept after each, machine facts beside them."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.machine import machine
from benchmarks.page import Page
from gmmscape.jsonfile import read_json, write_json

#: What may differ between the runs that fill one file; both are listed where it does.
MAY_DIFFER = ("commit", "date")


class Case(NamedTuple):
    """One piece of work: its name, which also says its seed, and what computes its figures."""

    name: str
    compute: Callable[[], dict[str, Any]]


class Benchmark(NamedTuple):
    """A named benchmark: cases for the full or the small version, what sums them up, what a page says."""

    about: str
    cases: Callable[[bool], Iterable[Case]]
    summary: Callable[[dict[str, dict[str, Any]]], dict[str, Any]]
    page: Page


def run(
    name: str, benchmark: Benchmark, out: Path, *, small: bool, only: str | None = None
) -> dict[str, Any]:
    """Run the cases that `out` does not hold yet, writing after each; return the whole content."""
    content = _begun(name, out, small, only)
    done: dict[str, dict[str, Any]] = content["cases"]
    cases = [case for case in benchmark.cases(small) if only is None or re.search(only, case.name)]
    if not cases:
        raise SystemExit(f"--only {only!r}: no case of {name} has such a name")
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


def _begun(name: str, out: Path, small: bool, only: str | None) -> dict[str, Any]:
    """What an earlier run of the same benchmark and version left in `out`, or an empty start."""
    facts = {"benchmark": name, "small": small, "only": only, "machine": machine()}
    if not out.exists():
        return {**facts, "cases": {}, "summary": None}
    old = read_json(out)
    if old.get("benchmark") == name and "stated" in old:  # figures of before results were kept
        return {**facts, "cases": {}, "summary": None}
    if any(_fixed(old.get(key)) != _fixed(value) for key, value in facts.items()):
        raise SystemExit(
            f"{out} holds another run (benchmark, version or machine differ): name another --out"
        )
    for key in MAY_DIFFER:
        before, now = old["machine"][key] or "unknown", facts["machine"][key] or "unknown"
        if now not in before.split(", "):
            old["machine"][key] = f"{before}, {now}"
    return old


def _fixed(value: Any) -> Any:
    """A fact without what may differ between runs of one file."""
    if isinstance(value, dict):
        return {key: one for key, one in value.items() if key not in MAY_DIFFER}
    return value
