"""What counts as equal, small, flat or significant: the realisation of candidates."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RealisationTolerances:
    """What counts as equal, small, flat or significant: the realisation of candidates."""

    #: Radii of the spheres, in sigma, tried one after another; random directions beside the axes.
    wall_radii: tuple[float, ...] = (0.05, 0.1, 0.2, 0.4)
    #: Accuracy of the rule that value and slope on a sphere are taken with.
    wall_rtol: float = 1e-13
    #: How far the means of a block begin from their center, in sigma, one try after another.
    start_spreads: tuple[float, ...] = (0.5, 1.2, 0.1)
    #: Accuracy of the rule for curvatures at coincident means.
    rtol: float = 1e-13
    #: An excess above this is float64's own business.
    clear_curvature: float = 1e-8
    #: Nodes are this far apart in sigma^2 over the extent of the means (posteriors turn over
    #: sigma^2/extent), at most so far in sigma; they reach this many standard deviations beyond the
    #: outermost centers.
    splitting_step: float = 0.3
    coarsest_step: float = 0.25
    splitting_reach: float = 10.0
    #: A sign counts from this many times the estimated error of the sum.
    clear_sign: float = 100.0
