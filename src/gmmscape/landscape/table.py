"""The minima of an atlas as a plain-text table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gmmscape.landscape.candidates import CandidateOutcome
from gmmscape.landscape.critical_point import CriticalPoint

MOST_MEANS = 8


def atlas_table(
    head: str, minima: Sequence[CriticalPoint], candidates: Sequence[CandidateOutcome], untried: int
) -> str:
    """Return a headline, the minima one a row, and below what became of the candidates."""
    word = "minimum" if len(minima) == 1 else "minima"
    lines = [f"{len(minima)} {word} up to relabelling; {head}"]
    if minima:
        decoding = minima[0].structure
        header = ["#", "nll", "kl", "curvature", "hits", "means", "structure", "defect", "error"]
        header = header if decoding else header[:2] + header[3:6]
        lines += ["", *_aligned([header, *(_row(i, point) for i, point in enumerate(minima))])]
        if decoding:
            lines += ["", *_legend(decoding.threshold)]
    if candidates:
        lines += ["", *_candidates(candidates)]
    if untried:
        lines += ["", f"{untried} more candidate structures were not tried"]
    return "\n".join(lines)


def _legend(threshold: float) -> list[str]:
    return [
        "structure: means > centers, counted from 0",
        f"defect: largest association outside the blocks; structured up to {threshold:.3g}",
        "error: largest distance of a mean from its place, in sigma",
        "curvature: smallest Hessian eigenvalue; flat: its sign is below what float64 resolves",
    ]


def _row(number: int, point: CriticalPoint) -> list[str]:
    curvature = "flat" if point.flat else f"{point.eigenvalues[0]:.4g}"
    cells = [str(number), f"{point.nll:.8f}", curvature, str(point.hits), _means(point)]
    decoding = point.structure
    if decoding is None or point.kl is None:
        return cells
    kl = "0" if abs(point.kl) <= point.error else f"{point.kl:.8f}" if point.kl > 1e-6 else f"{point.kl:.2e}"
    shown = str(decoding.structure) + ("" if decoding.is_structured else " (not structured)")
    return [*cells[:2], kl, *cells[2:], shown, f"{decoding.defect:.1e}", f"{decoding.errors.max():.3g}"]


def _means(point: CriticalPoint) -> str:
    rows = np.where(np.abs(point.means) < 1e-9 * point.sigma, 0.0, point.means)[:MOST_MEANS]
    shown = [" ".join(f"{x:.6g}" for x in row) for row in rows]
    if point.means.shape[1] > 1:
        shown = [f"({text})" for text in shown]
    return " ".join(shown) + (" ..." if len(point.means) > MOST_MEANS else "")


def _candidates(candidates: Sequence[CandidateOutcome]) -> list[str]:
    kept = [item for item in candidates if item.outcome != "dissolved"]
    dissolved = len(candidates) - len(kept)
    rows = [
        [outcome, str(structure), "" if minimum is None else f"-> minimum {minimum}"]
        for structure, outcome, minimum in kept
    ]
    gone = f", {dissolved} dissolved (their descents end in other structures)" if dissolved else ""
    word = "structure" if len(candidates) == 1 else "structures"
    head = f"{len(candidates)} candidate {word}{gone}"
    return [head + ":", *("  " + line for line in _aligned(rows))] if rows else [head]


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = np.array([[len(cell) for cell in row] for row in rows]).max(axis=0)
    return ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]
