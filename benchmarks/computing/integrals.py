"""Populations in any dimension: embedded problems, and values against Monte Carlo and finer rules."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ortho_group

import gmmscape as gs
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, percent, short
from gmmscape import lab

Array = NDArray[np.float64]
LINE = np.array([-3.0, 3.0, 12.0])
DIMENSIONS = (2, 5, 50)
#: Rows of a Monte Carlo are drawn so many at a time.
BLOCK = 50_000
#: Random cases of each kind whose stated errors are compared with much finer rules.
RANDOM_CASES = 100
#: Numbers of means by shape of the truth.
COMPONENTS = {"triangle": (2, 3, 4), "tetrahedron": (2, 3, 4), "random": (4, 5, 6)}


def cases(small: bool) -> Iterator[Case]:
    """Yield embedded problems, comparisons with Monte Carlo, and comparisons with finer rules."""
    for d in DIMENSIONS[: 1 if small else 3]:
        yield Case(f"embedded d {d} seed 0", partial(_embedded, d, 0))
    for kind in ("trapezoid", "sobol"):
        for seed in range(3 if small else RANDOM_CASES):
            yield Case(f"honest {kind} seed {seed}", partial(_honest, kind, seed))
    draws = 100_000 if small else 10_000_000
    for shape, components in COMPONENTS.items():
        for k in components if not small else (4,):
            for width in (0.7, 1.0) if shape != "random" and not small else (0.7,):
                name = f"monte carlo {shape} k {k} width {width} seed 1"
                yield Case(name, partial(_monte_carlo, shape, k, width, 1, draws))


def _embedded(d: int, seed: int) -> dict[str, Any]:
    """Explore the problem on a line put into d dimensions by a random rotation and shift."""
    rng = np.random.default_rng([seed, d])
    direction = ortho_group.rvs(d, random_state=rng)[0]
    centers = LINE[:, None] * direction + 3.0 * rng.normal(size=d)
    line = lab.Landscape(lab.Population(gs.Mixture.location(LINE, 1.0)), 3).explore(0)
    began = time.perf_counter()
    found = lab.Landscape(lab.Population(gs.Mixture.location(centers, 1.0)), 3).explore(0)
    seconds = time.perf_counter() - began
    kl, eigenvalues = [], []
    for one, other in zip(line.minima, found.minima, strict=False):
        kl.append(abs(other.kl - one.kl))
        wanted = np.concatenate([one.eigenvalues, np.tile(_added(one.means[:, 0]), d - 1)])
        eigenvalues.append(float(np.abs(np.sort(wanted) - other.eigenvalues).max()))
    return {
        "minima": len(found.minima),
        "wanted": len(line.minima),
        "kl_difference": float(max(kl)),
        "eigenvalue_difference": max(eigenvalues),
        "explore_seconds": seconds,
    }


def _added(means: Array) -> Array:
    """Eigenvalues of E[psi_i psi_j] on the line, by a plain sum over a fine grid."""
    x = np.linspace(LINE.min() - 10, LINE.max() + 10, 40_001)
    density = np.exp(-0.5 * (x[:, None] - LINE) ** 2).mean(axis=1) / np.sqrt(2 * np.pi)
    joint = np.exp(-0.5 * (x[:, None] - means) ** 2)
    psi = joint / joint.sum(axis=1, keepdims=True)
    return np.linalg.eigvalsh((psi * density[:, None]).T @ psi * (x[1] - x[0]))


def _problem(shape: str, k: int, width: float, seed: int) -> tuple[gs.Mixture, Array]:
    """Return a truth with unequal weights and widths, and k means near its centers."""
    rng = np.random.default_rng([seed, k, len(shape)])
    if shape == "random":
        centers = 3.0 * rng.normal(size=(6, 10))
    else:
        d = {"triangle": 2, "tetrahedron": 3}[shape]
        simplex = np.eye(d + 1) - 1.0 / (d + 1)
        centers = 4.0 * simplex @ np.linalg.svd(simplex)[2][:d].T
    weights = rng.dirichlet(np.full(len(centers), 5.0))
    widths = width * rng.uniform(0.8, 1.25, len(centers))
    truth = gs.Mixture(weights, centers, widths**2, "spherical")
    means = centers[np.arange(k) % len(centers)] + rng.normal(size=(k, centers.shape[1]))
    return truth, means


def _monte_carlo(shape: str, k: int, width: float, seed: int, draws: int) -> dict[str, Any]:
    """Compare value, gradient and Hessian with the averages over draws from the truth."""
    truth, means = _problem(shape, k, width, seed)
    land = lab.Landscape(lab.Population(truth), k, sigma=1.0)
    average, error = _averages(truth, means, draws, np.random.default_rng([seed, k, 99]))
    ours = np.concatenate([[land.nll(means)], land.gradient(means).ravel(), land.hessian(means).ravel()])
    stated = land.errors(means)
    allowed = np.repeat([stated.nll, stated.gradient, stated.hessian], [1, means.size, means.size**2])
    score = np.abs(ours - average) / np.maximum(np.hypot(error, allowed), 1e-300)
    parts = np.split(score, [1, 1 + means.size])
    return {
        "standard_errors": dict(
            zip(("nll", "gradient", "hessian"), (float(p.max()) for p in parts), strict=True)
        ),
        "beyond_4": int((score > 4.0).sum()),
        "compared": len(score),
        "stated": list(stated),
        "span": min(k - 1, means.shape[1]),
        "largest_share_of_stated_in_allowed": float((allowed / np.hypot(error, allowed)).max()),
    }


def _averages(truth: gs.Mixture, means: Array, draws: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Averages of -log q and its derivatives over draws (sigma 1, weights 1/k), and their standard errors."""
    k, d = means.shape
    total, squares = np.zeros((2, 1 + k * d + (k * d) ** 2))
    n = min(BLOCK, draws)
    for _ in range(draws // n):
        label = rng.choice(len(truth.weights), n, p=truth.weights)
        x = truth.means[label] + np.sqrt(truth.covariances)[label, None] * rng.normal(size=(n, d))
        y = x[:, None, :] - means
        joint = np.exp(-0.5 * (y**2).sum(axis=2))
        psi = joint / joint.sum(axis=1, keepdims=True)
        value = 0.5 * d * np.log(2 * np.pi) + np.log(k) - np.log(joint.sum(axis=1))
        pull = (psi[:, :, None] * y).reshape(n, k * d)
        second, its_square = _second_derivatives(psi, y, pull)
        total += np.concatenate([[value.sum()], -pull.sum(axis=0), second.ravel()])
        squares += np.concatenate([[(value**2).sum()], (pull**2).sum(axis=0), its_square.ravel()])
    count = draws // n * n
    average = total / count
    return average, np.sqrt(np.maximum(squares / count - average**2, 0.0) / count)


def _second_derivatives(psi: Array, y: Array, pull: Array) -> tuple[Array, Array]:
    """Sums over draws of each entry of the second derivative of -log q, and of its square."""
    _, k, d = y.shape
    total, squares = pull.T @ pull, (pull**2).T @ pull**2
    for i in range(k):
        # On the diagonal an entry is psi (psi - 1) y_a y_b + [a=b] psi.
        own, part = psi[:, i], slice(i * d, (i + 1) * d)
        factor = own * (own - 1.0)
        square = y[:, i] ** 2
        total[part, part] = (factor[:, None] * y[:, i]).T @ y[:, i] + own.sum() * np.eye(d)
        mixed = 2.0 * (own * factor) @ square + (own**2).sum()
        squares[part, part] = (factor[:, None] ** 2 * square).T @ square + np.diag(mixed)
    return total, squares


def _honest(kind: str, seed: int) -> dict[str, Any]:
    """Compare stated errors with the difference to half the step, or four times the points."""
    rng = np.random.default_rng([seed, len(kind)])
    d = int(rng.integers(2, 4)) if kind == "trapezoid" else int(rng.integers(4, 7))
    k = int(rng.integers(2, 4)) if kind == "trapezoid" else d + 1
    centers = rng.normal(size=(rng.integers(1, 4), d)) * rng.choice([1.0, 3.0])
    widths = rng.uniform(0.6, 1.6, len(centers))
    truth = gs.Mixture(rng.dirichlet(np.full(len(centers), 3.0)), centers, widths**2, "spherical")
    means = centers[rng.integers(0, len(centers), k)] + rng.normal(size=(k, d))
    rtol = 10.0 ** -int(rng.integers(3, 8))
    population = lab.Population(truth, rtol=rtol)
    mixture = gs.Mixture.location(means - population.origin, rng.uniform(0.7, 1.4))
    rows = population.rows(mixture)
    finer = rows.finer()
    ours, theirs = (r.derivatives(mixture, hessian=True) for r in (rows, finer))
    difference = [
        abs(ours.nll - theirs.nll),
        float(np.abs(ours.gradient - theirs.gradient).max()),
        float(np.abs(ours.hessian - theirs.hessian).max()),
    ]
    default = lab.Landscape(lab.Population(truth), k, sigma=mixture.sigma).errors(means)
    return {
        "difference": difference,
        "stated": list(rows.errors(mixture)),
        "span": min(k - 1, d),
        "default_stated": list(default),
    }


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the largest differences, shares covered and ratios of stated to true errors."""
    result: dict[str, Any] = {"embedded": {}, "monte_carlo": {}, "honest": {}}
    for case, figures in done.items():
        if case.startswith("embedded"):
            result["embedded"][case] = {name: figures[name] for name in figures if name != "seconds"}
    compared = [f for case, f in done.items() if case.startswith("monte carlo")]
    result["monte_carlo"] = {
        "cases": len(compared),
        "numbers": sum(f["compared"] for f in compared),
        "beyond_4_standard_errors": sum(f["beyond_4"] for f in compared),
        "largest": max(max(f["standard_errors"].values()) for f in compared),
    }
    for kind in ("trapezoid", "sobol"):
        some = [f for case, f in done.items() if case.startswith(f"honest {kind}")]
        difference, stated = (np.array([f[name] for f in some]) for name in ("difference", "stated"))
        matters = difference > 1e-13
        result["honest"][kind] = {
            "cases": len(some),
            "covered": (difference <= np.maximum(stated, 1e-13)).mean(axis=0).tolist(),
            "median_stated_over_difference": float(
                np.median((stated / np.maximum(difference, 1e-300))[matters])
            ),
            "largest_default_span_up_to_2": max(
                (max(f["default_stated"]) for f in some if f["span"] <= 2), default=None
            ),
        }
    return result


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a kind of rule, and the comparison with Monte Carlo."""
    compared = summary["monte_carlo"]
    rows = [
        (kind, row["cases"], percent(min(row["covered"])), short(row["median_stated_over_difference"], 2))
        for kind, row in summary["honest"].items()
    ]
    figures = {
        "numbers": compared["numbers"],
        "beyond": compared["beyond_4_standard_errors"],
        "covered": percent(min(min(row["covered"]) for row in summary["honest"].values())),
        "over": short(max(row["median_stated_over_difference"] for row in summary["honest"].values()), 2),
    }
    return Shown(figures, ("rule", "cases", "within the stated error", "stated over true, median"), rows)


PAGE = Page(
    question="Are population integrals right in any dimension, and are their errors as stated?",
    setup="Values and derivatives against Monte Carlo, and at low accuracy against much finer rules.",
    sentence="""Of {numbers} numbers {beyond} are more than four standard errors from Monte Carlo; the least
    share within the stated error is {covered}.""",
    claim="Errors of integrals are as stated",
    number="{covered} within the stated error",
    loses="stated errors are {over} times the true ones in the median: they are cautious, and estimates",
    shown=shown,
)


BENCHMARK = Benchmark(
    "population integrals in any dimension, against Monte Carlo and finer rules", cases, summary, PAGE
)
