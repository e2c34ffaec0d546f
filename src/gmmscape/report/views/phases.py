"""The view of a phase diagram: how many minima each truth of a grid has."""

from __future__ import annotations

from typing import Any

import numpy as np

from gmmscape.report.blocks import folded, number, plain_text, table
from gmmscape.report.page import Page, Section
from gmmscape.report.pictures.shades import shades
from gmmscape.report.rows import Rows
from gmmscape.report.views.any_record import ending, provenance
from gmmscape.report.views.diagnosis import upper


def page(record: Any, rows: Rows) -> Page:
    """Return what a report says of a phase diagram."""
    counts = record.counts
    picture = shades(
        "Number of minima of each truth",
        counts.tolist(),
        "first parameter",
        "second parameter",
        xs=[number(float(x)) for x in record.xs],
        ys=[number(float(y)) for y in record.ys],
        what="minima",
    )
    searched = counts[counts > 0]
    span = "none" if not searched.size else f"{searched.min()} to {searched.max()}"
    return Page(
        title="Phase diagram",
        verdict=f"Truths of this grid have {span} minima up to relabelling.",
        next_step=upper(ending(record.stop_reason)),
        facts=[
            ("cells", f"{len(record.xs)} x {len(record.ys)}"),
            ("fitted means", number(record.n_components)),
            ("cells checked by random starts", number(record.checked)),
            ("of them with a minimum missing", number(record.disagreed)),
        ],
        picture=picture,
        brief_picture=picture,
        sections=[
            Section("Structures", [_structures(record)], brief=True),
            Section("Births and thresholds", [_crossings(record)]),
            Section("As text", [folded("as the command line prints it", plain_text(record))]),
        ],
        provenance=list(provenance(record, rows)),
    )


def _structures(record: Any) -> Any:
    body = [[kind, int(np.count_nonzero(cells))] for kind, cells in record.kinds.items()]
    return table("In how many cells each structure is a minimum", ["structure", "cells"], body)


def _crossings(record: Any) -> Any:
    crossings = [*record.births, *record.thresholds]
    if not crossings:
        return None
    body = [
        [one.event, one.kind, number(one.x, 6), number(one.y, 6), number(one.error, 2)] for one in crossings
    ]
    head = ["event", "structure", "first parameter", "second parameter", "error"]
    return table("Between neighbouring cells", head, body)
