"""What counts as equal, small, flat or significant: landscapes of fits with free weights and widths."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FreedomTolerances:
    """What counts as equal, small, flat or significant: landscapes with free weights and widths."""

    #: Share of the predicted gain up to which a step is refused, and from which on the region grows; its
    #: largest and least radius, in own units; refusals after which gains drown in rounding, and how many
    #: times the tolerance the slope may then be.
    refused: float = 0.05
    good: float = 0.75
    largest_radius: float = 5.0
    least_radius: float = 1e-12
    patience: int = 30
    drowned: float = 1e3
    #: Rounding of a value, relative to 1 + |value|.
    rounding: float = 1e-14
    #: A free weight this small has vanished; a standard deviation this small a share of the measure's has
    #: collapsed.
    vanished: float = 1e-7
    collapsed: float = 1e-5
    #: Length of the slope, in own units, of a coarse and of a polished critical point.
    coarse: float = 1e-6
    polished: float = 1e-9
    #: The same of a polished saddle on a finer rule.
    held_to: float = 1e-8
    #: Accuracy of the rule for coarse descents, and of the finer one that points are held to.
    coarse_rtol: float = 1e-6
    fine_rtol: float = 1e-10
    finer_rtol: float = 1e-12
    #: Two points are one if means (in standard deviations), logarithms of weights and of widths match within
    #: this...
    same: float = 1e-4
    #: ...or, where the smallest curvature of both is below `soft`, if their values agree within `same_nll`
    #: and the rest within `same_soft` once components within `coincident` are put together.
    soft: float = 1e-4
    same_nll: float = 1e-8
    same_soft: float = 0.02
    coincident: float = 0.2
