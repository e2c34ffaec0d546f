"""Which components could be spared: single ones to delete and pairs to merge, with what that costs.

Deletion costs are exact, from one pass. Merging costs are bounds: Runnalls' bound of the divergence between
the mixtures before and after (IEEE Trans. Aerospace Electron. Syst. 43(3), 2007) needs no pass and picks the
pairs; for these, the rows that the pair covers give a closer one, which knows how far the two overlap.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gmmscape import engine
from gmmscape.arrays import FloatArray
from gmmscape.escape.moves import Removal, merged
from gmmscape.escape.splits import Share
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective

#: Pairs looked at more closely, for each component.
PAIRS_EACH = 3


def propose_removals(objective: Objective, mixture: Mixture, covered: Sequence[Share]) -> list[Removal]:
    """Return single components to delete and pairs to merge, cheapest first."""
    k = mixture.n_components
    found = [Removal((i,), float(cost)) for i, cost in enumerate(deletion_costs(objective, mixture))]
    first, second = np.triu_indices(k, 1)
    bounds = merging_bounds(mixture)[first, second]
    for at in np.argsort(bounds, kind="stable")[: PAIRS_EACH * k]:
        pair = (int(first[at]), int(second[at]))
        cost = float(bounds[at])
        if (
            mixture.covariance_type != "tied"
        ):  # tied: a merger moves every component, not only rows of the pair
            cost = min(cost, _cost_on_rows(objective, mixture, pair, covered))
        found.append(Removal(pair, cost))
    return sorted(found, key=lambda removal: removal.cost)


def deletion_costs(objective: Objective, mixture: Mixture) -> FloatArray:
    """Return what the NLL rises by when a component is deleted and the other weights grow, shape (k,).

    The density without component i is (q - weight_i N_i) / (1 - weight_i), that is q (1 - psi_i) over the
    same.
    """
    rows, parameters = objective.rows, mixture.parameters
    cost = np.zeros(mixture.n_components)
    with np.errstate(divide="ignore", invalid="ignore"):
        for _, points, weights in rows.blocks():
            posterior = engine.responsibilities(points, parameters)
            rest = 1.0 - posterior
            # Of the largest, the sum of the others says more than the difference from one.
            row, top = np.arange(len(posterior)), posterior.argmax(axis=1)
            posterior[row, top] = 0.0
            rest[row, top] = posterior.sum(axis=1)
            cost -= weights @ np.log(rest)
        cost += np.log1p(-mixture.weights)
    return np.where(np.isnan(cost), np.inf, cost)  # of a component that has all the weight


def _cost_on_rows(
    objective: Objective, mixture: Mixture, pair: tuple[int, int], covered: Sequence[Share]
) -> float:
    """Bound of a merger's cost by Jensen's inequality, over the rows that the pair covers."""
    share = np.concatenate([covered[i].rows for i in pair])
    weights = np.concatenate([covered[i].weights for i in pair])
    points = objective.rows.local(share)
    both, one = merged(mixture, pair)
    change = engine.log_density(points, both.parameters) - engine.log_density(points, one.parameters)
    return float(weights @ change)


def merging_bounds(mixture: Mixture) -> FloatArray:
    """Return Runnalls' bound of what merging each pair costs, shape (k, k), infinite on the diagonal."""
    k, d = mixture.n_components, mixture.n_features
    weights, C = mixture.weights, mixture.covariances
    total = np.maximum(weights[:, None] + weights, np.finfo(np.float64).tiny)
    share = weights / total
    between = share * (1.0 - share)
    gaps = mixture.means[None] - mixture.means[:, None]
    if mixture.covariance_type == "tied":
        # log det(S + c g g') = log det S + log(1 + c g' S^-1 g), for the covariance that all share
        squared = ((gaps @ mixture.parameters.factors) ** 2).sum(axis=2)
        cost = 0.5 * np.log1p(total * between * squared)
    elif mixture.covariance_type == "full":
        both = _mixed(C, share) + between[..., None, None] * gaps[..., :, None] * gaps[..., None, :]
        cost = _bound(np.linalg.slogdet(both)[1], np.linalg.slogdet(C)[1], weights, total)
    elif mixture.covariance_type == "diag":
        both = _mixed(C, share) + between[..., None] * gaps**2
        cost = _bound(np.log(both).sum(axis=2), np.log(C).sum(axis=1), weights, total)
    else:
        both = _mixed(C, share) + between * (gaps**2).mean(axis=2)
        cost = _bound(d * np.log(both), d * np.log(C), weights, total)
    cost[np.arange(k), np.arange(k)] = np.inf
    return cost


def _mixed(covariances: FloatArray, share: FloatArray) -> FloatArray:
    share = share.reshape(share.shape + (1,) * (covariances.ndim - 1))
    return (1.0 - share) * covariances[:, None] + share * covariances[None]


def _bound(both: FloatArray, single: FloatArray, weights: FloatArray, total: FloatArray) -> FloatArray:
    parts = weights * single
    return 0.5 * (total * both - parts[:, None] - parts)
