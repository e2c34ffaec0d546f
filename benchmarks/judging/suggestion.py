"""Fits with one to three components too many or too few: is the right number suggested."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

import gmmscape as gs
from benchmarks.harness import Benchmark, Case
from benchmarks.judging.calibration import KINDS, Array, chained_centers, root_of
from benchmarks.page import Page, Shown, part_of

PROBLEMS, SEPARATED = 100, 6.0


def cases(small: bool) -> Iterator[Case]:
    """Yield problems, each with every wrong number of components."""
    for number in range(4 if small else PROBLEMS):
        yield Case(f"problem {number}", partial(_suggested, number))


def _suggested(number: int) -> dict[str, Any]:
    X, k, kind, separation = _drawn(number)
    found = {}
    for off in (-3, -2, -1, 1, 2, 3):
        if k + off >= 1:
            model = gs.GaussianMixture(k + off, covariance_type=kind, random_state=number)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                model.fit(X)
            found[str(off)] = gs.diagnose(model, X, rng=number).suggested_n_components
    return {"k": k, "kind": kind, "d": X.shape[1], "rows": len(X), "separation": separation, "found": found}


def _drawn(number: int) -> tuple[Array, int, str, float]:
    """Return rows, number of components, family and minimum distance, up to 8 sigma, of a problem."""
    rng = np.random.default_rng([number, 7])
    k = int(np.round(np.exp(rng.uniform(np.log(2), np.log(20)))))
    d, separation, kind = int(rng.integers(1, 9)), float(rng.uniform(SEPARATED, 8)), KINDS[number % 4]
    centers = chained_centers(k, d, separation, rng)
    counts = np.round(np.exp(rng.uniform(np.log(50), np.log(500), k))).astype(int)
    labels = np.repeat(np.arange(k), counts)
    roots = np.stack([root_of(kind, d, rng) for _ in range(k)])
    if kind == "tied":
        roots[:] = roots[0]
    noise = rng.standard_normal((len(labels), d))
    return centers[labels] + np.einsum("nde,ne->nd", roots[labels], noise), k, kind, separation


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


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a number of components off."""
    rows = [
        (off, part_of(right, n))
        for off, (right, n) in sorted(summary["by_off"].items(), key=lambda x: int(x[0]))
    ]
    figures = {key: summary[key] for key in ("right", "of")}
    figures["wrong"] = summary["of"] - summary["right"]
    return Shown(figures, ("components more than the truth", "true number suggested"), rows)


PAGE = Page(
    question="Is the right number suggested for a fit with the wrong one?",
    setup="""100 draws of separated clusters (6 to 8 sigma, k = 2 to 20), fitted with one to three too few
    or too many.""",
    sentence="`suggested_n_components` is the true number in {right} of {of}.",
    claim="The right number of components is suggested",
    number="{right} of {of}",
    loses="{wrong} wrong suggestions",
    shown=shown,
)


BENCHMARK = Benchmark(
    "suggested numbers of components of over- and underspecified fits", cases, summary, PAGE
)
