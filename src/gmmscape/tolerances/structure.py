"""What counts as equal, small, flat or significant: structure and its counts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StructureTolerances:
    """What counts as equal, small, flat or significant: structure and its counts."""

    #: Accuracy in more than one dimension, where rules cost more; thresholds of verdicts are 1e-2 and
    #: more.
    association_rtol: float = 1e-6
    #: A mean is empty where none of its associations is above this, so that nothing tells it from one that is
    #: nowhere: beside a mean on the center, one ten sigma away.
    empty: float = 1e-6
    #: Means this close, in sigma, are in one place.
    coincident: float = 1e-9
    #: Coverage of the intervals of shares.
    interval_level: float = 0.95
