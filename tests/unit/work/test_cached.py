"""Values that are computed once hold no lock, for which a child forked meanwhile would wait."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gmmscape import threads

SOURCE = Path(threads.__file__).parent


class Slow:
    """Its value is computed until `go` is set."""

    def __init__(self) -> None:
        self.begun, self.go, self.times = threading.Event(), threading.Event(), 0

    @threads.cached_property
    def value(self) -> int:
        """What takes long."""
        self.begun.set()
        assert self.go.wait(60)
        self.times += 1
        return 7


def test_it_is_computed_once() -> None:
    one = Slow()
    one.go.set()
    assert (one.value, one.value, one.times) == (7, 7, 1)
    assert isinstance(Slow.value, threads.cached_property)
    assert Slow.value.__doc__ == "What takes long."
    del one.value
    assert (one.value, one.times) == (7, 2)


def test_another_instance_does_not_wait() -> None:
    """As a child that was forked meanwhile would for ever."""
    slow, other = Slow(), Slow()
    other.go.set()
    thread = threading.Thread(target=lambda: slow.value)
    thread.start()
    assert slow.begun.wait(60)
    second = threading.Thread(target=lambda: other.value, daemon=True)
    second.start()
    second.join(5)
    waits = second.is_alive()
    slow.go.set()
    thread.join(60)
    assert not waits


FORKED = """
import os, sys, threading, warnings
sys.path.insert(0, sys.argv[1])
warnings.simplefilter("ignore")
from unit.work.test_cached import Slow
slow = Slow()
threading.Thread(target=lambda: slow.value, daemon=True).start()
slow.begun.wait(60)
child = os.fork()
if child == 0:
    other = Slow()
    other.go.set()
    os._exit(other.value)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
os._exit(0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_child_forked_meanwhile_computes() -> None:
    tests = str(Path(__file__).resolve().parents[2])
    done = subprocess.run([sys.executable, "-c", FORKED, tests], capture_output=True, timeout=60, check=True)
    assert done.stdout == b"7\n"


def test_that_of_functools_is_used_nowhere_else() -> None:
    users = [
        file
        for file in SOURCE.rglob("*.py")
        if "functools import" in (text := file.read_text("utf-8")) and "cached_property" in text
    ]
    for file in users:
        lines = [one for one in file.read_text("utf-8").splitlines() if "functools" in one]
        assert file.name == "threads.py" or not any("cached_property" in one for one in lines), file
