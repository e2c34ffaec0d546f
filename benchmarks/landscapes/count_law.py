"""Count law: on how many random truths the search for critical points of every index misses none."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

import gmmscape as gs
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, part_of
from gmmscape import lab

#: Longest search, in seconds; random starts.
LONGEST, STARTS = 60.0, 16


def drawn(seed: int, k: int) -> tuple[gs.Mixture, float]:
    """Return a truth of one to four centers on a line and the standard deviation of the fit."""
    rng = np.random.default_rng([20, k, seed])
    k_star = int(rng.integers(1, 5))
    centers = np.concatenate([[0.0], np.cumsum(rng.uniform(2.0, 15.0, k_star - 1))])
    weights = rng.dirichlet(np.full(k_star, 4.0)) if rng.random() < 0.5 else None
    sigma = 1.0 if rng.random() < 0.5 else float(rng.choice([0.6, 0.8, 1.3]))
    return gs.Mixture.location(centers, 1.0, weights), sigma


def cases(small: bool) -> Iterator[Case]:
    """Yield random truths for two, three and four means."""
    for k, number in ((2, 2), (3, 1)) if small else ((2, 20), (3, 30), (4, 50)):
        for seed in range(number):
            yield Case(f"k={k}, seed {seed}", partial(_explored, seed, k))


def _explored(seed: int, k: int) -> dict[str, Any]:
    truth, sigma = drawn(seed, k)
    atlas = lab.Landscape(lab.Population(truth), k, sigma=sigma).explore(
        seed, n_starts=STARTS, saddles=True, max_seconds=LONGEST
    )
    points = (*atlas.minima, *atlas.saddles)
    return {
        "k": k,
        "centers": truth.means[:, 0].tolist(),
        "weights": truth.weights.tolist(),
        "sigma": sigma,
        "count": atlas.count_law,
        "alarm": atlas.alarm,
        "minima": len(atlas.minima),
        "saddles": len(atlas.saddles),
        "flat": sum(point.flat for point in points),
        "rounds": atlas.rounds,
    }


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return by number of means the shares with count one and without an alarm, times, and what rings."""
    by_k = {}
    for k in sorted({row["k"] for row in done.values()}):
        rows = [row for row in done.values() if row["k"] == k]
        by_k[str(k)] = {
            "truths": len(rows),
            "count_is_one": sum(row["count"] == 1 for row in rows),
            "silent": sum(row["alarm"] is None for row in rows),
            "mean_seconds": float(np.mean([row["seconds"] for row in rows])),
            "longest_seconds": max(row["seconds"] for row in rows),
        }
    return {
        "by_k": by_k,
        "share_count_is_one": float(np.mean([row["count"] == 1 for row in done.values()])),
        "not_silent": {name: row["alarm"] for name, row in done.items() if row["alarm"] is not None},
    }


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a number of means."""
    rows = [
        (k, part_of(row["count_is_one"], row["truths"]), part_of(row["silent"], row["truths"]))
        for k, row in summary["by_k"].items()
    ]
    figures = {
        "silent": sum(row["silent"] for row in summary["by_k"].values()),
        "of": sum(row["truths"] for row in summary["by_k"].values()),
        "rings": len(summary["not_silent"]),
    }
    return Shown(figures, ("k", "count is one", "no alarm"), rows)


PAGE = Page(
    question="On how many truths does the search for critical points of every index miss none?",
    setup="""100 random truths on a line (k* 1 to 4, separation 2 to 15, sigma of the fit equal to the
    truth's or not).""",
    sentence="The count law is silent for {silent} of {of} truths.",
    claim="Saddles of every index are found",
    number="count law silent for {silent} of {of} truths",
    loses="""alarm for {rings}, where it is not silent: neighbours at folds missed, or false points where a
    pair has only just split""",
    shown=shown,
)


BENCHMARK = Benchmark("the count law of critical points over random truths on a line", cases, summary, PAGE)
