"""Numbers of components of data as they come: rounded, repeated, weighted, with frequent values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

import gmmscape as gs
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, part_of

Array = NDArray[np.float64]
Drawn = tuple[Array, Array | None]
DRAWS, ROWS = 100, (300, 1000, 3000)
LARGE, LARGE_DRAWS = 100_000, 3
SHARES = {1: [1.0], 2: [0.4, 0.6], 3: [0.3, 0.4, 0.3]}


def _groups(number: int, n: int, rng: np.random.Generator, d: int = 1) -> Array:
    """Rows of groups five and six standard deviations apart."""
    X = rng.standard_normal((n, d))
    X[:, 0] += np.array([0.0, 5.0, 11.0])[rng.choice(number, n, p=SHARES[number])]
    return X


def _rounded(step: float, d: int, number: int, n: int, rng: np.random.Generator) -> Drawn:
    return np.round(_groups(number, n, rng, d) / step) * step, None


def _with_zeros(share: float, number: int, n: int, rng: np.random.Generator) -> Drawn:
    X = _groups(number - 1, n, rng) + 5.0  # the zeros are a group
    return np.where(rng.random(X.shape) < share, 0.0, X), None


def _repeated(times: int, number: int, n: int, rng: np.random.Generator) -> Drawn:
    return np.repeat(_groups(number, n // times, rng), times, axis=0), None


def _counts(number: int, n: int, rng: np.random.Generator) -> Drawn:
    return _groups(number, n, rng), rng.integers(1, 6, n).astype(float)


def _weights(number: int, n: int, rng: np.random.Generator) -> Drawn:
    return _groups(number, n, rng), rng.uniform(0.2, 2.0, n)


KINDS: dict[str, Callable[[int, int, np.random.Generator], Drawn]] = {
    "as drawn": lambda number, n, rng: (_groups(number, n, rng), None),
    **{f"rounded to {step} sd": partial(_rounded, step, 1) for step in (0.01, 0.1, 0.3, 0.5, 1.0)},
    **{f"rounded to {step} sd, two columns": partial(_rounded, step, 2) for step in (0.3, 1.0)},
    **{f"{share:.0%} zeros": partial(_with_zeros, share) for share in (0.05, 0.2, 0.4, 0.6)},
    **{f"repeated {times} times": partial(_repeated, times) for times in (2, 5)},
    "counts as weights": _counts,
    "weights": _weights,
}


def cases(small: bool) -> Iterator[Case]:
    """Yield draws of each kind with two groups and with three."""
    for kind in KINDS if not small else ("as drawn", "rounded to 0.5 sd", "40% zeros"):
        for number in (2, 3):
            for draw in range(DRAWS if not small else 2):
                n = ROWS[draw % len(ROWS)] if not small else ROWS[0]
                yield Case(f"{kind}: {number} groups, draw {draw}", partial(_case, kind, number, n, draw))
            for draw in range(LARGE_DRAWS if not small and kind.startswith(("rounded", "40%")) else 0):
                yield Case(
                    f"{kind}: {number} groups, large draw {draw}", partial(_case, kind, number, LARGE, draw)
                )


def _case(kind: str, number: int, n: int, draw: int) -> dict[str, Any]:
    rng = np.random.default_rng([draw, n, number])
    X, weights = KINDS[kind](number, n, rng)
    found = gs.select(X, range(1, number + 3), rng=draw, sample_weight=weights)
    return {"rows": n, "chosen": found.best_n_components}


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return for each kind and number of groups how often it was chosen, and how often fewer were."""
    result: dict[str, dict[str, int]] = {}
    for case, figures in done.items():
        name, number = case.split(", ", 1)[0] if "two columns" not in case else case.rsplit(", ", 1)[0], 0
        number = int(name.rsplit(": ", 1)[1].split()[0])
        row = result.setdefault(name, {"of": 0, "right": 0, "fewer": 0})
        row["of"] += 1
        row["right"] += figures["chosen"] == number
        row["fewer"] += figures["chosen"] < number
    return result


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a kind and number of groups."""
    rows = [(name, part_of(row["right"], row["of"]), row["fewer"]) for name, row in summary.items()]
    figures = {
        "right": sum(row["right"] for row in summary.values()),
        "of": sum(row["of"] for row in summary.values()),
        "least": min(row["right"] / row["of"] for row in summary.values()),
    }
    return Shown(figures, ("data", "right", "fewer"), rows)


PAGE = Page(
    question="Is the number of groups found in data that are rounded, repeated, weighted, or half zeros?",
    setup="""Two and three Gaussian groups, five and six standard deviations apart (zeros are a group of their
    own), 300 to 100,000 rows, `select` with all defaults over two numbers more.""",
    sentence="{right} of {of} draws have the right number, {least:.0%} or more of each kind.",
    claim="The number of groups is found in messy data",
    number="{right} of {of}",
    loses="{least:.0%} of the worst kind",
    shown=shown,
)


BENCHMARK = Benchmark("numbers of components of data as they come", cases, summary, PAGE)
