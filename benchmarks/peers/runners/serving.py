"""What all runners share: a job is read from a file, fits are timed one by one, ends go to a file."""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

#: From rows, number of components, least variance and seed to weights, means and covariances; a fourth entry
#: is the processor time at which the last gain was made.
Fit = Callable[[np.ndarray, int, float, int], tuple[Any, ...]]
WARM_UP, WARM_UP_ROWS = 987_654, 500


def serve(fits: dict[str, Fit], *, compiled: bool = False) -> None:
    """Do the job that the command line names: fit by one method from some seeds, while its time lasts.

    After `seconds` of processor time it goes on only while less than `enough` seeds are done, and never after
    `most_seconds`. What loads at the first call does so before; `compiled` says that a call is compiled for
    its shapes.
    """
    warnings.simplefilter("ignore")
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    X = np.load(job["rows"])
    fit = fits[job["method"]]
    _timed(fit, X if compiled else X[:: max(1, len(X) // WARM_UP_ROWS)], job, WARM_UP)
    ends: list[dict[str, Any]] = []
    used = 0.0
    for seed in job["seeds"]:
        ends.append(_timed(fit, X, job, seed))
        used += ends[-1]["seconds"]
        if used > (job["seconds"] if len(ends) >= job["enough"] else job["most_seconds"]):
            break
    Path(job["out"]).write_text(json.dumps(ends), encoding="utf-8")


def _timed(fit: Fit, X: np.ndarray, job: dict[str, Any], seed: int) -> dict[str, Any]:
    """One fit with its processor time; an error of the peer ends this fit only."""
    began = time.process_time()
    try:
        found = fit(X, job["k"], job["least_variance"], seed)
    except Exception as error:
        return {"seconds": time.process_time() - began, "error": f"{type(error).__name__}: {error}"[:200]}
    seconds = time.process_time() - began
    weights, means, covariances = (np.asarray(one, dtype=np.float64).tolist() for one in found[:3])
    end = {"seconds": seconds, "weights": weights, "means": means, "covariances": covariances}
    return end if len(found) == 3 else {**end, "reached": found[3] - began}
