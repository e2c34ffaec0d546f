"""Who takes part: methods, the runner and environment of each, and why some are not there."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.environments import HERE, environment

Array = NDArray[np.float64]
RUNNERS = Path(__file__).parent / "runners"
OURS = "ours"
#: Processor seconds of a method on a set after which it gets no other seed: if enough are done; and at most.
PATIENCE, LIMIT, ENOUGH = 10.0, 30.0, 50
#: How processes end that somebody stops: that is no result of theirs.
STOPPED = (-signal.SIGTERM, -signal.SIGINT)


class Method(NamedTuple):
    """What takes part: by which name, which runner does it under which word, where, from how many seeds.

    Attributes
    ----------
    name, runner, word, group : str
        Its name on the page, the runner's file, the runner's word for it, and its environment.
    seeds : int
        Runs of each set; one of what does not depend on chance.
    """

    name: str
    runner: str
    word: str
    group: str
    seeds: int = 100

    @property
    def is_ours(self) -> bool:
        """Whether it is gmmscape."""
        return self.name.startswith(OURS)


METHODS = (
    Method(OURS, "ours.py", "likelihood", HERE),
    Method("ours, all defaults", "ours.py", "defaults", HERE),
    Method("ours, search off", "ours.py", "search off", HERE),
    Method("scikit-learn, kmeans", "scikit.py", "kmeans", "scikit-learn"),
    Method("scikit-learn, k-means++", "scikit.py", "k-means++", "scikit-learn"),
    Method("scikit-learn, random_from_data", "scikit.py", "random_from_data", "scikit-learn"),
    Method("breathing k-means + EM", "scikit.py", "breathing", "scikit-learn", 50),
    Method("FLS++ + EM", "scikit.py", "local search", "flspp", 50),
    Method("random swap EM", "scikit.py", "swaps", "scikit-learn", 50),
    Method("autogmm", "autogmm_runner.py", "autogmm", "autogmm", 50),
    Method("pomegranate", "pomegranate_runner.py", "pomegranate", "pomegranate", 50),
    Method("torchgmm", "torchgmm_runner.py", "torchgmm", "torchgmm", 50),
    Method("pycave", "torchgmm_runner.py", "pycave", "pycave", 50),
    Method("gmmx", "gmmx_runner.py", "gmmx", "gmmx", 50),
    Method("mclust", "mclust.R", "mclust", "R: mclust", 1),
    Method("Rmixmod", "", "", "R: Rmixmod", 1),
)
#: Long runs, whose best counts as an optimum that is to be found.
LONG = (
    Method("long search", "ours.py", "long", HERE, 2),
    Method("long random swaps", "scikit.py", "long", "scikit-learn", 1),
)


class Place(NamedTuple):
    """How a method is called, with which versions, or why it is not there."""

    command: tuple[str, ...]
    variables: dict[str, str]
    versions: dict[str, str]
    why_not: str | None = None


def place_of(group: str) -> Place:
    """Return where a group of methods runs."""
    if group.startswith("R: "):
        return _place_in_r(group.removeprefix("R: "))
    found = environment(group)
    if found.python is None:
        return Place((), {}, {}, found.why_not)
    return Place((found.python,), found.variables, found.versions)


def _place_in_r(package: str) -> Place:
    script = shutil.which("Rscript")
    if script is None:
        return Place((), {}, {}, "Rscript is not on the path")
    asked = f'cat(as.character(getRversion()), as.character(packageVersion("{package}")))'
    result = subprocess.run([script, "-e", asked], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        return Place((), {}, {}, f"R has no package {package}")
    language, version = result.stdout.split()
    return Place((script,), environment(HERE).variables, {"R": language, package: version})


def run(method: Method, place: Place, X: Array, k: int, least: float, seeds: list[int]) -> list[dict]:
    """Return the ends of a method from some seeds, each with its processor time or an error."""
    with tempfile.TemporaryDirectory() as folder:
        rows, job, out = (Path(folder) / name for name in ("rows.npy", "job.json", "out.json"))
        np.save(rows, X)
        np.savetxt(rows.with_suffix(".txt"), X, fmt="%.17g")
        asked: dict[str, Any] = {"rows": str(rows), "out": str(out), "k": k, "least_variance": least}
        asked |= {"method": method.word, "seeds": seeds}
        asked |= {"seconds": PATIENCE, "most_seconds": LIMIT, "enough": ENOUGH}
        job.write_text(json.dumps(asked), encoding="utf-8")
        told = [str(job)]
        if method.runner.endswith(".R"):
            told = [str(rows.with_suffix(".txt")), str(k), str(out)]
        result = subprocess.run(
            [*place.command, str(RUNNERS / method.runner), *told],
            env=place.variables,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode in STOPPED:
            raise KeyboardInterrupt(f"{method.name} was stopped; the same command goes on with it")
        if result.returncode != 0:
            print(result.stderr, file=sys.stderr)
            said = (result.stderr.strip().splitlines() or ["it said nothing"])[-1][:200]
            return [{"seconds": 0.0, "error": f"its process ended: {said}"}]
        return json.loads(out.read_text(encoding="utf-8"))
