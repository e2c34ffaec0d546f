"""The view of an atlas: the minima of a landscape, and the passes between them."""

from __future__ import annotations

from math import isfinite
from typing import Any

from gmmscape.report.blocks import folded, number, paragraph, plain_text, table
from gmmscape.report.page import Page, Section
from gmmscape.report.pictures.bars import Bar, bars
from gmmscape.report.rows import Rows
from gmmscape.report.views.any_record import ending, provenance
from gmmscape.report.views.diagnosis import upper
from gmmscape.report.views.mixture import picture_of
from gmmscape.report.views.points import divergence, drawn_points, structure_text
from gmmscape.results.text import counted


def page(record: Any, rows: Rows) -> Page:
    """Return what a report says of an atlas."""
    picture = (
        picture_of(drawn_points(record.minima, record.truth), rows, of_data=record.truth is None)
        if record.minima
        else None
    )
    return Page(
        title="Map of a likelihood landscape",
        verdict=_sentence(record),
        next_step="" if record.minima else "Explore with more starts.",
        tone="open" if record.alarm and record.count_law is not None else "plain",
        facts=[
            ("fitted means", number(record.n_components)),
            ("sigma", number(record.sigma)),
            ("random starts", number(record.starts)),
            ("saddles", number(len(record.saddles)) if record.rounds else "not looked for"),
        ],
        picture=None if picture is None else picture.html(),
        brief_picture=None if picture is None else picture.brief(),
        sections=[
            Section("Minima", [_minima(record)], brief=True),
            Section("Where random starts ended", [_ends(record)]),
            Section("Saddles", [_saddles(record)]),
            Section("Caveats", _caveats(record)),
            Section("As text", [folded("as the command line prints it", plain_text(record))]),
        ],
        provenance=list(provenance(record, rows)),
    )


def _sentence(record: Any) -> str:
    n = len(record.minima)
    if not n:
        return "No minimum was found."
    of = "data set" if record.truth is None else "truth"
    if n == 1:
        return f"One local minimum up to relabelling: no bad one was found for this {of}."
    return f"{n} local minima up to relabelling: EM may end in {counted(n - 1, 'other')} than the best one."


def _minima(record: Any) -> Any:
    known = bool(record.rounds or record.saddles)
    head = ["minimum", "NLL", "KL from the truth", "starts", "structure", "defect"]
    head += ["way out, nats"] if known else []
    body = []
    for i, point in enumerate(record.minima):
        decoding = point.decoding
        mark = " (proved)" if point.proved else " (flat)" if point.flat else ""
        cells = [f"{i}{mark}", number(point.nll, 8), divergence(point), point.hits]
        cells += [structure_text(point), number(None if decoding is None else float(decoding.defect), 2)]
        if known:
            height = record.barrier(i)
            cells.append(number(height) if isfinite(height) else "none known")
        body.append(cells)
    return table("Minima by their NLL; structure: means > centers, counted from 0", head, body)


def _ends(record: Any) -> Any:
    drawn = [Bar(f"minimum {i}", float(point.hits)) for i, point in enumerate(record.minima)]
    drawn += [
        Bar(str(end), float(n), tone="c1") for end, n in sorted(record.ends.items()) if end != "minimum"
    ]
    return (
        bars("Random starts that ended in each minimum, or elsewhere", drawn, "starts")
        if record.starts
        else None
    )


def _saddles(record: Any) -> Any:
    if not record.saddles:
        return None
    joins = {edge.saddle: edge.minima for edge in record.edges}
    body = [
        [i, point.index, number(point.nll, 8), "{} \u2013 {}".format(*joins[i]) if i in joins else "\u2013"]
        for i, point in enumerate(record.saddles)
    ]
    return table("Saddles by their NLL", ["saddle", "index", "NLL", "joins minima"], body)


def _caveats(record: Any) -> list[Any]:
    told = [record.alarm] if record.alarm else []
    if record.untried:
        told.append(
            f"{counted(record.untried, 'candidate structure was', 'candidate structures were')} not tried"
        )
    if ending(record.stop_reason):
        told.append(ending(record.stop_reason))
    return [paragraph(upper(one) + ".") for one in told]
