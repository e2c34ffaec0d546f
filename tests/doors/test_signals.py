"""SIGTERM and SIGHUP end commands as Ctrl-C does, and what was reached is kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from doors.commandline import COMMAND, PATIENCE, inside, interrupted, needs_terminal
from gmmscape.cli.shared.signals import ending_signals
from marks import rest_slow

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
BOTH = pytest.mark.parametrize("number", ["SIGTERM", "SIGHUP"])
#: The second takes the same way, once it is caught.
ONE = pytest.mark.parametrize("number", rest_slow(["SIGTERM", "SIGHUP"], 1))


@pytest.fixture(autouse=True)
def signals_as_in_a_terminal() -> Iterator[None]:
    """Under nohup SIGHUP is ignored, which processes that are started inherit."""
    before = [(number, signal.signal(number, signal.SIG_DFL)) for number in (signal.SIGTERM, signal.SIGHUP)]
    yield
    for number, handler in before:
        signal.signal(number, handler)


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    X = np.random.default_rng(0).normal(size=(3_000, 3))
    np.savetxt(tmp_path / "rows.csv", X, delimiter=",")
    return tmp_path / "rows.csv"


@BOTH
def test_they_interrupt_and_go_back_to_what_they_were(number: str) -> None:
    given = getattr(signal, number)
    before = signal.getsignal(given)
    with pytest.raises(KeyboardInterrupt), ending_signals():
        signal.raise_signal(given)
    assert signal.getsignal(given) == before


def test_several_at_once_count_as_one() -> None:
    with ending_signals():
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.1)


def test_what_is_ignored_or_handled_by_others_stays_so() -> None:
    got = []
    before = (
        signal.signal(signal.SIGHUP, signal.SIG_IGN),
        signal.signal(signal.SIGTERM, lambda *_: got.append(1)),
    )
    try:
        with ending_signals():
            os.kill(os.getpid(), signal.SIGHUP)
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.1)
        assert got == [1]
    finally:
        signal.signal(signal.SIGHUP, before[0])
        signal.signal(signal.SIGTERM, before[1])


def test_threads_leave_signals_alone() -> None:
    found = []

    def look() -> None:
        with ending_signals():
            found.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(signal.SIGTERM)]


@needs_terminal
@ONE
def test_a_fit_is_written_with_the_best_so_far(number: str, rows: Path, tmp_path: Path) -> None:
    out, kept = (
        tmp_path / "fit.json",
        tmp_path / "kept.json",
    )  # of a search that was cut short nothing is kept
    options = ["-k", 5, "--no-escape", "--tol", 0, "--max-iter", 10**9, "--json", out, "--checkpoint", kept]
    output = interrupted(["fit", rows, *options], b"em 0 of 1, iteration", number=getattr(signal, number))
    assert "\ninterrupted after " in output
    assert json.loads(out.read_text())["stop_reason"] == "interrupted"
    assert not kept.with_name("kept.json.lock").exists()


@pytest.mark.slow
@ONE
def test_other_commands_keep_what_is_done(number: str, tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    truth = ["--centers=-3,3,12", "--sigma", "1"]
    command = [*COMMAND, "basins", *truth, "-n", 10**7, "--checkpoint", kept]
    with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + PATIENCE
        while not kept.exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(getattr(signal, number))
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 4
    assert json.loads(kept.read_text())["done"]
    assert not (tmp_path / "kept.json.lock").exists()


def test_a_fit_goes_on_and_a_damaged_checkpoint_is_told_of(rows: Path, tmp_path: Path) -> None:
    kept, options = tmp_path / "kept.json", ["-k", 2, "--checkpoint", tmp_path / "kept.json"]
    first = inside("fit", rows, *options, "--json", tmp_path / "a.json", "--labels", tmp_path / "l.csv")
    assert (first.returncode, first.stderr) == (0, "")
    assert inside("fit", rows, *options, "--json", tmp_path / "b.json").stdout == first.stdout
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    refused = inside("fit", rows, "-k", 3, "--checkpoint", kept)
    assert (refused.returncode, "was made with another" in refused.stderr) == (2, True), refused.stderr
    kept.write_bytes(kept.read_bytes()[:-40])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.filters", [])
        again = inside("fit", rows, *options, "--json", tmp_path / "c.json")
    assert again.stderr.startswith("Warning: checkpoint: ")
    assert "going on from kept.json.previous" in again.stderr
    assert again.stderr.count("\n") == 1
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "c.json").read_bytes()
