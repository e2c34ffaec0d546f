"""Moves: a component is split, and the slot it needs comes from merging or deleting others.

Merging keeps weight, mean and covariance of the pair, the term between the means included; splitting takes
two components that were fitted to what the component covers. A covariance shared by all (tied) gains and
loses the same terms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.covariances import CovarianceKind
from gmmscape.exceptions import InvalidParameterError
from gmmscape.families import Family
from gmmscape.mixture import Mixture
from gmmscape.solve import Small


class Children(NamedTuple):
    """Two components as plain arrays, as `Mixture` has them.

    Attributes
    ----------
    weights : ndarray of shape (2,)
        Relative to each other.
    means : ndarray of shape (2, d)
        Means.
    covariances : ndarray
        As the family stores them.
    """

    weights: FloatArray
    means: FloatArray
    covariances: FloatArray


class Split(NamedTuple):
    """A proposal of two components in the place of one.

    Attributes
    ----------
    component : int
        Which one.
    children : Children or Mixture
        Two components, weights relative to each other.
    shed : ndarray of shape (d, d) or None
        Tied covariances: what the covariance of the component's rows loses, to be weighted by its weight.
    gain : float
        Predicted, nats per unit mass.
    nested : bool
        Whether the children share one cluster (see `nesting`).
    """

    component: int
    children: Children | Mixture
    shed: FloatArray | None
    gain: float
    nested: bool


class Removal(NamedTuple):
    """A proposal to free a slot.

    Attributes
    ----------
    components : tuple of int
        A pair to merge into its first, or a single one to delete.
    cost : float
        Predicted loss, nats per unit mass.
    """

    components: tuple[int, ...]
    cost: float


@dataclass(frozen=True)
class Move:
    """One component split into a slot that a removal frees.

    Attributes
    ----------
    split : Split
        What is split.
    removal : Removal
        What is merged or deleted.
    """

    split: Split
    removal: Removal

    @property
    def estimate(self) -> float:
        """Gain to expect, nats per unit mass; what moves are ranked by."""
        return self.split.gain - self.removal.cost

    @property
    def touched(self) -> frozenset[int]:
        """Components that the move changes."""
        return frozenset((self.split.component, *self.removal.components))


def applied(mixture: Mixture, family: Family, moves: Sequence[Move]) -> Mixture | None:
    """Return the mixture after disjoint moves, before any EM step; None if it leaves the family.

    The first child stays in the place of its parent, the second takes the freed slot, and a merged pair keeps
    the place of its first: components that no move touches keep their index.
    """
    weights, means = mixture.weights.copy(), mixture.means.copy()
    covariances = mixture.covariances.copy()
    for move in moves:
        b, freed = move.removal.components[0], move.removal.components[-1]
        if b != freed:
            weights, means, covariances = with_merged(weights, means, covariances, family.kind, b, freed)
        weights[freed] = 0.0
    for move in moves:
        a, slot, children = move.split.component, move.removal.components[-1], move.split.children
        if family.kind.shared:
            assert move.split.shed is not None
            covariances = covariances - weights[a] * move.split.shed
        else:
            covariances[[a, slot]] = children.covariances
        means[[a, slot]] = children.means
        weights[[a, slot]] = weights[a] * children.weights
    try:
        return family.made(weights / weights.sum(), means, covariances)
    except InvalidParameterError:
        return None


def applied_each(mixture: Mixture, family: Family, moves: Sequence[Move]) -> Small:
    """Return what each of some moves makes by itself, as `applied` does, unchecked."""
    kind, each = family.kind, np.arange(len(moves))
    weights, means, covariances = (
        np.repeat(part[None], len(moves), axis=0)
        for part in (mixture.weights, mixture.means, mixture.covariances)
    )
    removed = np.array([(move.removal.components[0], move.removal.components[-1]) for move in moves])
    kept, freed = removed.T
    parent = np.array([move.split.component for move in moves])
    pair = np.flatnonzero(kept != freed)
    if len(pair):
        total, mean, covariance = merged(
            mixture.weights, mixture.means, mixture.covariances, kind, removed[pair]
        )
        weights[pair, kept[pair]], means[pair, kept[pair]] = total, mean
        if kind.shared:
            covariances[pair] += covariance
        else:
            covariances[pair, kept[pair]] = covariance
    places, children = np.stack([parent, freed], axis=1), [move.split.children for move in moves]
    whole = weights[each, parent]
    if kind.shared:
        covariances -= whole[:, None, None] * np.stack([move.split.shed for move in moves])  # type: ignore[misc]
    else:
        covariances[each[:, None], places] = np.stack([two.covariances for two in children])
    means[each[:, None], places] = np.stack([two.means for two in children])
    weights[each[:, None], places] = whole[:, None] * np.stack([two.weights for two in children])
    weights /= weights.sum(axis=1, keepdims=True)
    return Small(weights, means, family.lifted_each(weights, covariances), kind)


def with_merged(
    weights: FloatArray,
    means: FloatArray,
    covariances: FloatArray,
    kind: CovarianceKind,
    kept: int,
    gone: int,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return components of which one stands for two, and the other, still in its place, has no weight."""
    total, mean, covariance = merged(weights, means, covariances, kind, np.array([[kept, gone]]))
    weights, means = weights.copy(), means.copy()
    weights[[kept, gone]], means[kept] = [total[0], 0.0], mean[0]
    if kind.shared:
        return weights, means, covariances + covariance[0]
    covariances = covariances.copy()
    covariances[kept] = covariance[0]
    return weights, means, covariances


