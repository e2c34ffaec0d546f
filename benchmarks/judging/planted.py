"""Defects planted in fits of every family: are the blocks labelled right?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import gmmscape as gs
from benchmarks.draws import centers_apart, rows_around
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, part_of
from gmmscape.structure.partition import best_stars

Array = NDArray[np.float64]
KINDS = ("spherical", "diag", "tied", "full")
DEFECTS = ("one-fits-many", "many-fit-one", "both")
DRAWS, REDRAWS = 50, 200
SEPARATION = 6.0
ROWS = (100, 300)


class Problem(NamedTuple):
    """Rows, the component each was drawn from, and the centers."""

    X: Array
    labels: NDArray[np.intp]
    centers: Array


def cases(small: bool) -> Iterator[Case]:
    """Yield draws by family and defect."""
    for kind in KINDS:
        for defect in DEFECTS:
            for seed in range(DRAWS if not small else 1):
                yield Case(f"{kind} {defect} seed {seed}", partial(_case, kind, defect, seed))


def _problem(kind: str, rng: np.random.Generator) -> Problem:
    """Draw 4 to 8 components in 1 to 4 dimensions; no standard deviation is above one."""
    k, d = int(rng.integers(4, 9)), int(rng.integers(1, 5))
    centers = centers_apart(k, d, SEPARATION, lambda: SEPARATION * rng.uniform(1.0, 1.5), rng)
    labels = np.repeat(np.arange(k), rng.integers(ROWS[0], ROWS[1] + 1, k))
    return Problem(rows_around(centers, labels, kind, 0.6, rng), labels, centers)


def _planted(drawn: Problem, defect: str, rng: np.random.Generator) -> tuple[Array, set]:
    """Starting means, and the blocks (means, centers) that they stand for."""
    X, labels, centers = drawn
    k = len(centers)
    groups: list[list[int]] = [[s] for s in range(k)]
    crowded = None
    if defect != "many-fit-one":
        first = int(rng.integers(k))
        second = int(np.argsort(np.linalg.norm(centers - centers[first], axis=1))[1])
        groups = [[first, second]] + [[s] for s in range(k) if s not in (first, second)]
    if defect != "one-fits-many":
        crowded = int(rng.integers(1, len(groups)))
    means, blocks = [], set()
    for at, group in enumerate(groups):
        rows = X[np.isin(labels, group)]
        copies = 2 if at == crowded else 1
        blocks.add((frozenset(range(len(means), len(means) + copies)), frozenset(group)))
        shift = rng.standard_normal(X.shape[1])
        shift *= 0.8 * rows.std(axis=0) / np.linalg.norm(shift)
        means += [rows.mean(axis=0) + sign * (shift if copies == 2 else 0.0) for sign in (1, -1)[:copies]]
    return np.stack(means), blocks


def _case(kind: str, defect: str, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng([seed, KINDS.index(kind), DEFECTS.index(defect)])
    dissolved, found = -1, None
    blocks: set | None = set()
    while found != blocks:
        dissolved += 1
        if dissolved == REDRAWS:
            return {"survived": False, "dissolved": dissolved}
        drawn = _problem(kind, rng)
        means, blocks = _planted(drawn, defect, rng)
        fit = gs.GaussianMixture(
            len(means), covariance_type=kind, means_init=means, escape=False, max_iter=20_000
        ).fit(drawn.X)
        found = _blocks(fit, drawn)
    labelled = [component.kind for component in gs.diagnose(fit, drawn.X, rng=seed).components]
    right = {"planted": 0, "planted_of": 0, "exact": 0, "exact_of": 0}
    for members, group in blocks:
        expected = "one-fits-many" if len(group) > 1 else "many-fit-one" if len(members) > 1 else "exact"
        name = "exact" if expected == "exact" else "planted"
        right[f"{name}_of"] += 1
        right[name] += all(labelled[i] == expected for i in members)
    return {"survived": True, "dissolved": dissolved, **right}


def _blocks(fit: gs.GaussianMixture, drawn: Problem) -> set | None:
    """Blocks of a fit read against the rows' true components, or None where it is no union of stars."""
    posterior = fit.predict_proba(drawn.X)
    k = len(drawn.centers)
    association = np.stack([posterior[drawn.labels == s].mean(axis=0) for s in range(k)], axis=1)
    stars, defect = best_stars(association)
    if defect > 0.5 / len(association):
        return None
    return {(frozenset(map(int, means)), frozenset(map(int, group))) for means, group in stars}


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return by family and defect how many blocks are labelled right."""
    result: dict[str, dict[str, Any]] = {}
    for case, figures in done.items():
        row = result.setdefault(case.rsplit(" seed ", 1)[0], {"survived": 0, "of": 0, "dissolved": 0})
        row["of"] += 1
        row["survived"] += figures["survived"]
        row["dissolved"] += figures["dissolved"]
        for key in ("planted", "planted_of", "exact", "exact_of"):
            row[key] = row.get(key, 0) + figures.get(key, 0)
    counted = ("planted", "planted_of", "exact", "exact_of")
    total = {key: sum(row[key] for row in result.values()) for key in counted}
    return {"by_family_and_defect": result, "all": total}


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a family and defect."""
    rows = [
        (name, part_of(row["planted"], row["planted_of"]), part_of(row["exact"], row["exact_of"]))
        for name, row in summary["by_family_and_defect"].items()
    ]
    every = summary["all"]
    figures = {**every, "wrong": every["planted_of"] - every["planted"]}
    figures["exact_wrong"] = every["exact_of"] - every["exact"]
    return Shown(figures, ("family, defect", "planted blocks right", "exact components right"), rows)


PAGE = Page(
    question="Are the blocks of planted defects labelled right, in every family?",
    setup="4 to 8 components in 1 to 4 dimensions, 6 sigma apart and more; 50 draws a family and defect.",
    sentence="""{planted} of {planted_of} planted blocks and {exact} of {exact_of} exact components are
    labelled right.""",
    claim="Defects are labelled right",
    number="{planted} of {planted_of} blocks, {exact} of {exact_of} exact components",
    loses="{wrong} blocks and {exact_wrong} exact components labelled wrong",
    shown=shown,
)


BENCHMARK = Benchmark("planted defects in every family: blocks labelled right", cases, summary, PAGE)
