"""What counts as equal, small, flat or significant: basins of attraction and trajectories."""

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


@dataclass(frozen=True)
class DynamicsTolerances:
    """What counts as equal, small, flat or significant: trajectories and their rates."""

    #: Length of the EM step at which a trajectory has arrived, by default: short enough to leave a tail.
    arrived: float = 1e-10
    #: A rule serves while no component has moved by more than this from where the rule was made: standard
    #: deviations, or shares of a weight or a covariance.
    reach: float = 0.25
    #: Error of a step of the flow, relative to the way gone and, in sigma, absolute.
    flow_relative: float = 1e-8
    flow_absolute: float = 1e-10
    #: A trajectory ended in a critical point whose means are no farther than this, in sigma.
    near: float = 0.1
    #: The length of an EM step counts from so many times its rounding on.
    clear: float = 100.0
    #: With s the length of the EM step and c = -d log s / dt, 1/c grows by 1/q a step where s falls like
    #: t^-q, and not at all where s falls geometrically. A decay is geometric where 1/c grows by no more than
    #: `straight` a step and c changes by no more than the share `drift` along the tail.
    straight: float = 0.02
    drift: float = 0.05
    #: It is a power where 1/c grows by `bent` a step at least, and two parts of the trajectory agree in the
    #: power within this.
    bent: float = 0.1
    same_power: float = 0.1
