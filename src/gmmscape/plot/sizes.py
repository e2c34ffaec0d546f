"""Sizes of the pictures of fits and of their labels: what is drawn, how large, and how many of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Sizes of pictures; lengths in points of 1/72 inch, unless a comment says otherwise."""

    #: Rows that are drawn, of more.
    most_rows: int = 5_000
    #: Diameter of a mark, and that of each of many; from how many they are many.
    mark: float = 7.5
    small_mark: float = 5.5
    many: int = 25
    #: Labels that are drawn; of more components only those that are not exact get one.
    most_labels: int = 60
    #: Components that are numbered in the small panels of a matrix of pairs, and its panels in a row.
    most_numbered: int = 10
    most_panels: int = 5
    #: Columns that a direction is written out in.
    most_terms: int = 3
    #: Ranges of two columns within this ratio are drawn on one scale: the picture loses little by it.
    equal_within: float = 2.0
    #: Spread of the means, in that within components, that counts as one at all.
    apart: float = 1e-6
    #: Points of the density, at least, and of the curve of a component; standard deviations on each side.
    curve: int = 512
    own_curve: int = 61
    curve_reach: float = 5.0
    #: The fewest and the most bars of a histogram.
    bars: tuple[int, int] = (12, 120)
    #: Curves higher than this many times the highest bar are cut.
    tallest: float = 2.0
    #: Powers of ten from which numbers of axes are written with them.
    powers: tuple[int, int] = (-4, 7)
    #: Shortest and longest side of a panel, in inches.
    sides: tuple[float, float] = (1.9, 6.6)
    #: Share of the rows at each end that may be left outside, and how much narrower the range must get by it.
    outside: float = 0.002
    narrower: float = 2.0
    #: Standard deviations around means that are shown where there are no rows.
    around: float = 3.0
    #: Components this many times as wide as most do not set the range.
    wide: float = 6.0
    #: Room at each end of an axis, of its range.
    margin: float = 0.06
    #: Height of a title under a legend, in inches.
    above_title: float = 0.3
    #: Small letters in an inch.
    small_letters: float = 14.5
    #: Of the rise, what the first iterations may take up below the picture; how many of them at most.
    steep: float = 0.6
    few: float = 0.15
    #: Diameter of the mark of a move.
    move_mark: float = 8.0
    #: Optima that are drawn, and letters that there is room for beside a bar.
    most_optima: int = 20
    most_letters: int = 68
    #: Panels of intervals and lines of each that are drawn, panels beside each other, the width of one, the
    #: height of its frame and of a line, in inches, and letters of its title.
    most_forests: int = 15
    most_lines: int = 20
    forests_across: int = 3
    forest_width: float = 3.3
    forest_frame: float = 0.75
    line_height: float = 0.25
    most_title: int = 38
    #: Numbers of a block that are listed.
    most_numbers: int = 5
    #: Components up to which each share of an overlap is written, and pairs that its title names.
    most_shares: int = 14
    most_pairs: int = 3
    #: A share below this is not written.
    least_share: float = 0.005
    #: Defects and errors are drawn no smaller than this; half the width of the band that holds the others.
    smallest: float = 1e-6
    edge: float = 1.6
    #: Blocks of a theorem table that are drawn one by one, the height of each, in inches, and how many times
    #: smaller than the smallest value the edge is.
    most_blocks: int = 30
    block_height: float = 0.3
    below: float = 4.0
    #: What it costs a label to cover a row, to lead a line over a mark, to be in another direction.
    row: float = 4.0
    crossed: float = 40.0
    turned: float = 0.4
    #: Room between a label and what it must not touch.
    room: float = 1.0
    #: Time from which on an axis of times is logarithmic.
    long_time: float = 60.0
    #: Side of the squares that rows are counted in, and distance of the points of a line, in pixels.
    cell: float = 3.0
    step: float = 3.0


SIZES = Sizes()
