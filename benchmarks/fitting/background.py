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
from benchmarks.draws import centers_apart, rows_of, spread_of
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, part_of
from gmmscape.mixture.background import BOX, Background, most_probable

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
#: Share of a cluster's rows that has to be in its component.
RIGHT = 0.9
#: A cluster has a component of its own where of the rows of either more than this share are of both.
OWN = 0.5
#: Who is asked: the fit; one without a background; EM alone from the truth; and the truth itself.
FOUND = ("found", "found_without", "found_from_truth", "found_by_truth")


class Drawn(NamedTuple):
    """Rows, their clusters (-1 for noise), and the mixture that they are drawn from."""

    X: Array
    labels: NDArray[np.intp]
    truth: gs.Mixture


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
    spread = spread_of(5, d, "full", 0.5, rng)
    X = rows_of(centers, labels, spread, rng)
    noise = rng.binomial(len(X), share / (1.0 - share)) if share else 0
    low, high = centers.min(axis=0) - MARGIN, centers.max(axis=0) + MARGIN
    X = np.vstack([X, low + (high - low) * rng.random((noise, d))])
    weights = (1.0 - share) * np.asarray(sizes) / sum(sizes)
    box = Background(BOX, float(np.prod(high - low)), share, low, high) if share else None
    truth = gs.Mixture(weights, centers, spread.covariances, background=box)
    return Drawn(X, np.concatenate([labels, np.full(noise, -1)]), truth)


def _case(design: str, share: float, seed: int) -> dict[str, Any]:
    problem = drawn(design, share, seed)
    X, truth = problem.X, problem.truth
    model = gs.GaussianMixture(5, background="box", random_state=seed).fit(X)
    plain = gs.GaussianMixture(5, random_state=seed).fit(X)
    start: dict[str, Any] = {
        "weights_init": truth.weights / truth.weights.sum(),
        "means_init": truth.means,
        "precisions_init": np.linalg.inv(truth.covariances),
    }
    reference = gs.GaussianMixture(5, background="box", random_state=seed, escape=False, **start).fit(X)
    by_rule = most_probable(truth.responsibilities(X), 5)
    history = np.array(model.history_)
    return {
        "found": _right(model.means_, model.predict(X), problem),
        "found_without": _right(plain.means_, plain.predict(X), problem),
        "found_from_truth": _right(reference.means_, reference.predict(X), problem),
        "found_by_truth": _right(truth.means, by_rule, problem),
        "own": _of_their_own(model.predict(X), problem),
        "behind_reference": float(len(X) * (reference.score(X) - model.score(X))),
        "weight": model.background_weight_,
        "errors": (model.background_weight_ - share) / _standard_error(model, X) if share else None,
        "rises": float(max(0.0, np.diff(history).max(initial=0.0))),
        "verdict": model.diagnosis_.verdict,
        "iterations": model.n_iter_,
    }


def _together(predicted: NDArray[np.intp], labels: NDArray[np.intp]) -> Array:
    """How many rows each cluster has in each component, shape (5, 5)."""
    of_both = (labels >= 0) & (predicted >= 0)
    counts = np.zeros((5, 5))
    np.add.at(counts, (labels[of_both], predicted[of_both]), 1.0)
    return counts


def _right(means: Array, predicted: NDArray[np.intp], problem: Drawn) -> bool:
    """Whether all centers are found and nine tenths of each cluster's rows are in its component."""
    if centroid_index(means, problem.truth.means):
        return False
    together = _together(predicted, problem.labels)
    pairs = linear_sum_assignment(-together)
    sizes = np.bincount(problem.labels[problem.labels >= 0])
    return bool((together[pairs] / sizes >= RIGHT).all())


def _of_their_own(predicted: NDArray[np.intp], problem: Drawn) -> bool:
    """Whether each cluster has a component of its own: more than half of the rows of either are of both.

    Two clusters cannot have the same one, so that nothing has to be matched. Noise in a component counts
    against it.
    """
    together = _together(predicted, problem.labels)
    sizes = np.bincount(problem.labels[problem.labels >= 0])
    taken = np.bincount(predicted[predicted >= 0], minlength=5)
    shared = together / (sizes[:, None] + taken - together)
    return bool((shared.max(axis=1) > OWN).all())


