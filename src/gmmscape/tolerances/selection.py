"""What counts as equal, small, flat or significant: the number of components."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SelectionTolerances:
    """What counts as equal, small, flat or significant: the number of components."""

    #: Times the fewest rows that a component can be estimated from.
    rows_per_parameter: int = 5
    #: Responsibilities below this are left out of the entropy: 1e-18 nats at most for each.
    no_entropy: float = 1e-20
    #: Rows that a new component starts from, as shares of an equal part.
    inserted_shares: tuple[float, ...] = (0.1, 0.3, 1.0)
    #: Nats in total below which two fits count as the same optimum; NLLs that differ by rounding,
    #: relative.
    same: float = 0.02
    rounding: float = 1e-12
    #: Rows, times the fewest that a covariance can be estimated from, that each component must have for its
    #: prior to be that of fewer components too.
    rows_for_prior: float = 5.0
