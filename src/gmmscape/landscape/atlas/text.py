"""The minima and saddles of an atlas as plain-text tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gmmscape.landscape.atlas.edges import Edge
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.results.text import aligned
from gmmscape.structure.candidates import CandidateOutcome

MOST_MEANS = 8


def atlas_table(
    head: str,
    minima: Sequence[CriticalPoint],
    candidates: Sequence[CandidateOutcome],
    untried: int,
    ladder: Sequence[str] = (),
) -> str:
    """Return a headline, the minima one a row, the ladder of saddles, and what became of the candidates."""
    word = "minimum" if len(minima) == 1 else "minima"
    lines = [f"{len(minima)} {word} up to relabelling; {head}"]
    if minima:
        decoding = minima[0].decoding
        header = ["#", "nll", *(["kl"] if minima[0].kl is not None else []), "curvature", "hits"]
        header += [_heading(minima[0]), *(["structure", "defect", "error"] if decoding else [])]
        lines += ["", *aligned([header, *(_row(i, point) for i, point in enumerate(minima))], "")]
        if decoding:
            lines += ["", *_legend(decoding.tau)]
    lines += ["", *ladder] if ladder else []
    if candidates:
        lines += ["", *_candidates(candidates)]
    if untried:
        lines += ["", f"{untried} more candidate structures were not tried"]
    return "\n".join(lines)


def saddle_table(
    saddles: Sequence[CriticalPoint],
    edges: Sequence[Edge],
    barriers: Sequence[tuple[float, float]],
    count: int | None,
    alarm: str | None,
) -> list[str]:
    """Return the saddles one a row, each minimum's barriers, and the count law."""
    joins = {edge.saddle: "{} - {}".format(*edge.minima) for edge in edges}
    with_kl = any(point.kl is not None for point in saddles)
    rows = [["saddle", "index", "orbit", "nll", *(["kl"] if with_kl else []), "joins minima"]]
    rows[0].append(_heading(saddles[0]) if saddles else "means")
    for place, point in enumerate(saddles):
        kl = [] if point.kl is None else [f"{point.kl:.8f}"]
        index = f"{point.index}{' (flat)' if point.flat else ''}"
        start = [str(place), index, str(point.orbit_size), f"{point.nll:.8f}", *kl]
        rows.append([*start, joins.get(place, ""), _means(point)])
    lines = aligned(rows, "") if saddles else ["no saddles found"]
    heights = [["minimum", "barrier to a lower one", "to another labelling (nats)"]]
    heights += [[str(i), *(_height(height) for height in pair)] for i, pair in enumerate(barriers)]
    law = (
        [f"count law: labelled points, weighted by (-1)^index, add up to {count}"]
        if count is not None
        else []
    )
    return [*lines, "", *aligned(heights, ""), "", *law, *([f"warning: {alarm}"] if alarm else [])]


def _height(value: float) -> str:
    return f"{value:.9g}" if np.isfinite(value) else "-"


def _legend(tau: float) -> list[str]:
    return [
        "structure: means > centers, counted from 0",
        f"defect: largest association outside the blocks; structured up to {tau:.3g}",
        "error: largest distance of a mean from its place, in sigma",
        "curvature: smallest Hessian eigenvalue; flat: its sign is below what float64 resolves",
    ]


def _row(number: int, point: CriticalPoint) -> list[str]:
    curvature = "flat" if point.flat else f"{point.eigenvalues[0]:.4g}"
    cells = [str(number), f"{point.nll:.8f}", *_divergence(point), curvature, str(point.hits), _means(point)]
    decoding = point.decoding
    if decoding is None:
        return cells
    shown = str(decoding.structure) + ("" if decoding.is_structured else " (not structured)")
    return [*cells, shown, f"{decoding.defect:.1e}", f"{decoding.errors.max():.3g}"]


def _divergence(point: CriticalPoint) -> list[str]:
    """The cell of the divergence, where there is a truth."""
    if point.kl is None:
        return []
    if abs(point.kl) <= point.error:
        return ["0"]
    return [f"{point.kl:.8f}" if point.kl > 1e-6 else f"{point.kl:.2e}"]


def _heading(point: CriticalPoint) -> str:
    return "means*weights" if point.free_weights else "means"


def _means(point: CriticalPoint) -> str:
    rows = np.where(np.abs(point.means) < 1e-9 * point.sigma, 0.0, point.means)[:MOST_MEANS]
    shown = [" ".join(f"{x:.6g}" for x in row) for row in rows]
    if point.means.shape[1] > 1:
        shown = [f"({text})" for text in shown]
    if point.free_weights:
        shown = [f"{text}*{weight:.4g}" for text, weight in zip(shown, point.weights, strict=False)]
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
    return [head + ":", *aligned(rows)] if rows else [head]
