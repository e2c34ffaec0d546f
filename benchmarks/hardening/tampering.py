"""Tampering: single changes of every kind of model file and checkpoint are refused, or change nothing."""

from __future__ import annotations

import base64
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.hardening.changes import changed_archive, changed_json
from benchmarks.hardening.kinds import CHECKPOINTS, MODELS, read_file, result_of
from benchmarks.hardening.outcomes import PATIENCE, REFUSED, SAME, outcome_of
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, part_of

CHANGES, SMALL_CHANGES = 1_000, 40
#: Kinds of the small version.
SMALL = ("mixture.gmm", "fit.json", "explore")
#: Changes of one case whose bytes are kept, where they are neither refused nor without effect.
KEPT = 5
#: Seconds that work may take that goes on from a checkpoint.
WORK = 120.0


def cases(small: bool) -> Iterator[Case]:
    """Yield one case for each kind of file."""
    changes = SMALL_CHANGES if small else CHANGES
    for kind in MODELS:
        if not small or kind in SMALL:
            yield Case(f"model file, {kind}, {changes} changes, seed 0", partial(_models, kind, changes, 0))
    for kind in CHECKPOINTS:
        if not small or kind in SMALL:
            yield Case(f"checkpoint, {kind}, {changes} changes, seed 0", partial(_kept, kind, changes, 0))


def _models(kind: str, changes: int, seed: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="gmmscape-") as folder:
        path = Path(folder) / kind
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            MODELS[kind](path)
        change = changed_archive if path.suffix == ".gmm" else changed_json
        return _tried(path, change, lambda: read_file(path), changes, seed)


def _kept(kind: str, changes: int, seed: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="gmmscape-") as folder:
        path = Path(folder) / "kept.json"
        result_of(kind, path)
        return _tried(path, changed_json, lambda: result_of(kind, path), changes, seed, WORK)


def _tried(
    path: Path,
    change: Callable[[np.random.Generator, bytes], tuple[str, bytes]],
    read: Callable[[], Any],
    changes: int,
    seed: int,
    seconds: float = PATIENCE,
) -> dict[str, Any]:
    """Change the file at a path so often, one change at a time, and read each."""
    rng = np.random.default_rng(seed)
    whole, before = path.read_bytes(), read()
    counts: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    findings = []
    while counts.total() < changes:
        what, data = change(rng, whole)
        if data == whole:
            continue
        for beside in path.parent.iterdir():  # what an accepted checkpoint has left
            beside.unlink()
        path.write_bytes(data)
        outcome, said = outcome_of(read, lambda found: found == before, seconds)
        counts[outcome] += 1
        kinds[f"{what}: {outcome}"] += 1
        if outcome not in (REFUSED, SAME) and len(findings) < KEPT:
            findings.append({"outcome": outcome, "said": said, "input": base64.b64encode(data).decode()})
    return {"bytes": len(whole), "outcomes": dict(counts), "by_change": dict(kinds), "findings": findings}


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the outcomes of each kind of file, and how many changes did what they must not."""
    each = {name.partition(",")[0] + "," + name.split(",")[1]: row["outcomes"] for name, row in done.items()}
    totals: Counter[str] = Counter()
    for row in each.values():
        totals.update(row)
    return {
        "changes": totals.total(),
        "refused": totals[REFUSED],
        "same": totals[SAME],
        "wrong": totals.total() - totals[REFUSED] - totals[SAME],
        "each": each,
    }


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row for each kind of file."""
    rows = [
        (
            *map(str.strip, name.split(",", 1)),
            row.get(REFUSED, 0),
            row.get(SAME, 0),
            sum(row.values()) - row.get(REFUSED, 0) - row.get(SAME, 0),
        )
        for name, row in summary["each"].items()
    ]
    figures = {
        **{name: summary[name] for name in ("changes", "refused", "same", "wrong")},
        "kinds": len(rows),
        "held": part_of(summary["refused"] + summary["same"], summary["changes"]),
    }
    columns = ("file", "kind", "refused", "read with the same result", "anything else")
    return Shown(figures, columns, rows)


PAGE = Page(
    question="Is a changed file ever read as if it were whole?",
    setup="""Each kind of model file and of checkpoint, written small. One change at a time: a byte, the type,
    sign or size of one value of JSON, a field removed, added or doubled, the file cut off; in model files
    also members of the archive. The file is read by what users call (`gmmscape.load`, the models that
    `diagnose` takes, the same long work with its checkpoint) and the result compared to the last bit.""",
    sentence="""Of {changes} changes to {kinds} kinds of files {refused} are refused by a typed error and
    {same} are read with the very same result. {wrong} are read with another one or end otherwise.""",
    claim="A changed file is refused, or its result is the same",
    number="{held} single changes",
    loses="files without a digest (by hand, of earlier versions) are believed where they are in order",
    shown=shown,
)


BENCHMARK = Benchmark("single changes of model files and checkpoints", cases, summary, PAGE)
