"""Default fits beside scikit-learn's: what prior, search and diagnosis cost on data of many shapes."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.mixture import GaussianMixture as SklearnMixture
from threadpoolctl import threadpool_limits

import gmmscape as gs
from benchmarks.data import suite
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, short

Array = NDArray[np.float64]
FITS = 7
#: Sets with known clusters, and how many.
KNOWN = {"s1": 15, "s2": 15, "a1": 20, "a2": 35, "unbalance": 8, "r15": 15}
#: Times as long as scikit-learn's that a default fit may take.
WANTED = 5.0


def _blobs(n: int, d: int, k: int, spread: float, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    return rng.normal(0.0, spread, (k, d))[rng.integers(k, size=n)] + rng.standard_normal((n, d))


def _segments() -> Array:
    """Seven groups in 19 columns, of which some are skewed, nearly constant, rounded or nearly collinear."""
    rng = np.random.default_rng(1)
    labels = np.repeat(np.arange(7), 330)
    shapes = 0.3 * rng.normal(size=(7, 19, 19)) + np.eye(19)
    X = rng.normal(0.0, 1.2, (7, 19))[labels]
    X += np.einsum("nij,nj->ni", shapes[labels], rng.normal(size=(len(labels), 19)))
    X[:, 2] = np.where(rng.random(len(X)) < 0.97, 0.0, rng.random(len(X)))
    X[:, 5], X[:, 9] = np.exp(X[:, 5]), np.round(2.0 * X[:, 9]) / 2.0
    X[:, 11] = X[:, 10] + 0.01 * rng.normal(size=len(X))
    return X


def _overlapping() -> Array:
    rng = np.random.default_rng(2)
    centers = rng.uniform(-6.0, 6.0, (15, 2))
    return centers[rng.integers(15, size=50_000)] + rng.standard_normal((50_000, 2))


def _known(name: str) -> Array:
    return suite(name)[0]


DATA: dict[str, tuple[Callable[[], Array], str, int]] = {
    "digits diag": (lambda: load_digits().data, "diag", 10),
    "digits full": (lambda: load_digits().data, "full", 10),
    "2310 x 19 full": (_segments, "full", 7),
    "2310 x 19 diag": (_segments, "diag", 7),
    "50000 x 2 full": (_overlapping, "full", 15),
    "3000 x 200 diag": (partial(_blobs, 3000, 200, 4, 1.2, 3), "diag", 4),
    "50 x 100 full": (partial(_blobs, 50, 100, 2, 1.2, 4), "full", 2),
    "200000 x 8 full": (partial(_blobs, 200_000, 8, 16, 3.0, 5), "full", 16),
    "1000000 x 2 full": (partial(_blobs, 1_000_000, 2, 8, 6.0, 6), "full", 8),
    **{f"{name} full": (partial(_known, name), "full", k) for name, k in KNOWN.items()},
    "birch1 tied": (partial(_known, "birch1"), "tied", 100),
}


def cases(small: bool) -> Iterator[Case]:
    """Yield the sets; fits of both alternate, and the first of each is not timed."""
    names = list(DATA) if not small else ["2310 x 19 diag", "50 x 100 full"]
    for name in names:
        yield Case(name, partial(_case, name, FITS if not small else 3))


def _case(name: str, fits: int) -> dict[str, Any]:
    make, family, k = DATA[name]
    X = make()
    times: dict[str, list[float]] = {"ours": [], "theirs": []}
    ours = gs.GaussianMixture(k, covariance_type=family, random_state=0, n_jobs=1)
    for seed in range(fits + 1):
        theirs = SklearnMixture(k, covariance_type=family, random_state=seed)
        ours.set_params(random_state=seed)
        for who, model in (("ours", ours), ("theirs", theirs)):
            with warnings.catch_warnings(), threadpool_limits(1):
                warnings.simplefilter("ignore")
                began = time.perf_counter()
                model.fit(X)
                times[who].append(time.perf_counter() - began)
    medians = {who: float(np.median(taken[1:])) for who, taken in times.items()}
    return {
        "fit_seconds": medians["ours"],
        "their_seconds": medians["theirs"],
        "ratio": medians["ours"] / medians["theirs"],
        "iterations": ours.n_iter_,
        "passes": ours.diagnosis_.passes,
        "search": ours.diagnosis_.stop_reason,
        "moves_tried": ours.diagnosis_.tried,
    }


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the figures of each set."""
    return done


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a set."""
    rows = [
        (
            name,
            short(row["fit_seconds"], 2),
            short(row["their_seconds"], 2),
            short(row["ratio"], 2),
            row["iterations"],
            f"{row['passes']:.0f}",
            row["moves_tried"],
            row["search"],
        )
        for name, row in summary.items()
    ]
    ratios = [row["ratio"] for row in summary.values()]
    slow = [f"{name} {row['ratio']:.1f}" for name, row in summary.items() if row["ratio"] > WANTED]
    figures = {
        "within": sum(ratio <= WANTED for ratio in ratios),
        "of": len(ratios),
        "least": short(min(ratios), 2),
        "most": short(max(ratios), 2),
        "slow": ", ".join(slow) or "none",
        "peak": f"{max(row['passes'] for row in summary.values()):.0f}",
    }
    columns = ("set", "ours, s", "scikit-learn, s", "ratio", "iterations", "passes", "moves tried", "search")
    return Shown(figures, columns, rows)


PAGE = Page(
    question="How long does a default fit take beside scikit-learn's?",
    setup="""Default fits of both in turn, medians of seven, both on one thread, so that neither the number
    of cores nor what else the machine does decides (threads of linear algebra on small matrices mostly wait
    for each other). Ours find a prior, converge to a gradient norm of 1e-6 where scikit-learn stops at a
    change of 1e-3, search for a better optimum and say what it is. Passes are those of search and
    diagnosis.""",
    sentence="""A default fit takes {least} to {most} times as long as scikit-learn's; within five times
    on {within} of {of} sets. Slower: {slow}. Search and diagnosis cost {peak} passes at most.""",
    claim="A default fit, with search and diagnosis, takes a few times as long as scikit-learn's",
    number="{least} to {most} times",
    loses="more than five times: {slow}",
    shown=shown,
)


BENCHMARK = Benchmark("default fits beside scikit-learn's", cases, summary, PAGE)
