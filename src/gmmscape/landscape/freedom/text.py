"""An atlas of fits with more freedom than means as plain text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gmmscape.effort import EFFORT
from gmmscape.landscape.atlas.text import saddle_table
from gmmscape.landscape.freedom.point import FreePoint
from gmmscape.results.text import aligned, counted, left_out
from gmmscape.results.words import ENDINGS, STOP_REASONS

#: What ends are called.
TOLD = {"minimum": "in a minimum", "saddle": "on a saddle", "other index": "at another index"}


def atlas_lines(atlas: Any) -> Iterator[str]:
    """Yield the lines of a `FreeAtlas`: what to do next, minima, saddles, how starts and followings ended."""
    yield (
        f"{counted(len(atlas.minima), 'minimum', 'minima')} up to relabelling; k={atlas.n_components}, "
        f"{atlas.family} family, weights {atlas.weights}, widths {atlas.widths}"
    )
    yield f"next: {_next(atlas)}"
    most = EFFORT.freedom.shown_minima
    if atlas.minima:
        yield ""
        yield from aligned([_head(atlas), *(_row(i, p) for i, p in enumerate(atlas.minima[:most]))])
        yield from left_out(len(atlas.minima), most)
        yield "  curvature: the smallest, in own units: EM shrinks errors by one minus it a step"
    if atlas.rounds:
        yield ""
        yield from _saddles(atlas)
    if atlas.starts:
        share, upper = atlas.unseen
        yield (
            f"{counted(atlas.starts, 'random start')}: {_counts(atlas.ends)}; probability that a new one "
            f"ends in another minimum: {share:.2g}, at most {upper:.2g} (95 %)"
        )
    lost = {*atlas.followings, *(one.reason for one in atlas.unjoined)} & {"plateau", "degenerate"}
    for reason in sorted({*atlas.ends, *lost} & set(STOP_REASONS)):
        yield f"  {reason}: {STOP_REASONS[reason]}"


def _counts(ends: dict[str, int]) -> str:
    return ", ".join(f"{n} {TOLD.get(reason, reason)}" for reason, n in sorted(ends.items()))


def _saddles(atlas: Any) -> Iterator[str]:
    barriers = [(atlas.barrier(i), atlas.relabelling_barrier(i)) for i in range(len(atlas.minima))]
    columns = (["means", "weights", "widths"], _described)
    yield from saddle_table(atlas.saddles, atlas.edges, barriers, None, atlas.alarm, columns=columns)
    for edge in atlas.handovers:
        one, other = edge.minima
        yield f"at the value of saddle {edge.saddle} a weight of zero joins minima {one} and {other}"
    for place, reason in atlas.unjoined:
        yield f"saddle {place} joins no two minima: a descent from it ended as {reason}"
    yield f"{counted(sum(atlas.followings.values()), 'following')} of saddles: {_counts(atlas.followings)}"


def _next(atlas: Any) -> str:
    if atlas.stop_reason != "completed":
        return ENDINGS[atlas.stop_reason]
    if not atlas.minima:
        return "explore with more starts"
    return "more starts" if atlas.unseen[0] > 0.0 else "all minima that starts ended in were met again"


def _head(atlas: Any) -> tuple[str, ...]:
    first = atlas.minima[0]
    value = ("kl",) if first.kl is not None else ("nll",)
    known = ("structure", "defect") if first.decoding is not None else ()
    return ("#", *value, "curvature", "hits", "means", "weights", "widths", *known)


def _row(i: int, point: FreePoint) -> tuple[str, ...]:
    value = point.nll if point.kl is None else point.kl
    cells = [str(i), f"{max(value, 0.0) if point.kl is not None else value:.8f}"]
    cells += ["flat" if point.flat else f"{point.eigenvalues[0]:.4g}", str(point.hits), *_described(point)]
    if point.decoding is not None:
        mark = "" if point.decoding.is_structured else " (not structured)"
        cells += [str(point.decoding.structure) + mark, f"{point.decoding.defect:.1e}"]
    return tuple(cells)


def _described(point: FreePoint) -> list[str]:
    """Means, weights and widths of the first components."""
    most = EFFORT.freedom.shown_means
    means = [" ".join(f"{x:.4g}" for x in row) for row in point.means[:most]]
    return [
        " ".join(f"({one})" if point.means.shape[1] > 1 else one for one in means),
        " ".join(f"{w:.3f}" for w in point.weights[:most]),
        " ".join(f"{w:.3g}" for w in point.widths[:most]),
    ]
