"""What counts as equal, small, flat or significant: samples against their population."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ComparisonTolerances:
    """What counts as equal, small, flat or significant: samples against their population."""

    #: Share of samples that a verdict asks for.
    share: float = 0.95
