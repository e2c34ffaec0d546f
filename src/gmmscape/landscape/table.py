"""Atlas as a plain-text table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gmmscape.landscape.atlas import Atlas
    from gmmscape.landscape.critical_point import CriticalPoint

MOST_MEANS = 8


def atlas_table(atlas: Atlas) -> str:
    """Return the minima of an atlas, one a row, with what became of the candidates below."""
    lines = [_headline(atlas)]
    rows = [_row(i, point, atlas.truth is not None) for i, point in enumerate(atlas.minima)]
    if rows:
        header = ["#", "nll", "kl", "curvature", "hits", "means", "structure", "defect", "error"]
        if atlas.truth is None:
            header = [name for name in header if name not in ("kl", "structure", "defect", "error")]
        lines += ["", *_aligned([header, *rows])]
    if atlas.truth is not None and rows:
        tau = atlas.minima[0].structure
        assert tau is not None
        lines += [
            "",
            "structure: means > centers, counted from 0; defect: largest association outside the blocks "
            f"(threshold {tau.threshold:.3g});",
            "error: largest distance of a mean from its place, in sigma; curvature: smallest Hessian "
            "eigenvalue.",
        ]
    if atlas.candidates:
        lines += ["", "candidates:"]
        lines += ["  " + line for line in _aligned([_outcome(c) for c in atlas.candidates])]
    return "\n".join(lines)


def _headline(atlas: Atlas) -> str:
    count = len(atlas.minima)
    word = "minimum" if count == 1 else "minima"
    what = f"{count} {word} up to relabelling, k={atlas.k}, sigma={atlas.sigma:g}"
    other = sum(number for reason, number in atlas.ends.items() if reason != "minimum")
    starts = f"{atlas.starts} random starts" + (f", {other} of them ended elsewhere" if other else "")
    reasons = [f"{number} {name}" for name, number in sorted(atlas.ends.items()) if name != "minimum"]
    text = f"{what}; {starts}" + (f" ({', '.join(reasons)})" if reasons else "")
    if atlas.stop_reason != "completed":
        text += f"; stopped early: {atlas.stop_reason}"
    return text


def _row(number: int, point: CriticalPoint, decoded: bool) -> list[str]:
    curvature = "flat" if point.flat else f"{point.eigenvalues[0]:.4g}"
    cells = [str(number), f"{point.nll:.8f}", "", curvature, str(point.hits), _means(point)]
    if not decoded:
        return cells[:2] + cells[3:]
    assert point.structure is not None and point.kl is not None
    cells[2] = f"{point.kl:.8f}" if abs(point.kl) >= 1e-8 or point.kl == 0 else f"{point.kl:.1e}"
    if abs(point.kl) <= point.error:
        cells[2] = "0"
    shown = str(point.structure.structure) + ("" if point.structure.is_structured else " (not structured)")
    return [*cells, shown, f"{point.structure.defect:.1e}", f"{point.structure.errors.max():.3g}"]


def _means(point: CriticalPoint) -> str:
    means = point.means
    shown = ["(" + " ".join(f"{x:.6g}" for x in row) + ")" if means.shape[1] > 1 else f"{row[0] + 0.0:.6g}"
             for row in means[:MOST_MEANS]]
    return " ".join(shown) + (" ..." if len(means) > MOST_MEANS else "")


def _outcome(candidate: object) -> list[str]:
    structure, outcome, minimum = candidate  # type: ignore[misc]
    return [outcome, str(structure), "" if minimum is None else f"-> minimum {minimum}"]


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = np.array([[len(cell) for cell in row] for row in rows]).max(axis=0)
    return ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]
