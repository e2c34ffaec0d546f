"""What counts as equal, small, flat or significant: the falsification of structure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FalsificationTolerances:
    """What counts as equal, small, flat or significant: the falsification of structure."""

    #: A smallest eigenvalue counts, and a defect, from so many times its error on.
    clear_curvature: float = 10.0
    #: The critical point of the second rule is within this many sigma of the refined one.
    agreed: float = 1e-5
    #: Ends of EM this close, in sigma, go on as one.
    merged: float = 0.05
    #: Minima this close, in sigma, are one...
    same: float = 1e-2
    #: ...or this close, where a curvature is below `soft` (1/sigma^2) and values agree within
    #: `valley_nll`: descents end anywhere along a flat valley.
    same_soft: float = 1.5
    soft: float = 1e-3
    valley_nll: float = 1e-6
    #: Curvatures, in 1/sigma^2, below which an end of exploration is no minimum.
    negative: float = -1e-5
    #: Places this close, in sigma, are one.
    alike: float = 0.3
    #: By position, a minimum has no structure farther than this from one, in sigma.
    position_reach: float = 1.0
    #: Radius of the panels in standard deviations; the mass beyond is below 1e-16.
    panel_reach: float = 8.75
    #: Widest panel, and widest relative to the strip in which posteriors are analytic, in standard
    #: deviations.
    widest_panel: float = 2.0
    of_the_strip: float = 2.5
    #: Standard deviation, in sigma, of what is added to means put at averages of centers.
    jitter: float = 0.3
    #: Share of a center that a second mean takes in a cut start.
    cut_shares: tuple[float, ...] = (0.2, 0.8)
    #: Excess distances of a truth are this many separations on average at most, some nearly none.
    widest_truth: float = 1.0
