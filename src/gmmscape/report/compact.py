"""The short form of a report: what notebooks show, without script."""

from __future__ import annotations

from typing import Any

from gmmscape.report.document import compact_style
from gmmscape.report.html import element, joined
from gmmscape.report.rows import Rows
from gmmscape.report.verdict import verdict_block
from gmmscape.report.views import page_of


def compact_html(record: Any, rows: Rows) -> str:
    """Return title, verdict, next step, picture and the most important sections of a record's report.

    Parameters
    ----------
    record : Record
        The result.
    rows : Rows
        Rows of the data and names of their columns, where they are at hand.

    Returns
    -------
    str
        Markup to stand in another page: one element, with a style that holds inside it only.
    """
    page = page_of(record, rows)
    sections = [
        element("div", element("p", section.title, class_="heading"), *section.blocks)
        for section in page.sections
        if section.brief and any(section.blocks)
    ]
    more = element("p", "More: ", element("code", "to_html()"), " returns the whole report.", class_="note")
    return str(
        joined(
            [
                element(
                    "div",
                    compact_style(),
                    element("p", page.title, class_="heading title"),
                    verdict_block(page),
                    page.brief_picture,
                    *sections,
                    more,
                    class_="gmmscape gmmscape-compact",
                )
            ]
        )
    )
