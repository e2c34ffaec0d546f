"""How much is tried: structure thresholds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ThresholdEffort:
    """How much is tried: structure thresholds."""

    #: Accuracy of associations where a crossing is located; of Sobol points, which take over in more than
    #: `most_axes` dimensions, whatever is asked.
    most_axes: int = 3
    #: Newton's corrections of a point near a branch: how many, how short the last (with a fine rule or
    #: not), and how far, in sigma, all.
    corrections: int = 12
    #: Rounds of searches above the largest end, each of which has found something there.
    most_rounds: int = 20
