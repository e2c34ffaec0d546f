"""Fuzzing: a million distorted files, of which each ends in a typed error or in an answer that holds."""

from __future__ import annotations

import base64
import multiprocessing
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, part_of

#: Executions of a target in all, and of one case at most.
EXECUTIONS = {
    "text": 360_000,
    "compressed text": 80_000,
    "npy": 130_000,
    "npz": 80_000,
    "parquet and feather": 60_000,
    "text in blocks": 20_000,
    "npy in blocks": 60_000,
    "model file": 70_000,
    "model in JSON": 80_000,
    "certificate": 40_000,
    "checkpoint": 60_000,
    "checkpoint of fit": 400,
    "checkpoint of repair": 400,
    "checkpoint of select": 400,
    "checkpoint of explore": 400,
    "checkpoint of falsify": 400,
}
AT_ONCE = 20_000
#: Executions of each target in the small version.
SMALL = {"text": 300, "npy": 300, "model in JSON": 100, "checkpoint": 100}
#: Seconds for one execution that is no long work, and for one that is; bytes that a case may grow by.
PATIENCE, WORK = 5.0, 60.0
MOST_BYTES = 1 << 30
#: Findings of one case whose inputs are kept.
KEPT = 10


def cases(small: bool) -> Iterator[Case]:
    """Yield the cases of each target, so many executions a case; the seed of one is its number."""
    for target, executions in (SMALL if small else EXECUTIONS).items():
        for number, first in enumerate(range(0, executions, AT_ONCE)):
            many = min(AT_ONCE, executions - first)
            yield Case(f"{target}, {many} executions, seed {number}", partial(_apart, target, many, number))


def _apart(target: str, executions: int, seed: int) -> dict[str, Any]:
    """Run a case in a process of its own, so that a crash ends no more than that, and is told."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    with tempfile.TemporaryDirectory(dir=_memory(), prefix="gmmscape-") as folder:
        process = context.Process(target=_sent, args=(sender, target, executions, seed, folder))
        process.start()
        sender.close()
        try:
            found = receiver.recv()
        except EOFError:
            process.join()
            data = (Path(folder) / "input").read_bytes() if (Path(folder) / "input").exists() else b""
            crash = {"outcome": "crash", "said": f"exit code {process.exitcode}", "input": _text(data)}
            found = {"executions": 0, "outcomes": {"crash": 1}, "findings": [crash], "grown_MiB": 0}
        process.join()
    return found


def _sent(sender: Any, target: str, executions: int, seed: int, folder: str) -> None:
    sender.send(fuzzed(target, executions, seed, Path(folder)))


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def fuzzed(name: str, executions: int, seed: int, folder: Path) -> dict[str, Any]:
    """Read so many distorted files; what ended as it must not, with the input."""
    from benchmarks.hardening.outcomes import REFUSED, SAME, outcome_of
    from benchmarks.hardening.targets import TARGETS, distorted, prepare

    target = TARGETS[name]
    files = target.files()
    path = folder / "input"
    prepare(target, files, path)
    before = _peak()
    seconds = WORK if target.folder else PATIENCE
    resource.setrlimit(resource.RLIMIT_AS, (_size() + MOST_BYTES, resource.RLIM_INFINITY))
    counts: Counter[str] = Counter()
    errors: Counter[str] = Counter()
    findings: list[dict[str, Any]] = []
    began = time.perf_counter()
    for number in range(executions):
        rng = Random(f"{name} {seed} {number}")  # so that each can be had again
        data = distorted(target, files, rng)
        for beside in folder.iterdir() if target.folder else ():
            beside.unlink()
        path.write_bytes(data)
        outcome, words = outcome_of(partial(target.read, path, rng), target.holds, seconds)
        counts[outcome] += 1
        if outcome in (REFUSED, SAME):
            errors[words.partition(":")[0]] += 1
        elif len(findings) < KEPT:
            findings.append({"number": number, "outcome": outcome, "said": words, "input": _text(data)})
    return {
        "executions": executions,
        "outcomes": dict(counts),
        "errors": dict(errors),
        "findings": findings,
        "grown_MiB": round((_peak() - before) / 1024, 1),
        "a_second": round(executions / (time.perf_counter() - began), 1),
    }


def _text(data: bytes) -> str:
    return base64.b64encode(data[:100_000]).decode()


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _size() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return executions and outcomes of each target, and what was found."""
    each: dict[str, dict[str, Any]] = {}
    for name, row in done.items():
        total = each.setdefault(name.partition(",")[0], {"executions": 0, "outcomes": {}, "grown_MiB": 0.0})
        total["executions"] += row["executions"]
        total["grown_MiB"] = max(total["grown_MiB"], row["grown_MiB"])
        for key, count in row["outcomes"].items():
            total["outcomes"][key] = total["outcomes"].get(key, 0) + count
    return {
        "executions": sum(row["executions"] for row in each.values()),
        "findings": sum(_wrong(row) for row in each.values()),
        "seconds": sum(row["seconds"] for row in done.values()),
        "each": each,
    }


def _wrong(row: dict[str, Any]) -> int:
    return sum(count for key, count in row["outcomes"].items() if key not in ("refused", "same"))


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row for each target."""
    rows = [
        (
            name,
            f"{row['executions']:,}",
            f"{row['outcomes'].get('refused', 0):,}",
            f"{row['outcomes'].get('same', 0):,}",
            _wrong(row),
            f"{row['grown_MiB']:.0f}",
        )
        for name, row in summary["each"].items()
    ]
    executions, findings = summary["executions"], summary["findings"]
    figures = {
        "executions": f"{executions:,}",
        "findings": findings,
        "held": part_of(f"{executions - findings:,}", f"{executions:,}"),
        "minutes": round(summary["seconds"] / 60),
    }
    columns = ("reader", "executions", "typed errors", "answers that hold", "anything else", "grows by, MiB")
    return Shown(figures, columns, rows)


PAGE = Page(
    question="Does any file bring a reader to anything but an answer that holds or a typed error?",
    setup="""Small valid files of each format - tables, models, certificates, checkpoints - are distorted:
    bytes turned, cut, doubled and spliced, cells, lines and encodings changed, values and fields of JSON,
    headers of arrays, members of archives, with digests that are right again where there are some. Each is
    read in process, within 5 s of computing and 1 GiB. An answer must be of finite numbers, of the shape that
    it says, and the same after it was written and read again; work goes on from its own checkpoints.""",
    sentence="""{executions} executions in {minutes} minutes of one core: {held} end in a typed error or in an
    answer that holds.""",
    claim="Whatever a file holds, it is read or refused by a typed error",
    number="{held} distorted files",
    loses="only what random distortions of small files reach; no bombs of data files are tried",
    shown=shown,
)


BENCHMARK = Benchmark("distorted files, read or refused", cases, summary, PAGE)
