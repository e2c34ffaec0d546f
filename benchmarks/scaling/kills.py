"""Kills: runs with a checkpoint are killed, at random and while they write, and resumed until they end."""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown
from benchmarks.scaling.killed_work import WORK, work, write_rows

KILLS, SMALL_KILLS = 25, 2
#: Kills that one run is resumed from, one after the other, before it is let end.
IN_A_ROW = 5
#: Seconds that a run in full may take.
PATIENCE = 600.0


def cases(small: bool) -> Iterator[Case]:
    """Yield one case for each kind of long work; of the small ones the fit and the basins."""
    for what in ("fit", "basins") if small else WORK:
        kills = SMALL_KILLS if small else KILLS
        yield Case(f"{what}, {kills} kills, seed 0", partial(_killed, what, kills, 0))


def _killed(what: str, kills: int, seed: int) -> dict[str, Any]:
    """Kill runs until there are so many kills, every second one while it writes; compare each end."""
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory(prefix="gmmscape-") as temporary:
        folder = Path(temporary)
        write_rows(folder, seed)
        whole, seconds = _whole(what, folder)
        again, _ = _whole(what, folder)
        counts = ("kills", "while_writing", "with_a_checkpoint", "resumed", "ends", "equal")
        found = dict.fromkeys(counts, 0)
        while found["kills"] < kills:
            kept = folder / f"{found['ends']}.json"
            for _ in range(min(IN_A_ROW, kills - found["kills"])):
                if not _kill(what, folder, kept, rng, seconds, found):
                    break
            found["resumed"] += kept.exists()
            _finished(_begun(what, folder, kept, folder / "end.json"))
            found["ends"] += 1
            found["equal"] += (folder / "end.json").read_bytes() == whole
            (folder / "end.json").unlink()
        left = [one.name for one in folder.iterdir() if one.name.endswith(".part")]
    return {**found, "repeated_equal": again == whole, "seconds_whole": seconds, "left_over": len(left)}


def _whole(what: str, folder: Path) -> tuple[bytes, float]:
    """The result of a run with a checkpoint that nobody kills, and the seconds that it took."""
    process = _begun(what, folder, folder / "whole.json", folder / "whole")
    began = time.monotonic()
    _finished(process)
    seconds = time.monotonic() - began
    for file in folder.glob("whole.json*"):
        file.unlink()
    return (folder / "whole").read_bytes(), seconds


def _kill(
    what: str, folder: Path, kept: Path, rng: np.random.Generator, seconds: float, found: dict[str, int]
) -> bool:
    """Kill one run, at a random time, or when a temporary file appears after it; False if it has ended."""
    at_writing = bool(found["kills"] % 2)
    process = _begun(what, folder, kept, folder / "end.json")
    there, mark = set(_parts(folder)), kept.name
    # What is left to do becomes less from kill to kill.
    until = time.monotonic() + rng.uniform(0.0, 0.3 if at_writing else 0.5) * seconds
    while process.is_alive() and time.monotonic() < until:
        time.sleep(0.0005)
    while at_writing and process.is_alive() and not any(mark in one for one in _parts(folder) - there):
        time.sleep(0.0001)
    if not process.is_alive():
        return False
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    if process.exitcode != -signal.SIGKILL:  # it ended by itself in that moment
        return False
    found["kills"] += 1
    found["while_writing"] += bool(_parts(folder) - there)
    found["with_a_checkpoint"] += kept.exists()
    return True


def _parts(folder: Path) -> set[str]:
    with os.scandir(folder) as entries:
        return {one.name for one in entries if one.name.endswith(".part")}


def _begun(what: str, folder: Path, kept: Path, out: Path) -> Any:
    """A process that begins its work; the library is loaded once, in the one that it is forked from."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([work.__module__])
    process = context.Process(target=work, args=(what, folder, kept, out))
    process.start()
    return process


def _finished(process: Any) -> None:
    process.join(PATIENCE)
    if process.exitcode != 0:
        raise RuntimeError(f"a run ended with {process.exitcode}")


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the counts of each case."""
    names = ("kills", "while_writing", "with_a_checkpoint", "ends", "equal", "repeated_equal")
    return {name: {key: case[key] for key in names} for name, case in done.items()}


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a case."""
    rows = [
        (
            name,
            row["kills"],
            row["while_writing"],
            row["with_a_checkpoint"],
            f"{row['equal']} of {row['ends']}",
        )
        for name, row in summary.items()
    ]
    kills, writing, ends, equal = (
        sum(row[name] for row in summary.values()) for name in ("kills", "while_writing", "ends", "equal")
    )
    return Shown(
        {"kills": kills, "writing": writing, "equal": equal, "ends": ends},
        ("work", "kills", "of them while writing", "with a checkpoint there", "ends equal to the last bit"),
        rows,
    )


PAGE = Page(
    question="Does work that is killed go on from its checkpoint to the same numbers?",
    setup="""A fit of a file in blocks, a repair, a selection, an exploration of a landscape and a count of
    basins, each in a process that keeps a checkpoint. SIGKILL at a random time, or as soon as a temporary
    file appears after it, up to five times in a row; then the run is let end, and all its numbers are
    compared with those of a run that was not killed.""",
    sentence="""Of {ends} runs that were killed {kills} times in all, {writing} times while they wrote,
    {equal} ended with the very bits of a run that was not killed.""",
    claim="Killed work goes on to the same bits",
    number="{equal} of {ends} runs equal after {kills} kills",
    loses="work since the last writing is done again",
    shown=shown,
)


BENCHMARK = Benchmark("killed runs that go on from their checkpoints", cases, summary, PAGE)
