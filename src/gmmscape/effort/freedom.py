"""How much is tried: landscapes of fits with free weights, widths or covariances."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FreedomEffort:
    """How much is tried: landscapes of fits with free weights, widths or covariances."""

    #: Random starts that run EM together.
    starts_together: int = 32
    #: How far means that share a center begin aside of it, in its standard deviations.
    aside: float = 0.5
