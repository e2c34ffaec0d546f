"""What a move is likely to gain, before EM on everything."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.effort import EFFORT
from gmmscape.measure import EVERY
from gmmscape.mixture import Mixture
from gmmscape.moves.component_rows import Covered
from gmmscape.moves.moves import Move, applied_each
from gmmscape.moves.neighbours import nearest
from gmmscape.moves.subproblems import AS_IT_IS
from gmmscape.objective import SampleObjective
from gmmscape.solve import EM, Small, ends_on_parts

#: EM on a neighbourhood.
NEARBY = EM(tol=1e-3, max_iter=30)


def predicted(
    objective: SampleObjective,
    here: Mixture,
    moves: Sequence[Move],
    covered: Covered,
    check: Callable[[], None],
) -> FloatArray:
    """Return what the objective falls by with each move, shape (b,); -inf where it makes no mixture.

    Of few components, or where all share their covariance, right after the move, on the rows that proposals
    look at. Of many, after EM on the neighbourhood of the move, the other components held fast: by Jensen's
    inequality that is no more than what EM on everything brings.
    """
    if not moves:
        return np.empty(0)
    check()
    starts = applied_each(here, objective.family, moves)
    if not (objective.family.kind.shared or here.n_components <= EFFORT.moves.all_pairs):
        return _gains_nearby(objective, here, moves, starts, covered, check)
    ranges = np.tile([0, len(covered.ranking)], (len(moves), 1))
    after = ends_on_parts(AS_IT_IS, objective, covered.ranking, ranges, np.ones(len(moves)), starts)[1]
    return covered.ranking.nll(here) + objective.family.penalty(here) - after


def _gains_nearby(
    objective: SampleObjective,
    here: Mixture,
    moves: Sequence[Move],
    starts: Small,
    covered: Covered,
    check: Callable[[], None],
) -> FloatArray:
    around, gains = nearest(here), np.zeros(len(moves))
    near = [_neighbourhood(move, around) for move in moves]
    sizes = np.array([len(own) for own in near])
    for size in np.unique(sizes):
        alike = np.flatnonzero(sizes == size)
        for first in range(0, len(alike), EFFORT.moves.attempts):
            check()
            some = alike[first : first + EFFORT.moves.attempts]
            local = np.stack([near[i] for i in some])
            gains[some] = _gains_alike(objective, here, starts.chosen(some), local, covered)
    return gains


def _neighbourhood(move: Move, around: IntArray) -> IntArray:
    """The components that a move touches and the nearest of the others, as many as are looked at."""
    touched = sorted(move.touched)
    near = dict.fromkeys([*touched, *around[touched].T.ravel().tolist()])
    return np.sort(np.fromiter(near, dtype=np.int64)[: EFFORT.moves.nearby])


def _gains_alike(
    objective: SampleObjective, here: Mixture, starts: Small, local: IntArray, covered: Covered
) -> FloatArray:
    """Gains on neighbourhoods of as many components each, (q, m)."""
    parts, gains = covered.parts.taken(local), np.zeros(len(local))
    mass = parts.mass
    filled = np.flatnonzero(mass > 0)
    if len(filled) == 0:
        return gains
    rows = parts.rows.taken(EVERY, parts.weights / np.repeat(np.where(mass > 0, mass, 1.0), parts.sizes))
    ranges = np.stack([parts.ends[filled], parts.ends[filled + 1]], axis=1)
    before = Small(here.weights[local], here.means[local], here.covariances[local], here.kind)
    each = np.arange(len(local))[:, None]
    after = Small(
        starts.weights[each, local], starts.means[each, local], starts.covariances[each, local], starts.kind
    )
    values = [
        ends_on_parts(solver, objective, rows, ranges, mass[filled], _relative(small).chosen(filled))[1]
        for solver, small in ((AS_IT_IS, before), (NEARBY, after))
    ]
    gains[filled] = mass[filled] * (values[0] - values[1])
    return gains


def _relative(small: Small) -> Small:
    """The same with weights relative to each other."""
    return small._replace(weights=small.weights / small.weights.sum(axis=1, keepdims=True))
