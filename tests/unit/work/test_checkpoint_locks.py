"""One process at a time works with a checkpoint."""

from __future__ import annotations

import errno
import gc
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import gmmscape as gs
from gmmscape.work.journal import Journal

pytest.importorskip("fcntl")

HOLDER = """
import sys, time
from gmmscape.work.journal import Journal
journal = Journal(sys.argv[1], "a", {})
journal.put("one", 1)
print("held", flush=True)
time.sleep(60)
"""


def test_another_process_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(file)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(gs.InvalidParameterError, match=rf"another process \({holder.pid}\) is at work"):
            Journal(file, "a", {})
        os.kill(holder.pid, signal.SIGKILL)
    journal = Journal(file, "a", {})
    assert journal["one"] == 1
    journal.close()
    assert [one.name for one in tmp_path.iterdir()] == ["kept.json"]


def test_what_an_error_left_over_gives_way(tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    left = Journal(file, "a", {})
    journal = Journal(file, "a", {})
    journal.put("one", 1)
    left._done["one"], left._new = 2, True
    with pytest.raises(gs.InvalidParameterError, match="other work in this process"):
        left.save(now=True)
    journal.close()
    assert Journal(file, "a", {})["one"] == 1


def test_one_that_is_forgotten_or_refused_holds_nothing(tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    journal = Journal(file, "a", {})
    assert (tmp_path / "kept.json.lock").exists()
    del journal
    gc.collect()
    assert not (tmp_path / "kept.json.lock").exists()
    Journal(file, "a", {}).put("one", 1)
    with pytest.raises(gs.InvalidParameterError, match="one of a"):
        Journal(file, "b", {})
    gc.collect()
    assert not (tmp_path / "kept.json.lock").exists()


def test_a_lock_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "kept.json.lock").mkdir()
    with pytest.raises(gs.InvalidParameterError, match=r"kept\.json\.lock cannot be written beside it"):
        Journal(tmp_path / "kept.json", "a", {})


def test_where_there_are_no_locks_nothing_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", unknown)
    file = tmp_path / "kept.json"
    journal = Journal(file, "a", {})
    journal.put("one", 1)
    journal.close()
    assert Journal(file, "a", {})["one"] == 1
