"""The top of a report: the verdict in one sentence, the next step, a few numbers."""

from __future__ import annotations

from gmmscape.report.blocks import terms, with_code
from gmmscape.report.html import Html, element
from gmmscape.report.page import Page

#: What stands before the verdict, for those who do not see colours.
MARKS = {"good": "\u2713", "bad": "!", "open": "?", "plain": "\u2022"}


def verdict_block(page: Page) -> Html:
    """Return the verdict of a page, its next step and its facts."""
    following = None
    if page.next_step:
        following = element("p", element("strong", "Next: "), with_code(page.next_step), class_="next")
    return element(
        "div",
        element(
            "p",
            element("span", MARKS[page.tone], class_="mark-of", aria_hidden="true"),
            page.verdict,
            class_="sentence",
        ),
        following,
        terms(page.facts, "facts"),
        class_=f"verdict tone-{page.tone}",
    )
