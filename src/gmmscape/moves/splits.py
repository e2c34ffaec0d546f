"""How components would best be split: small mixtures of two, fitted to what each covers.

By Jensen's inequality the fall of that small problem's NLL, times the component's weight, is no more than
what the whole mixture gains, apart from rows of responsibility below `covered.COVERED`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray, IntArray
from gmmscape.effort import EFFORT
from gmmscape.mixture import Mixture
from gmmscape.moves.component_rows import Parts
from gmmscape.moves.moves import Children, Move, Removal, Split
from gmmscape.moves.split_starts import pairs, split_starts
from gmmscape.moves.subproblems import AS_IT_IS, SmallProblems, best_of_each, joined
from gmmscape.objective import SampleObjective
from gmmscape.solve import Small
from gmmscape.tolerances import TOLERANCES

EPS = float(np.finfo(np.float64).eps)


class SplitProposals(NamedTuple):
    """Ways to split components.

    Attributes
    ----------
    splits : list of Split
        At most two of each component: the best with children in one cluster, and the best of the others.
    overloaded : ndarray of bool, shape (k,)
        Components that hold several clusters, as `overloaded` says.
    """

    splits: list[Split]
    overloaded: BoolArray


def propose_splits(objective: SampleObjective, parts: Parts, rng: np.random.Generator) -> SplitProposals:
    """Return ways to split each component.

    A covariance that both children share keeps cores and halos away; what it finds is then set free, beside a
    core in a halo.
    """
    small = SmallProblems(objective, parts)
    if not small.usable.any():
        return SplitProposals([], np.zeros(len(small), dtype=bool))
    which, starts = split_starts(small, small.random_starts, small.together, rng)
    shared = small.family.kind.shared
    which, ends, nll = small.best_fitted(which, starts, 1 if shared else EFFORT.moves.freed)
    over = _gains_by_several(small, which, nll)
    if shared:
        return SplitProposals(_splits(small, which, ends, nll), over)
    of_cores, starts = _cores(small)
    again = of_cores
    if small.together.shared:
        # Set free, one over several clusters can become as wide as a halo: the shared form is kept too.
        again = np.concatenate([which, of_cores])
        ends = pairs(ends.weights, ends.means, ends.covariances, small.family, small.family.kind)
        starts = joined(ends, starts)
        _, nll = small.fitted(which, ends, AS_IT_IS)
    freed, lower = small.fitted(again, starts)
    ends, which, nll = joined(ends, freed), np.concatenate([which, again]), np.concatenate([nll, lower])
    nll = np.where(_resting(small, which, ends), nll, np.inf)
    inside, ended = np.zeros(len(nll), dtype=bool), np.flatnonzero(np.isfinite(nll))
    inside[ended] = _nested(ends.chosen(ended))
    best = np.concatenate(
        [best_of_each(which, np.where(inside == kind, nll, np.inf), 1) for kind in (False, True)]
    )
    splits = _splits(small, which[best], ends.chosen(best), nll[best])
    return SplitProposals(_reconsidered(small, splits, over, rng), over)


def overloaded(objective: SampleObjective, parts: Parts, rng: np.random.Generator) -> BoolArray:
    """Say which parts hold several clusters: with one covariance, two gain twice what BIC asks for."""
    small = SmallProblems(objective, parts)
    if not small.usable.any():
        return np.zeros(len(small), dtype=bool)
    which, _, nll = small.best_fitted(*split_starts(small, small.random_starts, small.together, rng), 1)
    return _gains_by_several(small, which, nll)


def _gains_by_several(small: SmallProblems, which: IntArray, nll: FloatArray) -> BoolArray:
    """Which parts gain enough by two components that began with one covariance."""
    lowest = np.full(len(small), np.inf)
    np.minimum.at(lowest, which, nll)
    with np.errstate(invalid="ignore"):
        gain = small.mass * (small.single_value - lowest)
    return gain > np.maximum(least_gain(small.objective), TOLERANCES.moves.least_each * small.mass)


def least_gain(objective: SampleObjective) -> float:
    """Return what one component more has to gain by twice BIC's measure, nats per unit mass."""
    d, rows = objective.measure.n_varying, objective.measure.effective_rows
    parameters = objective.family.n_parameters(2, d) - objective.family.n_parameters(1, d)
    return parameters * float(np.log(rows)) / rows


def propose_resplits(
    objective: SampleObjective,
    mixture: Mixture,
    pairs: Sequence[Removal],
    parts: Parts,
    rng: np.random.Generator,
) -> list[Move]:
    """Return other ways for neighbours to share what they cover: each pair merged, and what comes of it
    split.

    At most two a pair. Their estimates are over the two as they are, and positive; with tied covariances,
    where a pair by itself says little, over the merger.
    """
    if not pairs:
        return []
    couples = np.array([removal.components for removal in pairs])
    small = SmallProblems(objective, parts.taken(couples, EFFORT.moves.resplit_rows))
    if not small.usable.any():
        return []
    starts = split_starts(small, EFFORT.moves.resplit_starts, small.family.kind, rng)
    which, ends, nll = small.best_fitted(*starts, 2)
    costs = np.array([removal.cost for removal in pairs])
    if not small.family.kind.shared:  # so that the estimate is the fall from the two as they are
        with np.errstate(invalid="ignore"):
            costs = small.mass * (small.single_value - as_they_are(small, mixture, couples))
        costs = np.where(np.isfinite(costs), costs, np.inf)
    moves = []
    for split in _splits(small, which, ends, nll):
        part = split.component
        move = Move(
            split._replace(component=int(couples[part, 0])), Removal(pairs[part].components, costs[part])
        )
        moves.append(move)
    return moves


