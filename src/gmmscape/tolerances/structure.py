"""What counts as equal, small, flat or significant: structure and its counts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StructureTolerances:
    """What counts as equal, small, flat or significant: structure and its counts."""

    #: Accuracy in more than one dimension, where rules cost more; thresholds of verdicts are 1e-2 and
    #: more.
    association_rtol: float = 1e-6
    #: Coverage of the intervals of shares.
    interval_level: float = 0.95
