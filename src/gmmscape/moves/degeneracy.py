"""Components whose likelihood means nothing: on a floor, or resting on too few different rows."""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray
from gmmscape.covariances import CovarianceKind
from gmmscape.mixture import Mixture
from gmmscape.objective import SampleObjective
from gmmscape.tolerances import TOLERANCES


def rows_for_covariance(kind: CovarianceKind, d: int) -> int:
    """Return how many rows give a component a covariance that means something: d+1, fewer for variances."""
    return min(d + 1, max(kind.fewest_rows(d), TOLERANCES.moves.rows_for_variances))


def scarce(objective: SampleObjective, mixture: Mixture, *, after_em: bool = False) -> BoolArray:
    """Return which components lie on the floor or on few different rows, shape (k,).

    Few are less than five times those that give a covariance: 5(d+1) for matrices.

    Rows are counted by Kish's effective number, (sum r)^2 / sum r^2, with r the weight of a different row
    times its responsibility. `mixture` in local coordinates; `after_em` says that its weights are the masses
    of its components, which saves the pass where all are heavy.
    """
    few = _rests_on_fewer(
        objective, mixture, 5 * rows_for_covariance(mixture.kind.own, objective.measure.n_varying), after_em
    )
    return few | on_floor(objective, mixture)


def collapsed(objective: SampleObjective, mixture: Mixture, *, after_em: bool = False) -> BoolArray:
    """Return which components the rows give no covariance: on the floor, or on at most d+1 rows (fewer for
    variances of many columns).

    A component without any row is none of them, nor is one with few rows whose covariance others hold up, as
    tied ones are, or that has those of a prior beside its own.
    """
    floored = on_floor(objective, mixture)
    if not objective.family.collapsible or objective.family.prior is not None:
        return floored
    limit = float(np.nextafter(rows_for_covariance(mixture.kind.own, objective.measure.n_varying), np.inf))
    few = _rests_on_fewer(objective, mixture, limit, after_em)
    return floored | (few & (mixture.weights > 0))


def _rests_on_fewer(objective: SampleObjective, mixture: Mixture, limit: float, after_em: bool) -> BoolArray:
    """Return which components rest on fewer than so many different rows.

    The effective number is at least the component's mass over the weight of the heaviest row.
    """
    if after_em and np.all(mixture.weights > 1.01 * limit * objective.measure.heaviest_row):
        return np.zeros(mixture.n_components, dtype=bool)
    return effective_rows(objective, mixture) < limit


def on_floor(objective: SampleObjective, mixture: Mixture) -> BoolArray:
    """Return which components have collapsed onto the floor, shape (k,)."""
    return objective.family.collapsed_on_floor(mixture)


def effective_rows(objective: SampleObjective, mixture: Mixture) -> FloatArray:
    """Return how many different rows each component rests on, shape (k,)."""
    return objective.measure.effective_rows_each(mixture)
