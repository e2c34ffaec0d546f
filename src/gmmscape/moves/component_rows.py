"""What each component of a fit covers: its rows, weighted by responsibility; of very many rows a part.

Everything that is proposed is found on these rows, at the cost of about one pass over all; what comes of it
is judged on all rows. Missing values are drawn from what the component says of them, given what is observed
of the row: proposals are found on rows without gaps, and judged on the rows as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.effort import EFFORT
from gmmscape.measure import EVERY, Coverage, WeightedRows
from gmmscape.mixture import Mixture
from gmmscape.moves.degeneracy import rows_for_covariance
from gmmscape.objective import SampleObjective
from gmmscape.tolerances import TOLERANCES


class Parts(NamedTuple):
    """Rows in parts, one behind the other: what one component covers, or a pair of them.

    Attributes
    ----------
    rows : WeightedRows
        All m of them; weighted by row weight times responsibility, raised where they stand for more.
    ends : ndarray of int, shape (p + 1,)
        Rows ``ends[i]`` to ``ends[i + 1]`` are those of part i.
    """

    rows: WeightedRows
    ends: IntArray

    @property
    def weights(self) -> FloatArray:
        """Weights of the rows, shape (m,)."""
        return self.rows.weights

    @property
    def sizes(self) -> IntArray:
        """Rows of each part, shape (p,)."""
        return np.diff(self.ends)

    @property
    def mass(self) -> FloatArray:
        """Total weight of each part, shape (p,)."""
        found, filled = np.zeros(len(self.ends) - 1), np.diff(self.ends) > 0
        # Not as differences of running sums, which lose parts that are small beside those before.
        found[filled] = np.add.reduceat(self.weights, self.ends[:-1][filled])
        return found

    def taken(self, groups: Sequence[Any] | IntArray, most: int | None = None) -> Parts:
        """Return new parts, each joined from some of these; shape of `groups` (q,) or (q, parts each).

        Of parts with more than `most` rows, that many evenly spaced ones stand for all.
        """
        wanted = np.asarray(groups, dtype=np.int64)
        wanted = wanted[:, None] if wanted.ndim == 1 else wanted
        rows, scale, sizes = [], [], []
        for group in wanted:
            size = 0
            for part in group:
                first, last = int(self.ends[part]), int(self.ends[part + 1])
                step = 1 if most is None else max(1, -(-(last - first) // most))
                rows.append(np.arange(first, last, step))
                scale.append(np.full(len(rows[-1]), float(step)))
                size += len(rows[-1])
            sizes.append(size)
        chosen = np.concatenate(rows) if rows else np.empty(0, dtype=np.int64)
        weights = self.weights[chosen] * np.concatenate(scale) if rows else np.empty(0)
        ends = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        return Parts(self.rows.taken(chosen, weights), ends)


class Covered(NamedTuple):
    """What the components of a mixture cover.

    Attributes
    ----------
    parts : Parts
        Of each component, in their order.
    deletion_costs : ndarray of shape (k,)
        What the objective rises by when a component is deleted and the other weights grow.
    overlaps : ndarray of int, shape (p, 2)
        Pairs that share rows, each once, smaller index first.
    ranking : WeightedRows
        All rows, or those of the parts where these stand for more, as they are: what predictions are made
        on.
    """

    parts: Parts
    deletion_costs: FloatArray
    overlaps: IntArray
    ranking: WeightedRows


def covered_by(objective: SampleObjective, mixture: Mixture, seed: Sequence[int] = (0,)) -> Covered:
    """Return what the components of a mixture in local coordinates cover.

    Deletion costs are those of the rows looked at: the density without component i is that of the mixture
    times 1 - psi_i, over 1 - weight_i. Responsibilities below `covered` enter to first order, by the weight
    that the others leave; it is their sum at a critical point.
    """
    rows = objective.rows
    rng = np.random.default_rng(seed)
    looked_at = _some(len(rows), mixture, rng)
    if looked_at is None:
        found = rows.coverage(mixture, TOLERANCES.moves.covered)
        weights, places = rows.weights, found.row
    else:
        found = rows.coverage(mixture, TOLERANCES.moves.covered, looked_at)
        weights = rows.weights[looked_at]
        weights, places = weights / weights.sum(), looked_at[found.row]
    entries = weights[found.row] * found.posterior
    masses = np.diff(np.concatenate([[0.0], np.cumsum(entries)])[found.ends])
    own = rows.weights_of(mixture)
    costs = _deletion_costs(own, found, weights, masses) - objective.family.penalties(mixture)
    chosen, scale, ends = _thinned(found.ends, _rows_each(mixture), rng)
    own = rows.taken(places[chosen], entries[chosen] * scale)
    parts = Parts(_complete(rows, own, mixture, places[chosen], ends, rng), ends)
    whole = looked_at is None and len(chosen) == len(places)
    total = parts.weights.sum()
    ranking = rows if whole else own.taken(EVERY, parts.weights / total)
    return Covered(parts, costs, _overlaps(found, len(weights)), ranking)


def _complete(
    rows: WeightedRows,
    own: WeightedRows,
    mixture: Mixture,
    places: IntArray,
    ends: IntArray,
    rng: np.random.Generator,
) -> WeightedRows:
    """The rows of parts, what is missing drawn as their components have it."""
    if not own.incomplete:
        return own
    component = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
    completed = rows.completed(mixture, rng, places, component)
    return WeightedRows(completed, own.weights, rows.unit, tally=rows.tally)


def _some(n: int, mixture: Mixture, rng: np.random.Generator) -> IntArray | None:
    """Rows to look at, or None for all: one drawn from each of as many equal stretches.

    So many that the smallest component, too, is expected to have enough of them.
    """
    smallest = float(mixture.weights[mixture.weights > 0].min())
    enough = max(EFFORT.moves.fewest_proposal_rows, EFFORT.moves.rows_of_smallest / smallest)
    most = int(min(EFFORT.moves.proposal_rows, enough))
    if n <= most:
        return None
    at = (np.arange(most) + rng.random(most)) * (n / most)
    return np.minimum(at.astype(np.int64), n - 1)


def _deletion_costs(own: FloatArray, found: Coverage, weights: FloatArray, masses: FloatArray) -> FloatArray:
    """Costs of components whose weights are `own`."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = weights[found.row] * np.log(found.rest)
        sums = np.array([logs[a:b].sum() for a, b in pairwise(found.ends)])
        uncovered = np.maximum(own - masses, 0.0)
        costs = uncovered - sums + np.log1p(-own)
    return np.where(np.isnan(costs), np.inf, costs)  # of a component that has all the weight


