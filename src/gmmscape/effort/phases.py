"""How much is tried: phase diagrams."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PhasesEffort:
    """How much is tried: phase diagrams."""

    #: Rounds of checks by random starts.
    most_checks: int = 3
