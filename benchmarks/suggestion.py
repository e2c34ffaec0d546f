"""Fits with one to three components too many or too few: is the right number suggested."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import partial
from typing import Any

from sklearn.exceptions import ConvergenceWarning

import gmmscape as gs
from benchmarks.calibration import drawn
from benchmarks.harness import Benchmark, Case

PROBLEMS, SEPARATED = 100, 6.0


def cases(small: bool) -> Iterator[Case]:
    """Yield problems, each with every wrong number of components."""
    for number in range(4 if small else PROBLEMS):
        yield Case(f"problem {number}", partial(_suggested, number))


def _suggested(number: int) -> dict[str, Any]:
    X, k, kind, separation = drawn(number, SEPARATED)
    found = {}
    for off in (-3, -2, -1, 1, 2, 3):
        if k + off >= 1:
            model = gs.GaussianMixture(k + off, covariance_type=kind, random_state=number)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                model.fit(X)
            found[str(off)] = gs.diagnose(model, X, rng=number).suggested_n_components
    return {"k": k, "kind": kind, "d": X.shape[1], "rows": len(X), "separation": separation, "found": found}


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return how often the true number is suggested, by how far off the fit was."""
    by_off: dict[str, list[bool]] = {}
    for row in done.values():
        for off, suggested in row["found"].items():
            by_off.setdefault(off, []).append(suggested == row["k"])
    every = [right for some in by_off.values() for right in some]
    return {
        "right": sum(every),
        "of": len(every),
        "by_off": {off: [sum(some), len(some)] for off, some in by_off.items()},
    }


BENCHMARK = Benchmark("suggested numbers of components of over- and underspecified fits", cases, summary)
