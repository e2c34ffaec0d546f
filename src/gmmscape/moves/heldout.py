"""What a better fit brings on rows that it has not seen."""

from __future__ import annotations

from collections import deque

import numpy as np

from gmmscape.effort import EFFORT
from gmmscape.measure import WeightedRows
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective, SampleObjective
from gmmscape.solve import EM, descend
from gmmscape.tolerances import TOLERANCES

REFIT = EM(tol=1e-3, max_iter=20)


class HeldOut:
    """A part of the rows that fits are refined on, and another that they are judged by.

    Parameters
    ----------
    objective : Objective
        Of a sample.
    seed : int
        Of the draw.
    """

    def __init__(self, objective: SampleObjective, seed: int) -> None:
        rows = objective.rows
        rng = np.random.default_rng([seed, 4])
        step = -(-len(rows) // EFFORT.moves.held_out_rows)
        looked_at = np.arange(0, len(rows), step)
        held = rng.random(len(looked_at)) < TOLERANCES.moves.held_out_share
        held[[0, -1]] = [True, False]  # of very few rows, one on either side
        self.objective = objective
        self.seen, self.unseen = (some_rows(rows, looked_at[which]) for which in (~held, held))
        self._judged: deque[tuple[Mixture, float]] = deque(maxlen=2)

    def gain(self, before: Mixture, after: Mixture) -> float:
        """Return the fall of the NLL on rows held out, nats per unit mass; mixtures in local coordinates.

        Either is refined by a few iterations of EM on the other rows first.
        """
        return self._nll(before) - self._nll(after)

    def _nll(self, mixture: Mixture) -> float:
        for known, value in self._judged:
            if known == mixture:
                return value
        objective = Objective(self.objective.measure, self.objective.family, self.seen)
        end = descend(REFIT, objective, mixture).local
        value = self.unseen.nll(end)
        self._judged.append((mixture, value))
        return value


def some_rows(rows: WeightedRows, which: np.ndarray) -> WeightedRows:
    """Return a part of the rows, their weights made to sum to one."""
    weights = rows.weights[which]
    return rows.taken(which, weights / weights.sum())
