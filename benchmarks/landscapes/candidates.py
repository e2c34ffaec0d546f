"""What becomes of every candidate structure on equally spaced centers, with undecided signs decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

import gmmscape as gs
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown
from gmmscape import lab

SPACINGS = (8.0, 10.0, 12.0, 16.0, 24.0)


def cases(small: bool) -> Iterator[Case]:
    """Yield k, k* up to four at each spacing, and five by five at 16 sigma."""
    most = 3 if small else 4
    for spacing in SPACINGS[-2:] if small else SPACINGS:
        for k_star in range(1, most + 1):
            for k in range(1, most + 1):
                yield Case(f"k {k} k* {k_star} spacing {spacing:g}", partial(_table, k, k_star, spacing))
    if not small:
        yield Case("k 5 k* 5 spacing 16", partial(_table, 5, 5, 16.0))


def _table(k: int, k_star: int, spacing: float) -> dict[str, Any]:
    land = lab.Landscape(lab.Population(gs.Mixture.location(spacing * np.arange(k_star), 1.0)), k)
    rows = []
    for structure in lab.candidates(k, k_star):
        result = land.realise(structure, precision="mp")
        predicted, point = result.predicted, result.point
        assert predicted is not None
        gaps = np.sort(point.means[:, 0]) - np.sort(predicted.means[:, 0])
        rows.append(
            {
                "structure": str(structure),
                "outcome": result.outcome,
                "decided_by": result.decided_by,
                "float64": land.realise(structure).outcome,
                "kl": point.kl,
                "kl_predicted": predicted.kl,
                "means": point.means.ravel().tolist(),
                "farthest_from_predicted": float(np.abs(gaps).max()),
                "eigenvalues": point.eigenvalues.tolist(),
                "eigenvalues_predicted": predicted.eigenvalues.tolist(),
                "splittings": [
                    {"excess": s.excess[-1], "decided_by": s.decided_by, "splits": s.splits}
                    for s in result.splittings
                ],
            }
        )
    return {"candidates": rows}


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return counts of outcomes by spacing and by what decided them, and the longest case."""
    by_spacing: dict[str, Counter[str]] = {}
    decided: Counter[str] = Counter()
    for name, row in done.items():
        counts = by_spacing.setdefault(name.rpartition(" ")[2], Counter())
        counts.update(candidate["outcome"] for candidate in row["candidates"])
        decided.update(candidate["decided_by"] for candidate in row["candidates"])
    longest = max(done, key=lambda name: done[name]["seconds"])
    return {
        "outcomes": {spacing: dict(counts) for spacing, counts in by_spacing.items()},
        "decided_by": dict(decided),
        "flat_in_float64": sum(
            candidate["float64"] == "flat" for row in done.values() for candidate in row["candidates"]
        ),
        "still_flat": sum(
            candidate["outcome"] == "flat" for row in done.values() for candidate in row["candidates"]
        ),
        "longest": [longest, done[longest]["seconds"]],
        "k 4 k* 4": {n: row["seconds"] for n, row in done.items() if n.startswith("k 4 k* 4")},
    }


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a spacing."""
    kinds = ("realised", "saddle", "dissolved", "flat", "unresolved")
    rows = [(spacing, *(row.get(kind, 0) for kind in kinds)) for spacing, row in summary["outcomes"].items()]
    decided = [
        f"{n} by {how}" for how, n in summary["decided_by"].items() if how in ("law 1", "quartic", "mpmath")
    ]
    figures = {
        "all": sum(sum(row[1:]) for row in rows),
        "flat": summary["flat_in_float64"],
        "still": summary["still_flat"],
        "decided": ", ".join(decided),
    }
    return Shown(figures, ("spacing", *kinds), rows)


PAGE = Page(
    question="What becomes of every candidate structure on equally spaced centers?",
    setup="""k, k* up to 4 at 8, 10, 12, 16 and 24 sigma, k = k* = 5 at 16; signs that float64 lacks are
    decided.""",
    sentence="Of {all} candidates {flat} are flat in float64 ({decided}), {still} stay undecided.",
    claim="Signs that float64 does not know are decided",
    number="{still} of {all} candidates left flat",
    loses="mpmath needs means on a line; a minimum by the quartic term is measured, not proved",
    shown=shown,
)


BENCHMARK = Benchmark("outcomes of all candidates, signs decided by law 1 or mpmath", cases, summary, PAGE)
