"""How much is tried: the falsification of structure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FalsificationEffort:
    """How much is tried: the falsification of structure."""

    #: Starts of each truth at most: what is found by more is not searched for but hunted down.
    most_starts: int = 1000
    #: Structures that are looked at, evenly chosen among all.
    most_structures: int = 400
    #: Nodes of a panel, and of the same panel for the measure of the error.
    panel_order: int = 16
    lower_panel_order: int = 12
    #: Nodes at most of one component, by dimension; rows that are worked on together.
    panel_nodes: tuple[int, ...] = (1, 1 << 20, 1 << 22, 1 << 21)
    panel_rows: int = 1 << 15
    #: Decimal digits; nodes at most for one component of the truth.
    mpmath_digits: int = 32
    mpmath_nodes: int = 60_000
    #: Newton steps along the line, which each double the digits of the means.
    mpmath_steps: int = 2
