"""The minima and saddles of an atlas as plain-text tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gmmscape.landscape.atlas.edges import Edge
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.measure import Estimate
from gmmscape.results.text import aligned
from gmmscape.structure.candidates import CandidateOutcome

MOST_MEANS = 8
#: Heads of columns, and the cells of a point below them.
Columns = tuple[list[str], Callable[[Any], list[str]]]


def atlas_table(
    head: str,
    minima: Sequence[CriticalPoint],
    candidates: Sequence[CandidateOutcome],
    untried: int,
    ladder: Sequence[str] = (),
    images: Sequence[Sequence[int]] | None = None,
) -> str:
    """Return a headline, the minima one a row, the ladder of saddles, and what became of the candidates.

    Images of a minimum under isometries of the truth share its row, if `images` says which they are.
    """
    word = "minimum" if len(minima) == 1 else "minima"
    lines = [f"{len(minima)} {word} up to relabelling; {head}"]
    if minima:
        decoding = minima[0].decoding
        header = ["#", "nll", *(["kl"] if minima[0].kl is not None else []), "curvature", "hits"]
        header += [_heading(minima[0]), *(["structure", "defect", "error"] if decoding else [])]
        proved = any(point.proved for point in minima)
        header += ["proved"] if proved else []
        rows = [
            _row(_places(some), minima[some[0]]) + (_proved(minima[some[0]]) if proved else [])
            for some in images or _each(minima)
        ]
        lines += ["", *aligned([header, *rows], "")]
        if decoding:
            lines += ["", *_legend(decoding.tau)]
    lines += ["", *ladder] if ladder else []
    if candidates:
        lines += ["", *candidate_lines(candidates)]
    if untried:
        lines += ["", f"{untried} more candidate structures were not tried"]
    return "\n".join(lines)


def saddle_table(
    saddles: Sequence[Any],
    edges: Sequence[Edge],
    barriers: Sequence[tuple[Estimate, Estimate]],
    count: int | None,
    alarm: str | None,
    images: tuple[Sequence[Sequence[int]], Sequence[Sequence[int]]] | None = None,
    columns: Columns | None = None,
) -> list[str]:
    """Return the saddles one a row, each minimum's barriers, and the count law.

    Images of minima and of saddles under isometries of the truth share a row. `columns` tell what a point is,
    in place of its means.
    """
    heads, cells = columns or ([_heading(saddles[0]) if saddles else "means"], lambda point: [_means(point)])
    of_minima, of_saddles = images or (_each(barriers), _each(saddles))
    joins = {edge.saddle: "{} - {}".format(*edge.minima) for edge in edges}
    with_kl = any(point.kl is not None for point in saddles)
    rows = [["saddle", "index", "orbit", "nll", *(["kl"] if with_kl else []), "joins minima"]]
    rows[0] += heads
    for some in of_saddles:
        place, point = some[0], saddles[some[0]]
        kl = [] if point.kl is None else [f"{point.kl:.8f}"]
        index = f"{point.index}{', proved' if point.proved else ' (flat)' if point.flat else ''}"
        start = [_places(some), index, str(point.orbit_size), f"{point.nll:.8f}", *kl]
        rows.append([*start, joins.get(place, ""), *cells(point)])
    lines = aligned(rows, "") if saddles else ["no saddles found"]
    heights = [["minimum", "barrier to a lower one", "to another labelling (nats)", "error"]]
    for some in of_minima:
        pair = barriers[some[0]]
        error = max(height.error for height in pair)
        heights.append(
            [_places(some), *(_height(height) for height in pair), f"{error:.0e}" if error else "-"]
        )
    law = (
        [f"count law: labelled points, weighted by (-1)^index, add up to {count}"]
        if count is not None
        else []
    )
    return [*lines, "", *aligned(heights, ""), "", *law, *([f"warning: {alarm}"] if alarm else [])]


def _height(value: Estimate) -> str:
    if not np.isfinite(value):
        return "-"
    return f"{value:.9g}" if abs(value) > value.error else "0"


def _legend(tau: float) -> list[str]:
    return [
        "structure: means > centers, counted from 0",
        f"defect: largest association outside the blocks; structured up to {tau:.3g}",
        "error: largest distance of a mean from its place, in sigma",
        "curvature: smallest Hessian eigenvalue; flat: its sign is below what float64 resolves",
    ]


def _each(points: Sequence[Any]) -> list[tuple[int, ...]]:
    return [(place,) for place in range(len(points))]


def _places(some: Sequence[int]) -> str:
    """Places of points that share a row, shortened where they follow each other."""
    if len(some) > 2 and some[-1] - some[0] == len(some) - 1:
        return f"{some[0]}-{some[-1]}"
    return ",".join(map(str, some))


def _row(number: str, point: CriticalPoint) -> list[str]:
    curvature = "flat" if point.flat else f"{point.eigenvalues[0]:.4g}"
    if point.continuum:
        curvature = f"continuum ({point.continuum})"
    cells = [number, f"{point.nll:.8f}", *_divergence(point), curvature, str(point.hits), _means(point)]
    decoding = point.decoding
    if decoding is None:
        return cells
    shown = str(decoding.structure) + ("" if decoding.is_structured else " (not structured)")
    return [*cells, shown, f"{decoding.defect:.1e}", f"{decoding.errors.max():.3g}"]


def _proved(point: CriticalPoint) -> list[str]:
    """The cell that says whether there is a certificate."""
    return ["yes" if point.proved else "no"]


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


def candidate_lines(candidates: Sequence[CandidateOutcome]) -> list[str]:
    """Return what became of candidates: those that dissolved are only counted."""
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
