"""How much is tried: what a report holds, so that it stays small and opens at once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReportEffort:
    """How much is tried: what a report holds, so that it stays small and opens at once."""

    #: Rows drawn at most, and numbers of them: 160,000 of four bytes are 0.85 MB of base64.
    rows: int = 8_000
    values: int = 160_000
    #: Rows of the pictures without script, of notebooks and of browsers that run none.
    brief_rows: int = 1_500
    #: Fits that one picture offers, and numbers of all their covariances together.
    fits: int = 12
    covariances: int = 120_000
    #: Characters of the JSON inside; longer ones lose their lists of rows first.
    json_characters: int = 1_200_000
    #: Rows of a table, and characters of a name, that are shown.
    table_rows: int = 200
    name_characters: int = 60
    #: Rows that a score lists as the least likely.
    least_likely_rows: int = 5
