"""The view of local optima: where starts end, how often, and how far behind the best."""

from __future__ import annotations

from typing import Any

from gmmscape.optima.result import blocks_text
from gmmscape.report.blocks import folded, number, paragraph, plain_text, share, table
from gmmscape.report.page import Page, Section
from gmmscape.report.pictures.bars import Bar, bars
from gmmscape.report.pictures.drawn_fit import DrawnFit
from gmmscape.report.rows import Rows
from gmmscape.report.views.any_record import ending, provenance
from gmmscape.report.views.diagnosis import upper
from gmmscape.report.views.mixture import components_table, picture_of
from gmmscape.results.text import counted
from gmmscape.results.words import INSTEAD_OF_OPTIMA


def page(record: Any, rows: Rows) -> Page:
    """Return what a report says of local optima, or of one of them."""
    several = hasattr(record, "optima")
    listed = record.optima if several else (record,)
    fits = [
        DrawnFit(_name(i, one), one.mixture, kinds=[part.kind for part in one.components] or None)
        for i, one in enumerate(listed)
    ]
    picture = picture_of(fits, rows)
    best = listed[0]
    kinds = [part.kind for part in best.components] or None
    names = rows.columns(best.mixture.n_features)
    return Page(
        title="Local optima of a data set" if several else "A local optimum",
        verdict=_sentence(record) if several else upper(str(record).splitlines()[0]) + ".",
        next_step=_following(record) if several else "",
        tone=_tone(record) if several else "plain",
        facts=_facts(record) if several else [],
        picture=picture.html(),
        brief_picture=picture.brief(),
        sections=[
            *([Section("Where starts end", _ends(record), brief=True)] if several else []),
            Section("Components of the best", [components_table(best.mixture, names, kinds)]),
            Section("Caveats", _caveats(record) if several else []),
            Section("As text", [folded("as the command line prints it", plain_text(record))]),
        ],
        provenance=list(provenance(record, rows)),
    )


def _name(i: int, one: Any) -> str:
    return "the best optimum" if i == 0 else f"optimum {i}, {number(one.gap)} nats behind"


def _sentence(record: Any) -> str:
    hits, starts = record.replicated
    if record.best.state != "converged":
        return upper(INSTEAD_OF_OPTIMA[record.best.state]) + "."
    if len(record.optima) == 1:
        return (
            f"All {starts} starts ended in one optimum."
            if hits == starts
            else (f"One local optimum was found, by {hits} of {starts} starts.")
        )
    return (
        f"EM can end in {len(record.optima)} local optima: "
        f"{hits} of {starts} starts ended in the best, the others behind it."
    )


def _tone(record: Any) -> str:
    hits, starts = record.replicated
    if record.best.state != "converged":
        return "bad"
    return "good" if hits > starts / 2 else "open"


def _following(record: Any) -> str:
    if record.best.state != "converged":
        return "Fewer components, or a simpler covariance_type."
    if record.best.hits <= 1 and record.n_starts > 1:
        return (
            "The best was hardly found again: try more starts (n_starts), or GaussianMixture, which leaves "
            "bad optima."
        )
    return "Take the best one: its mixture, or GaussianMixture(k).fit(X), which leaves bad optima by itself."


def _facts(record: Any) -> list[tuple[str, Any]]:
    hits, starts = record.replicated
    return [
        ("components", number(record.n_components)),
        ("starts", number(starts)),
        ("of them in the best", f"{hits} ({share(hits / starts)})" if starts else "0"),
        ("a new start ends elsewhere with probability", share(record.unseen) if starts else "unknown"),
    ]


def _ends(record: Any) -> list[Any]:
    drawn = [
        Bar(f"optimum {i}", one.share, one.share_interval, "c0" if i == 0 else "c1")
        for i, one in enumerate(record.optima)
    ]
    body = [
        [i, number(-one.nll * record.total, 8), number(one.gap), one.hits, share(one.share), blocks_text(one)]
        for i, one in enumerate(record.optima)
    ]
    head = ["optimum", "log-likelihood", "behind the best (nats)", "starts", "share", "blocks"]
    return [
        bars(
            "Share of the starts that ended in each optimum, with 95 % intervals",
            drawn,
            "share of the starts",
        ),
        table("Local optima, best first", head, body),
        paragraph(
            "Blocks: components > clusters of the best optimum that they stand for; the others are counted.",
            class_="note",
        ),
    ]


def _caveats(record: Any) -> list[Any]:
    told = []
    if record.best.hits == 0:
        told.append(
            paragraph("The best was found by moves from the best end of the starts: no start ended there.")
        )
    if record.degenerate:
        told.append(paragraph(f"{counted(record.degenerate, 'start')} ended with a collapsed component."))
    if record.unsettled:
        told.append(
            paragraph(
                f"{counted(record.unsettled, 'start')} ended on a plateau or saddle, or had not converged."
            )
        )
    if ending(record.stop_reason):
        told.append(paragraph(upper(ending(record.stop_reason)) + ". Only the starts that were done count."))
    return told
