"""JSON files: read with typed errors, written whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gmmscape.exceptions import FormatError
from gmmscape.wholefile import unfinished


def read_json(path: str | Path) -> Any:
    """Return the content of a JSON file; raises FormatError where it is none."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # also wrong bytes, huge numbers, bottomless nesting
        raise FormatError(f"{path} is not a JSON file: {error}") from error


def json_text(content: dict[str, Any]) -> str:
    """Return the text of a JSON file."""
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def write_json(content: dict[str, Any], path: str | Path) -> None:
    """Write JSON whole or not at all: a failure leaves the old file alone."""
    text = json_text(content)
    with unfinished(path) as file:
        file.write_text(text, encoding="utf-8")
