"""The view of a census: that of an atlas, with what is proved of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gmmscape.report.page import Page
from gmmscape.report.rows import Rows
from gmmscape.report.views import atlas


def page(record: Any, rows: Rows) -> Page:
    """Return what a report says of a census."""
    verdict = str(record).splitlines()[0]
    return replace(
        atlas.page(record, rows),
        title="Critical points of a likelihood landscape",
        verdict=f"{verdict[0].upper()}{verdict[1:]}.",
        tone="plain" if record.complete else "open",
    )
