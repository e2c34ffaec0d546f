"""Squared extrapolation of EM steps (SQUAREM scheme S3 of Varadhan and Roland, Scand. J. Stat. 2008)."""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.covariances import CovarianceKind
from gmmscape.exceptions import InvalidParameterError
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective


def extrapolate(objective: Objective, first: Mixture, second: Mixture, third: Mixture) -> Mixture | None:
    """Return the extrapolation of three points joined by EM steps.

    None where it would not be longer than the steps themselves, or so long that float64 does not hold it, or
    would leave the family: a weight that is not positive, a covariance that is not positive definite.
    """
    kind = first.kind
    scale = own_units(objective, kind)
    step = _difference(first, second)
    turn = _subtract(_difference(second, third), step)
    bend = _length(turn, scale, kind)
    if bend == 0.0:
        return None
    alpha = _length(step, scale, kind) / bend
    if not 1.0 < alpha < np.inf:
        return None
    parts = [
        x + 2 * alpha * s + alpha * alpha * t
        for x, s, t in zip((first.weights, first.means, first.covariances), step, turn, strict=True)
    ]
    weights, means, covariances = parts
    if weights.min() <= 0:
        return None
    try:
        return objective.admissible(Mixture(weights, means, covariances, first.covariance_type))
    except InvalidParameterError:
        return None


Parts = tuple[FloatArray, FloatArray, FloatArray]


def _difference(before: Mixture, after: Mixture) -> Parts:
    return (
        after.weights - before.weights,
        after.means - before.means,
        after.covariances - before.covariances,
    )


def _subtract(a: Parts, b: Parts) -> Parts:
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


def own_units(objective: Objective, kind: CovarianceKind) -> FloatArray:
    """Return a matrix W such that rows times W are in the data's own units.

    Its group is that of the family (rotations and one scale, column scales, or any linear map), so that
    step lengths, and with them the whole path, do not depend on the coordinates.
    """
    return kind.units(objective.measure.covariance)


def _length(parts: Parts, scale: FloatArray, kind: CovarianceKind) -> float:
    weights, means, covariances = parts
    with np.errstate(over="ignore", invalid="ignore"):  # no length that float64 cannot hold is extrapolated
        scaled = kind.in_units(covariances, scale)
        return float(np.sqrt((weights**2).sum() + ((means @ scale) ** 2).sum() + (scaled**2).sum()))
