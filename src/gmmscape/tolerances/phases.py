"""What counts as equal, small, flat or significant: phase diagrams."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PhasesTolerances:
    """What counts as equal, small, flat or significant: phase diagrams."""

    #: Two descents ended in one minimum if they match within this many sigma, or, where a curvature in
    #: 1/sigma^2 is below `soft` and positions are not known that well, within `same_soft` at values that
    #: agree to `same_nll`.
    same: float = 1e-3
    same_soft: float = 0.1
    same_nll: float = 1e-9
    #: Below this curvature, in 1/sigma^2, the end of a coarse descent is polished by the fine rule.
    soft: float = 1e-4
    #: A threshold is located to this share of the distance of two cells.
    crossing_located: float = 1e-6
    #: Partners in neighbouring cells differ by no more than this, in sigma, beyond what the centers have
    #: moved.
    partner_reach: float = 0.5
    #: A followed minimum is one of the neighbouring cell's within this many sigma: near a fold the coarse
    #: rule that found the latter moves it.
    landed: float = 0.05
