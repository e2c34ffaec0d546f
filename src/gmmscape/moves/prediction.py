"""What a move is likely to gain, before EM on everything."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from gmmscape.arrays import IntArray
from gmmscape.effort import EFFORT
from gmmscape.measure import EVERY
from gmmscape.mixture import Mixture
from gmmscape.moves.component_rows import Covered
from gmmscape.moves.moves import Move
from gmmscape.moves.neighbours import nearest
from gmmscape.objective import SampleObjective
from gmmscape.solve import EM, descend

#: EM on a neighbourhood.
NEARBY = EM(tol=1e-3, max_iter=30)

Started = tuple[Mixture, Move]


def predicted(
    objective: SampleObjective,
    here: Mixture,
    started: Sequence[Started],
    covered: Covered,
    check: Callable[[], None],
) -> list[float]:
    """Return for starts that moves make what the objective falls by.

    Of few components, or where all share their covariance, right after the move, on the rows that proposals
    look at. Of many, after EM on the neighbourhood of the move, the other components held fast: by Jensen's
    inequality that is no more than what EM on everything brings.
    """
    if objective.family.kind.shared or here.n_components <= EFFORT.moves.all_pairs:
        value = _value(objective, here, covered)
        gains = []
        for start, _ in started:
            check()
            gains.append(value - _value(objective, start, covered))
        return gains
    around = nearest(here)
    gains = []
    for start, move in started:
        check()
        touched = np.array(sorted(move.touched))
        local = np.unique(np.concatenate([touched, around[touched].ravel()]))
        gains.append(_gain_nearby(objective, here, start, local, covered))
    return gains


def _value(objective: SampleObjective, mixture: Mixture, covered: Covered) -> float:
    return covered.ranking.nll(mixture) + objective.family.penalty(mixture)


def _gain_nearby(
    objective: SampleObjective, here: Mixture, start: Mixture, local: IntArray, covered: Covered
) -> float:
    parts = covered.parts.taken(local[None, :])
    mass = float(parts.weights.sum())
    if mass == 0.0:
        return 0.0
    rows = parts.rows.taken(EVERY, parts.weights / mass)
    small = objective.on_part(rows, mass)
    before, after = (_only(mixture, local) for mixture in (here, start))
    end = descend(NEARBY, small, after)
    return mass * (small.value(before) - end.value)


def _only(mixture: Mixture, chosen: IntArray) -> Mixture:
    """Some components, with weights relative to each other."""
    weights = mixture.weights[chosen]
    return Mixture(
        weights / weights.sum(), mixture.means[chosen], mixture.covariances[chosen], mixture.covariance_type
    )
