"""The clusters that a fit speaks of, where the number of components is wrong.

A component that two of one covariance fit better by twice what BIC asks for sits on several clusters, and
stands for its parts. Two that BIC would merge share one. Both happen at the best optimum too.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray, IntArray
from gmmscape.covariances import CovarianceKind
from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError
from gmmscape.mixture import Mixture
from gmmscape.moves.component_rows import Covered, covered_by
from gmmscape.moves.moves import Split, with_merged, with_split
from gmmscape.moves.removals import propose_removals
from gmmscape.moves.splits import SplitProposals, least_gain, overloaded, propose_splits
from gmmscape.objective import SampleObjective


class Clusters(NamedTuple):
    """A fit with its overloaded components split, and pairs that share a cluster merged.

    Attributes
    ----------
    mixture : Mixture
        Components keep their places; further ones stand behind. Of a merged pair the lighter is empty.
    untouched : ndarray of bool, shape (k,)
        Components of the fit that stand for one cluster by themselves.
    """

    mixture: Mixture
    untouched: BoolArray


def clusters(
    objective: SampleObjective, fit: Mixture, seed: int = 0, proposed: SplitProposals | None = None
) -> Clusters:
    """Return the clusters that a fit (local coordinates) speaks of. Cost of passes and of small fits.

    `proposed` are splits of its components, where there are some already.
    """
    k = fit.n_components
    untouched = np.ones(k, dtype=bool)
    whole = fit
    for number in range(EFFORT.diagnosis.cluster_rounds):
        rng = np.random.default_rng([seed, number])
        if number == 0 and proposed is not None:
            over, found = np.flatnonzero(proposed.overloaded), proposed.splits
        else:
            over, found = _overloaded(objective, whole, rng)
        separate = [split for split in found if not split.nested and split.component in over]
        # Of two ways to split one component, the better.
        splits = {split.component: split for split in sorted(separate, key=lambda split: split.gain)}
        if not splits:
            break
        for component in sorted(splits):
            whole = _split(whole, splits[component], component)
        untouched[over[over < k]] = False
    covered = covered_by(objective, whole)
    for i, j in _shared(objective, whole, covered):
        if whole.weights[i] > 0 and whole.weights[j] > 0:
            # The heavier one keeps its place, whatever the order of the components.
            heavier_first = (i, j) if whole.weights[i] >= whole.weights[j] else (j, i)
            joined = _merged(whole, np.array(heavier_first))
            if joined is not None:
                whole = joined
                untouched[[one for one in (i, j) if one < k]] = False
    return Clusters(whole, untouched)


def _overloaded(
    objective: SampleObjective, whole: Mixture, rng: np.random.Generator
) -> tuple[IntArray, list[Split]]:
    """Components on several clusters, and splits of these."""
    parts = covered_by(objective, whole).parts
    over = np.flatnonzero(overloaded(objective, parts, rng) & (whole.weights > 0))
    if len(over) == 0:
        return over, []
    splits = propose_splits(objective, parts.taken(over), rng).splits
    return over, [split._replace(component=int(over[split.component])) for split in splits]


def _shared(objective: SampleObjective, fit: Mixture, covered: Covered) -> IntArray:
    """Pairs that BIC would merge, cheapest first, shape (p, 2)."""
    if fit.n_components == 1:
        return np.empty((0, 2), dtype=np.int64)
    pairs = [r for r in propose_removals(objective, fit, covered) if len(r.components) == 2]
    costs = [removal.cost for removal in pairs]
    if fit.kind.shared:
        pairs = pairs[: fit.n_components]
        costs = [_cost(fit, np.array(removal.components), covered) for removal in pairs]
    least = 0.5 * least_gain(objective)
    kept = [r.components for r, cost in zip(pairs, costs, strict=True) if cost < least]
    return np.array(kept, dtype=np.int64).reshape(-1, 2)


def _cost(fit: Mixture, pair: IntArray, covered: Covered) -> float:
    """What merging a pair costs right away, on rows."""
    joined = _merged(fit, pair)
    return float("inf") if joined is None else covered.ranking.nll(joined) - covered.ranking.nll(fit)


def _merged(fit: Mixture, pair: IntArray) -> Mixture | None:
    kept, gone = pair.tolist()
    kind = fit.kind
    return _mixture(*with_merged(fit.weights, fit.means, fit.covariances, kind, kept, gone), kind)


def _split(fit: Mixture, split: Split, component: int) -> Mixture:
    kind = fit.kind
    return _mixture(*with_split(fit.weights, fit.means, fit.covariances, kind, split, component), kind) or fit


def _mixture(
    weights: FloatArray, means: FloatArray, covariances: FloatArray, kind: CovarianceKind
) -> Mixture | None:
    try:
        return Mixture(weights / weights.sum(), means, covariances, kind.name)
    except InvalidParameterError:
        return None
