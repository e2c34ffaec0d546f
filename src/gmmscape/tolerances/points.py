"""What counts as equal, small, flat or significant: critical points."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PointsTolerances:
    """What counts as equal, small, flat or significant: critical points."""

    #: Means closer than this, in sigma, count as one where the points of an orbit are counted.
    shown_coincident: float = 1e-6
    #: Curvatures, in 1/sigma^2, that count as soft; radius of the sphere, in sigma, well beyond what
    #: splits off.
    degree_soft: float = 1e-6
    degree_radius: float = 0.02
    #: Means that split by less than this share of the radius are in the middle of the sphere.
    middle: float = 0.05
    #: Slope over the radius, in 1/sigma^2, that has a sign; Newton steps in the stiff directions.
    least_slope: float = 1e-8
    #: Accuracy of the rule while exploring; what is found is polished with the fine one.
    coarse_rtol: float = 1e-6
    coarse_tol: float = 1e-7
    #: The same where nodes turn after the means: values at two points then differ by the rule's error,
    #: which has to be well below the tolerance.
    turning_rtol: float = 1e-9
    #: A polished point uses a rule finer than the population's rtol by this factor.
    finer: float = 1e-5
    #: Means closer than this, in sigma, are tried as coincident where a curvature, in 1/sigma^2, is below
    #: `polish_soft`: Newton only creeps towards a minimum at which they are.
    touching: float = 0.05
    polish_soft: float = 1e-5
    #: Means closer than this, in sigma, are one; how far descents begin from a saddle.
    coincident: float = 1e-7
    aside: float = 1e-2
    #: They begin farther away, up to this many sigma, where the slope would be less than this.
    farthest_aside: float = 0.5
    slope_aside: float = 1e-9
    #: The same for followings with free weights: the curvature is that small along the continuum, squared.
    near_continuum: float = 1e-4
    #: Longest step along one eigenvector while following, and longest step of steepest descent, in sigma.
    stride: float = 0.5
    #: Error of a step of steepest descent that its correction leaves uncorrected at most, as a share of it;
    #: and again, where both ways end in one place.
    flow_error: float = 0.1
    flow_error_again: float = 0.01
    #: A rule resolves a slope to this share of it. It is made anew where the slope is this share of what
    #: it was made for.
    resolved: float = 1e-4
    flow_fall: float = 0.03
    #: Accuracy of such rules in three dimensions of the span, where finer ones have too many nodes.
    resolved_in_space: float = 1e-8
    #: Distance, in sigma, that Newton's method has still to go where a descent has arrived; slope
    #: along a soft direction from which on there is no force left to follow, and the same on a line.
    flow_arrived: float = 1e-6
    no_force: float = 1e-13
    no_force_on_line: float = 1e-15
    #: Longest time of a step, in sigma^2 over nats; how often a distance from a saddle grows by e in one
    #: step; step where no time is short enough, in sigma.
    longest_time: float = 1e14
    growth: float = 20.0
    step_of_last_resort: float = 1e-3
    #: Length of the EM step at which a followed point counts as critical; a polished one.
    followed: float = 1e-7
    polished: float = 1e-9
    #: Curvatures, in 1/sigma^2, taken for no smaller than this while steps are still long.
    softest: float = 1e-3
    #: Two points are one orbit if they match within this many sigma (far above the error of a polished
    #: point)...
    same: float = 1e-5
    #: ...or this many where the positions of both are not known that well (flat points above all), and
    #: their values agree within `same_nll`, or within their errors.
    same_flat: float = 0.1
    same_nll: float = 1e-9
    #: Along a continuum: the step, in sigma, that tells whether there is one (so long that a quartic leads
    #: back), in directions whose curvature, in 1/sigma^2, is no larger, and what share of it has to be left
    #: when all that has a curvature has relaxed.
    continuum_step: float = 0.07
    continuum_flat: float = 1e-8
    gone: float = 0.3
    #: The longest and the shortest step of a walk, in sigma, and by what share of it relaxing may change
    #: it. A goal within the longest is reached if at least the share `along` of the way to it runs along the
    #: continuum; one is straight across where less than the share `stuck` does.
    continuum_stride: float = 0.2
    shortest_stride: float = 0.01
    bent: float = 0.3
    along: float = 0.9
    stuck: float = 0.05
    #: Values are one that differ by no more than this many errors.
    level: float = 4.0
    #: Points whose values differ by more are two, wherever they are: polished ones of one orbit agree better.
    unlike_nll: float = 1e-6
    #: Positions are off by no more than this times what their errors add up to.
    unsure: float = 3.0
    #: A mirror image matches within this many sigma.
    mirrored: float = 1e-4
