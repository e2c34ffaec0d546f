"""One component fewer or more: starts from a fit by its cheapest removals and its best splits."""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError
from gmmscape.mixture import Mixture
from gmmscape.moves.births import with_one_born
from gmmscape.moves.component_rows import Covered
from gmmscape.moves.moves import Removal, Split, with_merged, with_split
from gmmscape.moves.removals import propose_removals
from gmmscape.moves.splits import SplitProposals, propose_splits
from gmmscape.objective import SampleObjective
from gmmscape.tolerances import TOLERANCES


def with_one_fewer(
    objective: SampleObjective, fit: Mixture, covered: Covered, most: int, dearest: float = np.inf
) -> list[Mixture]:
    """Return starts with one component fewer, cheapest removal first.

    Parameters
    ----------
    objective : SampleObjective
        Of a sample and a family with free covariances.
    fit : Mixture
        In local coordinates, of two components at least.
    covered : Covered
        What they cover.
    most : int
        Starts at most.
    dearest : float
        Removals expected to cost more, in nats per unit mass, are left out.

    Returns
    -------
    list of Mixture
        In local coordinates.
    """
    removals = [r for r in propose_removals(objective, fit, covered) if r.cost <= dearest][:most]
    made = [_without(objective, fit, removal) for removal in removals]
    return [start for start in made if start is not None]


def with_one_more(
    objective: SampleObjective,
    fit: Mixture,
    covered: Covered,
    rng: np.random.Generator,
    most: int,
    *,
    separate: bool = False,
    proposed: SplitProposals | None = None,
) -> list[Mixture]:
    """Return starts with one component more, best split first.

    Parameters
    ----------
    objective : SampleObjective
        Of a sample and a family with free covariances.
    fit : Mixture
        In local coordinates.
    covered : Covered
        What its components cover.
    rng : numpy.random.Generator
        Of the splits' starts.
    most : int
        Starts at most.
    separate : bool, default=False
        Only into clusters of their own, no cores in halos, and only where each row gains 0.1 nats: clusters
        that are not quite Gaussian bring less.
    proposed : SplitProposals, optional
        Splits of this fit, where these are known.

    Returns
    -------
    list of Mixture
        In local coordinates; last those with a component born in the background, if there is one.
    """
    movable = objective.family.movable(fit.n_components)
    found = proposed or propose_splits(objective, covered.parts, rng)
    splits = [s for s in found.splits if s.gain > 0.0 and movable[s.component]]
    if separate:
        mass = covered.parts.mass
        splits = [
            s for s in splits if not s.nested and s.gain > TOLERANCES.moves.least_each * mass[s.component]
        ]
    splits.sort(key=lambda split: -split.gain)
    made = [_split(objective, fit, split) for split in splits[:most]]
    return [start for start in made if start is not None] + with_one_born(objective, fit, rng)


def _without(objective: SampleObjective, fit: Mixture, removal: Removal) -> Mixture | None:
    weights, means, covariances = fit.weights, fit.means, fit.covariances
    b, gone = removal.components[0], removal.components[-1]
    if b != gone:
        weights, means, covariances = with_merged(weights, means, covariances, fit.kind, b, gone)
    kept = np.arange(len(weights)) != gone
    return _admissible(objective, weights[kept], means[kept], fit.kind.chosen(covariances, kept))


def _split(objective: SampleObjective, fit: Mixture, split: Split) -> Mixture | None:
    parts = with_split(fit.weights, fit.means, fit.covariances, fit.kind, split, split.component)
    return _admissible(objective, *parts)


def _admissible(
    objective: SampleObjective, weights: FloatArray, means: FloatArray, covariances: FloatArray
) -> Mixture | None:
    try:
        return objective.family.made(weights / weights.sum(), means, covariances)
    except InvalidParameterError:
        return None
