"""Which components could be spared: single ones to delete and pairs to merge, with what that costs.

Merging costs are bounds: Runnalls' bound of the divergence between the mixtures before and after (IEEE Trans.
Aerospace Electron. Syst. 43(3), 2007) needs no rows and picks the pairs; for these, the rows that the pair
covers give a closer one, which knows how far the two overlap.
"""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.effort import EFFORT
from gmmscape.mixture import Mixture
from gmmscape.moves.component_rows import Covered
from gmmscape.moves.moves import Removal, merged
from gmmscape.moves.neighbours import neighbours
from gmmscape.moves.splits import as_they_are
from gmmscape.moves.subproblems import AS_IT_IS, SmallProblems
from gmmscape.objective import SampleObjective
from gmmscape.solve import Small


def propose_removals(objective: SampleObjective, mixture: Mixture, covered: Covered) -> list[Removal]:
    """Return single components to delete and pairs to merge, cheapest first."""
    k = mixture.n_components
    pairs = neighbours(mixture, covered.overlaps)
    bounds = merging_bounds(mixture, pairs)
    nearest = np.argsort(bounds, kind="stable")[: EFFORT.moves.pairs_each * k]
    pairs, costs = pairs[nearest], bounds[nearest]
    if not mixture.kind.shared:  # tied: a merger moves every component, not only rows of the pair
        costs = np.minimum(costs, _costs_on_rows(objective, mixture, pairs, covered))
    found = [Removal((i,), float(cost)) for i, cost in enumerate(covered.deletion_costs)]
    found += [Removal((int(b), int(c)), float(cost)) for (b, c), cost in zip(pairs, costs, strict=True)]
    movable = objective.family.movable(k)
    found = [removal for removal in found if movable[list(removal.components)].all()]
    return sorted(found, key=lambda removal: removal.cost)


def _costs_on_rows(
    objective: SampleObjective, mixture: Mixture, pairs: IntArray, covered: Covered
) -> FloatArray:
    """Bounds of the mergers' costs by Jensen's inequality, over the rows that the pairs cover."""
    small = SmallProblems(objective, covered.parts.taken(pairs, EFFORT.moves.pair_rows))
    _, means, covariances = merged(mixture.weights, mixture.means, mixture.covariances, mixture.kind, pairs)
    filled = np.flatnonzero(small.parts.sizes)
    one = Small(np.ones((len(pairs), 1)), means[:, None], covariances[:, None], mixture.kind)
    after = np.full(len(pairs), np.inf)
    after[filled] = small.fitted(filled, one.chosen(filled), AS_IT_IS)[1]
    with np.errstate(invalid="ignore"):
        costs = small.mass * (after - as_they_are(small, mixture, pairs))
    return np.where(np.isfinite(costs), costs, np.inf)


def merging_bounds(mixture: Mixture, pairs: IntArray) -> FloatArray:
    """Return Runnalls' bound of what merging each pair (p, 2) costs, nats per unit mass, shape (p,)."""
    kind, C = mixture.kind, mixture.covariances
    weights, d = mixture.weights[pairs], mixture.n_features
    total, _, after = merged(mixture.weights, mixture.means, C, kind, pairs)
    if kind.shared:
        share = np.divide(weights[:, 1], total, out=np.zeros(len(pairs)), where=total > 0)
        gaps = mixture.means[pairs[:, 1]] - mixture.means[pairs[:, 0]]
        between = total * share * (1.0 - share)
        with np.errstate(over="ignore"):  # what is infinitely far apart is merged last
            squared = np.where(between > 0, kind.lengths_each(gaps, mixture.parameters.factors) ** 2, 0.0)
            return 0.5 * np.log1p(between * squared)
    # A pair that is merged into what float64 cannot hold is merged last, as are two without a determinant.
    held = np.isfinite(after).reshape(len(pairs), -1).all(axis=1)
    both, single = np.full(len(pairs), np.inf), kind.log_determinants(C, d)
    both[held] = kind.log_determinants(after[held], d)
    with np.errstate(invalid="ignore"):
        bounds = 0.5 * (total * both - (weights * single[pairs]).sum(axis=1))
    return np.where(total > 0.0, np.where(np.isnan(bounds), np.inf, bounds), 0.0)
