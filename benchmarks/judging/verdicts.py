"""Verdicts on synthetic data whose truth is known: good fits are not accused, planted bad ones are found."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import gmmscape as gs
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, part_of
from gmmscape.structure.partition import best_stars

Array = NDArray[np.float64]
DRAWS = 100
GOOD_SEPARATION, PLANTED_SEPARATION = 6.0, 12.0
ROWS = (100, 300)
#: Redraws of a planted candidate that EM dissolves.
REDRAWS = 200
#: Nats in total by which the repaired fit may miss the truth-started one.
REACHED = 1e-3


class Problem(NamedTuple):
    """Data with their truth."""

    X: Array
    labels: NDArray[np.intp]
    truth: gs.Mixture


def cases(small: bool) -> Iterator[Case]:
    """Yield truth-started fits and planted minima, spherical and tied in turn."""
    for seed in range(DRAWS if not small else 4):
        kind = ("spherical", "tied")[seed % 2]
        yield Case(f"truth-started {kind} seed {seed}", partial(truth_started, kind, seed))
        yield Case(f"planted {kind} seed {seed}", partial(planted, kind, seed))


def problem(kind: str, separation: float, rng: np.random.Generator) -> Problem:
    """Draw k = 3..10 components in d = 1..5 dimensions, their centers at least `separation` sigma apart."""
    k, d = int(rng.integers(3, 11)), int(rng.integers(1, 6))
    centers = _centers(k, d, separation, rng)
    if kind == "tied":
        root = rng.standard_normal((d, d)) + 0.5 * np.eye(d)  # separation is in the metric of this covariance
        covariances, roots = root @ root.T, np.broadcast_to(root, (k, d, d))
        centers = centers @ root.T
    else:
        sigma = rng.uniform(0.6, 1.0, k)
        covariances, roots = sigma**2, sigma[:, None, None] * np.eye(d)
    counts = rng.integers(ROWS[0], ROWS[1] + 1, k)
    labels = np.repeat(np.arange(k), counts)
    noise = rng.standard_normal((len(labels), d))
    X = centers[labels] + np.einsum("nde,ne->nd", roots[labels], noise)
    return Problem(X, labels, gs.Mixture(counts / counts.sum(), centers, covariances, kind))


def _centers(k: int, d: int, separation: float, rng: np.random.Generator) -> Array:
    """Each new center lies 1 to 1.5 separations from an old one, and no nearer to any."""
    centers = [np.zeros(d)]
    while len(centers) < k:
        direction = rng.standard_normal(d)
        step = separation * rng.uniform(1.0, 1.5) * direction / np.linalg.norm(direction)
        new = centers[rng.integers(len(centers))] + step
        if min(np.linalg.norm(new - old) for old in centers) >= separation:
            centers.append(new)
    return np.stack(centers)


def _em(start: gs.Mixture, X: Array, *, escape: bool = False) -> gs.GaussianMixture:
    model = gs.GaussianMixture(
        start.n_components,
        covariance_type=start.covariance_type,
        weights_init=start.weights,
        means_init=start.means,
        precisions_init=_precisions(start),
        max_iter=20_000,
        escape=escape,
        random_state=0,
    )
    return model.fit(X)


def _precisions(mixture: gs.Mixture) -> Array:
    if mixture.covariance_type == "spherical":
        return 1.0 / mixture.covariances
    return np.linalg.inv(mixture.covariances)


def truth_started(kind: str, seed: int) -> dict[str, Any]:
    """Return the verdict on the fit that EM reaches from the truth."""
    rng = np.random.default_rng([seed, 0])
    drawn = problem(kind, GOOD_SEPARATION, rng)
    diagnosis = gs.diagnose(_em(drawn.truth, drawn.X), drawn.X, rng=seed)
    return {
        "k": drawn.truth.n_components,
        "d": drawn.truth.n_features,
        "verdict": diagnosis.verdict,
        "escape_gain_total": diagnosis.escape_gain * diagnosis.total,
    }


def planted(kind: str, seed: int) -> dict[str, Any]:
    """Return what diagnosis and repair make of a planted spurious minimum."""
    rng = np.random.default_rng([seed, 1])
    dissolved = -1
    blocks, found = set(), None
    while found != blocks:
        dissolved += 1
        if dissolved == REDRAWS:
            return {"survived": False, "dissolved": dissolved}
        drawn = problem(kind, PLANTED_SEPARATION, rng)
        start, blocks = _candidate(drawn, rng)
        fit = _em(start, drawn.X)
        found = _blocks(fit, drawn)
    best = _em(drawn.truth, drawn.X)
    result = gs.repair(fit, drawn.X, rng=seed)
    n = len(drawn.X)
    return {
        "survived": True,
        "dissolved": dissolved,
        "k": drawn.truth.n_components,
        "d": drawn.truth.n_features,
        "verdict": result.diagnosis.verdict,
        "blocks_named": _named(result, drawn.truth)
        == {(m, c) for m, c in blocks if len(m) > 1 or len(c) > 1},
        "misses_truth_by": n * (result.nll_after + best.lower_bound_),
    }


def _candidate(
    drawn: Problem, rng: np.random.Generator
) -> tuple[gs.Mixture, set[tuple[frozenset, frozenset]]]:
    """One mean on two or three centers, as many means fewer one on another; with the blocks, by labels."""
    truth = drawn.truth
    k, d = truth.means.shape
    m = int(rng.integers(2, min(4, k)))
    first = int(rng.integers(k))
    near = np.argsort(np.linalg.norm(truth.means - truth.means[first], axis=1))
    together, rest = near[:m], near[m:]
    crowded = int(rng.choice(rest))
    shares = [(together, 1)] + [(np.array([s]), m if s == crowded else 1) for s in rest]
    weights, means, spreads, blocks = [], [], [], set()
    for centers, copies in shares:
        rows = drawn.X[np.isin(drawn.labels, centers)]
        deviation = rows - rows.mean(axis=0)
        spread = deviation.T @ deviation / len(rows)
        members = frozenset(range(len(means), len(means) + copies))
        blocks.add((members, frozenset(map(int, centers))))
        for _ in range(copies):
            weights.append(len(rows) / copies / len(drawn.X))
            shift = np.linalg.cholesky(spread) @ rng.standard_normal(d) if copies > 1 else 0.0
            means.append(rows.mean(axis=0) + 0.7 * shift)
            spreads.append(spread)
    pooled = np.einsum("k,kde->de", np.array(weights), np.stack(spreads))
    covariances = (
        pooled if truth.covariance_type == "tied" else np.trace(np.stack(spreads), axis1=1, axis2=2) / d
    )
    return gs.Mixture(np.array(weights), np.stack(means), covariances, truth.covariance_type), blocks


def _blocks(fit: gs.GaussianMixture, drawn: Problem) -> set[tuple[frozenset, frozenset]] | None:
    """Blocks of a fit read against the rows' true components, or None where it is no union of stars."""
    k = drawn.truth.n_components
    posterior = fit.predict_proba(drawn.X)
    association = np.stack([posterior[drawn.labels == s].mean(axis=0) for s in range(k)], axis=1)
    stars, defect = best_stars(association)
    if defect > 0.5 / k:
        return None
    return {(frozenset(map(int, means)), frozenset(map(int, centers))) for means, centers in stars}