def as_they_are(small: SmallProblems, mixture: Mixture, couples: IntArray) -> FloatArray:
    """Return the NLL of couples of components (p, 2) on the rows of both, per unit mass, shape (p,).

    Not for tied covariances.
    """
    weights = mixture.weights[couples]
    total = weights.sum(axis=1, keepdims=True)
    share = np.where(total > 0, weights / np.where(total > 0, total, 1.0), 0.5)
    now = Small(share, mixture.means[couples], mixture.covariances[couples], mixture.kind)
    filled = np.flatnonzero(small.parts.sizes)
    nll = np.full(len(couples), np.inf)
    nll[filled] = small.fitted(filled, now.chosen(filled), AS_IT_IS)[1]
    return nll


def _cores(small: SmallProblems) -> tuple[IntArray, Small]:
    """A core in a halo for each part, and the parts."""
    family = small.family
    parts = np.flatnonzero(small.usable)
    single, d = small.single[parts], small.means.shape[1]
    if single.ndim < 3:
        single = np.broadcast_to(single.reshape(len(parts), -1), (len(parts), d))[:, :, None] * np.eye(d)
    cores = pairs(
        np.full((len(parts), 2), 0.5),
        np.repeat(small.means[parts][:, None], 2, axis=1),
        np.array([0.4, 1.6])[None, :, None, None] * single[:, None],
        family,
        family.kind,
    )
    return parts, cores


def _reconsidered(
    small: SmallProblems, splits: list[Split], over: BoolArray, rng: np.random.Generator
) -> list[Split]:
    """The same, where nested children stay so only if the wider is a halo and not over several clusters.

    Only of parts that hold several clusters: of others no child does.
    """
    doubtful = [at for at, split in enumerate(splits) if split.nested and over[split.component]]
    rows, weights = [], []
    for at in doubtful:
        two = splits[at].children
        children = Mixture(two.weights, two.means, two.covariances, small.family.kind.name)
        wider = int(children.column_variances().sum(axis=1).argmax())
        place = small.place(splits[at].component)
        posterior = small.held.responsibilities(children, place)[:, wider]
        kept = np.flatnonzero(posterior >= TOLERANCES.moves.covered)
        rows.append(kept + place.start)
        weights.append(small.mass[splits[at].component] * small.held.weights[rows[-1]] * posterior[kept])
    if doubtful:
        ends = np.concatenate([[0], np.cumsum([len(own) for own in weights])]).astype(np.int64)
        parts = Parts(small.held.taken(np.concatenate(rows), np.concatenate(weights)), ends)
        for at, more in zip(doubtful, overloaded(small.objective, parts, rng), strict=True):
            splits[at] = splits[at]._replace(nested=not more)
    return splits


def _resting(small: SmallProblems, which: IntArray, two: Small) -> BoolArray:
    """Whether both of two components rest on enough rows; what is gained on fewer does not count."""
    rows = small.mass[which] * two.weights.min(axis=1) / small.objective.measure.heaviest_row
    return rows > small.fewest_rows


def _nested(two: Small) -> BoolArray:
    """Whether the mean of one lies within `REACH` standard deviations of the other, shape (b,)."""
    gap = two.means[:, 1] - two.means[:, 0]
    squared = [two.kind.squared_lengths(gap, two.covariances[:, i]) for i in range(2)]
    return np.minimum(*squared) < TOLERANCES.moves.nesting_reach**2


def _splits(small: SmallProblems, which: IntArray, ends: Small, nll: FloatArray) -> list[Split]:
    """Proposals, with the part as the component."""
    shared = small.family.kind.shared
    inside = np.zeros(len(nll), dtype=bool) if shared else _nested(ends)
    gains = small.mass[which] * (small.single_value[which] - nll)
    # Mirror-image starts end alike: the order of the children must not be left to rounding.
    gap = ends.means[:, 1] - ends.means[:, 0]
    leading = np.take_along_axis(gap, (gap != 0).argmax(axis=1)[:, None], axis=1)[:, 0]
    order = np.where(leading[:, None] < 0, [1, 0], [0, 1])
    found = []
    for at in np.flatnonzero(_definite(ends)).tolist():
        part, places = int(which[at]), order[at]
        covariances = ends.covariances[at] if shared else ends.covariances[at, places]
        children = Children(ends.weights[at, places], ends.means[at, places], covariances)
        shed = small.single[part] - covariances if shared else None
        found.append(Split(part, children, shed, float(gains[at]), bool(inside[at])))
    return found


def _definite(ends: Small) -> BoolArray:
    """Which have covariances that float64 can invert."""
    b, d = ends.weights.shape[0], ends.means.shape[2]
    if ends.covariances.ndim - (not ends.kind.shared) < 3:  # variances
        return np.asarray((ends.covariances > 0).reshape(b, -1 if b else 0).all(axis=1))
    values = np.linalg.eigvalsh(ends.covariances.reshape(b, 1 if ends.kind.shared else 2, d, d))
    return np.asarray((values[..., 0] > EPS * values[..., -1]).all(axis=1))
