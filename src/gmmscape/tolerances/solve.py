"""What counts as equal, small, flat or significant: the solvers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SolveTolerances:
    """What counts as equal, small, flat or significant: the solvers."""

    #: A free weight below this has gone to zero: curvatures are as small as weights, and have no sign
    #: then.
    vanished_weight: float = 1e-10
    #: Curvatures below this, in units of 1/sigma^2, have no sign in float64 (docs/mathematics.md#flat).
    flat: float = 1e-10
    start_radius: float = 1.0
    largest_radius: float = 1e6
    #: Four times as many while the EM step is longer than this: where curvatures are small, Newton is
    #: slow.
    newton_rounding: float = 1e-14
    #: An EM step that raises the NLL by more than RISE (1 + |NLL|) is refused: rounding in a covariance
    #: near singularity.
    largest_rise: float = 1e-10
    #: A column of the data this many times as wide as a component is narrow resolves nothing inside it.
    narrowest: float = 1e15
