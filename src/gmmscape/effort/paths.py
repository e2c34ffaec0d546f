"""How much is tried: branches along paths of truths."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PathsEffort:
    """How much is tried: branches along paths of truths."""

    bifurcation_steps: int = 30
    #: A branch is followed from where its smallest curvature, in 1/sigma^2, is at least this, so that
    #: quadrature and rounding do not move its points; it is looked for at this many places from the upper
    #: end on.
    descents_down: int = 20
    corrections: int = 8
