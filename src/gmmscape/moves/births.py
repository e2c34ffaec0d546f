"""Components born in the background: where rows that it has taken lie close together, there may be a cluster.

A component's rows tell how to split it; what the background has swallowed belongs to none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError
from gmmscape.mixture import Mixture
from gmmscape.moves.degeneracy import rows_for_covariance
from gmmscape.moves.moves import Removal, with_merged
from gmmscape.objective import SampleObjective


class Born(NamedTuple):
    """A component that might be born.

    Attributes
    ----------
    weight : float
        Share of the rows that it would begin with.
    mean : ndarray of shape (d,)
        Of these rows.
    scatter : ndarray of shape (d, d)
        Their covariance.
    """

    weight: float
    mean: FloatArray
    scatter: FloatArray


def births(objective: SampleObjective, here: Mixture, rng: np.random.Generator) -> list[Born]:
    """Return components that might be born in the background, densest first; none without one.

    Of the rows that are the background's, `EFFORT.moves.birth_rows` are looked at. A place is one of them
    with its nearest, as many as give a component a covariance twice, or a share of them all; those of the
    smallest balls come first, and no two overlap. Rows with missing values are not looked at.
    """
    rows, weight = objective.rows, objective.rows.background_weight(here)
    if weight == 0.0:
        return []
    own = [rows.responsibilities(here, place).sum(axis=1) for place, _, _ in rows.blocks()]
    left = np.maximum(1.0 - np.concatenate(own), 0.0)
    mine = np.flatnonzero(left > 0.5)
    if rows.incomplete:
        mine = mine[~np.isnan(rows.local(mine)).any(axis=1)]
    if len(mine) > EFFORT.moves.birth_rows:
        mine = np.sort(rng.choice(mine, EFFORT.moves.birth_rows, replace=False))
    d = here.n_features
    size = max(2 * rows_for_covariance(here.kind.own, d), int(EFFORT.moves.birth_share * len(mine)))
    if len(mine) < 2 * size:
        return []
    points, weights = rows.local(mine), rows.weights[mine] * left[mine]
    weights = weights * (weight / weights.sum())
    return _densest(points, weights, size)


def _densest(points: FloatArray, weights: FloatArray, size: int) -> list[Born]:
    """Groups of near rows, those in the smallest balls first; each row is in one group at most."""
    from scipy.spatial import cKDTree

    scale = points.std(axis=0)
    scaled = points / np.where(scale > 0, scale, 1.0)
    distance, near = cKDTree(scaled).query(scaled, size)
    found, taken = list[Born](), np.zeros(len(points), dtype=bool)
    for at in np.argsort(distance[:, -1], kind="stable"):
        if taken[near[at]].any():
            continue
        own = near[at]
        taken[own] = True
        mass = float(weights[own].sum())
        share = weights[own] / mass
        mean = share @ points[own]
        deviations = (points[own] - mean) * np.sqrt(share)[:, None]
        found.append(Born(mass, mean, deviations.T @ deviations))
        if len(found) == EFFORT.moves.births:
            break
    return found


def with_births(
    objective: SampleObjective, here: Mixture, born: Sequence[Born], removals: Sequence[Removal]
) -> list[Mixture]:
    """Return starts where a component that could be spared is given up for one that is born.

    For each birth the cheapest removals; a component keeps its index, and the born one takes the slot.
    """
    starts = []
    for one in born:
        for removal in removals[: EFFORT.moves.removals_for_birth]:
            kept, slot = removal.components[0], removal.components[-1]
            parts = here.weights, here.means, here.covariances
            if kept != slot:
                parts = with_merged(*parts, here.kind, kept, slot)
            start = _placed(objective, *parts, one, slot)
            if start is not None:
                starts.append(start)
    return starts


def with_one_born(objective: SampleObjective, here: Mixture, rng: np.random.Generator) -> list[Mixture]:
    """Return starts with one component more, born in the background."""
    kind, starts = here.kind, []
    for one in births(objective, here, rng):
        weights, means = np.append(here.weights, 0.0), np.vstack([here.means, one.mean])
        covariances = kind.with_more(here.covariances, kind.repeated(one.scatter, 1))
        start = _placed(objective, weights, means, covariances, one, len(weights) - 1)
        if start is not None:
            starts.append(start)
    return starts


def _placed(
    objective: SampleObjective,
    weights: FloatArray,
    means: FloatArray,
    covariances: FloatArray,
    one: Born,
    slot: int,
) -> Mixture | None:
    """The mixture with the born component in a slot; None where that makes none."""
    kind = objective.family.kind
    weights, means = weights.copy(), means.copy()
    weights[slot] = 0.0
    total = float(weights.sum())
    if total <= 0.0:
        return None
    weights *= (1.0 - one.weight) / total
    weights[slot], means[slot] = one.weight, one.mean
    if not kind.shared:
        covariances = covariances.copy()
        own = objective.family.smoothed(one.scatter, one.weight)
        covariances[slot] = kind.repeated(own, 1)[0]
    try:
        return objective.family.made(weights, means, covariances)
    except InvalidParameterError:
        return None
