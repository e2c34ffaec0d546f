"""What components of fits are compared by, whether two fits are one, and components put together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.landscape.points.orbits import touching
from gmmscape.matching import match_means
from gmmscape.mixture import Mixture
from gmmscape.tolerances import TOLERANCES


def features(mixture: Mixture) -> FloatArray:
    """Return what components are matched by: means in the fit's standard deviation, logs of weight and width.

    Shape (k, d + 2); the unit is the root of the average variance.
    """
    variances = mixture.column_variances().mean(axis=1)
    unit = float(np.sqrt(mixture.weights @ variances))
    logs = np.log(np.maximum(mixture.weights, np.finfo(np.float64).tiny))
    return np.column_stack([mixture.means / unit, logs, 0.5 * np.log(variances / unit**2)])


def same_fit(one: Mixture, other: Mixture, within: float = TOLERANCES.freedom.same) -> bool:
    """Say whether two fits are one up to the order of their components."""
    return order_of_same(one, other, within) is not None


def order_of_same(one: Mixture, other: Mixture, within: float) -> IntArray | None:
    """Return the order of the components of a fit in which it is another one, or None where it is not."""
    if one.n_components != other.n_components:
        return None
    order, distance = match_means(features(one), features(other))
    if distance > within:
        return None
    mine, theirs = one.full_covariances()[order], other.full_covariances()
    size = np.trace(theirs, axis1=1, axis2=2)[:, None, None]
    return order if np.abs((mine - theirs) / size).max() <= within else None


def coincident(mixture: Mixture, within: float) -> tuple[tuple[int, ...], ...]:
    """Return the groups of components that are linked by distances of at most `within`, of two or more.

    Weights do not count: components in one place may share theirs in any way, where they are free.
    """
    k, covariances = mixture.n_components, mixture.full_covariances()
    shapes = covariances / np.trace(covariances, axis1=1, axis2=2)[:, None, None]
    at = np.column_stack([features(mixture)[:, [*range(mixture.n_features), -1]], shapes.reshape(k, -1)])
    return tuple(tuple(group) for group in touching(at, within) if len(group) > 1)


def made_equal(mixture: Mixture, groups: Sequence[Sequence[int]], *, shared: bool) -> Mixture:
    """Return the mixture with the components of each group averaged; their weights too if `shared`."""
    weights, means, covariances = (
        np.array(part) for part in (mixture.weights, mixture.means, mixture.covariances)
    )
    parts = [means, *([] if mixture.covariance_type == "tied" else [covariances])]
    parts += [weights] if shared else []
    for group in groups:
        at = list(group)
        for part in parts:
            part[at] = part[at].mean(axis=0)
    return Mixture(weights, means, covariances, mixture.covariance_type)


class Together(NamedTuple):
    """A fit whose components that nearly coincide are put together, moments kept, and which they are."""

    fit: Mixture
    groups: tuple[tuple[int, ...], ...]

    @property
    def counts(self) -> IntArray:
        """How many components are in each place."""
        return np.array([len(group) for group in self.groups])


def together(mixture: Mixture) -> Together:
    """Return the fit with components that nearly coincide put together."""
    at = features(mixture)[:, [*range(mixture.n_features), -1]]
    covariances, left = mixture.full_covariances(), list(range(mixture.n_components))
    weights, means, spreads = list[float](), list[FloatArray](), list[FloatArray]()
    groups = list[tuple[int, ...]]()
    while left:
        near = [i for i in left if np.linalg.norm(at[i] - at[left[0]]) <= TOLERANCES.freedom.coincident]
        left = [i for i in left if i not in near]
        share = mixture.weights[near] / mixture.weights[near].sum()
        mean = share @ mixture.means[near]
        away = mixture.means[near] - mean
        weights.append(float(mixture.weights[near].sum()))
        means.append(mean)
        spreads.append(np.einsum("s,sij->ij", share, covariances[near]) + (share[:, None] * away).T @ away)
        groups.append(tuple(near))
    return Together(Mixture(weights, np.array(means), np.array(spreads)), tuple(groups))
