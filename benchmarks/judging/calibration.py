"""Verdicts on fits by plain EM against labels computed from 200 independent restarts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

import gmmscape as gs
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown
from gmmscape import lab
from gmmscape.families import Floor, family_named
from gmmscape.moves.degeneracy import on_floor
from gmmscape.moves.nesting import nested
from gmmscape.objective import Objective
from gmmscape.solve import EM, descend, descend_all, start_around

Array = NDArray[np.float64]
FITS, TOGETHER, RESTARTS, FINISHED = 2000, 20, 200, 12
KINDS = ("spherical", "diag", "tied", "full")
#: EM of all restarts, and of the best ones and of the input.
BRIEF, LONG = EM(tol=1e-2, max_iter=80), EM(tol=1e-7, max_iter=20_000)
STARTS = ("random_from_data", "k-means++")
#: From this minimum distance on, in sigma, the rates of the issue are asked for.
SEPARATED = 6.0


def cases(small: bool) -> Iterator[Case]:
    """Yield fits, some at a time; each depends on its number alone."""
    for first in range(0, TOGETHER if small else FITS, TOGETHER):
        yield Case(f"fits {first} to {first + TOGETHER - 1}", partial(_some, first))


def _some(first: int) -> dict[str, Any]:
    return {"fits": [_one(number) for number in range(first, first + TOGETHER)]}


def drawn(number: int, least: float = 2.0) -> tuple[Array, int, str, float]:
    """Return rows, number of components, family and minimum distance, `least` to 8 sigma, of a problem."""
    rng = np.random.default_rng([number, 7])
    k = int(np.round(np.exp(rng.uniform(np.log(2), np.log(20)))))
    d, separation, kind = int(rng.integers(1, 9)), float(rng.uniform(least, 8)), KINDS[number % 4]
    centers = [np.zeros(d)]
    while len(centers) < k:
        step = rng.standard_normal(d)
        new = centers[rng.integers(len(centers))] + separation * rng.uniform(
            1.0, 1.4
        ) * step / np.linalg.norm(step)
        if min(np.linalg.norm(new - old) for old in centers) >= separation:
            centers.append(new)
    counts = np.round(np.exp(rng.uniform(np.log(50), np.log(500), k))).astype(int)
    labels = np.repeat(np.arange(k), counts)
    roots = np.stack([_root(kind, d, rng) for _ in range(k)])
    if kind == "tied":
        roots[:] = roots[0]
    noise = rng.standard_normal((len(labels), d))
    return np.stack(centers)[labels] + np.einsum("nde,ne->nd", roots[labels], noise), k, kind, separation


def _root(kind: str, d: int, rng: np.random.Generator) -> Array:
    """A root of a covariance whose largest standard deviation is at most one."""
    scales = rng.uniform(0.5, 1.0, d)
    if kind == "spherical":
        return scales[0] * np.eye(d)
    if kind == "diag":
        return np.diag(scales)
    return np.linalg.qr(rng.standard_normal((d, d)))[0] * scales


def _one(number: int) -> dict[str, Any]:
    X, k, kind, separation = drawn(number)
    sample = lab.Sample(X)
    family = family_named(kind, Floor.of(sample.variance, reg_covar=0.0, covariance_floor=1e-6))

    def start(i: int, init: str) -> gs.Mixture:
        return start_around(sample, family, k, init, np.random.default_rng([number, i]))

    given = start(0, STARTS[number // 4 % 2])
    objective = Objective.near(sample, family, given)
    fit = descend(LONG, objective, given)
    diagnosis = gs.diagnose(fit.mixture, X, covariance_type=kind, rng=number)
    best = _best(objective, [start(1 + i, STARTS[i % 2]) for i in range(RESTARTS)])
    gain = None if best is None else (fit.nll - best) * len(X)
    margin = max(0.5, 1e-6 * len(X))
    return {
        "number": number,
        "kind": kind,
        "k": k,
        "d": X.shape[1],
        "rows": len(X),
        "separation": round(separation, 3),
        "input_sound": _sound(objective, fit.local),
        "input_converged": fit.converged,
        "gain_of_restarts": gain,
        "label": "bad" if gain is not None and gain > margin else "good",
        "verdict": diagnosis.verdict,
        "gain": diagnosis.escape_gain * len(X),
        "significance": min(diagnosis.significance, 1e9),
        "reason": diagnosis.reasons[0],
    }


def _best(objective: Objective, starts: list[gs.Mixture]) -> float | None:
    """NLL of the best sound restart."""
    ends = sorted(descend_all(BRIEF, objective, starts), key=lambda end: end.nll)
    likely = [end.local for end in ends if _sound(objective, end.local)]
    if not likely:
        return None
    finished = descend_all(LONG, objective, likely[:FINISHED])
    return min((end.nll for end in finished if _sound(objective, end.local)), default=None)


def _sound(objective: Objective, mixture: gs.Mixture) -> bool:
    """Whether each component has 5(d+1) rows, none is on the floor, and none is nested in another."""
    rows = mixture.weights.min() * len(objective.rows)
    if rows < 5 * (mixture.n_features + 1) or on_floor(objective, mixture).any():
        return False
    return not nested(mixture).any()


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
    far = [fit for fit in fits if fit["separation"] >= SEPARATED]
    good, bad = ([fit for fit in far if fit["label"] == label] for label in ("good", "bad"))

    def rate(some: list[dict[str, Any]], verdict: str) -> float | None:
        return float(np.mean([fit["verdict"] == verdict for fit in some])) if some else None

    return {
        "fits": len(fits),
        "matrix": {band: matrix[band] for band in sorted(matrix)},
        "separated": {
            "good": len(good),
            "bad": len(bad),
            "good_called_bad": rate(good, "bad optimum"),
            "bad_called_bad": rate(bad, "bad optimum"),
            "cannot_tell": rate(far, "cannot tell"),
        },
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
    }
    return Shown(figures, columns, rows)


PAGE = Page(
    question="Do verdicts agree with what 200 restarts find?",
    setup="""Fits by plain EM (four families, d = 1 to 8, k = 2 to 20, 50 to 500 rows a component). A fit is
    *bad* if the best of 200 independent restarts (components of 5(d+1) rows at least, no floor, none
    nested) is better by more than 0.5 nats and 1e-6 nats a row, else *good*. By the least distance of two
    components in sigma.""",
    sentence="""Of {fits} verdicts {right} agree with the label; {accused} good fits are called bad,
    {missed} bad ones are called good, {undecided} are left open.""",
    claim="Verdicts agree with 200 restarts",
    number="{right} of {fits}",
    loses="good fits called bad: {accused}; bad ones called good: {missed}; cannot tell: {undecided}",
    shown=shown,
)


BENCHMARK = Benchmark("verdicts on fits by EM, labelled by 200 restarts", cases, summary, PAGE)
