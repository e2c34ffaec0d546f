"""Environments of peers: made on demand from pinned versions, in a folder that is kept."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from functools import cache
from pathlib import Path
from typing import NamedTuple

#: Names the folder of the environments; without it they lie in the user's cache.
FOLDER = "GMMSCAPE_PEERS"
#: The interpreter that runs the benchmark.
HERE = "here"
#: What each environment is made of.
PINNED: dict[str, tuple[str, ...]] = {
    "scikit-learn": ("scikit-learn==1.9.1", "bkmeans==1.3"),
    # It holds NumPy below 2, and gets an environment of its own so that others do not.
    "flspp": ("flspp==0.1.9", "scikit-learn==1.9.1"),
    "autogmm": ("autogmm==0.1.0", "scikit-learn==1.6.1"),
    "pomegranate": ("pomegranate==1.1.2", "torch==2.13.0"),
    "torchgmm": ("torchgmm==0.1.4", "torch==2.13.0"),
    "pycave": ("pycave==3.2.1",),
    "gmmx": ("gmmx==0.7", "scikit-learn==1.9.1"),
}
#: One thread each. Libraries read these when they are loaded.
ALONE = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "JAX_PLATFORMS": "cpu",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}


class Environment(NamedTuple):
    """Where a peer runs and the versions there, or why it does not."""

    python: str | None
    versions: dict[str, str]
    why_not: str | None

    @property
    def variables(self) -> dict[str, str]:
        """Environment variables of a process there: nothing of ours is on its path."""
        foreign = self.python != sys.executable
        kept = {name: one for name, one in os.environ.items() if not (foreign and name == "PYTHONPATH")}
        return kept | ALONE


def folder() -> Path:
    """Return the folder of all environments."""
    named = os.environ.get(FOLDER)
    cached = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gmmscape" / "peers"
    return Path(named) if named else cached


@cache
def environment(group: str) -> Environment:
    """Return the environment of a group of peers, which is made where it is not there yet."""
    if group == HERE:
        return Environment(sys.executable, {}, None)
    return made(PINNED[group], folder() / f"{group}-{_mark(PINNED[group])}")


def made(pinned: tuple[str, ...], place: Path) -> Environment:
    """Return the environment at a place; one whose installation did not end is made anew."""
    python, ready = place / "bin" / "python", place / "versions.json"
    if not ready.exists():
        shutil.rmtree(place, ignore_errors=True)
        venv.create(place, with_pip=True)
        clean = {name: one for name, one in os.environ.items() if name != "PYTHONPATH"}
        install = [str(python), "-m", "pip", "install", "--quiet", "--prefer-binary", *pinned]
        result = subprocess.run(install, capture_output=True, text=True, check=False, env=clean)
        if result.returncode != 0:
            shutil.rmtree(place, ignore_errors=True)
            return Environment(None, {}, _last_error(result.stderr))
        listed = subprocess.run(
            [str(python), "-m", "pip", "list", "--format=json"],
            capture_output=True,
            text=True,
            check=True,
            env=clean,
        )
        versions = {one["name"]: one["version"] for one in json.loads(listed.stdout)}
        ready.write_text(json.dumps(versions), encoding="utf-8")
    return Environment(str(python), json.loads(ready.read_text(encoding="utf-8")), None)


def _mark(pinned: tuple[str, ...]) -> str:
    """Tell environments of other versions, of packages or of Python, apart."""
    text = " ".join((sys.version, *pinned))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _last_error(text: str) -> str:
    lines = [line.removeprefix("ERROR: ") for line in text.splitlines() if line.startswith("ERROR: ")]
    return (lines or text.splitlines() or ["pip said nothing"])[-1][:200]
