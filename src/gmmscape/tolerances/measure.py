"""What counts as equal, small, flat or significant: rows, populations and their quadrature."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MeasureTolerances:
    """What counts as equal, small, flat or significant: rows, populations and their quadrature."""

    #: Centers farther apart than this, in standard deviations, leave float64 when distances are squared.
    farthest: float = 1e150
    #: Relative error of numbers that other programs have written with the digits they print.
    of_other_programs: float = 1e-5
    #: Relative error of a difference of two integrals that is as good as rounding lets it be.
    rounded: float = 1e-11
    #: Beyond these radii a Gaussian of one, two or three dimensions has mass 4e-17 at most: below
    #: rounding.
    tails: tuple[float, ...] = (8.5, 8.5, 8.75, 9.0)
    tail_mass: float = 4e-17
    #: For the terms of the series after the first, and because the first step that passes is taken.
    safety: float = 8.0
    coarsest_step: float = 1.1
    finest_step: float = 2e-5
    #: Responsibilities below this are left out where rows are counted.
    trace: float = 1e-9
    standard_errors: float = 3.0
    #: A weight this close to a multiple of another, in units of that, is one; the largest count of rows that
    #: weights of any unit are taken for, if none is one; whole numbers above are not exact.
    whole_weight: float = 1e-6
    largest_count: float = 32.0
    largest_whole: float = 2.0**53
    #: What the total weight of rows in blocks may differ by from pass to pass, relative to it.
    same_mass: float = 1e-9
    #: A share of the largest weight below which one is none: the square of the rounding of float64.
    no_weight: float = 2.0**-104
    #: A column of fewer different values than this share of the rows is on a grid where all gaps are
    #: multiples of the smallest, within this share of it.
    grid_share: float = 0.9
    grid_error: float = 1e-3
    #: Share of the rows that say how far rows reach, and times that reach from which on a row is wild.
    inner_share: float = 0.95
    wild: float = 100.0
    #: Share of the rows off the median below which a column is mostly of one value, and how many of them say
    #: how far rows reach.
    mostly_off: float = 0.9
    fewest_off: int = 20
    #: A row that occurs this many times more often than rows usually do is a value that many rows have.
    frequent: float = 10.0
    #: Columns up to which a convex hull is computed, and how far off a face a row is still on it, as a share
    #: of the hull's size.
    hull_columns: int = 8
    on_hull: float = 1e-9
    #: Relative change of the background's weight below which it is found, and the most steps to it.
    background_weight: float = 1e-12
    background_steps: int = 100
    #: Rows from which on a first column that counts them is an index, whatever it is called.
    counted_rows: int = 10
    #: Rows above a last one that may hold their sums, and the relative error up to which it does.
    rows_of_a_total: int = 3
    total: float = 1e-3
    #: How many times as large as all others a value of nines is that may stand for a missing one.
    code_beyond: float = 3.0
    #: Mean and covariance of incomplete rows: change of a correlation, or of a mean in standard deviations,
    #: at which EM ends; and what keeps collinear columns invertible.
    step_of_one: float = 1e-6
    ridge_of_one: float = 1e-10
