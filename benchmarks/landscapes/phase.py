"""Phase diagrams: three centers on a line and a triangle, checked against births and explorations."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import gmmscape as gs
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, part_of, short
from gmmscape import lab
from gmmscape.structure import Structure

#: Explored cells, random starts in each; births compared with `birth`.
EXPLORED, STARTS, COMPARED = 40, 64, 8
SEED = 0
#: Where `birth` looks, as shares of the way between two cells: begins elsewhere than the diagram did.
BRACKET = (-0.2, 1.2)


def line(radius: float, place: float) -> gs.Mixture:
    """Return a pair of centers and a third."""
    return gs.Mixture.location([-radius, radius, place], 1.0)


def triangle(base: float, height: float) -> gs.Mixture:
    """Return an isosceles triangle."""
    return gs.Mixture.location([[-base / 2, 0.0], [base / 2, 0.0], [0.0, height]], 1.0)


def cases(small: bool) -> Iterator[Case]:
    """Yield both families."""
    n = 6 if small else 60
    yield Case(
        f"line {n} x {n}", partial(_mapped, line, np.linspace(1, 8, n), np.linspace(2, 26, n), 3, small)
    )
    n = 6 if small else 24
    steps = np.linspace(1, 15, n)
    yield Case(f"triangle {n} x {n}", partial(_mapped, triangle, steps, steps, 2, small))


def _mapped(path: Callable[..., gs.Mixture], xs: Any, ys: Any, k: int, small: bool) -> dict[str, Any]:
    began = time.perf_counter()
    found = lab.phase(path, xs, ys, k, rng=SEED, n_jobs=2)
    seconds = time.perf_counter() - began
    figures: dict[str, Any] = {
        "cells": found.counts.size,
        "wall_seconds": seconds,
        "counts": {str(n): cells for n, cells in sorted(Counter(found.counts.ravel().tolist()).items())},
        "kinds": {kind: int(np.count_nonzero(table)) for kind, table in found.kinds.items()},
        "births": len(found.births),
        "birth_events": dict(Counter(crossing.event for crossing in found.births)),
        "largest_birth_error": max((crossing.error for crossing in found.births), default=0.0),
        "thresholds": len(found.thresholds),
        "lost": found.lost,
        "supplied": found.supplied,
        "checked": found.checked,
        "disagreed": found.disagreed,
        **_explored(path, found, 4 if small else EXPLORED),
        **_compared(path, found, 3 if small else COMPARED),
    }
    if small:
        alone = lab.phase(path, xs, ys, k, rng=SEED, n_jobs=1)
        figures["other_processes_agree"] = alone.to_dict() == found.to_dict()
    return figures


def _explored(path: Callable[..., gs.Mixture], found: lab.PhaseDiagram, n: int) -> dict[str, int]:
    """Explore some cells anew, with seeds of their own, and count those with another number of minima."""
    rng = np.random.default_rng(SEED + 1)
    cells = rng.choice(found.counts.size, n, replace=False).tolist()
    wrong = 0
    for cell in cells:
        i, j = divmod(cell, len(found.xs))
        land = lab.Landscape(lab.Population(path(found.xs[j], found.ys[i])), found.n_components)
        wrong += len(land.explore(cell, n_starts=STARTS).minima) != int(found.counts[i, j])
    return {"explored": n, "explored_disagreed": wrong}


def _compared(path: Callable[..., gs.Mixture], found: lab.PhaseDiagram, n: int) -> dict[str, Any]:
    """Locate some births of structured minima again with `birth`, over the bracket of its own."""
    structures = {str(structure): structure for structure in lab.candidates(found.n_components, 3)}
    births = [crossing for crossing in found.births if crossing.kind in structures]
    chosen = births[:: max(1, len(births) // n)][:n]
    differences = [_difference(path, found, crossing, structures[crossing.kind]) for crossing in chosen]
    return {
        "compared_with_birth": len(differences),
        "largest_difference_from_birth": max(differences, default=0.0),
    }


def _difference(
    path: Callable[..., gs.Mixture], found: lab.PhaseDiagram, crossing: Any, structure: Structure
) -> float:
    """Distance, in x or y, of a birth from where `birth` finds it on the line between the two cells."""
    (a, b), (c, d) = crossing.cells
    here, there = np.array([found.xs[b], found.ys[a]]), np.array([found.xs[d], found.ys[c]])
    again = lab.birth(lambda share: path(*(there + share * (here - there))), structure, BRACKET)
    place = there + again.parameter * (here - there)
    return float(np.abs(place - [crossing.x, crossing.y]).max())


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the figures of both."""
    return done


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a diagram."""
    rows = [
        (
            name,
            ", ".join(f"{n}: {cells}" for n, cells in row["counts"].items()),
            row["births"],
            row["thresholds"],
            part_of(row["disagreed"], row["checked"]),
            part_of(row["explored_disagreed"], row["explored"]),
            row["lost"],
            short(row["wall_seconds"], 2),
        )
        for name, row in summary.items()
    ]
    figures = {
        "births": sum(row["births"] for row in summary.values()),
        "thresholds": sum(row["thresholds"] for row in summary.values()),
        "disagreed": sum(row["disagreed"] + row["explored_disagreed"] for row in summary.values()),
        "checked": sum(row["checked"] + row["explored"] for row in summary.values()),
        "supplied": sum(row["supplied"] for row in summary.values()),
        "seconds": " and ".join(short(row["wall_seconds"], 2) for row in summary.values()),
    }
    columns = (
        "diagram",
        "cells by number of minima",
        "births",
        "thresholds",
        "checked cells that lacked one",
        "explored cells that did",
        "lost",
        "seconds",
    )
    return Shown(figures, columns, rows)


PAGE = Page(
    question="Are the minima of a grid of truths complete, and the curves between them right?",
    setup="""Centers -R, R, D with k = 3 (R 1 to 8, D 2 to 26 sigma); two means on an isosceles triangle
    (base and height 1 to 15). Cells explored anew with 64 starts; births compared with `birth`. Two
    processes.""",
    sentence="""{births} births and {thresholds} thresholds are located; {disagreed} of {checked} checked
    and explored cells lacked a minimum.""",
    claim="Phase diagrams are complete where checked",
    number="{disagreed} of {checked} cells lacked a minimum",
    loses="""{supplied} minima came from following only; wall time {seconds} s; completeness is measured on
    samples""",
    shown=shown,
)


BENCHMARK = Benchmark(
    "phase diagrams: three centers on a line, and a triangle in the plane", cases, summary, PAGE
)
