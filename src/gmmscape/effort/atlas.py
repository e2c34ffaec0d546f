"""How much is tried: explorations and atlases."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AtlasEffort:
    """How much is tried: explorations and atlases."""

    #: Random starts that run EM together, one a thread.
    starts_together: int = 32
    #: Up to this many candidates, all are tried; beyond, those of neighbours on a line, up to
    #: `neighbour_candidates`.
    all_candidates: int = 100
    neighbour_candidates: int = 3000
    #: Moves for each random start at most, where no candidates are listed.
    moves_per_start: int = 4
    #: Groupings of more means are not all tried: only those of at most two groups that are no single
    #: means.
    all_groupings: int = 6
    #: Starts of each grouping in a round; rounds at most, while the count law says that something is
    #: missing.
    saddle_starts: int = 10
    saddle_rounds: int = 8
    #: Centers whose averages are all tried as places of means, where they have no order.
    few_centers: int = 4
    #: Directions that are followed uphill from a known point; minima between whose labellings is searched.
    softest_modes: int = 2
    most_paired: int = 8
    #: Labellings of a pair of minima between which is searched in a round, and places looked at between two.
    orders_between: int = 2
    places_between: int = 9
    #: Isometries of a truth that are listed; relabellings that are listed to count labelled minima.
    most_isometries: int = 1000
    most_relabellings: int = 5040
    #: Where time is limited, shares of it at which candidates, then random starts, and then moves, give way:
    #: with a search for saddles, and without; and at which followings give way to descents from saddles.
    shares_with_saddles: tuple[float, float, float] = (0.25, 0.45, 0.55)
    shares_of_descents: tuple[float, float, float] = (0.4, 0.7, 1.0)
    share_of_followings: float = 0.85
