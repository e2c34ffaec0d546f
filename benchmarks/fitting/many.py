"""Ten to a thousand separated components from one random start."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from math import gamma, pi
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

import gmmscape as gs
from benchmarks.data import centroid_index
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, part_of, short

Array = NDArray[np.float64]
ROWS_EACH, SEPARATION = 200, 6.0
#: Share of the box that balls of half the separation would fill if they did not overlap, times 2^d: as dense
#: as centers drawn one by one find room.
FILLED = {2: 1.2, 8: 0.3}
#: Seeds by covariance and number of components.
SEEDS = {
    "spherical": {10: 100, 30: 100, 100: 100, 300: 20, 1000: 20},
    "full": {10: 100, 30: 100, 100: 100},
}


def cases(small: bool) -> Iterator[Case]:
    """Yield fits by number of components, dimension, covariance and seed."""
    seeds = SEEDS if not small else {"spherical": {10: 2, 30: 1}, "full": {10: 1}}
    for kind, table in seeds.items():
        for k, count in table.items():
            for d in (2, 8):
                for seed in range(count):
                    yield Case(f"{kind} k {k} d {d} seed {seed}", partial(_fit, kind, k, d, seed))


def drawn(k: int, d: int, seed: int) -> tuple[Array, Array]:
    """Return rows and centers: weights uniform in 1..5, sigma 1, centers in a box, `SEPARATION` apart."""
    rng = np.random.default_rng([seed, k, d])
    ball = pi ** (d / 2) / gamma(d / 2 + 1)
    side = SEPARATION * (ball * k / FILLED[d]) ** (1 / d)
    centers = np.empty((0, d))
    while len(centers) < k:
        x = rng.uniform(0, side, d)
        if len(centers) == 0 or np.linalg.norm(centers - x, axis=1).min() >= SEPARATION:
            centers = np.vstack([centers, x])
    weights = rng.uniform(1, 5, k)
    labels = rng.choice(k, ROWS_EACH * k, p=weights / weights.sum())
    return centers[labels] + rng.standard_normal((len(labels), d)), centers


def _fit(kind: str, k: int, d: int, seed: int) -> dict[str, Any]:
    X, centers = drawn(k, d, seed)
    model = gs.GaussianMixture(
        k,
        covariance_type=kind,
        init_params="random_from_data",
        random_state=seed,
        covariance_prior=0.0,
        pursue="likelihood",
    )
    began = time.perf_counter()
    model.fit(X)
    seconds = time.perf_counter() - began
    assert model.em_diagnosis_ is not None
    distance = cdist(model.means_, centers)
    return {
        "centroid_index": centroid_index(model.means_, centers),
        "farthest": float(distance[linear_sum_assignment(distance)].max()),
        "fit_seconds": seconds,
        "rounds": model.diagnosis_.rounds,
        "iterations": model.n_iter_,
    }


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return for each setting the share recovered, rounds and times, and how times per row grow with k."""
    result: dict[str, Any] = {}
    for case, figures in done.items():
        result.setdefault(case.rsplit(" seed ", 1)[0], []).append(figures)
    table = {
        name: {
            "recovered": sum(one["centroid_index"] == 0 and one["farthest"] < 1 for one in ours),
            "of": len(ours),
            "most_rounds": max(one["rounds"] for one in ours),
            "seconds": float(np.median([one["fit_seconds"] for one in ours])),
        }
        for name, ours in result.items()
    }
    growth = {}
    for kind in SEEDS:
        for d in (2, 8):
            own = {
                int(name.split()[2]): row
                for name, row in table.items()
                if name.startswith(f"{kind} k ") and name.endswith(f" d {d}")
            }
            if len(own) > 1:
                k = np.array(sorted(own))
                each = [own[int(i)]["seconds"] / (ROWS_EACH * i) for i in k]
                growth[f"{kind} d {d}"] = {
                    "exponent": float(np.polyfit(np.log(k), np.log(each), 1)[0]),
                    "exponent_first_to_last": float(np.log(each[-1] / each[0]) / np.log(k[-1] / k[0])),
                }
    return {"settings": table, "time_per_row_grows_as_k_to_the": growth}


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a setting."""
    rows = [
        (name, part_of(row["recovered"], row["of"]), row["most_rounds"], short(row["seconds"], 2))
        for name, row in summary["settings"].items()
    ]
    settings = summary["settings"].values()
    growth = [row["exponent"] for row in summary["time_per_row_grows_as_k_to_the"].values()]
    figures = {
        "recovered": sum(row["recovered"] for row in settings),
        "of": sum(row["of"] for row in settings),
        "missed": sum(row["of"] - row["recovered"] for row in settings),
        "rounds": max(row["most_rounds"] for row in settings),
        "growth": " to ".join(dict.fromkeys(f"k^{short(x, 2)}" for x in (min(growth), max(growth))))
        if growth
        else "-",
    }
    return Shown(figures, ("setting", "every component found", "most rounds", "seconds, median"), rows)


PAGE = Page(
    question="Are ten to a thousand components found from one random start?",
    setup="""200 rows times k, weights uneven up to 1 to 5, centers 6 sigma apart and more, one random
    start.""",
    sentence="""Every component is found in {recovered} of {of} fits, in {rounds} rounds at most; seconds a
    row grow like {growth}.""",
    claim="Ten to a thousand components from one random start",
    number="{recovered} of {of} fits find all; seconds a row grow like {growth}",
    loses="{missed} fits miss a component",
    shown=shown,
)


BENCHMARK = Benchmark("10 to 1000 separated components from one random start", cases, summary, PAGE)
