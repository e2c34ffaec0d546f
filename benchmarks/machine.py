"""On what a benchmark ran: processor, versions, commit and date."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import scipy
import sklearn

from gmmscape.version import VERSION

ROOT = Path(__file__).resolve().parents[1]
#: What figures depend on. Results and documents do not count: they change while benchmarks run.
SOURCE = ("src", "benchmarks", "CMakeLists.txt", "pyproject.toml", ":!benchmarks/results")


def machine() -> dict[str, Any]:
    """Return facts about the machine, the versions of what is compared, the commit and the date."""
    return {
        "cpu": _processor(),
        "cpus": os.cpu_count(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "scikit-learn": sklearn.__version__,
        "gmmscape": VERSION,
        "commit": commit(),
        "date": datetime.now(UTC).date().isoformat(),
    }


def commit() -> str | None:
    """Return the commit, marked where the source has changes, or None outside of a repository."""
    head = _git("rev-parse", "--short=10", "HEAD")
    if head is None:
        return None
    return f"{head} with changes" if _git("status", "--porcelain", "--", *SOURCE) else head


def _git(*arguments: str) -> str | None:
    try:
        result = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return result.stdout.strip()


def _processor() -> str:
    """The model's name and number as Linux gives them, elsewhere what Python knows."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8").partition("\n\n")[0]
    except OSError:
        return platform.processor() or platform.machine()
    fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    facts = {key.strip(): value.strip() for key, value in fields.items()}
    name = facts.get("model name") or platform.machine()
    return f"{name}, family {facts['cpu family']} model {facts['model']}" if "cpu family" in facts else name
