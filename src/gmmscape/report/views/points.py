"""The view of one point of a landscape, and of whether a structure is realised."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gmmscape.report.blocks import number, plain_text
from gmmscape.report.page import Page, Section
from gmmscape.report.pictures.drawn_fit import DrawnFit
from gmmscape.report.rows import Rows
from gmmscape.report.views.any_record import provenance, title_of
from gmmscape.report.views.mixture import components_table, picture_of


def page(record: Any, rows: Rows) -> Page:
    """Return what a report says of a critical point or a realisation."""
    point = getattr(record, "point", record)
    truth = getattr(record, "truth", None)
    fits = [drawn_point("the point", point), *([] if truth is None else [DrawnFit("the truth", truth)])]
    picture = picture_of(fits, rows, of_data=point.kl is None)
    lines = str(record).splitlines()
    names = rows.columns(point.mixture.n_features)
    return Page(
        title=title_of(record),
        verdict=lines[0],
        facts=facts_of(point),
        picture=picture.html(),
        brief_picture=picture.brief(),
        sections=[
            Section("Means", [components_table(point.mixture, names, kinds_of_means(point))]),
            Section("In full", [plain_text(record)]),
        ],
        provenance=list(provenance(record, rows)),
    )


def facts_of(point: Any) -> list[tuple[str, Any]]:
    """Return value, index and smallest curvature."""
    facts: list[tuple[str, Any]] = [("NLL", number(point.nll, 8))]
    if point.kl is not None:
        facts.append(("KL from the truth, nats", divergence(point)))
    facts += [("index", number(point.index))]
    if point.continuum:
        facts.append(("one of a continuum of dimension", number(point.continuum)))
    facts.append(("starts that ended here", number(point.hits)))
    return facts


def divergence(point: Any) -> str:
    """Return the divergence from the truth; 0 where it is not told from that."""
    return "0" if point.kl is not None and abs(point.kl) <= point.error else number(point.kl)


def kinds_of_means(point: Any) -> list[str] | None:
    """Return the kind of the block that each mean is in, where its structure is known."""
    decoding = point.decoding
    if decoding is None:
        return None
    kinds = ["unstructured"] * len(point.means)
    for block in decoding.blocks:
        for i in block.means:
            kinds[i] = block.kind
    return kinds


def drawn_point(label: str, point: Any) -> DrawnFit:
    """Return a critical point as pictures draw fits."""
    return DrawnFit(label, point.mixture, kinds=kinds_of_means(point))


def structure_text(point: Any) -> str:
    """Return the structure of a point as text."""
    if point.decoding is None:
        return "\u2013"
    shown = str(point.decoding.structure)
    return shown if point.decoding.is_structured else f"{shown} (not structured)"


def drawn_points(points: Sequence[Any], truth: Any) -> list[DrawnFit]:
    """Return minima, best first, and the truth, as pictures draw fits."""
    found = [drawn_point(f"minimum {i}: {structure_text(point)}", point) for i, point in enumerate(points)]
    return found if truth is None else [*found[:1], DrawnFit("the truth", truth), *found[1:]]
