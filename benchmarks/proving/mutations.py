"""Mutations: deliberate faults in the mathematics, and which test of the fast suite notices each."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, short
from benchmarks.proving.faults import FAULTS, Fault
from gmmscape.engine import _native

ROOT = Path(__file__).resolve().parents[2]
#: Seconds after which the tests of one fault are given up; what hangs is noticed too.
LIMIT = 900
#: Faults of the small version: one that few tests see, one that most do.
SMALL = ("relabellings are composed in the wrong order", "means are matched along the wrong axis")
#: The tests on a changed copy: an editable installation would find the original first.
PROBE = """
import sys
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in type(finder).__module__]
sys.path.insert(0, sys.argv[1])
import gmmscape, pytest
assert gmmscape.__file__.startswith(sys.argv[1]), gmmscape.__file__
raise SystemExit(pytest.main(sys.argv[2:]))
"""


def cases(small: bool) -> Iterator[Case]:
    """Yield the sources without a fault, which no test may find fault with, and each fault."""
    if not small:
        yield Case("no fault", partial(_tried, None))
    for fault in FAULTS:
        if not small or fault.what in SMALL:
            yield Case(fault.what, partial(_tried, fault))


def changed(text: str, fault: Fault) -> str:
    """Return a source with a fault; a LookupError where its text is not there once."""
    if text.count(fault.before) != 1:
        raise LookupError(f"{fault.file}: {fault.before!r} is there {text.count(fault.before)} times")
    return text.replace(fault.before, fault.after)


def _tried(fault: Fault | None) -> dict[str, Any]:
    """What the tests of a fault say; without one, the first tests of all."""
    tests = list(dict.fromkeys(one.tests[0] for one in FAULTS)) if fault is None else list(fault.tests)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="gmmscape-") as folder:
        package = Path(folder) / "gmmscape"
        shutil.copytree(ROOT / "src" / "gmmscape", package, ignore=shutil.ignore_patterns("__pycache__"))
        extension = Path(str(_native.__file__))
        shutil.copy(extension, package / "engine" / extension.name)
        if fault is not None:
            file = package / fault.file
            file.write_text(changed(file.read_text(encoding="utf-8"), fault), encoding="utf-8")
        status, said = _run(Path(folder), tests)
    by = re.search(r"^(?:FAILED|ERROR) (\S+)", said, re.MULTILINE)
    return {
        "file": None if fault is None else fault.file,
        # 0: all passed; 1: some failed; 2: not even collected.
        "noticed": status not in (0, 5),
        "by": None if by is None else by[1],
        "seconds": time.perf_counter() - began,
        "said": said.strip().splitlines()[-1] if said.strip() else "",
    }


def _run(folder: Path, tests: list[str]) -> tuple[int, str]:
    command = [sys.executable, "-c", PROBE, str(folder), "-n0", "-x", "-q", "-p", "no:cacheprovider"]
    try:
        done = subprocess.run(
            [*command, *(f"tests/{test}" for test in tests)],
            cwd=ROOT,
            env={**os.environ, "CI": "true", "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 124, f"given up after {LIMIT} s"
    return done.returncode, done.stdout


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return how many faults were noticed, and which were not."""
    faults = {name: row for name, row in done.items() if row["file"] is not None}
    return {
        "faults": len(faults),
        "noticed": sum(row["noticed"] for row in faults.values()),
        "survivors": [name for name, row in faults.items() if not row["noticed"]],
        "false_alarm": any(row["noticed"] for row in done.values() if row["file"] is None),
        "each": faults,
    }


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row for each fault."""
    rows = [
        (
            name,
            row["file"],
            row["by"] or ("a test" if row["noticed"] else "**none**"),
            short(row["seconds"], 2),
        )
        for name, row in summary["each"].items()
    ]
    figures = {"noticed": summary["noticed"], "faults": summary["faults"]}
    return Shown(figures, ("fault", "file", "noticed by", "s"), rows)


PAGE = Page(
    question="Does the fast suite notice a fault in the mathematics?",
    setup="""Each fault is one change of a line in a copy of the sources: a sign, a factor, an axis, a weight,
    an order. The fast tests of its neighbourhood are run until one fails; without a fault they pass.""",
    sentence="{noticed} of {faults} faults are noticed.",
    claim="A fault in the mathematics is noticed by the fast suite",
    number="{noticed} of {faults} deliberate faults",
    loses="only faults somebody thought of; those of compiled code by comparing it with the reference",
    shown=shown,
)


BENCHMARK = Benchmark("deliberate faults that tests notice", cases, summary, PAGE)
