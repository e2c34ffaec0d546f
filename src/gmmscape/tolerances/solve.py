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
    #: What a gradient may change curvatures by on the way to the critical point nearby, as a multiple of its
    #: length: third derivatives in own units are some units.
    bend: float = 10.0
    #: Share of a row that components together may have and be left out, in truncated passes; mass, as a share
    #: of the average, below which a component is left out nowhere.
    left_out: float = 1e-16
    light: float = 1e-4
    start_radius: float = 1.0
    largest_radius: float = 1e6
    #: Radius in which a quadratic model is trusted at first, in own units, where EM's step is as long as the
    #: gradient; and below which it is given up.
    model_radius: float = 0.1
    least_radius: float = 1e-7
    #: Change of a logarithm or a place, in own units, from which on a step is too long, whatever its length:
    #: light components would be emptied at once.
    longest_change: float = 2.0
    #: Share of the predicted fall from which on a step is accepted.
    acceptable: float = 0.05
    #: Share of it below which the region shrinks, where a second step does not mend it.
    poor: float = 0.25
    #: A predicted fall of less than this, relative to one plus the value, is rounding.
    no_fall: float = 1e-16
    #: One of less than this does not show in sums over very many rows.
    unseen_fall: float = 1e-13
    #: Four times as many while the EM step is longer than this: where curvatures are small, Newton is
    #: slow.
    newton_rounding: float = 1e-14
    #: An EM step that raises the NLL by more than RISE (1 + |NLL|) is refused: rounding in a covariance
    #: near singularity.
    largest_rise: float = 1e-10
    #: Relative change of sizes, and angle, at which what components share has been found in an M-step.
    same_size: float = 1e-12
    same_angle: float = 1e-11
    #: Difference in units of its columns below which a covariance is of a family, but for rounding; and in
    #: its own units, where it was printed by another program.
    same_covariance: float = 1e-11
    printed_covariance: float = 1e-4
    #: A column of the data this many times as wide as a component is narrow resolves nothing inside it.
    narrowest: float = 1e15
    #: Least share of the largest variance, of columns of variance one, that a direction has beyond rounding.
    no_variance: float = 1e-14
    #: Variance, of columns of variance one, that is more than such a share of any number of columns, and so
    #: much that a factorisation cannot be wrong about it.
    some_variance: float = 1e-6
    #: Share of a column's variance from which on sound components may lie on the floor of its rounding.
    coarse_floor: float = 0.01
    #: Rows by which a prior may change the scatter of a component of so many rows, in any column: 0.22
    #: standard errors of a variance at 90 rows, 0.1 at 500.
    bent: float = 3.0
    #: Standard errors of its gain on rows left out, from which on a prior may change it by more.
    bent_errors: float = 2.0
    many_rows: float = 90.0
    #: Share of a variance from which on it is mostly what gave it.
    mostly: float = 0.5
    #: What the prior under which others are found is worth, in rows, and one of data that are plenty.
    weak_prior: float = 1.0
    prior_of_many: float = 0.1
    #: Worths that a prior may have.
    prior_worths: tuple[float, ...] = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
    #: Largest share of the rows of an average component that they may have.
    prior_share: float = 0.4
    #: With fewer rows a column, the data's covariance counts by its columns only.
    rows_for_directions: float = 2.0
    #: A column with fewer different values than this share of its rows is rounded.
    repeated_share: float = 0.9
    #: How far the sum of given weights may be from one; of what was computed in single precision, or of one
    #: row's responsibilities.
    one: float = 1e-8
    about_one: float = 1e-6
