"""The view of a repair: before and after."""

from __future__ import annotations

from typing import Any

from gmmscape.diagnosis.text import next_step
from gmmscape.mixture import Mixture
from gmmscape.report.blocks import amount, folded, number, paragraph, plain_text
from gmmscape.report.html import element
from gmmscape.report.page import Page, Section
from gmmscape.report.pictures.drawn_fit import DrawnFit
from gmmscape.report.rows import Rows
from gmmscape.report.views.any_record import provenance
from gmmscape.report.views.diagnosis import kind_counts, sections_of, unit_of, upper, verdict_of
from gmmscape.report.views.fit import trace
from gmmscape.report.views.mixture import components_table, picture_of
from gmmscape.results.text import counted


def page(record: Any, rows: Rows) -> Page:
    """Return what a report says of a repair."""
    diagnosis, after = record.diagnosis, record.diagnosis_after
    fits = [_drawn("before", record.before, diagnosis), _drawn("after", record.after, after)]
    picture = picture_of(fits, rows)
    sections = sections_of(diagnosis, of_result=True)
    sections[1] = Section("What was wrong: components before, by kind", sections[1].blocks, brief=True)
    if after is not None:
        state = [
            paragraph(verdict_of(after)[0], " ", element("strong", "Next: "), upper(next_step(after)) + ".")
        ]
        sections.insert(3, Section("The fit after it", [*state, *sections_of(after)[1].blocks]))
    if isinstance(record.after, Mixture):
        kinds = None if after is None else [one.kind for one in after.components]
        names = rows.columns(record.after.n_features)
        sections.insert(4, Section("All components after it", [components_table(record.after, names, kinds)]))
    return Page(
        title="Repair of a fit",
        verdict=_sentence(record),
        next_step=_following(record),
        tone=_tone(record),
        facts=[
            ("moves made", number(_made(record))),
            ("better by", amount(record.gain_total, unit_of(diagnosis))),
            ("before", kind_counts(diagnosis)),
            *([] if after is None else [("after", kind_counts(after))]),
        ],
        picture=picture.html(),
        brief_picture=picture.brief(),
        sections=[
            *sections,
            Section("How the fit went", [trace(record.solution) if record.solution is not None else None]),
            Section("As text", [folded("as the command line prints it", plain_text(record))]),
        ],
        provenance=list(provenance(record, rows)),
    )


def _drawn(label: str, fit: Any, diagnosis: Any) -> DrawnFit:
    kinds = None if diagnosis is None else [one.kind for one in diagnosis.components]
    if isinstance(fit, Mixture):
        return DrawnFit(label, fit, kinds=kinds)
    return DrawnFit(label, centers=fit.reshape(len(fit), -1), kinds=kinds)


def _sentence(record: Any) -> str:
    diagnosis, after = record.diagnosis, record.diagnosis_after
    gain, made = amount(record.gain_total, unit_of(diagnosis)), counted(_made(record), "move")
    unsure = after is not None and after.verdict == "cannot tell"
    more = " Whether a still better one exists, these data do not tell." if unsure else ""
    if diagnosis.verdict == "bad optimum":
        by = f"{made} made it better by" if record.moves else "the new one is better by"
        return f"Repaired: the fit had been in a bad optimum, {by} {gain}.{more}"
    if record.moves:
        return f"Changed by {made}, better by {gain}; these data hardly tell the two fits apart."
    return verdict_of(diagnosis)[0] + " The fit is as it came, polished."


def _tone(record: Any) -> str:
    last = record.diagnosis if record.diagnosis_after is None else record.diagnosis_after
    repaired = record.diagnosis_after is None and record.moves
    return "good" if repaired or last.verdict == "no better fit found" else verdict_of(last)[1]


def _made(record: Any) -> int:
    """Moves, those made together counted each."""
    return sum(max(len(move.splits), 1) for move in record.moves)


def _following(record: Any) -> str:
    after = record.diagnosis_after
    if after is None and record.moves:
        return "Use the repaired model: `repair(...).model`."
    return upper(next_step(record.diagnosis if after is None else after)) + "."
