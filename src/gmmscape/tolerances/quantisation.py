"""What counts as equal, small, flat or significant: landscapes of k-means."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class QuantisationTolerances:
    """What counts as equal, small, flat or significant: landscapes of k-means."""

    #: Rounding of a distortion, relative to the terms it is the sum of.
    rounding: float = 1e-15
    #: A cell of this share of the measure has vanished.
    vanished: float = 1e-12
    #: Lloyd steps, in units of the root mean square distance to a mean, at which random starts and Newton's
    #: method end.
    rough: float = 1e-3
    polished: float = 1e-10
    #: Share of the predicted gain up to which a step is refused, and from which on the region grows; its
    #: first and least radius, in the same units; refusals after which gains drown in rounding, and how many
    #: times the tolerance the step may then be.
    refused: float = 0.05
    good: float = 0.75
    first_radius: float = 0.5
    least_radius: float = 1e-13
    patience: int = 30
    drowned: float = 1e3
    #: A curvature in own units that small is flat; one that small is that along a valley.
    flat: float = 1e-6
    valley: float = 1e-2
    #: Two points are one if matched means are within this, in the same units...
    same: float = 1e-6
    #: ...within this, where both have no more than so much curvature and one distortion...
    same_soft: float = 1e-3
    soft: float = 1e-4
    #: ...for rows, whose points are partitions and exact...
    same_rows: float = 1e-10
    #: ...or, where both are flat, if distortions and masses of the cells agree within this.
    same_flat: float = 1e-6
    #: Squared distances of a row to two means that differ by less, relative to the squares: a tie.
    tie: float = 1e-12
