"""The view of a fit: as a document, as it came from a selection, or with its diagnoses alone."""

from __future__ import annotations

from typing import Any

from gmmscape.diagnosis.text import next_step
from gmmscape.report.blocks import amount, folded, number, paragraph, plain_text
from gmmscape.report.html import Html
from gmmscape.report.page import Page, Section
from gmmscape.report.pictures.curves import Curve, curves
from gmmscape.report.pictures.drawn_fit import DrawnFit
from gmmscape.report.rows import Rows
from gmmscape.report.views.any_record import provenance
from gmmscape.report.views.diagnosis import facts_of, sections_of, unit_of, upper, verdict_of
from gmmscape.report.views.mixture import components_table, picture_of, size_of
from gmmscape.results.text import counted
from gmmscape.results.words import STOP_REASONS


def page(record: Any, rows: Rows) -> Page:
    """Return what a report says of a fit."""
    solution = getattr(record, "solution", record)
    diagnosis = record.diagnosis
    mixture, names = solution.mixture, getattr(record, "feature_names", None)
    kinds = [one.kind for one in diagnosis.components]
    picture = picture_of([DrawnFit("the fit", mixture, kinds=kinds)], rows, names)
    sentence, tone = verdict_of(diagnosis)
    before = getattr(record, "before", getattr(record, "em_diagnosis", None))
    sections = sections_of(diagnosis, of_result=True)
    sections[1:1] = [Section("What EM alone had found", _before(before))]
    sections.insert(
        3,
        Section(
            "All components", [components_table(mixture, rows.columns(mixture.n_features, names), kinds)]
        ),
    )
    return Page(
        title=f"Fit of a Gaussian mixture: {size_of(mixture)}",
        verdict=sentence + _left(before),
        next_step=upper(next_step(diagnosis)) + ".",
        tone=tone,
        facts=[*facts_of(diagnosis)[:2], *_facts(record, solution)],
        picture=picture.html(),
        brief_picture=picture.brief(),
        sections=[
            *sections,
            Section("How the fit went", [trace(solution), paragraph(_ended(solution))]),
            Section("As text", [folded("as the command line prints it", plain_text(record))]),
        ],
        provenance=list(provenance(record, rows)),
    )


def _left(before: Any) -> str:
    """What to add to the verdict where the fit came out of a bad optimum."""
    if before is None or before.verdict != "bad optimum":
        return ""
    gain = amount(before.gain_total, unit_of(before))
    return f" EM alone had ended in a bad optimum, which was left: the fit is better by {gain}."


def _before(before: Any) -> list[Html | None]:
    """What the diagnosis of the fit that this one began with says; nothing where it is as good."""
    if before is None or before.verdict != "bad optimum":
        return []
    return [*sections_of(before)[0].blocks, *sections_of(before)[1].blocks]


def _facts(record: Any, solution: Any) -> list[tuple[str, Any]]:
    facts: list[tuple[str, Any]] = []
    if hasattr(record, "n_samples"):
        facts.append(("rows", number(record.n_samples)))
    total = record.diagnosis.total
    facts.append(("log-likelihood", number(-solution.nll * total, 8)))
    if hasattr(record, "bic"):
        facts.append(
            ("BIC (smaller is better)", number(record.bic, 8) if record.bic is not None else "not comparable")
        )
    return facts


def trace(solution: Any) -> Html | None:
    """Return the objective along the way to a fit."""
    history = list(solution.history)
    if len(history) < 3:
        return None
    return curves(
        "How the fit fell, iteration by iteration",
        [Curve("objective", range(len(history)), history)],
        "iteration (of EM, and each move)",
        "NLL and penalty per row, nats",
        dots=len(history) <= 60,
        whole=True,
    )


def _ended(solution: Any) -> str:
    return (
        f"It ended after {counted(solution.n_iter, 'iteration')}: {solution.stop_reason} "
        f"({STOP_REASONS[solution.stop_reason]})."
    )
