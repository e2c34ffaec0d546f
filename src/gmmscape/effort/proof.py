"""How much is tried: proofs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ProofEffort:
    """How much is tried: proofs."""

    #: Strips tried for a rule, the widest in standard deviations of the truth, and digits of its step.
    strips: int = 64
    widest_strip: float = 24.0
    step_digits: int = 8
    #: Allowance for the size of moments, as a logarithm, where a rule is chosen.
    size_of_moments: float = 12.0
    rough_size: float = 4.0
    #: Digits of the first attempt, at most, and by how much each is longer than the one before.
    first_bits: int = 72
    first_plane_bits: int = 60
    most_bits: int = 1024
    growth_of_bits: int = 2
    #: Boxes of the plane narrower than this, in sigma, are next to points; bits by which rules are more
    #: accurate than wider boxes are narrow.
    next_to_points: float = 2.0**-24
    box_bits: int = 8
    #: Bits by which arithmetic exceeds what rules are accurate to.
    guard_bits: int = 32
    #: Most nodes of a rule along an axis, and about all centers.
    most_nodes_along: int = 1 << 17
    most_nodes: int = 1 << 21
    #: Steps of Newton's method within one precision.
    newton_steps: int = 40
    #: Boxes tried, each half as wide as the one before, and the widest in sigma.
    boxes: int = 48
    widest_box: float = 0.25
    #: Bits of the accuracy that the tight box does not use.
    slack_bits: int = 12
    #: By how much the tight box is wider than the step that is left.
    tight: int = 16
    #: How far from a given point its critical point may be, in sigma.
    nearby: float = 0.05
    #: How far from the centers' line or plane a mean may be to be taken for one in it, in sigma.
    beside_span: float = 1e-3
    #: Boxes are rounded to three digits: by which share they are more or less than they have to be.
    box_room: float = 2.0**-7
    #: An approximation error has to be known to one part in so many.
    error_digits: int = 2000
    #: An error that may be zero and is below this, in sigma, needs no more digits.
    no_error: float = 1e-36
    #: Means closer than this, in sigma, are looked at as split or not; steps of that search.
    coincident: float = 1e-5
    split_steps: int = 6
    #: A map has to contract to so much of its box, so that whoever checks with other rounding succeeds.
    margin: float = 0.9
    #: A bound on what can be gained, nats per unit mass, below which a fit is called globally optimal.
    optimal: float = 1e-6
    #: Most bits for births; how straight a path has to be, relative to its centers.
    most_birth_bits: int = 384
    straight: float = 1e-12
    #: Bits to which values are claimed.
    claimed_bits: int = 52
    #: Global bounds: exponentials computed together; the most cells of a cover; climbs from the highest cells
    #: of each level, and steps of each.
    block: int = 1 << 20
    most_cells: int = 200_000
    climbs: int = 8
    climbing_steps: int = 200
    #: Share of a computed curvature that is claimed, the least of use, and the largest exponent that float64
    #: is asked for.
    kept_bend: float = 0.99
    least_cell_bend: float = 1e-6
    largest_exponent: float = 600.0
    #: Peaks closer than this, in sigma, are one; where the fit is a single component, a slope at its mean
    #: below this is proved to be harmless, and other cells are to be below zero by so much.
    same_peak: float = 1e-7
    flat_slope: float = 1e-9
    single_optimum: float = 1e-11
    #: Roundings that whoever checks in float64 is allowed, in halves of the spacing of floats at one: for
    #: each row or component and some more, and for each unit of exponents and some more.
    rounding: float = 2.0**-53
    row_roundings: int = 8
    more_rows: int = 400
    exponent_roundings: int = 80
    more_exponents: float = 40.0
    #: Weights below this share of their sum are left out: quotients of smaller ones lose digits.
    lost_weight: float = 1e-150
    #: A row may be so many sigma from the nearest mean.
    farthest_row: float = 1e5
    #: Corners along each axis that are timed, to tell how long a proof takes.
    timed: int = 8
    #: Digits of ball arithmetic for a global bound.
    bound_bits: int = 96
    #: Relative tolerance of 1 + D, the least that float64 can check, and how far covariances may be from
    #: sigma^2 I, relatively: as rounding leaves them.
    gap_tol: float = 1e-6
    least_gap_tol: float = 1e-11
    same_covariance: float = 2.0**-49
    #: Whole numbers of so many binary digits are exact floats, with one to spare.
    exact_digits: int = 52
    #: The smallest cells have to be this small, in sigma.
    finest_cell: float = 1e-5
    #: Nonparametric fits: tolerance of the first look for peaks, share of the time for rounds; distance of
    #: the first places, and within which atoms are merged at first and at last, in sigma; rounds.
    coarse_tol: float = 0.03
    time_of_rounds: float = 0.7
    first_spacing: float = 1.0
    merging_reach: float = 0.5
    same_atom: float = 1e-4
    simpler_reach: float = 0.2
    rounds: int = 200
    #: Share of the time in which `gmmscape prove bound` looks for a fit, at most.
    time_of_search: float = 0.5
    #: Steps for the weights, the gain below which they end, the share that a step leaves at least, and what
    #: makes their equations definite.
    weight_steps: int = 60
    weight_gain: float = 1e-15
    kept_weight: float = 0.01
    ridge: float = 1e-12
    #: Steps of the polish, the slope that ends it, the least curvature, rounding of values, and the share of
    #: the lightest row's weight below which an atom is left out.
    polish_steps: int = 100
    polished: float = 1e-12
    least_bend: float = 1e-8
    value_rounding: float = 1e-14
    lightest: float = 1e-6


@dataclass(frozen=True)
class CensusEffort:
    """How much is tried: proved lists of all critical points."""

    #: Beyond the outermost centers: parts of sigma in which distances are tried, and how many.
    exterior_parts: int = 64
    exterior_tries: int = 1024
    #: Accuracies of the rules, in bits, before the last one; numbers in one array; a rule is coarse
    #: for a box where so many times its error is more than the width of a bound.
    bits: tuple[int, ...] = (2, 20)
    cells: int = 2**16
    coarse: float = 8.0
    #: Bits of the last rule beyond those of the mass in the widest gap; boxes looked at together; a box that
    #: keeps less than this share of its volume is looked at again before it is halved.
    last_bits: int = 32
    boxes: int = 64
    shrunk: float = 0.5
    #: Sides of boxes, in sigma, at which unknown points are looked for, by how much each is narrower than
    #: the one before, and how many; most boxes left for going on, and most of their hulls that are looked in.
    first_side: float = 0.01
    narrower: float = 1 / 16
    stages: int = 6
    most: int = 20000
    looks: int = 64
    #: Exponentials: entries of their table per unit, terms of the series between them, the largest exponent.
    entries: int = 64
    terms: int = 8
    largest_exponent: float = 700.0
    #: Beyond bounds to first order in the rounding unit; rounding of a place on a chord, as a share of its
    #: ends.
    safety: float = 1.01
    chord: float = 2.0**-48
