"""What counts as equal, small, flat or significant: theorem tables."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TheoremTolerances:
    """What counts as equal, small, flat or significant: theorem tables."""

    #: A mean takes part in a direction, of length one, if it has more than this of it.
    takes_part: float = 1e-6
