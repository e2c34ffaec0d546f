"""How much is tried: landscapes of fits with free weights, widths or covariances."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FreedomEffort:
    """How much is tried: landscapes of fits with free weights, widths or covariances."""

    #: Random starts that run EM together.
    starts_together: int = 32
    #: Trial steps of a descent by Newton's method.
    newton_steps: int = 500
    #: How far means that share a center begin aside of it, in its standard deviations.
    aside: float = 0.5
    #: Rounds of followings that find nothing, where minima are left that no pass joins.
    idle_rounds: int = 3
    #: Minima, and means of each, that a table shows.
    shown_minima: int = 40
    shown_means: int = 6
