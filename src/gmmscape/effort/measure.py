"""How much is tried: rows, in memory and in blocks, populations and their quadrature."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MeasureEffort:
    """How much is tried: rows, populations and their quadrature."""

    #: Binary logarithm of the number of hashes that are sorted together.
    columns_together: int = 20
    #: Trapezoid rules have at most so many dimensions.
    most_axes: int = 3
    #: Rules of no, one, two or three axes are not refined beyond so many nodes.
    most_nodes: tuple[int, ...] = (1, 1 << 20, 1 << 19, 1 << 18)
    #: Nodes, about, up to which a rule counts as small; so many grids of small ones are kept.
    small_rule: int = 8_192
    small_rules: int = 256
    stretch: int = 65_536
    #: Rows whose median is taken as the origin.
    median_rows: int = 65_536
    #: Independent scramblings, a power of two.
    scramblings: int = 16
    #: Binary logarithms of the fewest and the most points of all scramblings together.
    fewest_sobol: int = 9
    most_sobol: int = 16
    #: Different rows whose neighbours on a grid are counted.
    neighbours_looked_at: int = 2_000
    #: Rows, evenly spaced, that say how far rows reach.
    reach_rows: int = 5_000
    #: Of a file: bytes that tell what it is, records that tell its layout, characters read at once.
    bytes_looked_at: int = 4_096
    records_looked_at: int = 200
    characters_at_once: int = 1 << 20
    #: Bytes read at once where all has to be held.
    bytes_at_once: int = 1 << 20
    #: Share of the free memory that the numbers of a table may take: a fit takes up to three times as much
    #: beside them. What a character of a row takes, as a text, a cell and a number.
    share_of_memory: float = 0.25
    bytes_a_character: int = 16
    #: Part of the rows read so far that is taken ahead, so that they seldom move; it goes back in the end.
    growth: int = 8
    #: Characters of a number: a longer cell is a text, and could keep the forms of numbers busy for ever.
    longest_number: int = 1_000
    #: Lines that a quotation may run over where the layout is found out.
    joined_lines: int = 50
    #: Lines that a note about rows lists.
    lines_told: int = 20
    #: Columns up to which it pays to turn rows before one goes along columns.
    turned_columns: int = 32
    #: Numbers of a block of rows whose conditional moments are computed together.
    regression_values: int = 1 << 20
    #: Numbers of the conditional covariances of missing values that are held at once.
    conditioned_together: int = 4_000_000
    #: Patterns of observed columns, and iterations of EM, for the mean and covariance of incomplete rows.
    patterns_of_one: int = 4_096
    iterations_of_one: int = 100
    #: Random draws for a divergence: in the first round, from each component at least, and in one block.
    divergence_draws: int = 20_000
    fewest_draws: int = 64
    draws_together: int = 1 << 16
    #: Rounds in which a bound on a divergence is lowered.
    bound_rounds: int = 100
    #: Squares of a relative difference below which two terms of a series are exact to 1e-11.
    series_below: float = 1e-5


@dataclass(frozen=True)
class BlockedEffort:
    """How much is tried: rows in blocks that are not in memory."""

    #: Random rows that tell where to look, and rough centers among them.
    pilot_rows: int = 20_000
    rough_centers: int = 256
    #: Rows of a coreset that a search works on: at least, and for each component.
    coreset_rows: int = 50_000
    coreset_rows_each: int = 1_000
    #: Times as many rows from which on those of the coreset tell second derivatives in place of all.
    stand_in_rows: int = 10
    #: Bytes that the orders of all blocks may take where they are sorted; fits whose orders a process keeps.
    bytes_of_orders: float = 1.2e8
    #: Share of the work of a whole pass up to which sorting pays: rows lie anywhere in their block.
    sorting_pays: float = 0.3
    sortings: int = 2
    #: Bytes that a user allows if nothing is said, and which part of them one block has.
    memory: float = 1e9
    block_share: float = 1 / 40
    #: Bytes of a column that are read from a Parquet file at once.
    read_at_once: int = 1 << 20
    #: Rows whose columns are put side by side at once, so that they stay in the cache.
    stripe_rows: int = 4096
    #: Fewest rows of a block of a file.
    fewest_block_rows: int = 4_096
    #: Seconds that a cluster may be without a worker before work on it ends, and between two looks at it.
    cluster_seconds: float = 60.0
    look_seconds: float = 1.0
    #: Share of the longest worker's time that moving a partition has to save in each pass.
    worth_moving: float = 0.05
    #: Partitions that a scheduler without a cluster is given at once, for each thread.
    partitions_each_thread: int = 4
