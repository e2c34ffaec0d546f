"""JSON inside a page: as text that no parser of HTML takes for markup."""

from __future__ import annotations

import json
from typing import Any

from gmmscape.effort import EFFORT
from gmmscape.report.html import Html, raw_element

#: Signs that could end a script element or begin a comment in it; JSON may write any letter as its number.
ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def json_element(content: Any, identity: str) -> Html:
    """Return an element that holds JSON, which no browser runs."""
    return raw_element("script", json_text(content), type="application/json", id=identity)


def json_text(content: Any) -> str:
    """Return JSON of ASCII without the signs that markup is made of."""
    return json.dumps(content, allow_nan=False, separators=(",", ":")).translate(ESCAPES)


def bounded(content: Any) -> tuple[Any, str]:
    """Return the content of a record as small as a page allows, and what was left out of it.

    Parameters
    ----------
    content : dict
        As `Record.to_dict` returns it.

    Returns
    -------
    content : dict or None
        The same; without the rows of components where it would be too long; None where it still is.
    left_out : str
        A sentence; empty where nothing was.
    """
    most = EFFORT.report.json_characters
    if len(json_text(content)) <= most:
        return content, ""
    shorter = _without_rows(content)
    if len(json_text(shorter)) <= most:
        return shorter, (
            "The lists of rows of each component are left out here to keep the page small: "
            "to_json writes them too."
        )
    return None, "The record is too long for a page: to_json writes it to a file."


def _without_rows(content: Any) -> Any:
    if isinstance(content, dict):
        return {
            key: None if key == "rows" and isinstance(item, list) else _without_rows(item)
            for key, item in content.items()
        }
    return [_without_rows(item) for item in content] if isinstance(content, list) else content
