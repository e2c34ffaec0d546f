"""What counts as equal, small, flat or significant: basins of attraction."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BasinsTolerances:
    """What counts as equal, small, flat or significant: basins of attraction."""

    #: Ends within this many sigma of each other, and at values that differ by no more, are one.
    together: float = 1e-3
    together_nll: float = 1e-5
    #: Newton takes an end to the bottom of its valley, on the same rows, if it is nearer than this, in
    #: sigma.
    valley: float = 0.1
    #: Two bottoms of one value, to this much, may be one.
    same_bottom_nll: float = 1e-8
    #: A bottom belongs to the minimum that Newton reaches from it by exact integrals if that is no farther
    #: than this: rows of many dimensions are coarse, and a soft minimum of theirs lies elsewhere.
    close: float = 0.5
    #: A saddle that an end lies on is no farther from it than this, in sigma.
    on_saddle: float = 1e-5
