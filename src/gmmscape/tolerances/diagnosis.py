"""What counts as equal, small, flat or significant: diagnosis and repair."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DiagnosisTolerances:
    """What counts as equal, small, flat or significant: diagnosis and repair."""

    #: Lowest rate of false alarms that verdicts are calibrated for: it takes its inverse in samples.
    lowest_false_alarm_rate: float = 0.001
    #: Probability of a row's component from which on its label counts as clear.
    clear_label: float = 0.9
    #: Standard errors by which the likelihood on a coreset may differ from that on all rows.
    coreset_errors: float = 5.0
    #: Default of ``covariance_floor``.
    covariance_floor: float = 1e-6
    #: Nats in total from which on a fit that is better on these rows only keeps the verdict in doubt.
    rival: float = 1.0
    #: Relative fall of the inertia by Lloyd's algorithm alone up to which centers count as converged.
    centers_converged: float = 1e-6
    #: Share of a cluster above which a component has it for itself.
    main_share: float = 0.5
    #: Share of what a cluster has of itself from which on a component is as in the better fit.
    as_in_better: float = 0.9
    #: Part of the scatter about two centers that is between them, below which they share one blob: it is 2/pi
    #: for the halves of a Gaussian, 0.69 for two clusters at three standard deviations.
    one_blob: float = 0.69
    #: Responsibilities below this are left out of associations.
    least_share: float = 1e-4
    #: Components count as coincident where an EM step could not tell them apart (in standard deviations;
    #: relative).
    coincident: float = 1e-6
    #: Two evaluations of one mixture differ by less, relative to 1 + |NLL|.
    polish_rounding: float = 1e-14
    #: Least eigenvalue of the correlations, relative to the number of columns, below which columns are
    #: collinear.
    collinear: float = 1e-10
    #: Means this far from the rows, in their standard deviations, have no distances in float64.
    out_of_reach: float = 1e100
    #: Share of rows equal to others from which on they are named.
    repeated_share: float = 0.05
    #: A value is one that far too many rows have from this share of them on, and this many times as often
    #: as any other of its column.
    pile_share: float = 0.01
    pile: float = 5.0
    #: A column is rounded where a quarter of its values or fewer are different, and neighbouring values
    #: lie farther apart than this, in standard deviations of the narrowest component.
    few_values_share: float = 0.25
    coarse_rounding: float = 0.05
    #: Expected number of rows as far out as an outlier, in all data.
    outlier_probability: float = 0.001
    #: A component on fewer rows than this, so many standard deviations from the others, is none.
    alone_rows: float = 2.5
    alone_distance: float = 10.0
    #: Size of a pass beyond which moves begin before EM has converged: after steps of this length, or so
    #: many.
    begun: float = 1e-2
    #: Distance of the two distributions from which on the fit is called poor, and standard errors it must
    #: have.
    poor_fit: float = 0.15
    significant_misfit: float = 2.0
    #: Removals are tried up to this many times what BIC allows them to cost: what is expected is an upper
    #: bound.
    dearest_removal: float = 8.0
    #: Standard errors by which a fit must be better for a verdict: below, the data do not tell the two
    #: apart.
    significant_gain: float = 2.0
    #: Nats in total, on the effective number of rows, that EM may still bring to a fit that counts as
    #: converged.
    converged_within: float = 0.1
    #: Standard deviations within which all means of a fit count as one place.
    together: float = 0.5
    #: Standard deviations beyond the root of the number of columns, and share of the rows that are farther
    #: from every component, from which on a model is not one of these rows.
    foreign_distance: float = 20.0
    foreign_share: float = 0.5
    #: Standard deviations that the average of a column may be off where a model was fitted, how many times as
    #: large its variance may be, and standard errors of either beyond which it is no accident.
    foreign_shift: float = 0.3
    foreign_ratio: float = 3.0
    foreign_errors: float = 6.0
    #: Values of a column that a component must have for a mean and a variance there.
    values_of_a_column: float = 2.0


@dataclass(frozen=True)
class InferenceTolerances:
    """What counts as equal, small, flat or significant: standard errors and intervals."""

    #: Share of a quantity's slope along coordinates that have no standard error from which on it has none.
    touched: float = 1e-6
    #: Default level of intervals.
    level: float = 0.95
    #: Share of the rise that may be missing at an end of a profile.
    profile: float = 1e-3
    #: Change of an end by its adjustment that is none, as a share of z, and the largest adjustment that is
    #: made, in standard deviations.
    adjusted: float = 0.01
    largest_adjustment: float = 0.98
    #: Longest step, and highest point on the way, in rises.
    longest_step: float = 2.0
    too_far: float = 3.0
    #: Rows of a component, and rows for each of its parameters, below which intervals are in doubt.
    few_rows: float = 30.0
    few_rows_each: float = 5.0
    #: How many times what normal theory has it the likelihood may fall, or the inverse, at the ends of the
    #: directions that are known worst, before intervals on it, and those by profiles, are in doubt.
    not_normal: float = 2.0
    not_smooth: float = 8.0
    #: Rows of known component that the rows must be worth along the direction that is known worst: for
    #: normal theory, and for profiles and refits.
    worth_normal: float = 60.0
    worth: float = 5.0
    #: Share of the rows from which on, however few they are, it is not overlap that makes them worth less.
    overlapping: float = 0.5
    #: Standard errors that polishing may move an estimate by unsaid, and share of the rows that repetitions
    #: may be.
    moved: float = 0.01
    repeated: float = 0.02
    #: Refits that should lie beyond an end of an interval: of fewer the percentiles are too far in.
    refits_beyond: float = 4.0
    #: Share of refits that may be left out.
    left_out: float = 0.05
    #: Relative spread of a quantity over refits below which it is the same in all.
    still: float = 1e-12
