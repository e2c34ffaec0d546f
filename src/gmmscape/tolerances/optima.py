"""What counts as equal, small, flat or significant: local optima."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OptimaTolerances:
    """What counts as equal, small, flat or significant: local optima."""

    #: Matched parameters this close, in the units of the gradient norm, need no look at what lies between.
    close: float = 1e-3
