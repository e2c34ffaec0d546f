"""What the fast suite does not run, beside why: `python tools/uncovered.py coverage.json`.

The reasons stand in tests/uncovered.toml, by file and function. Exits with 1 where a function with lines
that were not run has none, and names those whose reason is no longer needed.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "src/gmmscape/"
REASONS = ROOT / "tests" / "uncovered.toml"
#: The name of what stands in a file outside of functions.
MODULE = "(module)"
#: What reasons begin with, and what it means.
KINDS = {
    "slow tests": "a test that is marked slow, or statistical, runs them",
    "other process": "they run in a process of their own, where nothing is counted",
    "elsewhere": "another platform, an optional package, a terminal or a notebook",
    "failure": "the system, a file or a process has to fail",
    "rare": "numbers or data are needed that no test has",
    "guard": "cannot happen while another part keeps its word",
}


def reasons() -> dict[str, dict[str, str]]:
    """Return the reasons, by file below the package and by function."""
    return tomllib.loads(REASONS.read_text(encoding="utf-8"))


def not_run(report: dict[str, Any]) -> dict[str, dict[str, list[int]]]:
    """Return the lines that were not run, by file and function, of a report of coverage in JSON."""
    found: dict[str, dict[str, list[int]]] = {}
    for name, file in report["files"].items():
        of_file = {
            function or MODULE: region["missing_lines"]
            for function, region in file["functions"].items()
            if region["missing_lines"]
        }
        if of_file:
            found[name.removeprefix(PACKAGE)] = of_file
    return found


def compared(
    missing: dict[str, dict[str, list[int]]], known: dict[str, dict[str, str]]
) -> tuple[list[str], list[str]]:
    """Return what has no reason, with its lines, and the reasons that nothing needs."""
    without = [
        f"{file}: {function}, lines {', '.join(map(str, lines))}"
        for file, functions in missing.items()
        for function, lines in functions.items()
        if not known.get(file, {}).get(function)
    ]
    unneeded = [
        f"{file}: {function}"
        for file, functions in known.items()
        for function in functions
        if function not in missing.get(file, {})
    ]
    return without, unneeded


def main(path: str) -> int:
    """Compare a report with the reasons."""
    report = json.loads(Path(path).read_text(encoding="utf-8"))
    totals, missing, known = report["totals"], not_run(report), reasons()
    without, unneeded = compared(missing, known)
    counts = Counter(one.partition(":")[0] for of_file in known.values() for one in of_file.values())
    for kind, words in KINDS.items():
        print(f"{counts[kind]:4} functions, {kind}: {words}")
    for title, names in (("no reason", without), ("was run: remove its reason", unneeded)):
        for name in names:
            print(f"{title}: {name}")
    print(
        f"{totals['percent_statements_covered']:.1f} % of {totals['num_statements']} lines, "
        f"{totals['percent_branches_covered']:.1f} % of {totals['num_branches']} branches; "
        f"{sum(map(len, missing.values()))} functions with {totals['missing_lines']} lines not run, "
        f"{len(without)} of them without a reason"
    )
    return 1 if without else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
