"""Deliberate faults: each text is there once, and the small version notices its faults."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
if not (ROOT / "benchmarks").is_dir():
    pytest.skip("benchmarks are in the repository only", allow_module_level=True)
sys.path.insert(0, str(ROOT))

from benchmarks.proving.faults import FAULTS  # noqa: E402
from benchmarks.proving.mutations import changed  # noqa: E402


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what)
def test_each_fault_is_one_change_and_its_tests_are_there(fault):
    text = (ROOT / "src" / "gmmscape" / fault.file).read_text(encoding="utf-8")
    assert changed(text, fault) != text
    assert all((ROOT / "tests" / test).exists() for test in fault.tests)


def test_a_text_that_is_not_there_is_told():
    with pytest.raises(LookupError, match="is there 0 times"):
        changed("nothing", FAULTS[0])


@pytest.mark.slow
def test_the_small_version_notices_its_faults(tmp_path: Path):
    out = tmp_path / "out.json"
    command = [sys.executable, "-m", "benchmarks", "mutations", "--small", "--out", str(out)]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, check=True)
    summary = json.loads(out.read_text(encoding="utf-8"))["summary"]
    assert (summary["noticed"], summary["faults"]) == (2, 2)
