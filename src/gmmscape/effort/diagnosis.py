"""How much is tried: diagnosis and repair."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DiagnosisEffort:
    """How much is tried: diagnosis and repair."""

    #: How often components are split in two.
    cluster_rounds: int = 3
    #: Rows of a bootstrap sample at most: gains in nats hardly depend on their number.
    bootstrap_rows: int = 20_000
    #: Rows that are looked at; of more, evenly spaced ones.
    findings_rows: int = 50_000
    #: Size of a pass beyond which moves begin before EM has converged: after steps of this length, or so
    #: many.
    eager_pass: int = 1_000_000
    beginning_iterations: int = 20
    #: Rows that are looked at (of many columns, where all distances are computed), least number of them, and
    #: draws from the fit that they are compared with.
    spacing_rows: int = 4_000
    wide_spacing_rows: int = 500
    least_spacing_rows: int = 30
    spacing_draws: int = 3
    #: What the search of a fit may cost beside the EM before it: this many times as much, but beyond as much
    #: only so many passes, divided by the columns (their square for matrices); or so much that it takes no
    #: time, in rows times components times columns.
    times_em: float = 10.0
    search_passes: float = 1_200.0
    quick_search: float = 1e8
    #: Rows that the overlap is averaged over at most.
    overlap_rows: int = 50_000
    #: Size of a pass up to which the curvature is measured: it takes a dozen and more.
    curvature_pass: int = 100_000_000
    #: Rows times components times columns that are passed over in a second, at least.
    pass_rate: float = 1e9
    #: Starts run for each step, and EM on them.
    splits_tried: int = 4
    #: Rows that are looked at, at most.
    suggestion_rows: int = 50_000
    #: Steps at most.
    suggestion_steps: int = 12
    #: Columns up to which nearest neighbours are looked for by a tree.
    tree_columns: int = 16
    #: Seed of draws that rows are compared with: not one that rows themselves may be drawn by.
    own_seed: int = 7_906_311
    #: Passes that there must be time for, so that a few more when it is up are no overrun to speak of.
    enough_passes: float = 12.0
    #: Rows on which it is timed how long a list of what components cover takes.
    timed_rows: int = 2_000
    #: Rows that are compared with a model before it is judged; of many components fewer, so that so many
    #: distances are measured.
    foreign_rows: int = 2_000
    least_foreign_rows: int = 200
    foreign_lengths: int = 10_000_000
    #: Rows times columns up to which a fit keeps its rows, so that its diagnosis need not be computed before
    #: it is asked for: 32 MB.
    kept_values: int = 4_000_000


@dataclass(frozen=True)
class InferenceEffort:
    """How much is tried: standard errors and intervals."""

    #: Steps to an end of a profile, and how often one is halved; how many one takes, about.
    profile_steps: int = 30
    shortened: int = 6
    usual_steps: int = 6
    #: How often an end is adjusted, and entries of the table of scores from which on rows are so many that
    #: it would change nothing.
    adjustments: int = 4
    adjusted_scores: int = 4_000_000
    #: What all profiles of a fit may cost before they are not the default, in products, and what a pass over
    #: a pattern of missing values costs beside the rows, for each component.
    profile_work: float = 1e10
    pattern_products: float = 2e5
    #: Coordinates up to which the information matrix is formed.
    largest_information: int = 3000
    #: Refits of a bootstrap by default, and how many are one piece of work.
    refits: int = 999
    refits_together: int = 25
    #: Directions, those known worst, along which the likelihood is compared with what normal theory has it.
    checked_directions: int = 3
    #: Components and columns that the printed table shows.
    shown_components: int = 40
    shown_columns: int = 4