def _named(result: gs.Repair, truth: gs.Mixture) -> set[tuple[frozenset, frozenset]]:
    """The one-fits-many and many-fit-one blocks that the diagnosis names, as means and true centers."""
    center = np.linalg.norm(result.model.means_[:, None] - truth.means, axis=2).argmin(axis=1)
    found = set()
    for component in result.diagnosis.components:
        if component.kind in ("one-fits-many", "many-fit-one"):
            members = frozenset({component.index, *component.partners})
            found.add((members, frozenset(int(center[s]) for s in component.covers)))
    return found


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the counts that the two promises are about."""
    good = [figures for name, figures in done.items() if name.startswith("truth-started")]
    bad = [figures for name, figures in done.items() if name.startswith("planted")]
    survived = [figures for figures in bad if figures["survived"]]
    return {
        "truth_started": {
            "of": len(good),
            "called_bad": sum(figures["verdict"] == "bad optimum" for figures in good),
            "called_fine": sum(figures["verdict"] == "no better fit found" for figures in good),
        },
        "planted": {
            "of": len(bad),
            "survived": len(survived),
            "dissolved": sum(figures["dissolved"] for figures in bad),
            "called_bad": sum(figures["verdict"] == "bad optimum" for figures in survived),
            "blocks_named": sum(figures["blocks_named"] for figures in survived),
            "truth_reached": sum(figures["misses_truth_by"] <= REACHED for figures in survived),
        },
    }


def shown(summary: dict[str, Any]) -> Shown:
    """Return the counts of both promises."""
    good, bad = summary["truth_started"], summary["planted"]
    rows = [
        ("good fits called bad", part_of(good["called_bad"], good["of"])),
        ("good fits called fine", part_of(good["called_fine"], good["of"])),
        ("planted fits called bad", part_of(bad["called_bad"], bad["survived"])),
        ("all their blocks named", part_of(bad["blocks_named"], bad["survived"])),
        ("the truth's likelihood reached", part_of(bad["truth_reached"], bad["survived"])),
    ]
    figures = {"accused": good["called_bad"], "good": good["of"], "found": bad["called_bad"]}
    figures |= {"bad": bad["survived"], "short": bad["survived"] - bad["truth_reached"]}
    return Shown(figures, ("what", "count"), rows)


PAGE = Page(
    question="Are good fits left in peace, and planted bad ones found and repaired?",
    setup="Fits started at the truth (6 sigma and more), and fits with planted errors (12 and more).",
    sentence="{accused} of {good} good fits are called bad, {found} of {bad} planted ones are.",
    claim="Verdicts are right on separated components",
    number="{accused} of {good} good fits accused, {found} of {bad} bad ones found",
    loses="{short} repaired fits short of the truth's likelihood",
    shown=shown,
)


BENCHMARK = Benchmark(
    "synthetic good fits and planted bad optima: verdict, blocks, repair", cases, summary, PAGE
)
