"""``python -m benchmarks NAME``: run one benchmark; without a name, list them."""

from __future__ import annotations

import argparse
import json
from importlib import import_module
from pathlib import Path

from benchmarks.harness import run

NAMES = (
    "recovery",
    "many",
    "overlap",
    "planted",
    "ranking",
    "hostile",
    "repair_sklearn",
    "verdicts",
    "calibration",
    "suggestion",
    "optima",
    "select",
    "nested",
    "speed",
    "engine",
    "memory",
    "integrals",
    "births",
    "thresholds",
    "phase",
    "laws",
    "candidates",
    "sample_landscapes",
    "count_law",
    "basins",
    "falsify",
)


def main() -> None:
    """Run the benchmark that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="?", choices=NAMES)
    parser.add_argument("--out", type=Path, help="JSON file; an unfinished run in it is resumed")
    parser.add_argument("--small", action="store_true", help="the version that continuous integration runs")
    options = parser.parse_args()
    if options.name is None:
        for name in NAMES:
            print(f"{name:16} {import_module(f'benchmarks.{name}').BENCHMARK.about}")
        return
    out = options.out or Path(f"benchmark-{options.name}{'-small' if options.small else ''}.json")
    content = run(
        options.name, import_module(f"benchmarks.{options.name}").BENCHMARK, out, small=options.small
    )
    print(json.dumps(content["summary"], indent=1))


if __name__ == "__main__":
    main()
