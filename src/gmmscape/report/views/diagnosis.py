"""The view of a diagnosis, whose parts the views of fits and repairs use too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from gmmscape.diagnosis.text import next_step
from gmmscape.report.blocks import (
    amount,
    bullets,
    folded,
    number,
    paragraph,
    plain_text,
    share,
    table,
    with_code,
)
from gmmscape.report.html import Html, element, joined
from gmmscape.report.kinds import badge
from gmmscape.report.page import Page, Section
from gmmscape.report.pictures.drawn_fit import DrawnFit
from gmmscape.report.rows import Rows
from gmmscape.report.views.any_record import ending, provenance
from gmmscape.report.views.mixture import picture_of
from gmmscape.results.text import counted
from gmmscape.results.words import KINDS_OF_COMPONENT

#: Each verdict as a sentence, and how it is marked.
VERDICTS = {
    "bad optimum": ("Bad optimum: a clearly better fit of the same size is in hand.", "bad"),
    "no better fit found": ("No better fit was found.", "good"),
    "cannot tell": ("Cannot tell whether this is a good fit.", "open"),
}
#: States of a fit that are told, with what they mean.
STATES = {
    "not converged": "EM had been stopped before it was through",
    "saddle": "it was a saddle: small disturbances lead away",
    "plateau": "a component has no rows near it",
    "degenerate": "some component rests on too few rows to have a covariance",
}


def page(record: Any, rows: Rows) -> Page:
    """Return what a report says of a diagnosis."""
    sentence, tone = verdict_of(record)
    drawn = []
    kinds = [one.kind for one in record.components]
    if rows.model is not None and len(rows.model.means) == len(kinds):
        drawn = [DrawnFit("the fit", rows.model.mixture, rows.model.centers, kinds)]
    if record.rival is not None:
        drawn.append(DrawnFit("the rival", record.rival))
    picture = picture_of(drawn, rows) if drawn else None
    return Page(
        title="Diagnosis of a fit",
        verdict=sentence,
        next_step=upper(next_step(record)) + ".",
        tone=tone,
        facts=facts_of(record),
        picture=None if picture is None else picture.html(),
        brief_picture=None if picture is None else picture.brief(),
        sections=[
            *sections_of(record),
            Section("As text", [folded("as the command line prints it", plain_text(record))]),
        ],
        provenance=list(provenance(record, rows)),
    )


def upper(sentence: str) -> str:
    """Return a sentence with a capital."""
    return sentence[:1].upper() + sentence[1:]


def verdict_of(diagnosis: Any) -> tuple[str, str]:
    """Return the verdict as a sentence, and how it is marked."""
    return VERDICTS[diagnosis.verdict]


def facts_of(diagnosis: Any) -> list[tuple[str, Any]]:
    """Return the few numbers that stand beside a verdict."""
    odd = sum(one.kind != "exact" for one in diagnosis.components)
    facts: list[tuple[str, Any]] = [("components", number(len(diagnosis.components)))]
    facts.append(("of them not exact", number(odd)))
    if diagnosis.gain_total > 0:
        facts.append(("better by", amount(diagnosis.gain_total, unit_of(diagnosis))))
    suggested = diagnosis.suggested_n_components
    if suggested is not None and suggested != len(diagnosis.components):
        facts.append(("clusters it speaks of", number(suggested)))
    return facts


def unit_of(diagnosis: Any) -> str:
    """Return what gains are in."""
    return "nats" if diagnosis.objective == "nll" else "of inertia"


def sections_of(diagnosis: Any, *, of_result: bool = False) -> list[Section]:
    """Return why, what is wrong, what was done, evidence and caveats.

    Parameters
    ----------
    diagnosis : Diagnosis
        Of a fit.
    of_result : bool, default=False
        Whether its moves have been made, and led to the fit that it is about.
    """
    done = "What was done" if of_result else "What would be done"
    return [
        Section("Why", [_reasons(diagnosis)]),
        Section("Components by kind", list(_kinds(diagnosis)), brief=True),
        Section(done, list(_moves(diagnosis))),
        Section("Evidence", [_evidence(diagnosis)]),
        Section("Findings and warnings", list(_caveats(diagnosis))),
    ]


def _reasons(diagnosis: Any) -> Html:
    state = STATES.get(diagnosis.input_state)
    parts = [upper(reason) + "." for reason in diagnosis.reasons]
    if state:
        parts.append(f"The fit is marked as {diagnosis.input_state}: {state}.")
    return bullets(map(with_code, parts)) or paragraph("No reasons are recorded.")


def _kinds(diagnosis: Any) -> Iterator[Html]:
    """Kinds from the most to the least telling; exact ones are counted."""
    components = diagnosis.components
    kinds = dict.fromkeys(one.kind for one in components)
    exact = sum(one.kind == "exact" for one in components)
    if not components:
        yield paragraph("There are no components.")
    for kind in kinds:
        if kind == "exact":
            continue
        of_kind = [one for one in components if one.kind == kind]
        yield element("h3", badge(kind), f" {KINDS_OF_COMPONENT[kind]}")
        if kind == "not examined":
            yield paragraph(f"{counted(len(of_kind), 'component')} of {len(components)}.")
            continue
        body = [
            [
                one.index,
                number(one.weight),
                f"{one.n_rows:,.0f}",
                _listed(one.covers),
                _listed(one.partners),
            ]
            for one in of_kind
        ]
        head = ["component", "weight", "rows", "mainly on clusters", "together with components"]
        yield table(f"Components that are {kind}", head, body, most=40)
    if any(one.covers for one in components if one.kind != "exact"):
        yield paragraph(
            "Clusters are the components of the best fit in hand, by their places in it.", class_="note"
        )
    if exact:
        yield element("h3", badge("exact"), f" {KINDS_OF_COMPONENT['exact']}")
        which = [one.index for one in components if one.kind == "exact"]
        yield paragraph(f"{counted(exact, 'component')} of {len(components)}: {_listed(which)}.")


def _listed(numbers: Sequence[int], most: int = 40) -> str:
    shown = ", ".join(map(str, numbers[:most])) or "\u2013"
    return shown + (f" and {len(numbers) - most} more" if len(numbers) > most else "")


def _moves(diagnosis: Any) -> Iterator[Html]:
    unit, total = unit_of(diagnosis), diagnosis.total
    made = bullets(upper(move.in_words(total, unit)) for move in diagnosis.moves[:40])
    if made is not None:
        yield paragraph(
            "A move splits a component that sits on several clusters; its second half takes the place that "
            "merging or deleting a spare component frees. The number of components stays."
        )
        yield made
    else:
        yield paragraph("Nothing: no move brought a gain that counts.")
    others = bullets(upper(move.in_words(total, unit)) for move in diagnosis.alternatives[:40])
    if others is not None:
        yield element("h3", "Alternatives that were left alone")
        yield paragraph(
            "Better densities by components nested in a cluster or resting on few rows, and gains that "
            "these data do not tell from none."
        )
        yield others
    tried = counted(diagnosis.tried, "move and new start was", "moves and new starts were")
    ended = ending(diagnosis.stop_reason)
    more = f" {upper(ended)}." if ended else ""
    yield paragraph(
        with_code(f"{tried} run through EM in {counted(diagnosis.rounds, 'round')}.{more}"), class_="note"
    )


def _evidence(diagnosis: Any) -> Html:
    """Numbers that the verdict rests on, each with how to read it."""
    unit, total, evidence = unit_of(diagnosis), diagnosis.total, diagnosis.evidence
    body: list[list[Any]] = [
        ["gain by polishing", amount(diagnosis.polish_gain * total, unit), "what more EM brings"],
        ["gain by moves", amount(diagnosis.escape_gain * total, unit), "what moves bring beyond that"],
    ]
    if diagnosis.significance > 0.0:
        reading = "the gain in standard errors; 2 and more stands out"
        body.append(["significance", number(diagnosis.significance), reading])
    if evidence.bic_gain is not None:
        body.append(["fall of the BIC", number(evidence.bic_gain), "more than 10 is strong evidence"])
    if evidence.held_out_gain is not None:
        body.append(
            [
                "gain on rows held out",
                amount(evidence.held_out_gain, unit),
                "above 0: new rows see it too",
            ]
        )
    if evidence.smallest_curvature is not None:
        reading = "near 0 a ridge or plateau, below 0 a saddle" + evidence.of_a_saddle
        body.append(["smallest curvature", number(evidence.smallest_curvature), reading])
    if evidence.distance is not None:
        body.append(
            [
                "height of the nearest optimum",
                amount(evidence.distance, unit),
                "above 0: EM is not quite through",
            ]
        )
    if evidence.overlap is not None:
        body.append(["overlap", share(evidence.overlap), "rows whose most probable component is not theirs"])
    if evidence.replicated is not None:
        hits, starts = evidence.replicated
        body.append(["random starts that ended as high", f"{hits} of {starts}", "the more, the safer"])
    if evidence.calibration is not None:
        body.append(
            [
                "calibration",
                f"p = {number(evidence.calibration.p_value)}",
                "share of good fits that gain as much",
            ]
        )
    body.append(["length of the EM step", number(diagnosis.gradient_norm), "0 at an optimum"])
    return table("What the verdict rests on", ["what", "value", "how to read it"], body)


def _caveats(diagnosis: Any) -> Iterator[Html]:
    told = bullets(map(with_code, [*diagnosis.warnings, *map(str, diagnosis.findings)]))
    yield told if told is not None else paragraph("None were found.")


def kind_counts(diagnosis: Any) -> Html:
    """Return how many components of each kind there are."""
    kinds = [one.kind for one in diagnosis.components]
    parts = [joined([badge(kind), f" {kinds.count(kind)} "]) for kind in dict.fromkeys(kinds)]
    return joined(parts)
