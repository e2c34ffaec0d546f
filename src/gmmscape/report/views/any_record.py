"""The view of any record: the first line of its text, the text, and what every page says of its origin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gmmscape.report.blocks import number, plain_text
from gmmscape.report.html import joined, name_text
from gmmscape.report.page import Page, Section
from gmmscape.report.rows import Rows
from gmmscape.results.words import ENDINGS, STOP_REASONS
from gmmscape.version import VERSION

#: Fields that say what a result came from, with what they are called.
ORIGINS = {
    "seed": "seed",
    "init_params": "where starts came from",
    "n_samples": "rows of the data",
    "total": "rows that count",
    "reg_covar": "least variance asked for (reg_covar)",
    "covariance_floor": "least variance as a share of the data's (covariance_floor)",
}


def page(record: Any, rows: Rows) -> Page:
    """Return what a report says of a record that has no view of its own."""
    lines = str(record).splitlines() or [""]
    return Page(
        title=title_of(record),
        verdict=lines[0],
        sections=[Section("In full", [plain_text(record)])] if len(lines) > 1 else [],
        provenance=list(provenance(record, rows)),
    )


def title_of(record: Any) -> str:
    """Return the name of a record's format as a title."""
    return record.format.removeprefix("gmmscape-").replace("-", " ").capitalize()


def provenance(record: Any, rows: Rows) -> Iterator[tuple[str, Any]]:
    """Say what a record came from.

    Parameters
    ----------
    record : Record
        The result.
    rows : Rows
        Rows that the report draws.

    Yields
    ------
    str, object
        What is said, and the value.
    """
    yield "made by", f"gmmscape {VERSION}"
    yield "format", f"{record.format}, version {record.version}"
    for name, what in ORIGINS.items():
        value = getattr(record, name, None)
        if value is not None:
            count = isinstance(value, int | float) and name != "seed"
            yield what, number(value) if count else str(value)
    prior = getattr(record, "covariance_prior", getattr(record, "prior", None))
    if prior is not None:
        yield (
            "prior of covariances",
            f"{number(float(prior.rows))} rows of the pooled covariance beside each component's own",
        )
    data = getattr(record, "data", None)
    if isinstance(data, str):
        yield "data of the result (SHA-256 of rows and weights)", data
    if rows.values is not None:
        n, d = rows.values.shape
        yield "rows drawn here", f"{n:,} rows of {d} {'column' if d == 1 else 'columns'} were passed"
        yield "their fingerprint (SHA-256 of the numbers, row by row)", rows.fingerprint
    if rows.names is not None:
        shown = [part for name in rows.names[:12] for part in (name_text(name), ", ")][:-1]
        more = f" and {len(rows.names) - 12} more" if len(rows.names) > 12 else None
        yield "columns", joined([*shown, more])


def ending(stop_reason: str) -> str:
    """Return why work ended, in words, where it did not end by itself; else nothing."""
    if stop_reason in ("completed", "converged"):
        return ""
    return f"{stop_reason.replace('_', ' ')}: {ENDINGS.get(stop_reason, STOP_REASONS.get(stop_reason, ''))}"
