"""Which ends of EM are one optimum."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gmmscape.matching import match_means
from gmmscape.mixture import Mixture
from gmmscape.objective import SampleObjective, step_norm
from gmmscape.tolerances import TOLERANCES


def matched(mixture: Mixture, reference: Mixture, scale: np.ndarray) -> Mixture:
    """Return a mixture with its components in the order of those of another one.

    Parameters
    ----------
    mixture, reference : Mixture
        Of one shape.
    scale : ndarray of shape (d,)
        Unit of each column.

    Returns
    -------
    Mixture
        Whose means lie closest to those of the reference.
    """
    return mixture.permuted(match_means(mixture.means / scale, reference.means / scale)[0])


def halfway(one: Mixture, other: Mixture) -> Mixture:
    """Return the average of weights, means and covariances of two mixtures whose components correspond."""
    return Mixture(
        (one.weights + other.weights) / 2.0,
        (one.means + other.means) / 2.0,
        (one.covariances + other.covariances) / 2.0,
        one.covariance_type,
    )


def same_optimum(
    objective: SampleObjective, one: tuple[Mixture, float], other: tuple[Mixture, float], same: float
) -> bool:
    """Say whether two ends of EM are one optimum up to the order of the components.

    Their NLLs agree, and halfway between them the NLL is no higher: nothing that could be told from level
    ground divides them. On a ridge, where EM ends here and there, that joins what distances would not.

    That is another rule than the laboratory's for two points of a landscape, which goes by distance in
    sigma: fits have weights and covariances, no unit of length in common, and EM leaves them anywhere along
    a ridge.

    Parameters
    ----------
    objective : SampleObjective
        Of a sample.
    one, other : tuple of (Mixture, float)
        In local coordinates, with their NLL per unit mass.
    same : float
        Differences of the NLL up to this do not count.

    Returns
    -------
    bool
        Whether they are alike. Cost: at most one pass.
    """
    if abs(one[1] - other[1]) > same:
        return False
    ordered = matched(one[0], other[0], np.sqrt(_positive(objective.measure.variance)))
    if np.all(other[0].weights > 0) and step_norm(other[0], ordered) <= TOLERANCES.optima.close:
        return True
    between = objective.value(halfway(ordered, other[0]))
    return bool(between <= max(one[1], other[1]) + same)


def grouped(
    objective: SampleObjective,
    ends: Sequence[tuple[Mixture, float]],
    same: float,
    known: Sequence[list[int]] = (),
) -> list[list[int]]:
    """Return which ends belong together.

    Parameters
    ----------
    objective : SampleObjective
        Of a sample.
    ends : sequence of (Mixture, float)
        In local coordinates, with their NLL per unit mass.
    same : float
        See `same_optimum`.
    known : sequence of list of int, optional
        Groups that are there already.

    Returns
    -------
    list of list of int
        Places in `ends`, the lowest end of each group first; groups by rising NLL. Cost: a pass for each end
        and group whose NLLs agree without their parameters being the same.
    """
    groups = [list(group) for group in known]
    placed = {i for group in groups for i in group}
    for i in sorted(range(len(ends)), key=lambda i: ends[i][1]):
        if i in placed:
            continue
        for group in groups:
            if same_optimum(objective, ends[i], ends[group[0]], same):
                group.append(i)
                break
        else:
            groups.append([i])
    return sorted(groups, key=lambda group: ends[group[0]][1])


def _positive(variance: np.ndarray) -> np.ndarray:
    return np.where(variance > 0, variance, 1.0)
