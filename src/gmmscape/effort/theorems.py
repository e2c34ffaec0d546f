"""How much is tried, and told: theorem tables."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TheoremEffort:
    """How much is tried, and told: theorem tables."""

    #: Rows that a text shows unless all are asked for, and structures that are listed by name.
    shown_rows: int = 16
    shown_structures: int = 6
