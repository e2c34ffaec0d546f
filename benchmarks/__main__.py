"""``python -m benchmarks NAME``: run one benchmark; ``table``: write the pages; without a name, list them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks.catalogue import NAMES, benchmark
from benchmarks.harness import run


def main() -> None:
    """Run the benchmark that the command line names, or write the pages of all kept results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="?", choices=(*NAMES, "table"))
    parser.add_argument(
        "--out",
        type=Path,
        help="JSON file, of which an unfinished run is resumed; with table, the folder of the pages (docs)",
    )
    parser.add_argument("--small", action="store_true", help="the version that continuous integration runs")
    parser.add_argument("--only", metavar="REGEX", help="cases with such a name only, as 'k (10|30|100) '")
    options = parser.parse_args()
    if options.name is None:
        for name in NAMES:
            print(f"{name:18} {benchmark(name).about}")
    elif options.name == "table":
        from benchmarks.table import DOCS, write

        write(options.out or DOCS)
    else:
        out = options.out or Path(f"benchmark-{options.name}{'-small' if options.small else ''}.json")
        content = run(options.name, benchmark(options.name), out, small=options.small, only=options.only)
        print(json.dumps(content["summary"], indent=1))


if __name__ == "__main__":
    main()
