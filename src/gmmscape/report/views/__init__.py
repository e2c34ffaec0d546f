"""Views: what a report says of each kind of result, by the format of its record."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from gmmscape.report.page import Page
from gmmscape.report.rows import Rows

#: Where the view of each format is; a format without one is shown by its text.
HOMES = {
    "gmmscape-atlas": "atlas",
    "gmmscape-census": "census",
    "gmmscape-basins": "basins",
    "gmmscape-birth": "paths",
    "gmmscape-chosen-fit": "fit",
    "gmmscape-critical-point": "points",
    "gmmscape-diagnosed-fit": "fit",
    "gmmscape-diagnosis": "diagnosis",
    "gmmscape-falsification": "falsification",
    "gmmscape-fit": "fit",
    "gmmscape-followed-minimum": "paths",
    "gmmscape-local-optimum": "optima",
    "gmmscape-mixture": "mixture",
    "gmmscape-optima": "optima",
    "gmmscape-path-profile": "paths",
    "gmmscape-phase": "phases",
    "gmmscape-proved-separation-curve": "paths",
    "gmmscape-realisation": "points",
    "gmmscape-repair": "repair",
    "gmmscape-selection": "selection",
    "gmmscape-separation-curve": "paths",
    "gmmscape-share-curve": "falsification",
    "gmmscape-solution": "mixture",
    "gmmscape-standard-errors": "standard_errors",
    "gmmscape-threshold": "paths",
}


def page_of(record: Any, rows: Rows) -> Page:
    """Return what a report says of a record.

    Parameters
    ----------
    record : Record
        The result.
    rows : Rows
        Rows of the data and names of their columns, where they are at hand.

    Returns
    -------
    Page
        By the view of its format.
    """
    home = import_module(f"gmmscape.report.views.{HOMES.get(record.format, 'any_record')}")
    return home.page(record, rows)
