"""How much is tried: the number of components."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SelectionEffort:
    """How much is tried: the number of components."""

    #: Splits, or merges and deletions, of a neighbour that are run through EM; EM on them.
    neighbours_tried: int = 12
    #: Components put into the neighbour where a pass over the rows costs next to nothing: up to this size
    #: of it.
    inserted: int = 48
    cheap_pass: int = 200_000
    #: New starts where all that was found is refused.
    more_starts: int = 24
    #: Starts of a fold's fit at least.
    refitting_starts: int = 4
    #: Passes up and down at most.
    most_rounds: int = 5
