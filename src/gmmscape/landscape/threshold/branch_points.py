"""Points of a branch read against their truths, and put together as a followed minimum."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.landscape.paths.truth_path import TruthPath, fitted_sigma
from gmmscape.landscape.threshold.result import FollowedMinimum
from gmmscape.mixture import Mixture
from gmmscape.structure.association import association
from gmmscape.structure.partition import best_stars
from gmmscape.structure.structure import decode
from gmmscape.tolerances import TOLERANCES

#: Parameter, and means in sigma, flattened.
Place = tuple[float, FloatArray]


class Reading(NamedTuple):
    """A minimum read against the truth of its parameter."""

    defect: float
    position_error: float


def read(landscapes: TruthPath, point: FloatArray, parameter: float) -> Reading:
    """Return defect and largest approximation error of a point."""
    fit, truth = _fit(landscapes, point, parameter), landscapes.truth(parameter)
    decoding = decode(fit, truth, sigma=fit.sigma)
    return Reading(decoding.defect, float(decoding.errors.max()))


def fine_defect(landscapes: TruthPath, point: FloatArray, parameter: float) -> float:
    """Return the defect of a point by a quadrature as fine as crossings are located with."""
    fit, truth = _fit(landscapes, point, parameter), landscapes.truth(parameter)
    return best_stars(association(fit, truth, TOLERANCES.threshold.fine_rtol))[1]


def _fit(landscapes: TruthPath, point: FloatArray, parameter: float) -> Mixture:
    sigma = fitted_sigma(landscapes.truth(parameter), landscapes.sigma)
    return Mixture.location(landscapes.means(point), sigma)


def defect_rtol(landscapes: TruthPath, parameter: float) -> float:
    """Return the accuracy that `fine_defect` reaches."""
    truth = landscapes.truth(parameter)
    reduced = truth.sigma is not None
    span = min(landscapes.n_features, max(landscapes.k - 1, 1)) if reduced else landscapes.n_features
    return (
        TOLERANCES.threshold.fine_rtol
        if span <= EFFORT.threshold.most_axes
        else TOLERANCES.threshold.sobol_error
    )


class Way(NamedTuple):
    """Points of a branch, ascending, each with its reading, and what ended it.

    Attributes
    ----------
    points : list of Place
        Parameters, and means in sigma.
    readings : list of Reading
        One for each.
    finish : str
        "fold", "pitchfork", "upper end", "lost" or "floor".
    error : float
        Of the last parameter, where it is a fold or a pitchfork.
    reason : str or None
        Why it was lost.
    """

    points: list[Place]
    readings: list[Reading]
    finish: str
    error: float = 0.0
    reason: str | None = None


def described(
    landscapes: TruthPath,
    way: Way,
    origin: str,
    end: str,
    at: int = -1,
    error: float = 0.0,
    reason: str | None = None,
) -> FollowedMinimum:
    """Return a way as a followed minimum in local coordinates; its end is the point at one of its places."""
    shape = (len(way.points), landscapes.k, landscapes.n_features)
    return FollowedMinimum(
        end=end,
        parameter=way.points[at][0],
        error=error,
        means=landscapes.means(way.points[at][1]),
        defect=way.readings[at].defect,
        position_error=way.readings[at].position_error,
        origin=origin,
        finish=way.finish,
        reason=reason or way.reason,
        parameters=np.array([parameter for parameter, _ in way.points]),
        branch_means=np.array([landscapes.means(point) for _, point in way.points]).reshape(shape),
        defects=np.array([reading.defect for reading in way.readings]),
        position_errors=np.array([reading.position_error for reading in way.readings]),
    )
