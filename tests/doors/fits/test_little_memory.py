"""Commands in a process with little memory: what has no room is refused, in one line, before the work."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of addresses are those of Linux")

#: Runs a command once all is loaded, with so many bytes more than the process has then.
LIMITED = """
import resource, sys
from pathlib import Path
import gmmscape.cli.fit
from gmmscape.cli.app import run

more = int(sys.argv.pop(1))
size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + more, size + more))
run()
"""


def refused(more: int, *arguments: str | Path) -> str:
    """The one line that a command with so much memory ends in, with the exit code of unusable data."""
    command = [sys.executable, "-c", LIMITED, str(more), "fit", "-k", "2", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert done.stdout == ""
    (line,) = [line for line in done.stderr.splitlines() if not line.startswith("note: ")]
    return line


def test_a_wide_table_is_refused_with_what_its_covariances_take(tmp_path):
    np.savetxt(tmp_path / "wide.csv", np.random.default_rng(0).normal(size=(4, 1_500)), "%.3f", ",")
    line = refused(600_000_000, tmp_path / "wide.csv", "--no-header")
    assert line.startswith(
        "Error: --covariance 'full': the covariances of 2 components in 1500 columns take 36 MB"
    )
    assert re.search(r"takes about 1.01 GB, where (5\d\d|600) MB of memory are free: use one of", line)
    assert "'tied' (396 MB), 'diag' (216 MB), 'spherical' (216 MB), fewer components" in line


def test_a_small_file_that_grows_is_refused_with_the_way_in_blocks(tmp_path):
    bomb = tmp_path / "rows.csv.gz"
    bomb.write_bytes(gzip.compress(b"1,2,3,4\n" * 200_000) * 20)
    line = refused(200_000_000, bomb, "--no-header")
    assert line.startswith(f"Error: {bomb}: its numbers take 5")
    assert "of memory that are free: read it in blocks, by `gmmscape fit --memory 1GB`" in line
