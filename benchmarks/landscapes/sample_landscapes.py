"""Landscapes of real data on a line, with equal and with free weights: minima, saddles and barriers."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

import gmmscape as gs
from benchmarks.data import Array, best_known_of_one_sigma, column
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, short
from gmmscape import lab

#: Seconds after which the search of a case is stopped; what it found until then counts.
BUDGET = 100.0
#: Value of the velocities that is misprinted in many copies of the data, counted from 0.
CORRECTED = 77


def cases(small: bool) -> Iterator[Case]:
    """Yield both data sets, each number of means, equal weights and free ones."""
    for name, sigma, numbers in (
        ("galaxies", 1.0, (3,) if small else (3, 4, 5, 6)),
        ("waiting", 5.0, (2,) if small else (2, 3, 4)),
    ):
        for k in numbers:
            for weights in ("equal", "free"):
                yield Case(f"{name} k={k} {weights}", partial(_explored, name, sigma, k, weights))


def _rows(name: str) -> tuple[Array, dict[str, Any]]:
    """The rows, and what is to be known about them."""
    if name == "waiting":
        return column("faithful", "waiting"), {}
    velocities = column("galaxies_mass", "dat")
    theirs = best_known_of_one_sigma("galaxies", "/1000", 1.0).corrected
    facts = {"value_in_file": float(velocities[CORRECTED]), "value_of_reference": theirs}
    velocities[CORRECTED] = theirs
    return velocities / 1000.0, facts


def _best_known(name: str, k: int, weights: str) -> float | None:
    if name != "galaxies" or weights == "equal":  # the degrees of freedom of the reference count free weights
        return None
    return best_known_of_one_sigma("galaxies", "/1000", 1.0).totals.get(k)


def _explored(name: str, sigma: float, k: int, weights: str) -> dict[str, Any]:
    x, facts = _rows(name)
    land = lab.Landscape(lab.Sample(x[:, None]), k, sigma=sigma, weights=weights)
    began = time.perf_counter()
    minima = land.explore(0)
    between = time.perf_counter()
    atlas = land.explore(0, saddles=True, max_seconds=BUDGET, resume=minima)
    ended = time.perf_counter()
    n, reference = len(x), atlas.minima[0].mixture
    return {
        **facts,
        "n": n,
        "best_total": -n * atlas.minima[0].nll,
        "best_known_total": _best_known(name, k, weights),
        "minima": [_rung(atlas, place, n, reference, sigma) for place in range(len(atlas.minima))],
        "found_by_saddles": len(atlas.minima) - len(minima.minima),
        "saddles": {str(i): count for i, count in sorted(Counter(p.index for p in atlas.saddles).items())},
        "edges": len(atlas.edges),
        "rounds": atlas.rounds,
        "count_law": atlas.count_law,
        "alarm": atlas.alarm,
        "stop_reason": atlas.stop_reason,
        "minima_seconds": round(between - began, 3),
        "saddles_seconds": round(ended - between, 3),
    }


def _rung(atlas: lab.Atlas, place: int, n: int, reference: gs.Mixture, sigma: float) -> dict[str, Any]:
    point, barrier = atlas.minima[place], atlas.barrier(place)
    decoded = lab.decode(point, reference, sigma=sigma)
    return {
        "total": -n * point.nll,
        "barrier_total": n * barrier if np.isfinite(barrier) else None,
        "means": point.means[:, 0].tolist(),
        "weights": point.weights.tolist(),
        "structure": str(decoded.structure),
        "is_structured": decoded.is_structured,
        "curvature": float(point.eigenvalues[0]),
        "flat": point.flat,
        "hits": point.hits,
    }


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the ladder of each case in short, and whether the best known values are reached."""
    compared = {name: row for name, row in done.items() if row["best_known_total"] is not None}
    return {
        "cases": {
            name: {
                "minima": len(row["minima"]),
                "saddles": sum(row["saddles"].values()),
                "best_total": row["best_total"],
                "best_known_total": row["best_known_total"],
                "count_law": row["count_law"],
                "stop_reason": row["stop_reason"],
                "seconds": round(row["minima_seconds"] + row["saddles_seconds"], 1),
            }
            for name, row in done.items()
        },
        "at_least_best_known": sum(
            row["best_total"] >= row["best_known_total"] - 1e-6 for row in compared.values()
        ),
        "of": len(compared),
        "longest_seconds": max(row["minima_seconds"] + row["saddles_seconds"] for row in done.values()),
    }


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a set, number of means and kind of weights."""
    rows = [
        (
            name,
            f"{row['best_total']:.6f}",
            row["minima"],
            row["saddles"],
            "-" if row["count_law"] is None else row["count_law"],
            row["seconds"],
        )
        for name, row in summary["cases"].items()
    ]
    figures = {
        "reached": summary["at_least_best_known"],
        "of": summary["of"],
        "longest": short(summary["longest_seconds"], 2),
    }
    figures["rings"] = sum(row["count_law"] not in (None, 1) for row in summary["cases"].values())
    columns = ("set, k, weights", "best total log-likelihood", "minima", "saddles", "count law", "seconds")
    return Shown(figures, columns, rows)


PAGE = Page(
    question="Are the landscapes of real data mapped, down to the best known likelihoods?",
    setup="""Velocities of 82 galaxies (in 1000 km/s, sigma 1), waiting times of Old Faithful (sigma 5);
    saddles included, one process.""",
    sentence="""The best known value is reached in {reached} of {of} cases that have one; the longest takes
    {longest} s.""",
    claim="Landscapes of real data reach the best known values",
    number="{reached} of {of}",
    loses="the count law rings in {rings} of the landscapes with equal weights",
    shown=shown,
)


BENCHMARK = Benchmark(
    "landscapes of real data on a line, with equal and with free weights", cases, summary, PAGE
)
