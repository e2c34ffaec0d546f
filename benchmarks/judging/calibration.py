"""Verdicts on fits by plain EM against labels from independent restarts, and against new rows."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import gmmscape as gs
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown
from gmmscape import lab
from gmmscape.objective import Objective
from gmmscape.solve import EM, Regularity, descend_all, pass_size, start_around

Array = NDArray[np.float64]
FITS, TOGETHER, RESTARTS, FINISHED = 2000, 20, 200, 12
KINDS = ("spherical", "diag", "tied", "full")
SHAPES = ("t5", "uniform", "skewed")
#: EM of all restarts, and of the best ones.
BRIEF, LONG = EM(tol=1e-2, max_iter=80), EM(tol=1e-6, max_iter=5_000)
STARTS = ("random_from_data", "k-means++")
#: Of larger problems fewer restarts are run: rows times components times columns, passed over so often.
PASSES = 6e7
NEW_ROWS = 100_000
#: From this minimum distance on, in sigma, bad fits are to be called bad.
SEPARATED = 4.0


def cases(small: bool) -> Iterator[Case]:
    """Yield fits, some at a time; each depends on its number alone."""
    for first in range(0, TOGETHER if small else FITS, TOGETHER):
        yield Case(f"fits {first} to {first + TOGETHER - 1}", partial(_some, first))


def _some(first: int) -> dict[str, Any]:
    return {"fits": [_one(number) for number in range(first, first + TOGETHER)]}


class Problem(NamedTuple):
    """A population: centers (k, d), roots of covariances, weights, and the shape of its components."""

    centers: Array
    roots: Array
    weights: Array
    shape: str
    kind: str
    separation: float

    def rows(self, labels: NDArray[np.int64], rng: np.random.Generator) -> Array:
        """Return a row for each label."""
        noise = _noise(self.shape, (len(labels), self.centers.shape[1]), rng)
        return self.centers[labels] + np.einsum("nde,ne->nd", self.roots[labels], noise)


def _noise(shape: str, size: tuple[int, int], rng: np.random.Generator) -> Array:
    """Draws of mean 0 and variance 1."""
    if shape == "t5":
        return rng.standard_t(5, size) / np.sqrt(5.0 / 3.0)
    if shape == "uniform":
        return rng.uniform(-np.sqrt(3.0), np.sqrt(3.0), size)
    if shape == "skewed":
        return rng.gamma(4.0, 0.5, size) - 2.0
    return rng.standard_normal(size)


def chained_centers(k: int, d: int, separation: float, rng: np.random.Generator) -> Array:
    """Return centers (k, d), each 1 to 1.4 times the separation from another and none nearer than it."""
    centers = [np.zeros(d)]
    while len(centers) < k:
        step = rng.standard_normal(d)
        new = centers[rng.integers(len(centers))] + separation * rng.uniform(
            1.0, 1.4
        ) * step / np.linalg.norm(step)
        if min(np.linalg.norm(new - old) for old in centers) >= separation:
            centers.append(new)
    return np.stack(centers)


def drawn(number: int) -> tuple[Array, Problem]:
    """Return rows and their population: half of them 1 to 3 sigma apart, a quarter not Gaussian."""
    rng = np.random.default_rng([number, 19])
    k = int(np.round(np.exp(rng.uniform(np.log(2), np.log(20)))))
    d, kind = int(rng.integers(1, 17)), KINDS[number % 4]
    separation = float(rng.uniform(1, 3) if number // 4 % 2 else rng.uniform(3, 8))
    shape = SHAPES[number % 3] if number // 8 % 4 == 3 else "gaussian"
    centers = chained_centers(k, d, separation, rng)
    counts = np.round(np.exp(rng.uniform(np.log(20), np.log(500), k))).astype(int)
    roots = np.stack([root_of(kind, d, rng) for _ in range(k)])
    if kind == "tied":
        roots[:] = roots[0]
    problem = Problem(centers, roots, counts / counts.sum(), shape, kind, separation)
    return problem.rows(np.repeat(np.arange(k), counts), rng), problem


def root_of(kind: str, d: int, rng: np.random.Generator) -> Array:
    """A root of a covariance whose largest standard deviation is at most one."""
    scales = rng.uniform(0.5, 1.0, d)
    if kind == "spherical":
        return scales[0] * np.eye(d)
    if kind == "diag":
        return np.diag(scales)
    return np.linalg.qr(rng.standard_normal((d, d)))[0] * scales


def _one(number: int) -> dict[str, Any]:
    X, problem = drawn(number)
    k, kind = len(problem.centers), problem.kind
    init = STARTS[number // 4 % 2]
    fit = gs.GaussianMixture(
        k, covariance_type=kind, init_params=init, escape=False, max_iter=5_000, random_state=number
    ).fit(X)
    found = gs.repair(fit, X, rng=number)
    diagnosis = found.diagnosis
    best = _best(X, k, kind, number)
    value = diagnosis.value_before - diagnosis.polish_gain
    gain = (value - min(best, diagnosis.value_after)) * len(X)
    return {
        "number": number,
        "kind": kind,
        "shape": problem.shape,
        "k": k,
        "d": X.shape[1],
        "rows": len(X),
        "separation": round(problem.separation, 3),
        "gain_known": gain,
        "label": "bad" if gain > max(0.5, 1e-6 * len(X)) else "good",
        "verdict": diagnosis.verdict,
        "gain": diagnosis.escape_gain * len(X),
        "significance": min(diagnosis.significance, 1e9),
        "gain_on_new_rows": _on_new_rows(problem, fit, found.model, number),
        "reason": diagnosis.reasons[0],
    }


def _on_new_rows(problem: Problem, before: Any, after: Any, number: int) -> float:
    """What the fit that is returned brings on new rows, nats a row."""
    rng = np.random.default_rng([number, 23])
    X = problem.rows(rng.choice(len(problem.weights), NEW_ROWS, p=problem.weights), rng)
    return float(after.score(X) - before.score(X))


def _best(X: Array, k: int, kind: str, number: int) -> float:
    """The lowest penalised value of the restarts, under the prior of the fit."""
    sample = lab.Sample(X)
    family = Regularity.of("auto", 0.0, None).family(sample, kind, k)

    def start(i: int) -> gs.Mixture:
        return start_around(sample, family, k, STARTS[i % 2], np.random.default_rng([number, i]))

    first = start(0)
    objective = Objective.near(sample, family, first)
    number_of = int(np.clip(PASSES / pass_size(objective, first), 20, RESTARTS))
    ends = descend_all(BRIEF, objective, [first, *(start(i) for i in range(1, number_of))])
    likely = [end.local for end in sorted(ends, key=lambda end: end.value)[:FINISHED]]
    return min(end.value for end in descend_all(LONG, objective, likely))


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return confusion matrices by separation, and the rates where components are separated."""
    fits = [fit for row in done.values() for fit in row["fits"]]
    matrix: dict[str, dict[str, dict[str, int]]] = {}
    for fit in fits:
        band = matrix.setdefault(f"{int(fit['separation'])} to {int(fit['separation']) + 1}", {})
        row = band.setdefault(
            fit["label"], dict.fromkeys(("bad optimum", "no better fit found", "cannot tell"), 0)
        )
        row[fit["verdict"]] += 1
    good = [fit for fit in fits if fit["label"] == "good"]
    bad = [fit for fit in fits if fit["label"] == "bad" and fit["separation"] >= SEPARATED]
    open_ones = [fit for fit in fits if fit["verdict"] == "cannot tell" and fit["gain_on_new_rows"] != 0.0]

    def rate(some: list[dict[str, Any]], verdict: str) -> float | None:
        return float(np.mean([fit["verdict"] == verdict for fit in some])) if some else None

    return {
        "fits": len(fits),
        "matrix": {band: matrix[band] for band in sorted(matrix)},
        "good": len(good),
        "good_called_bad": rate(good, "bad optimum"),
        "separated_bad": len(bad),
        "separated_bad_called_bad": rate(bad, "bad optimum"),
        "cannot_tell_and_changed": len(open_ones),
        "better_on_new_rows": float(np.mean([fit["gain_on_new_rows"] > 0.0 for fit in open_ones]))
        if open_ones
        else None,
    }


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a band of distances."""
    answers = ("no better fit found", "bad optimum", "cannot tell")
    rows = [
        (band, *(matrix.get(label, {}).get(answer, 0) for label in ("good", "bad") for answer in answers))
        for band, matrix in summary["matrix"].items()
    ]
    columns = ("distance", *(f"{label}: {answer}" for label in ("good", "bad") for answer in answers))
    figures = {
        "fits": summary["fits"],
        "right": sum(row[1] + row[5] for row in rows),
        "accused": sum(row[2] for row in rows),
        "missed": sum(row[4] for row in rows),
        "undecided": sum(row[3] + row[6] for row in rows),
        "good": summary["good"],
        "separated": summary["separated_bad_called_bad"] or 0.0,
        "changed": summary["cannot_tell_and_changed"],
        "better": summary["better_on_new_rows"] or 0.0,
    }
    return Shown(figures, columns, rows)


PAGE = Page(
    question="Do verdicts agree with what 200 restarts find, and with new rows?",
    setup="""Fits by plain EM under the default prior (four families, d = 1 to 16, k = 2 to 20, 20 to 500 rows
    a component; half of them 1 to 3 sigma apart; a quarter of components that are no Gaussians but t(5),
    uniform or skewed). A fit is *bad* if the best of 200 restarts (20 at least, of large problems), or of the
    search, is better by more than 0.5 nats under the same prior, else *good*. By the least distance of two
    components in sigma.""",
    sentence="""Of {fits} verdicts {right} agree with the label; {accused} good fits are called bad. From
    4 sigma on {separated:.1%} of the bad ones are called bad. Of {changed} fits that "cannot tell" changed,
    {better:.0%} are better on 100,000 new rows.""",
    claim="Verdicts agree with 200 restarts and with new rows",
    number="{accused} of {good} good fits called bad; {separated:.1%} of separated bad ones",
    loses="bad ones called good: {missed}; cannot tell: {undecided}",
    shown=shown,
)


BENCHMARK = Benchmark("verdicts on fits by EM, labelled by 200 restarts", cases, summary, PAGE)
