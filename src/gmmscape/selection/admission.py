"""Which fits may win: those whose every component means something."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmscape.families import Family
from gmmscape.mixture import Mixture
from gmmscape.moves.degeneracy import effective_rows, on_floor
from gmmscape.objective import SampleObjective
from gmmscape.tolerances import TOLERANCES


@dataclass(frozen=True)
class Admission:
    """The rule by which fits are refused.

    Attributes
    ----------
    least_rows : float
        Different rows that each component must rest on (Kish's effective number).
    floor_counts : bool
        Whether the floor is part of the model, so that covariances may lie on it.
    """

    least_rows: float
    floor_counts: bool

    def refusal(self, objective: SampleObjective, mixture: Mixture) -> str | None:
        """Return why a fit in local coordinates is refused, or None if it may win; one component may."""
        if mixture.n_components == 1:
            return None
        if not self.floor_counts and on_floor(objective, mixture).any():
            return "on the floor"
        if self.least_rows > 0:
            rows = effective_rows(objective, mixture)
            if np.any((rows < self.least_rows) & (mixture.weights > 0)):
                return "few rows"
        return None


def default_least_rows(family: Family, n_features: int, *, bounded: bool = False) -> float:
    """Return five times the fewest rows that a component can be estimated from.

    Where a prior bounds what few rows bring, one more than the fewest, of very many columns ten.
    """
    fewest = family.fewest_rows(n_features)
    if bounded:
        return float(min(fewest + 1, TOLERANCES.moves.rows_for_variances))
    return float(TOLERANCES.selection.rows_per_parameter * fewest)
