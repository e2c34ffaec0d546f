"""How much is tried: landscapes of k-means."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class QuantisationEffort:
    """How much is tried: landscapes of k-means."""

    #: Lloyd steps of a random start, and of a descent; trial steps of Newton's method.
    rough_steps: int = 1000
    lloyd_steps: int = 10_000
    newton_steps: int = 500
    #: Newton's steps across a valley, after one along it.
    across_valley: int = 5
    #: How far means that share a center begin aside of it, in its standard deviations.
    aside: float = 0.5
    #: Minima, and means of each, that a table shows.
    shown_minima: int = 40
    shown_means: int = 6
    #: Rows whose distances to all means are held at a time.
    rows_together: int = 1 << 16
