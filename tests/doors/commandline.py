"""Ways to run the command line from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout, suppress
from io import StringIO

import pytest

from ctrl_c import interruptible
from gmmscape.cli import main

#: Seconds until a process is given up: less than a test has, so that the failure says what was awaited.
PATIENCE = 240

COMMAND = [sys.executable, "-W", "error", "-c", "from gmmscape.cli import main; main()"]

needs_terminal = pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pseudo-terminal")


def gmmscape(*arguments, cwd=None, **options):
    """Run the command as a process of its own."""
    # Not what readline, which debuggers load, puts into the environment behind Python's back: COLUMNS.
    options = {"env": dict(os.environ), **options}
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, timeout=PATIENCE, **options
    )


def inside(*arguments, cwd=None):
    """Run the command in this process and return the same as `gmmscape`; spares seconds of imports.

    The entry point is that of a process. What it does not turn into an exit code fails the test here.
    """
    output, messages = StringIO(), StringIO()
    streams = redirect_stdout(output), redirect_stderr(messages)
    with pytest.MonkeyPatch.context() as patch, chdir(cwd or "."), streams[0], streams[1]:
        patch.setattr(sys, "argv", ["gmmscape", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
    code = 0 if end.value.code is None else end.value.code
    return subprocess.CompletedProcess(arguments, code, output.getvalue(), messages.getvalue())


@contextmanager
def on_terminal(arguments, cwd=None):
    """Run the command with its standard error on a pseudo-terminal; yield it and what the terminal shows."""
    terminal, child = os.openpty()
    with interruptible():
        process = subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=child,
            text=True,
            cwd=cwd,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
        )
    os.close(child)
    shown = bytearray()

    def read():
        with suppress(OSError):  # Linux says so when the other side has closed
            while part := os.read(terminal, 10_000):
                shown.extend(part)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield process, shown
    finally:
        process.kill()
        process.communicate()
        reader.join()
        os.close(terminal)


def interrupted(arguments, sign, cwd=None, number=signal.SIGINT):
    """Press Ctrl-C, or send another signal, once the terminal shows a sign; return standard output.

    The exit code must be 4.
    """
    with on_terminal(arguments, cwd=cwd) as (process, shown):
        deadline = time.monotonic() + PATIENCE
        while sign not in shown:
            assert process.poll() is None, f"the command ended before it showed {sign!r}"
            assert time.monotonic() < deadline, f"{sign!r} is not shown"
            time.sleep(0.02)
        process.send_signal(number)
        output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 4, (output, bytes(shown)[-3000:])
    return output


def failed(result, code, *words):
    """The command ended with this code and one line that has these words; no traceback, no output."""
    assert result.returncode == code, result.stderr
    assert result.stdout == "", result.stdout
    assert "Traceback" not in result.stderr, result.stderr
    assert [line for line in result.stderr.splitlines() if "Error" in line], result.stderr
    for word in words:
        assert word in result.stderr, result.stderr
