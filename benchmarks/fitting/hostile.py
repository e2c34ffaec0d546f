"""Unbalanced and hostile data: what one random start with search finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

import gmmscape as gs
from benchmarks.data import centroid_index
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, part_of

Array = NDArray[np.float64]
SEEDS = 20
#: Rows and centers.
Drawn = tuple[Array, Array]


def cases(small: bool) -> Iterator[Case]:
    """Yield data sets by seed."""
    for name in DATA if not small else ("one of 50 among 20000", "one row at 1e12"):
        for seed in range(SEEDS if not small else 1):
            yield Case(f"{name}, seed {seed}", partial(_case, name, seed))


def _grid(rng: np.random.Generator, k: int, d: int, gap: float) -> Array:
    """Centers `gap` and more apart."""
    centers = np.empty((0, d))
    while len(centers) < k:
        x = rng.uniform(0, 2.5 * gap * k ** (1 / d), d)
        if len(centers) == 0 or np.linalg.norm(centers - x, axis=1).min() >= gap:
            centers = np.vstack([centers, x])
    return centers


def _unbalanced(rng: np.random.Generator) -> Drawn:
    centers = _grid(rng, 5, 2, 10.0)
    counts = [50, *[19_950 // 4] * 4]
    return np.repeat(centers, counts, axis=0) + rng.standard_normal((sum(counts), 2)), centers


def _two_scales(rng: np.random.Generator) -> Drawn:
    """Three wide components of standard deviation 100, and three of 1, one of them inside a wide one."""
    wide = [[0.0, 0.0], [1000.0, 0.0], [0.0, 1000.0]]
    centers = np.array([*wide, [50.0, 80.0], [1000.0, 1000.0], [1020.0, 1000.0]])
    scales = np.repeat([100.0, 1.0], 3)
    labels = np.repeat(np.arange(6), 400)
    return centers[labels] + scales[labels, None] * rng.standard_normal((2400, 2)), centers


def _many_columns(rng: np.random.Generator) -> Drawn:
    """As many rows a component as 64 columns leave: 2048 for 4 of them."""
    centers = 1.5 * rng.standard_normal((4, 64))
    return np.repeat(centers, 512, axis=0) + rng.standard_normal((2048, 64)), centers


def _duplicates(rng: np.random.Generator) -> Drawn:
    centers = _grid(rng, 6, 2, 8.0)
    X = np.repeat(centers, 250, axis=0) + rng.standard_normal((1500, 2))
    X[rng.choice(1500, 450, replace=False)] = X[rng.integers(0, 1500)]  # 30 % are one and the same row
    return X, centers


def _repeated(rng: np.random.Generator) -> Drawn:
    centers = _grid(rng, 6, 2, 8.0)
    X = np.repeat(centers, 250, axis=0) + rng.standard_normal((1500, 2))
    return np.concatenate([X, X[rng.choice(1500, 450, replace=False)]]), centers  # each twice, of 30 %


def _far_row(rng: np.random.Generator) -> Drawn:
    centers = _grid(rng, 5, 2, 10.0)
    X = np.repeat(centers, 200, axis=0) + rng.standard_normal((1000, 2))
    return np.concatenate([X, [[1e12, 0.0]]]), centers  # the row is set aside


DATA: dict[str, Callable[[np.random.Generator], Drawn]] = {
    "one of 50 among 20000": _unbalanced,
    "deviations of 1 and 100": _two_scales,
    "64 columns, 2048 rows": _many_columns,
    "30 % one and the same row": _duplicates,
    "30 % occur twice": _repeated,
    "one row at 1e12": _far_row,
}


def _case(name: str, seed: int) -> dict[str, Any]:
    X, centers = DATA[name](np.random.default_rng([seed, list(DATA).index(name)]))
    kind = "spherical" if X.shape[1] > 2 else "full"
    model = gs.GaussianMixture(
        len(centers), covariance_type=kind, init_params="random_from_data", random_state=seed, nested="take"
    )
    try:
        model.fit(X)
    except gs.GmmscapeError as error:
        return {"error": str(error)}
    diagnosis = model.diagnosis_
    index = centroid_index(model.means_, centers)
    return {
        "centroid_index": index,
        "verdict": diagnosis.verdict,
        "stop_reason": model.stop_reason_,
        "findings": [finding.name for finding in diagnosis.findings],
        "kinds": sorted({component.kind for component in diagnosis.components}),
        "finite": bool(np.isfinite(model.means_).all() and np.isfinite(model.lower_bound_)),
    }


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return for each kind of data how often every component was found, and what was said."""
    result: dict[str, dict[str, Any]] = {}
    for case, figures in done.items():
        row = result.setdefault(case.rsplit(", seed ", 1)[0], {"found": 0, "of": 0, "said": {}})
        row["of"] += 1
        row["found"] += figures.get("centroid_index") == 0
        said = "; ".join([figures.get("error") or figures["verdict"], *figures.get("findings", [])])
        row["said"][said] = row["said"].get(said, 0) + 1
    return result


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a kind of data."""
    rows = [
        (name, part_of(row["found"], row["of"]), "; ".join(sorted(row["said"], key=row["said"].get)[-1:]))
        for name, row in summary.items()
    ]
    lost = [
        f"{name}: {part_of(row['found'], row['of'])}"
        for name, row in summary.items()
        if row["found"] < row["of"]
    ]
    every = len(summary) - len(lost)
    figures = {"every": every, "kinds": len(summary), "lost": "; ".join(lost) or "nowhere"}
    return Shown(figures, ("data", "everything found", "most often said"), rows)


PAGE = Page(
    question="What becomes of unbalanced and hostile data?",
    setup="20 seeds each, one random start with search.",
    sentence="Everything is found in all seeds for {every} of {kinds} kinds of data; not for: {lost}.",
    claim="Unbalanced and hostile data end in an answer",
    number="everything found in all seeds for {every} of {kinds} kinds",
    loses="{lost}",
    shown=shown,
)


BENCHMARK = Benchmark(
    "unbalanced and hostile data: what is found, in how many of 20 seeds", cases, summary, PAGE
)
