"""What counts as equal, small, flat or significant: structure thresholds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ThresholdTolerances:
    """What counts as equal, small, flat or significant: structure thresholds."""

    #: Accuracy of associations where a crossing is located; of Sobol points, which take over in more than
    #: `most_axes` dimensions, whatever is asked.
    fine_rtol: float = 1e-10
    sobol_error: float = 1e-4
    #: Half-width of the difference that gives the slope of the defect, as a share of the bracket.
    slope_width: float = 1e-5
    #: Steps along the path: the first, and the shortest, as shares of the bracket.
    flat_step: float = 0.01
    shortest_flat_step: float = 1e-4
    #: Crossings of flat minima are located to this share of the bracket; their error shows in descents
    #: that begin this far away, in sigma.
    flat_located: float = 1e-9
    elsewhere: float = 0.01
    #: A minimum with a curvature, in 1/sigma^2, below this is too flat to follow by arclength: rounding
    #: decides on the sign. At a bifurcation no two points in a row are.
    resolved: float = 1e-7
    #: No association changes by more than this for each sigma that a mean moves.
    association_per_sigma: float = 1.0
    #: Crossings are located to this share of the bracket.
    crossing_located: float = 1e-12
    #: Newton's corrections of a point near a branch: how many, how short the last (with a fine rule or
    #: not), and how far, in sigma, all.
    on_branch: float = 1e-11
    roughly: float = 1e-8
    longest_correction: float = 0.5
    #: What a change along the path counts in a signature, and how far two of one minimum, or its images,
    #: differ.
    fewer_digits: float = 0.01
    alike: float = 1e-5
    #: How far, in sigma, shapes differ of minima too flat to have a signature.
    flat_alike: float = 0.1
    #: How far beyond an end another minimum is looked for, as a share of the bracket; and the distances
    #: from the end along its null vector, in sigma, that descents begin at.
    beyond: float = 1e-3
    beside: tuple[float, ...] = (0.1, 0.5)
    #: A lost minimum is looked for again this far on, as a share of the bracket.
    after_lost: float = 0.01
    #: Where a search looks above the largest end: shares of the way to the next parameter searched.
    above: tuple[float, ...] = (0.01, 0.25, 0.5, 0.75)
    #: A guess by interpolation is no farther, in sigma, from the minimum it is compared with.
    near: float = 0.5
    #: Found minima count from this much above a level on: the accuracy of coarse readings.
    margin: float = 1e-6
    #: Where minima are followed to a level, those with a defect above this share of it are: it may rise.
    floor: float = 0.25
    #: Ends of coarse descents this close, in sigma, are one minimum. Soft ones end farther apart and are
    #: listed twice: those who follow them find out.
    same: float = 1e-4
    #: Means to which a random assignment gives no center begin this far from one, in sigma.
    aside: float = 0.5
