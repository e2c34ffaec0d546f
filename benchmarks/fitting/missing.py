"""Parameters from rows with missing values, beside those from complete rows, and what it costs."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

import gmmscape as gs
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, percent, short

Array = NDArray[np.float64]
DRAWS, ROWS = 200, 1_000
#: Of the times: rows, columns, components, patterns, iterations, rounds.
TIMED = (100_000, 8, 5, 50, 20, 7)
SMALL_TIMED = (5_000, 8, 5, 50, 10, 2)
KINDS = ("full", "tied", "diag", "spherical")
DESIGNS = ("10 % at random", "30 % at random", "30 % by the first column")
#: "all rows" uses what is observed of each; the others are what people do without that.
METHODS = ("all rows", "complete rows only", "means filled in")
WITHOUT_GAPS = "no value missing"
#: Standard errors within which an estimate is to lie: 99.7 % of normal ones do.
LIMIT = 3.0


def truth() -> gs.Mixture:
    """Return three overlapping components in four columns, which say much of each other."""
    means = [[0.0, 0.0, 0.0, 0.0], [3.5, 2.0, 0.0, 2.0], [0.0, 4.0, 3.5, -1.0]]
    covariances = []
    for number, spread in enumerate((1.0, 0.8, 1.2)):
        root = np.random.default_rng([7, number]).normal(size=(4, 4))
        matrix = root @ root.T + 2.0 * np.eye(4)
        scale = np.sqrt(np.diagonal(matrix))
        covariances.append(spread * matrix / np.outer(scale, scale))
    return gs.Mixture([0.5, 0.3, 0.2], means, covariances)


def gapped(X: Array, design: str, rng: np.random.Generator) -> Array:
    """Return rows with gaps; the first column has none where these depend on it."""
    if design.endswith("random"):
        gaps = rng.random(X.shape) < float(design.split()[0]) / 100.0
    else:  # missing at random: what is missing depends on what is observed
        scaled = (X[:, 0] - X[:, 0].mean()) / X[:, 0].std()
        chance = 1.0 / (1.0 + np.exp(-2.0 * scaled + 1.0))
        gaps = rng.random(X.shape) < 0.3 / chance.mean() * chance[:, None]
        gaps[:, 0] = False
    return np.where(gaps, np.nan, X)


def cases(small: bool) -> Iterator[Case]:
    """Yield draws, each with all designs and methods, and rounds of times."""
    for draw in range(DRAWS if not small else 6):
        yield Case(f"draw {draw}", partial(_draw, draw))
    timed = TIMED if not small else SMALL_TIMED
    for number in range(timed[-1]):
        yield Case(f"time, round {number}", partial(_times, timed[:-1]))


def _draw(draw: int) -> dict[str, Any]:
    """Estimates of all parameters by each method: weights, means, covariances, matched to the truth."""
    X, _ = truth().sample(ROWS, np.random.default_rng([draw, 1]))
    found: dict[str, Any] = {WITHOUT_GAPS: _estimates(X, draw)}
    for number, design in enumerate(DESIGNS):
        Y = gapped(X, design, np.random.default_rng([draw, 2, number]))
        Y = Y[~np.isnan(Y).all(axis=1)]
        complete = Y[~np.isnan(Y).any(axis=1)]
        filled = np.where(np.isnan(Y), np.nanmean(Y, axis=0), Y)
        for method, rows in zip(METHODS, (Y, complete, filled), strict=True):
            found[f"{design}, {method}"] = _estimates(rows, draw)
    return found


def _estimates(X: Array, seed: int) -> list[float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = gs.GaussianMixture(3, covariance_prior=0.0, random_state=seed).fit(X)
    distance = np.linalg.norm(truth().means[:, None] - model.means_, axis=2)
    order = linear_sum_assignment(distance)[1]
    values = _parameters(model.weights_[order], model.means_[order], model.covariances_[order])
    return [float(f"{value:.5g}") for value in values]


def _parameters(weights: Array, means: Array, covariances: Array) -> Array:
    upper = np.triu_indices(means.shape[1])
    return np.concatenate([weights, means.ravel(), covariances[:, *upper].ravel()])


def _times(size: tuple[int, int, int, int, int]) -> dict[str, Any]:
    """Seconds of as many steps of EM without and with gaps, in turn, whole fits."""
    n, d, k, n_patterns, steps = size
    rng = np.random.default_rng(3)
    roots = rng.normal(size=(k, d, d))
    mixture = gs.Mixture(None, 2.0 * rng.normal(size=(k, d)), roots @ roots.transpose(0, 2, 1) + np.eye(d))
    X, _ = mixture.sample(n, rng)
    patterns = np.unique(rng.random((4 * n_patterns, d)) < 0.3, axis=0)
    patterns = rng.permutation(patterns[~patterns.all(axis=1)])[:n_patterns]
    Y = np.where(patterns[rng.integers(len(patterns), size=n)], np.nan, X)
    found: dict[str, Any] = {"patterns": len(patterns), "missing": float(np.isnan(Y).mean())}
    options = {"escape": False, "accelerate": False, "tol": 0.0, "max_iter": steps, "covariance_prior": 0.0}
    for kind in KINDS:
        seconds = []
        for rows in (X, Y):
            model = gs.GaussianMixture(k, covariance_type=kind, means_init=mixture.means, n_jobs=1, **options)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                began = time.perf_counter()
                model.fit(rows)
                seconds.append(time.perf_counter() - began)
            assert model.n_iter_ == steps
        found[kind] = seconds
    return found


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return for each method shares within three standard errors, bias and error; and ratios of times."""
    draws = [figures for name, figures in done.items() if name.startswith("draw")]
    times = [figures for name, figures in done.items() if name.startswith("time")]
    expected = _parameters(truth().weights, truth().means, truth().covariances)
    methods = [name for name in draws[0] if name != "seconds"]
    values = {name: np.array([draw[name] for draw in draws]) - expected for name in methods}
    base = np.sqrt((values[WITHOUT_GAPS] ** 2).mean(axis=0))
    result: dict[str, Any] = {"draws": len(draws), "parameters": len(expected), "methods": {}}
    for name, errors in values.items():
        design = name.rsplit(", ", 1)[0]
        own = errors.std(axis=0, ddof=1)
        spread = own if name == WITHOUT_GAPS else values[f"{design}, {METHODS[0]}"].std(axis=0, ddof=1)
        result["methods"][name] = {
            "within": float((np.abs(errors) <= LIMIT * spread).mean()),
            "worst_bias": float((np.abs(errors.mean(axis=0)) / spread).max()),
            "error": float(np.median(np.sqrt((errors**2).mean(axis=0)) / base)),
        }
    result["ratios"] = {
        kind: float(np.median([one[kind][1] / one[kind][0] for one in times])) for kind in KINDS
    }
    result["patterns"], result["missing"] = times[0]["patterns"], times[0]["missing"]
    return result


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a design and method."""
    rows = [
        (name, percent(one["within"], 4), short(one["worst_bias"], 2), short(one["error"], 3))
        for name, one in summary["methods"].items()
    ]
    ours = [one for name, one in summary["methods"].items() if name.endswith(METHODS[0])]
    dropped = summary["methods"][f"{DESIGNS[2]}, {METHODS[1]}"]
    figures = {
        "draws": summary["draws"],
        "parameters": summary["parameters"],
        "least": percent(min(one["within"] for one in ours), 4),
        "bias": short(max(one["worst_bias"] for one in ours), 2),
        "error": short(max(one["error"] for one in ours), 3),
        "dropped": short(dropped["worst_bias"], 2),
        "dropped_within": percent(dropped["within"], 3),
        "slowest": short(max(summary["ratios"].values()), 2),
        "ratios": ", ".join(f"{kind} {short(ratio, 2)}" for kind, ratio in summary["ratios"].items()),
        "patterns": summary["patterns"],
        "missing": percent(summary["missing"]),
    }
    columns = ("rows", "estimates within 3 s.e. of the truth", "largest bias, in s.e.", "error, median")
    return Shown(figures, columns, rows)


PAGE = Page(
    question="Are parameters right where values are missing, and what does that cost?",
    setup="""Three overlapping components of four columns, 1,000 rows, maximum likelihood; values missing
    completely at random, or with a chance that depends on the first column. Standard errors (s.e.) are the
    spread of the estimates from all rows over the draws; errors are times those without gaps.""",
    sentence="""{least} or more of the estimates from all rows lie within three standard errors of the truth
    ({draws} draws, {parameters} parameters; of normal ones 99.73 % do), with a bias of {bias} standard errors
    at most. Dropping incomplete rows is off by up to {dropped} of them where gaps depend on a column. As many
    steps of EM on 1e5 rows of 8 columns with {patterns} patterns of gaps ({missing} of the values) take so
    many times as long as without gaps: {ratios}.""",
    claim="Missing values at random neither bias a fit nor slow it down much",
    number="{least} of estimates within 3 standard errors; up to {slowest} times the time",
    loses="errors are up to {error} times those of rows without gaps",
    shown=shown,
)


BENCHMARK = Benchmark("parameters from rows with missing values, and the time", cases, summary, PAGE)
