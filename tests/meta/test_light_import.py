"""`import gmmscape` is quick and leaves the process as it was."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("click", "joblib", "matplotlib", "rich", "scipy", "sklearn", "torch")
LIMIT_SECONDS = 0.3
REPETITIONS = 5

# NumPy is imported before the state is read: what it changes is not ours.
PROBE = """
import json, os, random, sys, time, warnings

def state():
    return {
        "warning filters": repr(warnings.filters),
        "numpy error state": repr(np.geterr()),
        "numpy random state": repr(np.random.get_state(legacy=False)),
        "random state": repr(random.getstate()),
        "environment": repr(sorted(os.environ.items())),
    }

if sys.argv[2] == "state":
    import numpy as np
    before = state()
start = time.perf_counter()
__import__(sys.argv[1])
seconds = time.perf_counter() - start
modules = sorted({name.partition(".")[0] for name in sys.modules})
changed = []
if sys.argv[2] == "state":
    after = state()
    changed = [what for what in before if before[what] != after[what]]
print(json.dumps({"seconds": seconds, "modules": modules, "changed": changed}))
"""


def probe(module: str, what: str, folder: Path) -> dict:
    """Import `module` in a new process and return what that did."""
    result = subprocess.run(
        [sys.executable, "-c", PROBE, module, what], cwd=folder, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture
def intruder(tmp_path: Path) -> str:
    """Write a module that does all that an import must not do; return its name."""
    lines = [
        "import os, random, time, warnings",
        "import numpy as np, scipy",
        "warnings.simplefilter('ignore')",
        "np.seterr(all='ignore')",
        "np.random.seed(1)",
        "random.seed(1)",
        "os.environ['INTRUDER'] = 'was here'",
        f"time.sleep({LIMIT_SECONDS})",
    ]
    (tmp_path / "intruder.py").write_text("\n".join(lines), encoding="utf-8")
    return "intruder"


def test_import_loads_nothing_heavy(tmp_path: Path):
    assert set(HEAVY).isdisjoint(probe("gmmscape", "time", tmp_path)["modules"])


def test_import_is_quick(tmp_path: Path):
    # The best of several: the others say how busy the machine is.
    best = min(probe("gmmscape", "time", tmp_path)["seconds"] for _ in range(REPETITIONS))
    assert best < LIMIT_SECONDS


def test_import_changes_no_global_state(tmp_path: Path):
    assert probe("gmmscape", "state", tmp_path)["changed"] == []


def test_the_probe_sees_an_intruder(tmp_path: Path, intruder: str):
    seen = probe(intruder, "state", tmp_path)
    assert "scipy" in seen["modules"]
    assert seen["seconds"] >= LIMIT_SECONDS
    assert len(seen["changed"]) == 5
