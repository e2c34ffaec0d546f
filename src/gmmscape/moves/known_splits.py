"""Splits that stay what they were: after a move, most components cover what they covered before it."""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import IntArray
from gmmscape.mixture import Mixture
from gmmscape.moves.component_rows import Parts
from gmmscape.moves.splits import SplitProposals, propose_splits
from gmmscape.objective import SampleObjective, step_sizes
from gmmscape.tolerances import TOLERANCES


class KnownSplits:
    """Proposes splits of the components that have moved since theirs were proposed; knows those of the rest.

    Parameters
    ----------
    objective : SampleObjective
        Of a sample and a family with free covariances.
    """

    def __init__(self, objective: SampleObjective) -> None:
        self._objective = objective
        self._known: tuple[Mixture, SplitProposals] | None = None

    def proposed(self, here: Mixture, parts: Parts, rng: np.random.Generator) -> SplitProposals:
        """Return ways to split each component of a mixture.

        Parameters
        ----------
        here : Mixture
            In local coordinates; with as many components at each call.
        parts : Parts
            What they cover.
        rng : numpy.random.Generator
            Of the splits' starts.

        Returns
        -------
        SplitProposals
            As of `propose_splits`; what was known before as it was then.
        """
        if self._known is None:
            found = propose_splits(self._objective, parts, rng)
            self._known = here, found
            return found
        before, known = self._known
        moved = np.flatnonzero(step_sizes(before, here) > TOLERANCES.moves.unmoved)
        found = propose_splits(self._objective, parts.taken(moved), rng) if len(moved) else None
        whole = _joined(known, found, moved)
        self._known = _as_proposed(before, here, moved), whole
        return whole


def _joined(known: SplitProposals, found: SplitProposals | None, moved: IntArray) -> SplitProposals:
    """What is known of the components that did not move, and was found of those that did."""
    if found is None:
        return known
    again = set(moved.tolist())
    splits = [split for split in known.splits if split.component not in again]
    splits += [split._replace(component=int(moved[split.component])) for split in found.splits]
    overloaded = known.overloaded.copy()
    overloaded[moved] = found.overloaded
    return SplitProposals(sorted(splits, key=lambda one: (one.nested, one.component)), overloaded)


def _as_proposed(before: Mixture, here: Mixture, moved: IntArray) -> Mixture:
    """Each component where its splits were proposed, so that many small steps add up to a move."""
    weights, means = before.weights.copy(), before.means.copy()
    weights[moved], means[moved] = here.weights[moved], here.means[moved]
    covariances = here.covariances
    if not here.kind.shared:
        covariances = before.covariances.copy()
        covariances[moved] = here.covariances[moved]
    elif len(moved) < len(weights):
        covariances = before.covariances
    return Mixture(weights / weights.sum(), means, covariances, here.covariance_type)
