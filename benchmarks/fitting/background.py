"""Uniform noise around five clusters: does a background leave them alone, and is its weight right?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

import gmmscape as gs
from benchmarks.data import centroid_index
from benchmarks.draws import centers_apart, rows_around
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, part_of

Array = NDArray[np.float64]
SHARES = (0.0, 0.05, 0.2)
#: Columns, and rows of each cluster.
DESIGNS = {
    "2 columns, equal sizes": (2, (160, 160, 160, 160, 160)),
    "2 columns, unequal sizes": (2, (400, 200, 100, 60, 40)),
    "5 columns, equal sizes": (5, (160, 160, 160, 160, 160)),
    "5 columns, unequal sizes": (5, (400, 200, 100, 60, 40)),
}
DRAWS = 100
#: Distance of neighbouring centers, in the largest standard deviation; how far the noise goes beyond.
SEPARATION, MARGIN = 7.0, 5.0
#: Share of a cluster's rows, of those it has without noise, that has to be assigned to it.
RIGHT = 0.9


class Drawn(NamedTuple):
    """Rows, their clusters (-1 for noise), the centers, and how many rows are expected to be noise."""

    X: Array
    labels: NDArray[np.intp]
    centers: Array


def cases(small: bool) -> Iterator[Case]:
    """Yield draws by design and share of noise."""
    for design in DESIGNS:
        for share in SHARES:
            for seed in range(1 if small else DRAWS):
                yield Case(f"{design}, {share:.0%} noise, seed {seed}", partial(_case, design, share, seed))


def drawn(design: str, share: float, seed: int) -> Drawn:
    """Return five full Gaussian clusters with uniform noise in a box around them."""
    d, sizes = DESIGNS[design]
    rng = np.random.default_rng([seed, [*DESIGNS].index(design), SHARES.index(share), 31])
    centers = centers_apart(5, d, SEPARATION, lambda: SEPARATION * rng.uniform(1.0, 1.5), rng)
    labels = np.repeat(np.arange(5), sizes)
    X = rows_around(centers, labels, "full", 0.5, rng)
    noise = rng.binomial(len(X), share / (1.0 - share)) if share else 0
    low, high = centers.min(axis=0) - MARGIN, centers.max(axis=0) + MARGIN
    X = np.vstack([X, low + (high - low) * rng.random((noise, d))])
    return Drawn(X, np.concatenate([labels, np.full(noise, -1)]), centers)


def _case(design: str, share: float, seed: int) -> dict[str, Any]:
    problem = drawn(design, share, seed)
    X = problem.X
    model = gs.GaussianMixture(5, background="box", random_state=seed).fit(X)
    plain = gs.GaussianMixture(5, random_state=seed).fit(X)
    history = np.array(model.history_)
    return {
        "found": _right(model, problem),
        "found_without": _right(plain, problem),
        "weight": model.background_weight_,
        "errors": (model.background_weight_ - share) / _standard_error(model, X) if share else None,
        "rises": float(max(0.0, np.diff(history).max(initial=0.0))),
        "verdict": model.diagnosis_.verdict,
        "iterations": model.n_iter_,
    }


def _right(model: gs.GaussianMixture, problem: Drawn) -> bool:
    """Whether all centers are found and nine tenths of each cluster's rows are in its component."""
    X, labels, centers = problem
    if centroid_index(model.means_, centers):
        return False
    ours = labels >= 0
    predicted = model.predict(X[ours])
    together = np.zeros((5, 5))
    np.add.at(together, (labels[ours][predicted >= 0], predicted[predicted >= 0]), 1.0)
    pairs = linear_sum_assignment(-together)
    return bool((together[pairs] / np.bincount(labels[ours]) >= RIGHT).all())


def _standard_error(model: gs.GaussianMixture, X: Array) -> float:
    """Of the background's weight, from the empirical information: the components count as known."""
    w = model.background_weight_
    scores = (model.predict_proba(X)[:, -1] - w) / (w * (1.0 - w))
    return float(1.0 / np.sqrt(np.sum(scores**2)))


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return by design and share of noise how many fits are right, and how the weight is off."""
    result: dict[str, dict[str, Any]] = {}
    for case, figures in done.items():
        row = result.setdefault(case.rsplit(", seed ", 1)[0], {"of": 0, "found": 0, "found_without": 0})
        row["of"] += 1
        for key in ("found", "found_without"):
            row[key] += figures[key]
        row.setdefault("weights", []).append(figures["weight"])
        row.setdefault("errors", []).append(figures["errors"])
        row["rises"] = max(row.get("rises", 0.0), figures["rises"])
    for row in result.values():
        errors = [error for error in row.pop("errors") if error is not None]
        row["mean_weight"] = float(np.mean(row.pop("weights")))
        row["mean_error"] = float(np.mean(errors)) if errors else None
        row["within_two_errors"] = int((np.abs(errors) <= 2.0).sum())
    noisy = [row for name, row in result.items() if ", 0% noise" not in name]
    total = {key: sum(row[key] for row in noisy) for key in ("of", "found", "found_without")}
    total["worst"] = min((row["found"] / row["of"] for row in noisy), default=1.0)
    total["within"] = sum(row["within_two_errors"] for row in noisy)
    total["without_noise"] = max(
        (row["mean_weight"] for name, row in result.items() if ", 0% noise" in name), default=0.0
    )
    return {"by_design": result, "all": total}


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a design and share."""
    rows = [
        (
            name,
            part_of(row["found"], row["of"]),
            part_of(row["found_without"], row["of"]),
            f"{row['mean_weight']:.4f}",
            "-" if row["mean_error"] is None else f"{row['mean_error']:+.2f}",
            "-" if row["mean_error"] is None else part_of(row["within_two_errors"], row["of"]),
        )
        for name, row in summary["by_design"].items()
    ]
    every = summary["all"]
    figures = {**every, "wrong": every["of"] - every["found"], "worst": f"{100 * every['worst']:.0f}"}
    figures["without_noise"] = f"{every['without_noise']:.1g}"
    heads = (
        "design, share of noise",
        "clusters found",
        "without a background",
        "mean weight",
        "mean difference, standard errors",
        "within two standard errors",
    )
    return Shown(figures, heads, rows)


PAGE = Page(
    question="Does a uniform background take the noise, and leave the clusters alone?",
    setup="""Five clusters with full covariances, 7 standard deviations apart and more, in 2 and 5 columns; 0,
    5 and 20 % of the rows uniform in a box around them; 100 draws a design. Found: centroid index 0, and nine
    tenths of each cluster's rows in its component.""",
    sentence="""With noise, {found} of {of} fits with a background find the clusters ({found_without} without
    one), at least {worst} % in every design; its weight is within two standard errors of the share of
    noise in {within}. Where there is no noise it is {without_noise} on average.""",
    claim="Noise around clusters gets a weight of its own",
    number="{found} of {of} fits right, {found_without} without a background",
    loses="{wrong} fits",
    shown=shown,
)


BENCHMARK = Benchmark("uniform noise around clusters, with a background and without", cases, summary, PAGE)
