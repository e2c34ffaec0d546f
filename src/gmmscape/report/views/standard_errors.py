"""The view of standard errors: whether the intervals hold, and a table of the parameters."""

from __future__ import annotations

from typing import Any

from gmmscape.inference.text import METHODS, named, next_step, verdict_line
from gmmscape.report.blocks import folded, number, paragraph, plain_text, table
from gmmscape.report.page import Page, Section
from gmmscape.report.pictures.bars import Bar, bars
from gmmscape.report.pictures.drawn_fit import DrawnFit
from gmmscape.report.rows import Rows
from gmmscape.report.views.any_record import provenance
from gmmscape.report.views.mixture import picture_of
from gmmscape.results.text import counted

TONES = {"trustworthy": "good", "cannot tell": "open", "not available": "bad"}


def page(record: Any, rows: Rows) -> Page:
    """Return what a report says of the parameters of a fit."""
    picture = picture_of([DrawnFit("the fit", record.mixture)], rows, record.column_names)
    verdict, _, rest = verdict_line(record).partition(": ")
    return Page(
        title="Parameters of a fit, and how sure they are",
        verdict=f"{verdict[0].upper()}{verdict[1:]}{': ' if rest else ''}{rest}.",
        next_step=f"{next_step(record)}.",
        tone=TONES[record.verdict],
        facts=[
            ("method", METHODS[record.method]),
            ("level of the intervals", f"{100 * record.level:g} %"),
            ("independent rows", number(record.rows)),
            *([("refits", number(record.replicates))] if record.replicates else []),
        ],
        picture=picture.html(),
        brief_picture=picture.brief(),
        sections=[
            Section("Weights", _weights(record)),
            Section("Parameters", [_table(record)], brief=True),
            Section("Caveats", [paragraph(f"{reason}.") for reason in record.reasons]),
            Section("As text", [folded("as the command line prints it", plain_text(record))]),
        ],
        provenance=list(provenance(record, rows)),
    )


def _weights(record: Any) -> list[Any]:
    drawn = [
        Bar(f"component {one.component}", one.value, (one.low, one.high), "c0")
        for one in record.of("weight")
        if one.low is not None and one.high is not None
    ]
    if not drawn:
        return []
    share = f"{100 * record.level:g} %"
    return [bars(f"Weights of the components, with {share} intervals", drawn, "weight")]


def _table(record: Any) -> Any:
    body = []
    for one in record.estimates:
        owner = "all" if one.component is None else one.component
        numbers = [number(one.value), *map(_cell, (one.standard_error, one.low, one.high))]
        body.append([owner, named(record, one, short=True), *numbers, one.reason or ""])
    head = ["component", "parameter", "estimate", "standard error", "from", "to", "note"]
    title = f"{counted(len(body), 'parameter')} with standard errors and {100 * record.level:g} % intervals"
    return table(title, head, body, names=2)


def _cell(value: float | None) -> str:
    return "-" if value is None else number(value)
