"""What counts as equal, small, flat or significant: moves and their search."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MovesTolerances:
    """What counts as equal, small, flat or significant: moves and their search."""

    #: Relative fall of the inertia below which two sets of centers count as the same optimum.
    same_inertia: float = 1e-9
    #: Responsibility from which on a row belongs to what a component covers.
    covered: float = 0.01
    #: Standard errors from which on a gain on all rows stands out; and nearly does, so that one of so many on
    #: rows left out is enough.
    stands_out: float = 2.0
    nearly_stands_out: float = 1.5
    holds: float = 1.0
    #: Rows that give variances of any number of columns.
    rows_for_variances: int = 10
    #: Nats in total, on the effective number of rows, below which two fits count as the same optimum.
    same: float = 0.02
    #: Nats in total, on the effective number of rows, that a hundred iterations of EM still bring to a fit
    #: that counts as settled.
    settled: float = 0.1
    #: Size of a pass up to which perturbed fits are run through EM before giving up; standard deviations
    #: of each.
    perturbations: tuple[float, ...] = (0.5, 0.5, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0)
    #: Size of a step of a component up to which it covers what it covered before.
    unmoved: float = 0.05
    #: Standard deviations.
    nesting_reach: float = 2.0
    #: How much wider than what lies before it a background is, at least.
    wider: float = 2.0
    #: A fit is shaken by this many standard deviations, and watched for so many iterations of EM.
    shake: float = 0.01
    #: Nats per row from which on two components instead of one count: clusters that are not quite Gaussian
    #: bring less, two clusters at six standard deviations 0.4 and more.
    least_each: float = 0.1
    #: Share of the rows whose most probable component is not theirs, up to which rows say which they are of.
    clear: float = 0.005
