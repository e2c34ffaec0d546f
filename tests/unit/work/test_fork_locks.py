"""Locks that a thread holds while a process is forked: the child, where that thread is not, has them free."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gmmscape.threads import ForkLock

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")

#: A thread does what holds a lock, until it is told to go on; meanwhile a child does the same.
FORKED = """
import os, sys, threading
sys.path.insert(0, sys.argv[1])
from unit.work.test_fork_locks import HOLDERS
held, go = threading.Event(), threading.Event()
hold, use = HOLDERS[sys.argv[2]](held, go, sys.argv[3])
threading.Thread(target=hold, daemon=True).start()
assert held.wait(60)
child = os.fork()
if child == 0:
    try:
        use()
        os._exit(7)
    finally:
        os._exit(1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
os._exit(0)
"""


def _waits(held: threading.Event, go: threading.Event) -> None:
    held.set()
    assert go.wait(60)


def deferred(held, go, folder):
    """A diagnosis that one thread computes, and the child asks for too."""
    from unit.results.test_deferred import Pair

    parent = os.getpid()

    def compute() -> Pair:
        if os.getpid() == parent:
            _waits(held, go)
        return Pair(1, 2)

    pair = Pair.later(compute)
    return lambda: pair.first, lambda: pair.second


def checkpoints(held, go, folder):
    """Checkpoints, of which one is being taken."""
    from gmmscape.work import lock
    from gmmscape.work.journal import Journal

    def hold() -> None:
        with lock._GUARD.held():
            _waits(held, go)

    return hold, lambda: Journal(Path(folder) / "kept.json", "fit", {}).close()


def verifier(held, go, folder):
    """The verifier, which checks one certificate at a time."""
    from gmmscape.exceptions import CertificateError
    from gmmscape.verifier import check

    def hold() -> None:
        with check.ONE_AT_A_TIME:
            _waits(held, go)

    def use() -> None:
        file = Path(folder) / "none.json"
        file.write_text("{}")
        with pytest.raises(CertificateError, match="proves nothing"):
            check.verify(file)

    return hold, use


HOLDERS = {"deferred": deferred, "checkpoints": checkpoints, "verifier": verifier}


@pytest.mark.parametrize("name", HOLDERS)
def test_a_child_does_not_wait(name: str, tmp_path: Path) -> None:
    tests = str(Path(__file__).resolve().parents[2])
    done = subprocess.run(
        [sys.executable, "-c", FORKED, tests, name, str(tmp_path)],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == b"7\n", done.stderr


def test_threads_of_one_process_wait() -> None:
    """And who forks while it holds the lock lets go of it in both processes."""
    lock, inside = ForkLock(), []

    def enter() -> None:
        with lock.held():
            inside.append(1)

    with lock.held():
        thread = threading.Thread(target=enter)
        thread.start()
        thread.join(0.2)
        assert not inside
        child = os.fork()
    if child == 0:
        enter()
        os._exit(len(inside))
    thread.join(60)
    assert inside == [1]
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
