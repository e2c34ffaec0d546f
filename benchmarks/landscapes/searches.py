"""Searches: which critical points of random truths an exploration misses that three other searches find."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

import gmmscape as gs
from benchmarks.harness import Benchmark, Case
from benchmarks.landscapes.blind_search import SAME, polished, searched
from benchmarks.landscapes.panels import Array, Panels, matched
from benchmarks.page import Page, Shown, part_of
from gmmscape import lab

#: Random starts of an exploration; explorations with other seeds that are the first of the other searches.
STARTS, EXPLORATIONS = 16, 10
#: Starts of each of the searches that share no code with ours, by number of dimensions.
BLIND_STARTS = {1: 300, 2: 150}
#: Random truths, those of a small version first; most means; distances between neighbours, in sigma.
TRUTHS, MOST_MEANS = {"line": (2, 200), "plane": (1, 40)}, {"line": 5, "plane": 4}
NEAREST, FARTHEST = 2.0, 15.0


def drawn(kind: str, seed: int) -> tuple[Array, int]:
    """Return centers and a number of means of a random truth."""
    dimension = {"line": 1, "plane": 2}[kind]
    rng = np.random.default_rng([22, 3, dimension, seed])
    k, k_star = int(rng.integers(2, MOST_MEANS[kind] + 1)), int(rng.integers(2, 5))
    if kind == "line":
        return np.concatenate([[0.0], np.cumsum(rng.uniform(NEAREST, FARTHEST, k_star - 1))])[:, None], k
    while True:
        centers = rng.uniform(0.0, FARTHEST, (k_star, dimension))
        gaps = np.linalg.norm(centers[:, None] - centers, axis=2) + FARTHEST * np.eye(k_star)
        if gaps.min() > NEAREST:
            return centers, k


def cases(small: bool) -> Iterator[Case]:
    """Yield random truths on a line and in the plane; the small version's have two and three means."""
    for kind, numbers in TRUTHS.items():
        seeds = range(numbers[1])
        if small:
            seeds = [seed for seed in seeds if drawn(kind, seed)[1] == 2][: numbers[0]]
        for seed in seeds:
            yield Case(f"{kind}, seed {seed}", partial(_compared, kind, seed, small))


def _explored(centers: Array, k: int, seed: int) -> lab.Atlas:
    population = lab.Population(gs.Mixture.location(centers, 1.0))
    return lab.Landscape(population, k).explore(seed, n_starts=STARTS, saddles=True)


def _compared(kind: str, seed: int, small: bool) -> dict[str, Any]:
    centers, k = drawn(kind, seed)
    panels = Panels(centers, np.full(len(centers), 1.0 / len(centers)), 1.0)
    atlas = _explored(centers, k, 0)
    ours = [point.means for point in (*atlas.minima, *atlas.saddles)]
    missing: list[tuple[Array, int, str]] = []

    def look_at(found: Sequence[Array], search: str) -> None:
        for means in found:
            if _known(means, ours):
                continue
            point = polished(panels, means)
            if point is not None and not _known(point.means, [*ours, *(one[0] for one in missing)]):
                missing.append((point.means, point.index, search))

    for other in range(1, 2 if small else EXPLORATIONS + 1):
        more = _explored(centers, k, other)
        look_at([point.means for point in (*more.minima, *more.saddles)], "explorations")
    for search, uphill in (("Newton", False), ("uphill", True)):
        rng = np.random.default_rng([23, seed, int(uphill)])
        n_starts = 20 if small else BLIND_STARTS[centers.shape[1]]
        look_at(searched(centers, k, n_starts, rng, uphill=uphill), search)
    return {
        "kind": kind,
        "k": k,
        "centers": centers.tolist(),
        "found": len(ours),
        "alarm": atlas.alarm,
        "missing": [{"means": m.tolist(), "index": index, "by": search} for m, index, search in missing],
    }


def _known(means: Array, points: Sequence[Array]) -> bool:
    return any(matched(means, point)[1] < SAME for point in points)


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return by kind of truth how many orbits there are, and how many are missing, with and without alarm."""
    by_kind = {}
    for kind in dict.fromkeys(row["kind"] for row in done.values()):
        rows = [row for row in done.values() if row["kind"] == kind]
        by_kind[kind] = {
            "truths": len(rows),
            "orbits": sum(row["found"] + len(row["missing"]) for row in rows),
            "missing": sum(len(row["missing"]) for row in rows),
            "silent": sum(len(row["missing"]) for row in rows if row["alarm"] is None),
            "alarms": sum(row["alarm"] is not None for row in rows),
        }
    return {
        "by_kind": by_kind,
        "missing": {name: row["missing"] for name, row in done.items() if row["missing"]},
    }


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a kind of truth."""
    kinds, columns = summary["by_kind"], ("truths", "orbits", "missing", "silent")
    rows = [
        (
            kind,
            row["truths"],
            row["orbits"],
            row["missing"],
            row["silent"],
            part_of(row["alarms"], row["truths"]),
        )
        for kind, row in kinds.items()
    ]
    figures = {name: sum(row[name] for row in kinds.values()) for name in columns}
    names = ("truths", "number", "orbits", "missing", "of these without alarm", "alarms")
    return Shown(figures, names, rows)


PAGE = Page(
    question="Which critical points does one exploration miss?",
    setup="""Random truths on a line (k 2 to 5) and in the plane (k 2 to 4), k* 2 to 4, 2 to 15 sigma apart;
    one exploration against ten with other seeds, and two searches that share no code with it: Newton's method
    and walks uphill, from averages of centers with noise. What they find is polished on panels.""",
    sentence="Of {orbits} orbits of {truths} truths {missing} are missing, {silent} without an alarm.",
    claim="Saddles that others find are found",
    number="{missing} of {orbits} orbits missing",
    loses="{silent} of them without an alarm",
    shown=shown,
)


BENCHMARK = Benchmark("critical points that an exploration misses and others find", cases, summary, PAGE)
