"""Graph: edges and barriers of atlases against an independent descent, and symmetric truths closed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

import gmmscape as gs
from benchmarks.harness import Benchmark, Case
from benchmarks.landscapes.panels import Array, Panels
from benchmarks.page import Page, Shown, part_of
from gmmscape import lab

#: Random starts; nearest centers in the plane and in space, and how far they reach, in sigma.
STARTS, NEAREST, WIDEST = 16, 5.0, 15.0
#: How well barriers have to agree, in nats; differences of values up to which two minima are a tie, and from
#: which on they are none: between the two float64 hardly tells.
AGREE, TIES = 1e-6, (1e-13, 5e-12)
#: What stands in files for a barrier that only one of two knows.
ONE_ONLY = 1e9
#: Random truths by kind: those of a small version, and all.
RANDOM = {"line": (2, 100), "plane": (1, 30), "space": (1, 10)}


def drawn(kind: str, seed: int) -> tuple[Array, int]:
    """Return centers and a number of means of a random truth."""
    dimension = ("line", "plane", "space").index(kind) + 1
    rng = np.random.default_rng([22, dimension, seed])
    if kind == "line":
        k, k_star = int(rng.integers(2, 5)), int(rng.integers(2, 6))
        centers = np.concatenate([[0.0], np.cumsum(rng.uniform(5.0, 25.0, k_star - 1))])
        return centers[:, None], k
    k, k_star = 2 + seed % 2, int(rng.integers(3, 5))
    while True:
        centers = rng.uniform(0.0, WIDEST, (k_star, dimension))
        gaps = np.linalg.norm(centers[:, None] - centers, axis=2) + 2 * WIDEST * np.eye(k_star)
        if gaps.min() > NEAREST:
            return centers, k


def symmetric() -> dict[str, tuple[Array, int]]:
    """Return the symmetric truths, sides in sigma, with the numbers of means."""
    triangle = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(0.75)]])
    square = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    angles = np.pi / 3 * np.arange(6)
    hexagon = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    tetrahedron = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / np.sqrt(8.0)
    sides = (4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 20)
    found = {f"triangle {side}, k=3": (side * triangle, 3) for side in sides}
    found |= {f"square 10, k={k}": (10 * square, k) for k in (2, 3, 4)}
    found |= {f"tetrahedron 10, k={k}": (10 * tetrahedron, k) for k in (2, 3)}
    return found | {"hexagon 8, k=3": (8 * hexagon, 3)}


def cases(small: bool) -> Iterator[Case]:
    """Yield random truths, the plane's and space's with two and three means, and the symmetric ones."""
    for kind, numbers in RANDOM.items():
        for seed in range(numbers[0 if small else 1]):
            yield Case(f"{kind}, seed {seed}", partial(_random, kind, seed))
    for number, name in enumerate(symmetric()):
        if not small or number == 1:
            yield Case(name, partial(_symmetric, name))


def _explored(centers: Array, k: int) -> lab.Atlas:
    population = lab.Population(gs.Mixture.location(centers, 1.0))
    return lab.Landscape(population, k).explore(0, n_starts=STARTS, saddles=True)


def _row(centers: Array, k: int, atlas: lab.Atlas) -> dict[str, Any]:
    passes = [place for place, point in enumerate(atlas.saddles) if point.index == 1]
    return {
        "k": k,
        "centers": centers.tolist(),
        "minima": len(atlas.minima),
        "saddles": len(atlas.saddles),
        "passes": len(passes),
        "edges": len(atlas.edges),
        "count": atlas.count_law,
        "alarm": atlas.alarm,
        "loops": len(atlas.loops),
        "rounds": atlas.rounds,
    }


def _random(kind: str, seed: int) -> dict[str, Any]:
    centers, k = drawn(kind, seed)
    atlas = _explored(centers, k)
    return {"kind": kind, **_row(centers, k, atlas), **compared(centers, atlas)}


def compared(centers: Array, atlas: lab.Atlas) -> dict[str, Any]:
    """Return which edges an independent descent contradicts, and by how much barriers differ."""
    panels = Panels(centers, np.full(len(centers), 1.0 / len(centers)), 1.0)
    minima = [point.means for point in atlas.minima]
    edges = {edge.saddle: edge for edge in atlas.edges}
    wrong, unclear, theirs = [], [], []
    for place, saddle in enumerate(atlas.saddles):
        if saddle.index != 1:
            continue
        ends = [end[0] for end in panels.both_ways(saddle.means, minima) if end is not None]
        if len(ends) < 2:
            unclear.append(place)
        elif place not in edges or tuple(sorted(ends)) != edges[place].minima:
            wrong.append(place)
        theirs.append((panels.at(saddle.means)[0], ends))
    levels = [panels.at(means)[0] for means in minima]
    apart = [
        min(_difference(atlas.barrier(i), _lowest_pass(i, levels, theirs, tie)) for tie in TIES)
        for i in range(len(minima))
    ]
    return {"wrong": wrong, "unclear": unclear, "barriers_apart": max(apart, default=0.0)}


def _difference(one: float, other: float) -> float:
    if np.isinf(one) or np.isinf(other):
        return 0.0 if one == other else ONE_ONLY
    return abs(one - other)


def _lowest_pass(place: int, levels: list[float], passes: list[tuple[float, list[int]]], tie: float) -> float:
    """Flood from a minimum until a lower one is reached."""
    for height, _ in sorted(passes):
        reached = {place}
        low = [set(ends) for level, ends in passes if level <= height]
        for _ in low:
            reached |= {i for ends in low if ends & reached for i in ends}
        if any(levels[i] < levels[place] - tie for i in reached):
            return height - levels[place]
    return float("inf")


def _symmetric(name: str) -> dict[str, Any]:
    centers, k = symmetric()[name]
    atlas = _explored(centers, k)
    same = atlas.symmetries
    spread = 0.0
    for places in same.minima:
        for height in (atlas.barrier, atlas.relabelling_barrier):
            spread = max([spread, *(_difference(height(i), height(j)) for i, j in pairwise(places))])
    return {
        "kind": "symmetric",
        **_row(centers, k, atlas),
        "isometries": same.order,
        "closed": same.complete,
        "multiplicities": [[len(places) for places in some] for some in (same.minima, same.saddles)],
        "barriers_apart": spread,
    }


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return by kind of truth the edges that are wrong, how far barriers are apart, and what rings."""
    by_kind = {}
    for kind in dict.fromkeys(row["kind"] for row in done.values()):
        rows = [row for row in done.values() if row["kind"] == kind]
        by_kind[kind] = {
            "truths": len(rows),
            "edges": sum(row["edges"] for row in rows),
            "passes": sum(row["passes"] for row in rows),
            "wrong": sum(len(row.get("wrong", ())) for row in rows),
            "unclear": sum(len(row.get("unclear", ())) for row in rows),
            "barriers_apart": max(row["barriers_apart"] for row in rows),
            "closed": sum(row.get("closed", True) for row in rows),
            "silent": sum(row["alarm"] is None for row in rows),
            "mean_seconds": float(np.mean([row["seconds"] for row in rows])),
        }
    rows = done.values()
    return {
        "by_kind": by_kind,
        "wrong": sum(kind["wrong"] for kind in by_kind.values()),
        "barriers_agree": sum(row["barriers_apart"] <= AGREE for row in rows),
        "truths": len(done),
        "rings": {name: row["alarm"] for name, row in done.items() if row["alarm"] is not None},
    }


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a kind of truth."""
    rows = [
        (
            kind,
            row["truths"],
            row["passes"],
            "-" if kind == "symmetric" else row["wrong"],
            "-" if kind == "symmetric" else row["unclear"],
            f"{row['barriers_apart']:.1e}",
            part_of(row["closed"], row["truths"]),
            part_of(row["silent"], row["truths"]),
        )
        for kind, row in summary["by_kind"].items()
    ]
    figures = {
        "wrong": summary["wrong"],
        "edges": sum(row["edges"] for kind, row in summary["by_kind"].items() if kind != "symmetric"),
        "agree": summary["barriers_agree"],
        "of": summary["truths"],
        "rings": len(summary["rings"]),
    }
    names = ("truths", "number", "passes", "edges wrong", "unclear", "barriers apart", "closed", "no alarm")
    return Shown(figures, names, rows)


PAGE = Page(
    question="Are the edges of atlases, and the barriers, those of an independent descent?",
    setup="""Random truths on a line (k 2 to 4, k* 2 to 5, 5 to 25 sigma between neighbours), in the plane
    and in space (k 2 and 3, k* 3 and 4), each pass descended from by another solver on Gauss-Legendre panels,
    unclear where that does not arrive; regular triangles, squares, tetrahedra and a hexagon, closed under
    their groups or not.""",
    sentence="Of {edges} edges {wrong} are wrong; barriers of {agree} of {of} truths agree to 1e-6.",
    claim="The graph of an atlas is right",
    number="{wrong} of {edges} edges wrong",
    loses="an alarm on {rings} of {of} truths: flat points whose degree is unclear, or saddles missing",
    shown=shown,
)


BENCHMARK = Benchmark(
    "edges, barriers and symmetries of atlases, by an independent descent", cases, summary, PAGE
)
