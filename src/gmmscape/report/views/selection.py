"""The view of a selection: the criterion against the number of components, and the chosen fit."""

from __future__ import annotations

from typing import Any

from gmmscape.report.blocks import folded, number, paragraph, plain_text, table
from gmmscape.report.page import Page, Section
from gmmscape.report.pictures.curves import Curve, curves
from gmmscape.report.pictures.drawn_fit import DrawnFit
from gmmscape.report.rows import Rows
from gmmscape.report.views.any_record import ending, provenance
from gmmscape.report.views.diagnosis import sections_of, verdict_of
from gmmscape.report.views.mixture import components_table, picture_of
from gmmscape.results.text import counted

#: Names of the criteria, and which way is better.
CRITERIA = {
    "bic": "BIC (smaller is better)",
    "icl": "ICL (smaller is better)",
    "heldout": "log-likelihood of held-out rows, nats per row (larger is better)",
}


def page(record: Any, rows: Rows) -> Page:
    """Return what a report says of a selection."""
    best, diagnosis = record.best, record.best.diagnosis
    names = rows.columns(best.mixture.n_features, best.feature_names)
    kinds = [one.kind for one in diagnosis.components]
    picture = picture_of(_fits(record, kinds), rows, best.feature_names)
    sentence = (
        f"{counted(record.best_n_components, 'component')} with {record.best_covariance_type} covariances, "
        f"chosen by {CRITERIA[record.criterion].split(' (')[0]}."
    )
    others = sections_of(diagnosis, of_result=True)
    return Page(
        title="Choice of the number of components",
        verdict=f"{sentence} {verdict_of(diagnosis)[0]}",
        next_step=_following(record),
        tone=verdict_of(diagnosis)[1],
        facts=[("fits compared", number(len(record.table))), ("criterion", CRITERIA[record.criterion])],
        picture=picture.html(),
        brief_picture=picture.brief(),
        sections=[
            Section("The fits that were compared", [_curve(record), _table(record), _notes()], brief=True),
            Section("Components of the chosen fit", [components_table(best.mixture, names, kinds)]),
            *[one for one in others if one.title != "Components by kind"],
            Section("Components by kind", others[1].blocks),
            Section("As text", [folded("as the command line prints it", plain_text(record))]),
        ],
        provenance=[*provenance(record, rows), *provenance_of_chosen(best)],
    )


def provenance_of_chosen(best: Any) -> list[tuple[str, Any]]:
    """Return what the fits were made under."""
    told = [
        ("rows of the data", number(best.n_samples)),
        ("least variance asked for", number(best.reg_covar)),
    ]
    if best.covariance_prior is not None:
        told.append(("prior of covariances", f"{number(float(best.covariance_prior.rows))} rows"))
    return told


def _fits(record: Any, kinds: list[str]) -> list[DrawnFit]:
    """The chosen fit, and the others by their criterion, the best first."""
    chosen = (record.best_covariance_type, record.best_n_components)
    order = sorted(
        (row for row in record.table if not row["chosen"]), key=lambda row: _rank(row, record.criterion)
    )
    found = [DrawnFit("the chosen fit", record.best.mixture, kinds=kinds)]
    for row in order:
        key = (row["covariance_type"], row["n_components"])
        if key in record.fits and key != chosen:
            fit = record.fits[key]
            label = f"{counted(key[1], 'component')}, {key[0]}"
            found.append(DrawnFit(label, fit.solution.mixture, kinds=_kinds(fit)))
    return found


def _kinds(fit: Any) -> list[str] | None:
    return [one.kind for one in fit.diagnosis.components] or None


def _rank(row: Any, criterion: str) -> float:
    value = row[criterion]
    return float("inf") if value is None else -value if criterion == "heldout" else value


def _following(record: Any) -> str:
    if ending(record.stop_reason):
        return f"Not all was tried ({ending(record.stop_reason)})."
    tried = [row["n_components"] for row in record.table]
    if record.best_n_components == max(tried) > min(tried):
        return "The largest number that was tried was chosen: try more."
    if any(row["chosen"] and "refused" in row["flags"] for row in record.table):
        return "Simpler covariances or more rows: no fit was fit to win."
    return (
        "Use the chosen fit: `gmmscape select --model FILE` writes it, and in Python `best.to_estimator()` "
        "is a fitted estimator."
    )


def _curve(record: Any) -> Any:
    families = dict.fromkeys(row["covariance_type"] for row in record.table)
    lines = []
    for family in families:
        points = [
            (row["n_components"], row[record.criterion])
            for row in record.table
            if row["covariance_type"] == family and row[record.criterion] is not None
        ]
        lines.append(Curve(family, [x for x, _ in points], [y for _, y in points]))
    label = CRITERIA[record.criterion]
    chosen = [(float(record.best_n_components), "chosen")]
    return curves(
        f"{label} against the number of components",
        lines,
        "number of components",
        label,
        marks=chosen,
        whole=True,
    )


def _table(record: Any) -> Any:
    held_out = record.criterion == "heldout"
    head = ["components", "covariances", "log-likelihood", "parameters", "BIC", "ICL"]
    head += [*(["held out"] if held_out else []), "found by", "notes"]
    body = []
    for row in record.table:
        notes = [*row["flags"]]
        if row["refused_log_likelihood"] is not None:
            notes.append(f"a fit of {number(row['refused_log_likelihood'], 8)} was refused")
        cells: list[Any] = [row["n_components"], row["covariance_type"], number(row["log_likelihood"], 8)]
        cells += [row["n_parameters"], number(row["bic"], 8), number(row["icl"], 8)]
        cells += [number(row["heldout"])] if held_out else []
        body.append([*cells, row["found_by"], ", ".join(notes)])
    chosen = [i for i, row in enumerate(record.table) if row["chosen"]]
    return table("All fits; the chosen one is marked", head, body, names=2, marked=chosen)


def _notes() -> Any:
    return paragraph(
        "Found by: starts of its own; split or merge, from the fit with one component less or more; copy, "
        "from a narrower family. Refused: a higher likelihood that rests on collapsed or nested components.",
        class_="note",
    )
