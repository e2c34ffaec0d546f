"""How much is tried: basins of attraction and trajectories."""

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


@dataclass(frozen=True)
class DynamicsEffort:
    """How much is tried: trajectories."""

    #: Steps at most, by method; time of a flow at most, in sigma^2.
    em_steps: int = 10_000
    newton_steps: int = 500
    flow_time: float = 1e8
    #: Steps that are kept one by one; later ones are kept at times that grow by one part in so many.
    keep: int = 500
    #: Points of a tail from which a rate is read.
    least_tail: int = 4
    #: Of a power (t + t0)^-q that is looked for: least t + t0 at the beginning of a tail, as a share of its
    #: length, and one over the largest.
    nearest_pole: float = 1e-4
    #: Shares of a trajectory that are tried as its tail.
    tails: tuple[float, ...] = (0.5, 0.25, 0.125)
    #: Pictures of an animation.
    frames: int = 60
