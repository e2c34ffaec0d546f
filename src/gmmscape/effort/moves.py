"""How much is tried: moves and their search."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MovesEffort:
    """How much is tried: moves and their search."""

    #: 2-means starts inside a cluster.
    center_starts: int = 3
    #: Rows that are looked at, least and at most, and of the smallest component; of more, so many are drawn,
    #: evenly along the data.
    fewest_proposal_rows: int = 20_000
    proposal_rows: int = 250_000
    rows_of_smallest: int = 250
    #: Rows that stand for what one component covers.
    rows_each: int = 1_000
    #: The same in many columns: rows times columns (their square for matrices), and least rows.
    part_size: int = 65_536
    fewest_rows_each: int = 250
    #: Rows that are looked at, of more, where gains are measured on rows left out.
    left_out_rows: int = 4_000
    #: Single moves of a group that are tried, best prediction first; and of the group of nested
    #: components.
    attempts: int = 8
    nested_attempts: int = 4
    #: Moves whose prediction is computed on rows, for each that is tried.
    lookahead: int = 3
    #: Iterations of EM after which a move is given up, if at their pace it would gain nothing.
    screen: int = 2
    #: Rounds of a hundred iterations of EM after which a fit counts as settled.
    settling_rounds: int = 10
    outlook: int = 100
    #: Size of a pass up to which perturbed fits are run through EM before giving up; standard deviations
    #: of each.
    cheap_pass: int = 1_000_000
    #: Size of a pass up to which so many new starts are run, because optima of overlapping clusters differ
    #: by more than moves, and up to which EM is given up later.
    very_cheap_pass: int = 200_000
    new_starts: int = 32
    #: The same where no component holds several clusters, and rows say which one they are of.
    new_starts_of_clear: int = 4
    long_outlook: int = 1000
    #: Components up to which every pair is looked at, and nearest means that are looked at beyond.
    all_pairs: int = 32
    nearest_means: int = 8
    #: Components of a neighbourhood that a move is tried on by itself.
    nearby: int = 12
    #: How often one split, or one removal, may be paired in a round.
    partners: int = 3
    #: Pairs looked at more closely, for each component.
    pairs_each: int = 3
    #: Rows of each of a pair that its cost is taken from.
    pair_rows: int = 1_000
    #: Starts that go together: few enough for an interruption to lose little.
    starts_together: int = 64
    #: Of many rows and components: as many as make this number of responsibilities, but not fewer than these.
    responsibilities_together: int = 10_000_000
    fewest_starts_together: int = 8
    #: Random starts of a split; in many columns.
    random_starts: int = 3
    wide_random_starts: int = 1
    resplit_starts: int = 7
    #: Columns up to which the halves of a split begin with one whole covariance, whatever the family.
    whole_columns: int = 16
    #: Steps of the power method, in more columns, to the direction that a part is widest in.
    power_steps: int = 12
    #: Fits with a shared covariance that are then set free.
    freed: int = 2
    #: Rows that starts of small problems are found on; numbers in the arrays that they are found in at once.
    start_rows: int = 128
    values_together: int = 1_000_000
    #: Rows of each of two neighbours that are to share anew.
    resplit_rows: int = 1_000
    #: Rows of a background that are looked at for clusters it has swallowed, the share of them that makes a
    #: place, places, and components that are given up for each in turn.
    birth_rows: int = 2_000
    birth_share: float = 0.1
    births: int = 3
    removals_for_birth: int = 3