def _standard_error(model: gs.GaussianMixture, X: Array) -> float:
    """Of the background's weight, from the empirical information: the components count as known."""
    w = model.background_weight_
    scores = (model.predict_proba(X)[:, -1] - w) / (w * (1.0 - w))
    return float(1.0 / np.sqrt(np.sum(scores**2)))


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return by design and share of noise how many fits are right, and how the weight is off."""
    result: dict[str, dict[str, Any]] = {}
    for case, figures in done.items():
        none: dict[str, Any] = dict.fromkeys(("of", "own", *FOUND), 0)
        row = result.setdefault(case.rsplit(", seed ", 1)[0], none)
        row["of"] += 1
        for key in ("own", *FOUND):
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
    total: dict[str, Any] = {key: sum(row[key] for row in noisy) for key in ("of", "own", *FOUND)}
    total["worst"] = min((row["found"] / row["of"] for row in noisy), default=1.0)
    total["worst_own"] = min((row["own"] / row["of"] for row in noisy), default=1.0)
    total["within"] = sum(row["within_two_errors"] for row in noisy)
    total["missed"] = {
        key: sum(one[key] and not one["found"] for one in done.values())
        for key in ("found_from_truth", "found_by_truth")
    }
    total["behind"] = max((one["behind_reference"] for one in done.values()), default=0.0)
    total["without_noise"] = max(
        (row["mean_weight"] for name, row in result.items() if ", 0% noise" in name), default=0.0
    )
    return {"by_design": result, "all": total}


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a design and share."""
    rows = [
        (
            name,
            *(part_of(row[key], row["of"]) for key in ("own", *FOUND)),
            f"{row['mean_weight']:.4f}",
            "-" if row["mean_error"] is None else f"{row['mean_error']:+.2f}",
            "-" if row["mean_error"] is None else part_of(row["within_two_errors"], row["of"]),
        )
        for name, row in summary["by_design"].items()
    ]
    every = summary["all"]
    figures = {**every, "wrong": every["of"] - every["found"], "not_own": every["of"] - every["own"]}
    figures |= {key: f"{100 * every[key]:.0f}" for key in ("worst", "worst_own")}
    figures |= {"missed": every["missed"]["found_by_truth"]}
    figures |= {"search": every["missed"]["found_from_truth"]}
    figures |= {"without_noise": f"{every['without_noise']:.1g}", "behind": f"{every['behind']:.2g}"}
    heads = (
        "design, share of noise",
        "components of their own",
        "nine tenths",
        "without a background",
        "EM from the truth",
        "rule of the truth",
        "mean weight",
        "mean difference, standard errors",
        "within two standard errors",
    )
    return Shown(figures, heads, rows)


PAGE = Page(
    question="Does a uniform background take the noise, and leave the clusters alone?",
    setup="""Five clusters with full covariances, 7 standard deviations apart and more, in 2 and 5 columns; 0,
    5 and 20 % of the rows uniform in a box around them; 100 draws a design. A cluster has a component of its
    own where of the rows of either, noise included, more than half are of both. Nine tenths: centroid index
    0, and nine tenths of each cluster's rows in its component. The same is asked of fits without a
    background, of EM alone started at the true parameters, and of the labels that the true parameters
    give: of the 40 rows of a small cluster they give up to six to the noise.""",
    sentence="""With noise, every cluster has a component of its own in {own} of {of} fits, at least
    {worst_own} % in every design; nine tenths of each cluster's rows are in it in {found} ({found_without}
    without a background), at least {worst} %. EM from the truth does that in {found_from_truth}, the rule of
    the truth in {found_by_truth}; there are {search} draws in which EM from the truth does and the fit does
    not, {missed} in which the rule of the truth does and the fit does not, and no fit is more than {behind}
    nats behind that from the truth. The background's weight is within two standard errors of the share of
    noise in {within}. Where there is no noise it is {without_noise} on average.""",
    claim="Noise around clusters gets a weight of its own",
    number="a component for every cluster in {own} of {of} fits; nine tenths of its rows in {found}, "
    "{found_without} without a background",
    loses="{not_own} fits; {wrong} by nine tenths",
    shown=shown,
)


BENCHMARK = Benchmark("uniform noise around clusters, with a background and without", cases, summary, PAGE)
