"""Files are written whole or not at all, whoever else writes, and whatever ends the process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import gmmscape as gs
from gmmscape.wholefile import temporary_beside, unfinished

WRITER = """
import sys, time
from gmmscape.wholefile import unfinished
with unfinished(sys.argv[1]) as beside:
    beside.write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""


def test_one_who_sweeps_between_creating_and_locking(tmp_path: Path, monkeypatch) -> None:
    """A file that somebody removed before it was locked is created again."""
    created, opening = [], os.open

    def swept_at_once(name, flags, *mode):
        descriptor = opening(name, flags, *mode)
        if flags & os.O_CREAT:
            created.append(name)
            if len(created) < 3:
                Path(name).unlink()
        return descriptor

    monkeypatch.setattr(os, "open", swept_at_once)
    with unfinished(tmp_path / "f") as beside:
        beside.write_text("whole")
    assert (tmp_path / "f").read_text() == "whole"
    assert len(set(created)) == 3
    assert [one.name for one in tmp_path.iterdir()] == ["f"]


def test_names_that_begin_alike_do_not_meet(tmp_path: Path) -> None:
    """Names of files whose first 60 characters are equal, written by threads of one process."""
    names = ["n" * 60 + str(i) for i in range(8)]

    def write(i: int) -> None:
        with unfinished(tmp_path / names[i % 8]) as beside:
            beside.write_text(names[i % 8])

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(400)))
    assert {one.name: one.read_text() for one in tmp_path.iterdir()} == {name: name for name in names}


def test_no_two_names_are_equal(tmp_path: Path) -> None:
    assert len({temporary_beside(tmp_path / "a") for _ in range(100)}) == 100


def test_what_a_killed_process_leaves_goes_with_the_next_writing(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    file = tmp_path / "a.json"
    file.write_text("old")
    with subprocess.Popen([sys.executable, "-c", WRITER, str(file)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"writing\n"
        with unfinished(file) as beside:  # what another process is writing stays
            beside.write_text("new")
        assert len(list(tmp_path.iterdir())) == 2
        os.kill(writer.pid, signal.SIGKILL)
    assert file.read_text() == "new"
    (tmp_path / ".a.json.of-another.part").write_text("stays")
    with unfinished(file) as beside:
        beside.write_text("newer")
    assert sorted(one.name for one in tmp_path.iterdir()) == [".a.json.of-another.part", "a.json"]
    assert file.read_text() == "newer"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such modes")
def test_a_file_keeps_its_mode(tmp_path: Path) -> None:
    """What is private stays so, and is while it is written."""
    file = tmp_path / "a.json"
    for mode in (0o600, 0o640, 0o664):
        file.touch()
        file.chmod(mode)
        with unfinished(file) as beside:
            beside.write_text("new")
            assert not beside.stat().st_mode & 0o077
        assert (file.stat().st_mode & 0o777, file.read_text()) == (mode, "new")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such modes")
def test_a_file_that_is_read_only_is_refused(tmp_path: Path) -> None:
    """Also for root, whom the system lets write everywhere."""
    file = tmp_path / "a.json"
    file.write_text("old")
    file.chmod(0o444)
    with pytest.raises(gs.InvalidParameterError, match="read-only: make it writable"), unfinished(file):
        pass
    assert [one.name for one in tmp_path.iterdir()] == ["a.json"]
    assert file.read_text() == "old"


def test_other_hard_links_keep_the_old_content(tmp_path: Path) -> None:
    """A name takes another file at once: no moment has half of it, under any of its names."""
    file, other = tmp_path / "a.json", tmp_path / "b.json"
    file.write_text("old")
    os.link(file, other)
    with unfinished(file) as beside:
        beside.write_text("new")
    assert (file.read_text(), other.read_text()) == ("new", "old")
