"""From one random start to the best optimum on the benchmark suite, beside scikit-learn."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from sklearn.mixture import GaussianMixture as SklearnMixture

import gmmscape as gs
from benchmarks.data import best_known, centroid_index, suite
from benchmarks.harness import Benchmark, Case

SEEDS = 10
#: Nats below the best known log-likelihood that still count.
MARGIN = 0.5
TIED = {"s1": 15, "s2": 15, "a1": 20, "a2": 35, "r15": 15}
FULL = {"s1": 15, "a1": 20, "r15": 15, "unbalance": 8}
#: Means that all lie this close, in standard deviations of the data, have run together.
TOGETHER = 0.1


def cases(small: bool) -> Iterator[Case]:
    """Yield ours on each set, family and seed, and scikit-learn's default start."""
    sets = [("tied", TIED), ("full", FULL)] if not small else [("tied", {"r15": 15}), ("full", {"r15": 15})]
    for kind, names in sets:
        for name, k in names.items():
            for seed in range(SEEDS if not small else 3):
                yield Case(f"gmmscape {kind} {name} seed {seed}", partial(_ours, name, k, kind, seed))
            for n_init in (1, 30) if not small else (1,):
                yield Case(
                    f"scikit-learn {kind} {name} n_init {n_init}", partial(_theirs, name, k, kind, n_init)
                )


def _ours(name: str, k: int, kind: str, seed: int) -> dict[str, Any]:
    X, _ = suite(name)
    nested = "take" if kind == "full" else "offer"
    model = gs.GaussianMixture(
        k, covariance_type=kind, init_params="random_from_data", random_state=seed, nested=nested
    )
    model.fit(X)
    return {**_figures(model, name, k, kind), "em_verdict": model.em_diagnosis_.verdict}


def _theirs(name: str, k: int, kind: str, n_init: int) -> dict[str, Any]:
    X, _ = suite(name)
    model = SklearnMixture(k, covariance_type=kind, n_init=n_init, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X)
    together = bool((np.ptp(model.means_, axis=0) < TOGETHER * X.std(axis=0)).all())
    return {**_figures(model, name, k, kind), "start_fault_all_means_coincide": together}


def _figures(model: Any, name: str, k: int, kind: str) -> dict[str, Any]:
    X, centers = suite(name)
    total = float(model.score(X)) * len(X)
    figures = {"centroid_index": centroid_index(model.means_, centers), "log_likelihood": total}
    if kind == "full":
        figures["above_best_known"] = total - best_known(name, k, kind)
    return figures


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return how many runs found every cluster (tied), or the best known likelihood (full)."""
    result: dict[str, Any] = {}
    for kind in ("tied", "full"):
        ours = {name: figures for name, figures in done.items() if name.startswith(f"gmmscape {kind}")}
        good = [
            figures["centroid_index"] == 0 if kind == "tied" else figures["above_best_known"] >= -MARGIN
            for figures in ours.values()
        ]
        result[kind] = {"good": sum(good), "of": len(good)}
    return result


BENCHMARK = Benchmark(
    "one random start on s1, s2, a1, a2, r15, unbalance, beside scikit-learn", cases, summary
)
