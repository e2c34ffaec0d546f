"""The view of shares of basins: how many starts fall into each minimum."""

from __future__ import annotations

from typing import Any

from gmmscape.report.blocks import folded, number, plain_text, share, table
from gmmscape.report.page import Page, Section
from gmmscape.report.pictures.bars import Bar, bars
from gmmscape.report.rows import Rows
from gmmscape.report.views.any_record import ending, provenance
from gmmscape.report.views.diagnosis import upper
from gmmscape.report.views.mixture import picture_of
from gmmscape.report.views.points import divergence, drawn_points, structure_text
from gmmscape.results.text import counted


def page(record: Any, rows: Rows) -> Page:
    """Return what a report says of shares of basins."""
    picture = (
        picture_of(drawn_points(record.minima, record.truth), rows, of_data=record.truth is None)
        if record.minima
        else None
    )
    lost = sum(record.unresolved.values())
    return Page(
        title="Which starts fall into which minimum",
        verdict=_sentence(record),
        next_step=upper(ending(record.stop_reason)),
        facts=[
            ("starts", number(record.n_starts)),
            ("minima", number(len(record.minima))),
            ("starts that ended in none", number(lost)),
        ],
        picture=None if picture is None else picture.html(),
        brief_picture=None if picture is None else picture.brief(),
        sections=[
            Section("Shares", [_bars(record), _table(record)], brief=True),
            Section("Starts that ended in none", [_unresolved(record)]),
            Section("As text", [folded("as the command line prints it", plain_text(record))]),
        ],
        provenance=list(provenance(record, rows)),
    )


def _sentence(record: Any) -> str:
    if not record.minima:
        return "No start ended in a minimum."
    best = share(float(record.shares[0]))
    return (
        f"{best} of the starts fall into the best of {counted(len(record.minima), 'minimum', 'minima')} "
        f"({record.start} starts, {record.method.upper()})."
    )


def _bars(record: Any) -> Any:
    own = record.start == "own"
    ends = zip(record.shares.tolist(), record.intervals.tolist(), strict=True)
    drawn = [
        Bar(f"minimum {i}", value, None if own else (low, high), "c0" if i == 0 else "c1")
        for i, (value, (low, high)) in enumerate(ends)
    ]
    return bars(
        "Share of the starts that fell into each minimum, with 95 % intervals", drawn, "share of the starts"
    )


def _table(record: Any) -> Any:
    body = [
        [i, point.hits, share(value), number(point.nll, 8), divergence(point), structure_text(point)]
        for i, (point, value) in enumerate(zip(record.minima, record.shares.tolist(), strict=True))
    ]
    return table(
        "Minima by their NLL", ["minimum", "starts", "share", "NLL", "KL from the truth", "structure"], body
    )


def _unresolved(record: Any) -> Any:
    if not record.unresolved:
        return None
    return table("What they did instead", ["end", "starts"], sorted(record.unresolved.items()))
