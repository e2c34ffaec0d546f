"""How much is tried: critical points."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PointsEffort:
    """How much is tried: critical points."""

    #: Slope over the radius, in 1/sigma^2, that has a sign; Newton steps in the stiff directions.
    relaxing_steps: int = 6
    #: Soft directions at most; angles looked at in a plane of them.
    most_soft: int = 3
    sphere_angles: int = 16
    #: Iterations of a following; Newton steps of a polish.
    following_steps: int = 120
    polishing_steps: int = 40
    #: Steps of a polish that need not halve the EM step, once it is short.
    idle_steps: int = 5
    #: Steps of a walk along a continuum, and of Newton's method after each.
    continuum_steps: int = 400
    continuum_relaxing: int = 25
    #: Steepest descents: rules one after the other, steps on each, tries of a step, and halvings of the first
    #: distance from the saddle.
    flow_rules: int = 200
    flow_steps: int = 300
    flow_tries: int = 30
    side_halvings: int = 20
