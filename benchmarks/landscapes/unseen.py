"""Unseen: minima of real data that thousands of starts of an EM meet, and what explorations say of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial
from typing import Any

import numpy as np

from benchmarks.data import Array, column
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, part_of, percent
from gmmscape import lab

#: Data, with what to divide by to make sigma one, and the numbers of means.
DATA = {
    "galaxies": (("galaxies_mass", "dat"), 1000.0, (4, 5, 6, 7, 8)),
    "waiting": (("faithful", "waiting"), 5.0, (3, 4)),
}
#: Seeds of explorations; random starts of each; starts of the EM here; of a small version.
SEEDS, STARTS, OWN, FEW = 8, 64, 5000, 200
#: Steps of the EM; length of one at which it ends; means of one minimum differ by less than this; noise.
STEPS, ENDED, SAME, APART = 20_000, 1e-9, 1e-3, 1e-2


def cases(small: bool) -> Iterator[Case]:
    """Yield each number of means of each set with some seeds; the small version has two."""
    for name, (_, _, numbers) in DATA.items():
        for k in numbers[:1] if small else numbers:
            for seed in range(1 if small else SEEDS):
                yield Case(
                    f"{name} k={k}, seed {seed}", partial(_compared, name, k, seed, FEW if small else OWN)
                )


def _rows(name: str) -> Array:
    (file, title), unit, _ = DATA[name]
    return column(file, title) / unit


@lru_cache(maxsize=1)
def own_ends(name: str, k: int, n_starts: int) -> Array:
    """Return the ends of EM with equal weights and unit deviations, from distinct rows: sorted means."""
    x = _rows(name)
    rng = np.random.default_rng([24, k])
    means = np.stack([rng.choice(x, k, replace=False) for _ in range(n_starts)])
    means += APART * rng.standard_normal(means.shape)  # equal rows would stay together
    going = np.arange(n_starts)
    for _ in range(STEPS):
        after = _stepped(x, means[going])
        moved = np.abs(after - means[going]).max(axis=1)
        means[going] = after
        going = going[moved > ENDED]
        if not len(going):
            break
    return np.sort(np.delete(means, going, axis=0), axis=1)


def _stepped(x: Array, means: Array) -> Array:
    logs = -0.5 * (x[:, None] - means[:, None, :]) ** 2
    odds = np.exp(logs - logs.max(axis=2, keepdims=True))
    psi = odds / odds.sum(axis=2, keepdims=True)
    return np.einsum("bnk,n->bk", psi, x) / np.maximum(psi.sum(axis=1), 1e-300)


def _compared(name: str, k: int, seed: int, n_starts: int) -> dict[str, Any]:
    x = _rows(name)
    atlas = lab.Landscape(lab.Sample(x[:, None]), k, sigma=1.0).explore(seed, n_starts=STARTS)
    ends = own_ends(name, k, n_starts)
    listed = np.stack([np.sort(point.means[:, 0]) for point in atlas.minima])
    known = (np.abs(ends[:, None] - listed).max(axis=2) < SAME).any(axis=1)
    estimate = atlas.unseen
    assert estimate is not None
    low, high = estimate.interval
    # The share of the ends is itself known to three of its deviations.
    share = float(1.0 - known.mean())
    about = 3.0 * np.sqrt(max(share * (1.0 - share), 1.0 / len(ends)) / len(ends))
    return {
        "data": name,
        "k": k,
        "minima": len(atlas.minima),
        "own_minima": len(np.unique(np.round(ends / SAME).astype(int) // 10, axis=0)),
        "own_ends": len(ends),
        "unlisted": share,
        "interval": [low, high],
        "covers": bool(low - about <= share <= high + about),
    }


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return by data and number of means what was listed, what was not, and how often that was covered."""
    by_case = {}
    for name, k in dict.fromkeys((row["data"], row["k"]) for row in done.values()):
        rows = [row for row in done.values() if (row["data"], row["k"]) == (name, k)]
        by_case[f"{name} k={k}"] = {
            "explorations": len(rows),
            "fewest": min(row["minima"] for row in rows),
            "most": max(row["minima"] for row in rows),
            "own": rows[0]["own_minima"],
            "unlisted": max(row["unlisted"] for row in rows),
            "covered": sum(row["covers"] for row in rows),
        }
    return {
        "by_case": by_case,
        "explorations": len(done),
        "covered": sum(row["covers"] for row in done.values()),
        "unlisted": max(row["unlisted"] for row in done.values()),
    }


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a set of data and number of means."""
    rows = [
        (
            name,
            f"{row['fewest']} to {row['most']}",
            row["own"],
            percent(row["unlisted"]),
            part_of(row["covered"], row["explorations"]),
        )
        for name, row in summary["by_case"].items()
    ]
    figures = {
        "covered": summary["covered"],
        "explorations": summary["explorations"],
        "unlisted": percent(summary["unlisted"]),
    }
    return Shown(figures, ("data", "minima listed", "minima of own starts", "unlisted ends", "covered"), rows)


PAGE = Page(
    question="Does an exploration of real data list what thousands of starts meet, and say what it does not?",
    setup="""Velocities of 82 galaxies and waiting times of Old Faithful, known sigma, equal weights; 64
    random starts and moves, eight seeds, against 5,000 starts of an EM of its own. Unlisted: the largest
    share of its ends that are in no listed minimum; covered: by the interval of `unseen`.""",
    sentence="At most {unlisted} of the ends are unlisted; {covered} of {explorations} are covered.",
    claim="What is still unseen is told",
    number="{covered} of {explorations} intervals cover what thousands of own starts meet beyond",
    loses="it speaks of what starts meet: minima that no start meets have no share",
    shown=shown,
)


BENCHMARK = Benchmark(
    "minima of real data that an exploration lists, against thousands of starts", cases, summary, PAGE
)
