"""Which minima are one: points next to a branch, and numbers on which images under a symmetry agree."""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.landscape.paths.truth_path import TruthPath
from gmmscape.tolerances import TOLERANCES


def refined(
    landscapes: TruthPath, point: FloatArray, parameter: float, *, fine: bool = True
) -> FloatArray | None:
    """Return the minimum next to a point by Newton's method; None where there is none or it is far."""
    enough = TOLERANCES.threshold.on_branch if fine else TOLERANCES.threshold.roughly
    near = point
    for _ in range(EFFORT.threshold.corrections):
        at = landscapes.slope(near, parameter, fine=fine)
        try:
            step = np.linalg.solve(at.hessian, -at.gradient)
        except np.linalg.LinAlgError:
            return None
        near = near + step
        if not np.linalg.norm(near - point) <= TOLERANCES.threshold.longest_correction:
            return None
        if np.linalg.norm(step) <= enough:
            return near if np.linalg.eigvalsh(at.hessian)[0] > 0 else None
    return None


def signature(landscapes: TruthPath, point: FloatArray, parameter: float) -> FloatArray | None:
    """Return numbers on which minima agree that a symmetry of the path, or relabelling, maps on each other.

    Curvatures, how fast the gradient changes along the path, and distances between means and to centers.
    None where no isolated minimum is next to the point, or one so flat that rounding decides on it.
    """
    exact = refined(landscapes, point, parameter, fine=False)
    if exact is None:
        return None
    hessian = landscapes.slope(exact, parameter).hessian
    curvatures = np.linalg.eigvalsh(hessian)
    if curvatures[0] < TOLERANCES.threshold.resolved:
        return None
    drift = landscapes.drift(parameter) / landscapes.unit
    # How the gradient changes for means that move with the truth as a whole: where it is does not matter.
    change = landscapes.along_parameter(exact, parameter).gradient + hessian @ np.tile(drift, landscapes.k)
    # Per unit of the parameter; over the bracket it is a number like the others, but a difference quotient,
    # known to fewer digits: where a symmetry holds at one parameter only it differs in the first ones.
    speed = (
        float(np.linalg.norm(change))
        * (landscapes.bracket[1] - landscapes.bracket[0])
        * TOLERANCES.threshold.fewer_digits
    )
    shape = distances(landscapes, landscapes.means(exact), parameter)
    return np.concatenate([curvatures, [speed], shape])


def distances(landscapes: TruthPath, means: FloatArray, parameter: float) -> FloatArray:
    """Return the sorted distances among means, and then those to centers, in sigma."""
    truth = landscapes.truth(parameter)
    among = np.linalg.norm(means[:, None] - means[None], axis=-1)[np.triu_indices(len(means), 1)]
    to_centers = np.linalg.norm(means[:, None] - truth.means[None], axis=-1).ravel()
    return np.concatenate([np.sort(among), np.sort(to_centers)]) / landscapes.unit


def alike(one: FloatArray, other: FloatArray) -> bool:
    """Say whether two signatures agree."""
    return bool(np.all(np.abs(one - other) <= TOLERANCES.threshold.alike * np.maximum(1.0, np.abs(other))))
