"""Thresholds of structure: separations up to which minima without structure were found."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import gmmscape as gs
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, short
from gmmscape import lab

Path = Callable[[float], gs.Mixture]
#: Of random starts and searched places; both are reported with each figure.
N_STARTS, N_PARAMETERS, SEED = 24, 21, 0
LINE_BRACKET, PLANE_BRACKET = (2.0, 12.0), (1.0, 12.0)
PAIRS = ((2, 3), (3, 4), (4, 4), (3, 5), (4, 5), (5, 5))
HEIGHT = np.sqrt(0.75)


def equal(k_star: int, separation: float) -> gs.Mixture:
    """Return k_star equally spaced centers on a line."""
    return gs.Mixture.location(separation * (np.arange(k_star) - (k_star - 1) / 2), 1.0)


def triangle(side: float) -> gs.Mixture:
    """Return the corners of an equilateral triangle."""
    return gs.Mixture.location(side * np.array([[0.0, 0.0], [1.0, 0.0], [0.5, HEIGHT]]), 1.0)


def square(side: float) -> gs.Mixture:
    """Return the corners of a square."""
    return gs.Mixture.location(side * np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), 1.0)


def cut_center(separation: float) -> gs.Mixture:
    """Return a center in the middle of four, which two means can divide between them."""
    corners = [[x / 2, y * HEIGHT] for x in (-1, 1) for y in (-1, 1)]
    return gs.Mixture.location(separation * np.array([[0.0, 0.0], *corners]), 1.0)


def cases(small: bool) -> Iterator[Case]:
    """Yield the bifurcations, the crossings of two means on three centers, and the tables."""
    yield Case("pitchfork", partial(_found, partial(equal, 3), 2, (4.0, 8.0), None))
    yield Case("middle center cut", partial(_found, cut_center, 2, (12.0, 18.0), None))
    for level in (0.25,) if small else (0.25, 0.05):
        yield Case(f"crossing {level:g}", partial(_found, partial(equal, 3), 2, (4.0, 9.0), level))
    tables: list[tuple[str, Path, int, tuple[float, float]]] = [
        (f"equal ({k}, {k_star})", partial(equal, k_star), k, LINE_BRACKET) for k, k_star in PAIRS
    ]
    tables += [(f"triangle ({k}, 3)", triangle, k, PLANE_BRACKET) for k in (2, 3)]
    tables += [(f"square ({k}, 4)", square, k, PLANE_BRACKET) for k in (2, 3, 4)]
    for name, path, k, bracket in [] if small else tables:
        for level in (0.5 / k, 0.05):
            yield Case(f"{name} tau {level:.4g}", partial(_found, path, k, bracket, level))


def _found(path: Path, k: int, bracket: tuple[float, float], level: float | None) -> dict[str, Any]:
    began = time.process_time()
    figures: dict[str, Any] = {"bracket": list(bracket), "level": level, "n_parameters": N_PARAMETERS}
    try:
        found = lab.structure_threshold(
            path, k, bracket, tau=level, n_starts=N_STARTS, n_parameters=N_PARAMETERS, rng=SEED
        )
    except gs.InvalidParameterError as error:
        # No minimum above the level anywhere in the bracket, or one at its upper end: the message says which.
        return {**figures, "parameter": None, "why": str(error), "cpu_seconds": time.process_time() - began}
    return {
        **figures,
        "parameter": found.parameter,
        "error": found.error,
        "kind": found.kind,
        "means": found.means.tolist(),
        "position_error": found.followed[0].position_error,
        "followed": [str(minimum) for minimum in found.followed],
        "searched": [[at, n] for at, n in found.searched.items()],
        "searched_above": len(found.searched_above),
        "n_starts": found.n_starts,
        "cpu_seconds": time.process_time() - began,
    }


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return each threshold with its kind and error, what was searched, and the time of all."""
    lost = sum(" lost at" in text for row in done.values() for text in row.get("followed", ()))
    return {
        "thresholds": {
            name: {key: row.get(key) for key in ("parameter", "kind", "error", "searched_above", "n_starts")}
            for name, row in done.items()
        },
        "followed": sum(len(row.get("followed", ())) for row in done.values()),
        "lost": lost,
        "cpu_seconds": round(sum(row["cpu_seconds"] for row in done.values()), 1),
    }


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a threshold."""
    found = {name: row for name, row in summary["thresholds"].items() if row["parameter"] is not None}
    rows = [
        (name, row["kind"], f"{row['parameter']:.9f}", short(row["error"], 1)) for name, row in found.items()
    ]
    figures = {key: summary[key] for key in ("followed", "lost")}
    figures |= {"found": len(found), "cpu": short(summary["cpu_seconds"])}
    return Shown(figures, ("path, k, k*", "kind", "parameter, sigma", "stated error"), rows)


PAGE = Page(
    question="Up to which separation are there minima without structure?",
    setup="""24 random starts besides the candidates at each of 21 places of the bracket (2 to 12 sigma on a
    line, 1 to 12 in the plane), then above the highest end; one process.""",
    sentence="""{found} thresholds are located; {followed} minima were followed and {lost} lost, in {cpu} s
    of CPU time. What they mean: [where structure begins](../../derivations/where_structure_begins.md).""",
    claim="Thresholds of structure are located",
    number="{found} of them, {lost} of {followed} followed minima lost",
    loses="that nothing exists above is measured at searched places, not proved",
    shown=shown,
)


BENCHMARK = Benchmark(
    "where structure begins: separations at which unstructured minima end", cases, summary, PAGE
)
