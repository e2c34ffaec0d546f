"""scikit-learn's fits repaired: never a lower likelihood, the same class back, parameters that agree."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from sklearn.mixture import GaussianMixture as SklearnMixture

import gmmscape as gs
from benchmarks.data import centroid_index, suite
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, part_of

SETS = {"s1": 15, "s2": 15, "a1": 20, "r15": 15, "unbalance": 8}
SEEDS = 2
PARAMETERS = ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_")
#: Rounding of a mean log-likelihood, relative to its size.
ROUNDING = 1e-12


def cases(small: bool) -> Iterator[Case]:
    """Yield random starts, and k-means++ ones, which make the means of tied fits coincide."""
    for name, k in SETS.items() if not small else [("r15", 15)]:
        for kind in ("full", "tied"):
            for start in ("random_from_data", "k-means++"):
                for seed in range(SEEDS if not small else 2):
                    yield Case(
                        f"{name} {kind} {start} seed {seed}", partial(_repaired, name, k, kind, start, seed)
                    )


def _repaired(name: str, k: int, kind: str, start: str, seed: int) -> dict[str, Any]:
    X, centers = suite(name)
    model = SklearnMixture(k, covariance_type=kind, init_params=start, n_init=1, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X)
    before = pickle.dumps(copy.deepcopy(model))
    result = gs.repair(model, X, rng=seed)
    gain = (result.model.score(X) - model.score(X)) * len(X)
    rounding = ROUNDING * len(X) * abs(model.score(X))  # of either sum
    extent = np.ptp(np.asarray(model.means_), axis=0)
    return {
        "gain_total": gain,
        "never_lower": bool(gain >= -rounding),
        "gain_as_stated": bool(abs(gain - result.gain_total) <= 1e-9 * abs(gain) + rounding),
        "class_kept": type(result.model) is type(model),
        "input_untouched": pickle.dumps(model) == before,
        "consistent": _consistent(result.model, X),
        "verdict": result.diagnosis.verdict,
        "input_state": result.diagnosis.input_state,
        "means_had_run_together": bool((extent < 0.1 * X.std(axis=0)).all()),
        "centroid_index_before": centroid_index(model.means_, centers),
        "centroid_index_after": centroid_index(result.model.means_, centers),
    }


def _consistent(model: SklearnMixture, X: np.ndarray) -> bool:
    """Whether scikit-learn itself derives the same precisions, and predicts from them."""
    again = SklearnMixture(
        model.n_components,
        covariance_type=model.covariance_type,
        weights_init=model.weights_,
        means_init=model.means_,
        precisions_init=model.precisions_,
        max_iter=1,
    )
    again._initialize_parameters(X, np.random.RandomState(0))
    same = np.allclose(again.precisions_cholesky_, model.precisions_cholesky_, rtol=1e-9, atol=0.0)
    full = model.covariance_type == "full"
    covariances = np.asarray(model.covariances_)
    inverses = np.linalg.inv(covariances if full else covariances[None])
    inverse = np.allclose(
        inverses, model.precisions_ if full else model.precisions_[None], rtol=1e-7, atol=0.0
    )
    labels = model.predict(X)
    sampled, _ = model.sample(10)
    return bool(
        same
        and inverse
        and np.isclose(model.weights_.sum(), 1.0)
        and np.array_equal(labels, model.predict_proba(X).argmax(axis=1))
        and sampled.shape == (10, X.shape[1])
        and np.isclose(model.lower_bound_, model.score(X), rtol=1e-12)
    )


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return how many cases keep each promise."""
    promises = ("never_lower", "gain_as_stated", "class_kept", "input_untouched", "consistent")
    counts = {promise: sum(figures[promise] for figures in done.values()) for promise in promises}
    together = [figures for figures in done.values() if figures["means_had_run_together"]]
    return {
        "of": len(done),
        **counts,
        "means_had_run_together": len(together),
        "centroid_index_0_before": sum(figures["centroid_index_before"] == 0 for figures in done.values()),
        "centroid_index_0_after": sum(figures["centroid_index_after"] == 0 for figures in done.values()),
    }


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a promise."""
    rows = [
        (name.replace("_", " "), part_of(n, summary["of"])) for name, n in summary.items() if name != "of"
    ]
    figures = {
        "after": summary["centroid_index_0_after"],
        "before": summary["centroid_index_0_before"],
        "of": summary["of"],
        "worse": summary["of"] - summary["never_lower"],
        "short": summary["of"] - summary["centroid_index_0_after"],
    }
    return Shown(figures, ("promise", "kept"), rows)


PAGE = Page(
    question="Do fits of scikit-learn's come back better, of their own class and consistent?",
    setup="Random and k-means++ starts on five sets, full and tied covariances, two seeds each.",
    sentence="{after} of {of} have every cluster after repair ({before} before), {worse} are worse.",
    claim="scikit-learn's fits are repaired",
    number="every cluster found in {after} of {of}",
    loses="{worse} made worse, {short} short of a cluster",
    shown=shown,
)


BENCHMARK = Benchmark("scikit-learn fits repaired: likelihood, class, parameters", cases, summary, PAGE)
