"""A page as one file: nothing is fetched, only our own script and style may run, the record is inside."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from gmmscape.report.blocks import paragraph, terms
from gmmscape.report.embedded import bounded, json_element
from gmmscape.report.html import Html, element, joined, raw_element
from gmmscape.report.page import Page
from gmmscape.report.rows import Rows
from gmmscape.report.verdict import verdict_block
from gmmscape.report.views import page_of

#: Files of the package that a page holds, in this order.
STYLES = ("shared.css", "page.css")
SCRIPTS = ("numbers.js", "density.js", "drawing.js", "fit_picture.js", "pointing.js", "record.js")


def page_html(record: Any, rows: Rows) -> str:
    """Return the report of a record.

    Parameters
    ----------
    record : Record
        The result.
    rows : Rows
        Rows of the data and names of their columns, where they are at hand.

    Returns
    -------
    str
        A whole HTML document; the same record and rows give the same bytes.
    """
    page = page_of(record, rows)
    content, left_out = bounded(record.to_dict())
    body = element(
        "body",
        element("a", "Skip to the verdict", href="#main", class_="skip"),
        element("main", *_main(page, content is not None, left_out), id="main", tabindex="-1"),
        None if content is None else json_element(content, "record"),
        raw_element("script", asset(*SCRIPTS)),
        class_="gmmscape",
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy()),
        element("meta", name="generator", content="gmmscape"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{page.title} \u2013 gmmscape"),
        raw_element("style", asset(*STYLES)),
    )
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def policy() -> str:
    """Return the content-security policy: our own script and style by their hashes, and nothing else."""
    script, style = (_hash(asset(*names)) for names in (SCRIPTS, STYLES))
    return (
        f"default-src 'none'; script-src '{script}'; style-src '{style}'; base-uri 'none'; form-action 'none'"
    )


def _hash(content: str) -> str:
    return "sha256-" + b64encode(sha256(content.encode("utf-8")).digest()).decode("ascii")


@cache
def asset(*names: str) -> str:
    """Return files of the package, one after the other."""
    folder = files("gmmscape.report") / "assets"
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in names)


def _main(page: Page, has_json: bool, left_out: str) -> Iterator[Html]:
    yield element("h1", page.title)
    yield verdict_block(page)
    if page.picture is not None:
        title = element("h2", "Picture", id="picture")
        yield element("section", title, page.picture, aria_labelledby="picture")
    for i, section in enumerate(page.sections):
        blocks = [block for block in section.blocks if block]
        if blocks:
            title = element("h2", section.title, id=f"section-{i}")
            yield element("section", title, *blocks, aria_labelledby=f"section-{i}")
    yield element(
        "section",
        element("h2", "Where this comes from", id="provenance"),
        terms(page.provenance),
        aria_labelledby="provenance",
    )
    yield element("section", *_record(has_json, left_out), aria_labelledby="json")


def _record(has_json: bool, left_out: str) -> Iterator[Html]:
    yield element("h2", "The record", id="json")
    if has_json:
        yield paragraph(
            "This page holds the result itself as JSON. Saved to a file, it can be read again by ",
            element("code", "gmmscape.results.read"),
            ".",
        )
        yield element(
            "p",
            element("button", "Copy the JSON", type="button", id="copy-json"),
            " ",
            element("button", "Save the JSON", type="button", id="save-json"),
            " ",
            element("span", role="status", aria_live="polite", id="json-status"),
            class_="buttons",
        )
    if left_out:
        yield paragraph(left_out, class_="note")


def compact_style() -> Html:
    """Return the style of short forms, which speaks of nothing outside them."""
    return joined([raw_element("style", asset("shared.css"))])