def _rows_each(mixture: Mixture) -> int:
    """Rows that stand for what a component covers: fewer of many columns, but enough for covariances."""
    d = mixture.n_features
    fewest = max(EFFORT.moves.fewest_rows_each, 4 * rows_for_covariance(mixture.kind.own, d))
    return min(EFFORT.moves.rows_each, max(fewest, EFFORT.moves.part_size // mixture.kind.work(d)))


def _thinned(ends: IntArray, most: int, rng: np.random.Generator) -> tuple[IntArray, FloatArray, IntArray]:
    """Entries that stay, the factors by which their weights grow, and the new ends."""
    kept, scale = [], []
    for first, last in pairwise(ends):
        size = int(last - first)
        if size > most:
            own = np.sort(rng.choice(size, most, replace=False, shuffle=False)) + first
        else:
            own = np.arange(first, last)
        kept.append(own)
        scale.append(np.full(len(own), size / max(len(own), 1)))
    new_ends = np.concatenate([[0], np.cumsum([len(own) for own in kept])]).astype(np.int64)
    return np.concatenate(kept), np.concatenate(scale), new_ends


def _overlaps(found: Coverage, n: int) -> IntArray:
    """Pairs of components that share rows."""
    from scipy.sparse import csr_array, triu

    k = len(found.ends) - 1
    shared = np.bincount(found.row, minlength=n)[found.row] > 1
    component = np.repeat(np.arange(k), np.diff(found.ends))[shared]
    if len(component) == 0:
        return np.empty((0, 2), dtype=np.int64)
    present = csr_array((np.ones(len(component)), (found.row[shared], component)), shape=(n, k))
    both = triu(present.T @ present, 1).tocoo()
    return np.stack([both.row, both.col], axis=1).astype(np.int64)
