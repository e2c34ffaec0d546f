"""How much is tried: basins of attraction."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BasinsEffort:
    """How much is tried: basins of attraction."""

    #: Starts at most: the end of each is kept.
    most_starts: int = 100_000_000
    #: Starts that are drawn together: start i depends on the seed and on the block it belongs to alone.
    block_starts: int = 500
    #: Draws of the truth, for each fitted mean, that k-means++ chooses among.
    draws_per_mean: int = 100
