"""The view of a search for minima without structure, and of their share against the separation."""

from __future__ import annotations

from typing import Any

from gmmscape.report.blocks import folded, number, plain_text, table
from gmmscape.report.page import Page, Section
from gmmscape.report.pictures.curves import Curve, curves
from gmmscape.report.rows import Rows
from gmmscape.report.views.any_record import ending, provenance
from gmmscape.report.views.diagnosis import upper
from gmmscape.results.text import counted


def page(record: Any, rows: Rows) -> Page:
    """Return what a report says of a falsification or of a curve of shares."""
    return _of_shares(record, rows) if hasattr(record, "points") else _of_search(record, rows)


def _of_search(record: Any, rows: Rows) -> Page:
    confirmed = len(record.confirmed)
    found = [(m.position_error, m.defect) for one in record.searched for m in one.minima if m.is_by_position]
    farthest = number(record.largest_position_error) if found or not record.n_minima else "not known"
    picture = curves(
        "Each minimum: how far it is from the nearest structure, and its defect",
        [Curve("minimum", [x for x, _ in found], [y for _, y in found], joined=False)],
        "distance from the nearest structure, sigma",
        "defect",
    )
    return Page(
        title="Search for minima without structure",
        verdict=(
            f"{counted(confirmed, 'minimum', 'minima')} without structure confirmed, of "
            f"{record.n_minima} minima of {counted(len(record.searched), 'truth')}."
        ),
        next_step=upper(ending(record.stop_reason)),
        facts=[
            ("truths searched", number(len(record.searched))),
            ("minima", number(record.n_minima)),
            ("with a defect above tau", str(record.unstructured)),
            ("farthest from a structure, sigma", farthest),
        ],
        picture=picture,
        brief_picture=picture,
        sections=[
            Section("Suspects", [_outcomes(record), _suspects(record)], brief=True),
            Section("As text", [folded("as the command line prints it", plain_text(record))]),
        ],
        provenance=[
            *provenance(record, rows),
            *((name, str(value)) for name, value in record.settings.items()),
        ],
    )


def _outcomes(record: Any) -> Any:
    return table("How suspects ended", ["outcome", "suspects"], record.outcomes.items())


def _suspects(record: Any) -> Any:
    if not record.suspects:
        return None
    body = [
        [
            one.number,
            one.outcome,
            number(one.defect),
            number(one.position_error),
            number(one.eigenvalue),
            one.hits,
            one.reason,
        ]
        for one in record.suspects
    ]
    head = ["truth", "outcome", "defect", "from a structure, sigma", "smallest curvature", "starts", "reason"]
    return table("Minima with a defect above tau when they were found", head, body)


def _of_shares(record: Any, rows: Rows) -> Page:
    xs = [point.separation for point in record.points]
    names = ("by_association", "by_position")
    lines = []
    for name in names:
        shares = [getattr(point, name) for point in record.points]
        intervals = [(one.low, one.high) for one in shares]
        lines.append(Curve(name.replace("_", " "), xs, [one.value for one in shares], intervals))
    picture = curves(
        "Share of minima without structure, with 95 % intervals",
        lines,
        "separation of the centers, sigma",
        "share of the minima",
    )
    body = [
        [number(point.separation), str(point.by_association), str(point.by_position), str(point.truths_with)]
        for point in record.points
    ]
    head = ["separation, sigma", "by association", "by position", "truths that have one"]
    return Page(
        title="Minima without structure against the separation",
        verdict=str(record).splitlines()[0].capitalize() + ".",
        next_step=upper(ending(record.stop_reason)),
        picture=picture,
        brief_picture=picture,
        sections=[
            Section("Shares", [table("Shares at each separation", head, body)], brief=True),
            Section("As text", [folded("as the command line prints it", plain_text(record))]),
        ],
        provenance=[
            *provenance(record, rows),
            *((name, str(value)) for name, value in record.settings.items()),
        ],
    )