def with_split(
    weights: FloatArray,
    means: FloatArray,
    covariances: FloatArray,
    kind: CovarianceKind,
    split: Split,
    component: int,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return components of which one was split: its first child is in its place, the second behind all."""
    children, whole = split.children, weights[component]
    weights = np.append(weights, whole * children.weights[1])
    weights[component] = whole * children.weights[0]
    means = np.vstack([means, children.means[1]])
    means[component] = children.means[0]
    if kind.shared:
        assert split.shed is not None
        return weights, means, covariances - whole * split.shed
    covariances = np.concatenate([covariances, children.covariances[1:]])
    covariances[component] = children.covariances[0]
    return weights, means, covariances


def merged(
    weights: FloatArray, means: FloatArray, covariances: FloatArray, kind: CovarianceKind, pairs: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return what merging each pair of components would make of it.

    Parameters
    ----------
    weights, means, covariances : ndarray
        Of the mixture.
    kind : CovarianceKind
        How the covariances are stored.
    pairs : ndarray of int, shape (p, 2)
        Which components.

    Returns
    -------
    tuple of ndarray
        Weights (p,), means (p, d) and covariances (p, ...), which keep the moments of the pair; for tied
        covariances what each merger adds to the one they all share, (p, d, d).
    """
    b, c = pairs.T
    total = weights[b] + weights[c]
    share = np.divide(weights[c], total, out=np.zeros(len(pairs)), where=total > 0)
    gap = means[c] - means[b]
    between = share * (1.0 - share)
    mean = means[b] + share[:, None] * gap
    with np.errstate(over="ignore", invalid="ignore"):  # of what is not finite no mixture is made
        if kind.shared:
            return total, mean, (total * between)[:, None, None] * gap[:, :, None] * gap[:, None, :]
        spread = kind.spread(gap)
    shape = (-1,) + (1,) * (spread.ndim - 1)
    share, between = share.reshape(shape), between.reshape(shape)
    inside = (1.0 - share) * covariances[b] + share * covariances[c]
    if covariances.ndim < 3:  # parts of the smallest numbers are none, but their average is one of them
        inside = np.where(inside > 0.0, inside, np.minimum(covariances[b], covariances[c]))
    with np.errstate(over="ignore", invalid="ignore"):
        return total, mean, inside + np.where(between > 0.0, between * spread, 0.0)
