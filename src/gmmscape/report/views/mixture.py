"""The view of a mixture, and of a solver's solution: a picture and a table of its components."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gmmscape.report.blocks import number, plain_text, table, with_spread
from gmmscape.report.html import Html, joined, name_text
from gmmscape.report.kinds import badge
from gmmscape.report.page import Page, Section
from gmmscape.report.pictures.drawn_fit import DrawnFit
from gmmscape.report.pictures.fit_picture import FitPicture
from gmmscape.report.rows import Rows
from gmmscape.report.views.any_record import provenance
from gmmscape.results.text import counted
from gmmscape.results.words import STOP_REASONS


def page(record: Any, rows: Rows) -> Page:
    """Return what a report says of a mixture or a solution."""
    solved = hasattr(record, "stop_reason")
    mixture = record.mixture if solved else record
    picture = picture_of([DrawnFit("the mixture", mixture)], rows)
    verdict, facts = size_of(mixture), []
    if solved:
        verdict = f"{size_of(mixture)}; {record.stop_reason}: {STOP_REASONS[record.stop_reason]}"
        facts = [
            ("NLL per row", number(record.nll, 8)),
            ("iterations", number(record.n_iter)),
            ("length of the EM step", number(record.gradient_norm)),
        ]
    names = rows.columns(mixture.n_features)
    return Page(
        title="A solver's solution" if solved else "A Gaussian mixture",
        verdict=f"{verdict[0].upper()}{verdict[1:]}.",
        next_step="diagnose(model, X) says whether it is a good fit of rows.",
        facts=facts,
        picture=picture.html(),
        brief_picture=picture.brief(),
        sections=[
            Section("Components", [components_table(mixture, names)]),
            Section("In full", [plain_text(record)]),
        ],
        provenance=list(provenance(record, rows)),
    )


def size_of(mixture: Any) -> str:
    """Return how many components in how many columns a mixture has, and whether before a background."""
    beside = "" if mixture.background is None else f", background of weight {mixture.background_weight:.4f}"
    return (
        f"{counted(mixture.n_components, 'component')} in {counted(mixture.n_features, 'column')}, "
        f"{mixture.covariance_type} covariances{beside}"
    )


def picture_of(
    fits: Sequence[DrawnFit], rows: Rows, known: Sequence[str] | None = None, *, of_data: bool = True
) -> FitPicture:
    """Return the picture of fits, with the rows if they have as many columns."""
    d = fits[0].means.shape[1]
    shown = rows.of_width(d)
    left_out = 0 if rows.values is None or rows.values.shape[1] != d else rows.incomplete
    return FitPicture(fits, rows.columns(d, known), shown, of_data, left_out)


def components_table(
    mixture: Any, names: Sequence[str], kinds: Sequence[str] | None = None, most: int = 8
) -> Html:
    """Return weights, means and standard deviations of components, of the first columns of many."""
    d = min(mixture.n_features, most)
    deviations = np.sqrt(mixture.column_variances())
    head = ["component", *([] if kinds is None else ["kind"]), "weight"]
    head += [joined([name_text(name), " (mean \u00b1 sd)"]) for name in names[:d]]
    body = []
    for i in range(mixture.n_components):
        cells: list[Any] = [
            i,
            *([] if kinds is None else [badge(kinds[i])]),
            number(float(mixture.weights[i])),
        ]
        cells += [with_spread(float(mixture.means[i, j]), float(deviations[i, j])) for j in range(d)]
        body.append(cells)
    more = f", the first {d} of {mixture.n_features} columns" if d < mixture.n_features else ""
    return table(f"Components: weight, mean and standard deviation of each column{more}", head, body)
