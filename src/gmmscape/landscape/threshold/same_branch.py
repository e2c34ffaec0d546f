"""Which minima are one: points next to a branch, and numbers on which images under a symmetry agree."""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.landscape.paths.truth_path import TruthPath, truth_at

#: Newton's corrections of a point near a branch: how many, how short the last (with a fine rule or not), and
#: how far, in sigma, all.
CORRECTIONS, CLOSE, ROUGHLY, LONGEST = 12, 1e-11, 1e-8, 0.5
#: What a change along the path counts in a signature, and how far two of one minimum, or its images, differ.
FEWER_DIGITS, ALIKE = 0.01, 1e-5
#: How far, in sigma, shapes differ of minima too flat to have a signature.
FLAT_ALIKE = 0.1


def refined(
    landscapes: TruthPath, point: FloatArray, parameter: float, *, fine: bool = True
) -> FloatArray | None:
    """Return the minimum next to a point by Newton's method; None where there is none or it is far."""
    enough = CLOSE if fine else ROUGHLY
    near = point
    for _ in range(CORRECTIONS):
        at = landscapes.slope(near, parameter, fine=fine)
        try:
            step = np.linalg.solve(at.hessian, -at.gradient)
        except np.linalg.LinAlgError:
            return None
        near = near + step
        if not np.linalg.norm(near - point) <= LONGEST:
            return None
        if np.linalg.norm(step) <= enough:
            return near if np.linalg.eigvalsh(at.hessian)[0] > 0 else None
    return None


def signature(landscapes: TruthPath, point: FloatArray, parameter: float) -> FloatArray | None:
    """Return numbers on which minima agree that a symmetry of the path, or relabelling, maps on each other.

    Curvatures, how fast the gradient changes along the path, and distances between means and to centers.
    None where no isolated minimum is next to the point.
    """
    exact = refined(landscapes, point, parameter, fine=False)
    if exact is None:
        return None
    hessian = landscapes.slope(exact, parameter).hessian
    drift = landscapes.drift(parameter) / landscapes.unit
    # How the gradient changes for means that move with the truth as a whole: where it is does not matter.
    change = landscapes.along_parameter(exact, parameter).gradient + hessian @ np.tile(drift, landscapes.k)
    # Per unit of the parameter; over the bracket it is a number like the others, but a difference quotient,
    # known to fewer digits: where a symmetry holds at one parameter only it differs in the first ones.
    speed = float(np.linalg.norm(change)) * (landscapes.bracket[1] - landscapes.bracket[0]) * FEWER_DIGITS
    shape = distances(landscapes, landscapes.means(exact), parameter)
    return np.concatenate([np.linalg.eigvalsh(hessian), [speed], shape])


def distances(landscapes: TruthPath, means: FloatArray, parameter: float) -> FloatArray:
    """Return the sorted distances among means, and then those to centers, in sigma."""
    truth = truth_at(landscapes.path, parameter)
    among = np.linalg.norm(means[:, None] - means[None], axis=-1)[np.triu_indices(len(means), 1)]
    to_centers = np.linalg.norm(means[:, None] - truth.means[None], axis=-1).ravel()
    return np.concatenate([np.sort(among), np.sort(to_centers)]) / landscapes.unit


def alike(one: FloatArray, other: FloatArray) -> bool:
    """Say whether two signatures agree."""
    return bool(np.all(np.abs(one - other) <= ALIKE * np.maximum(1.0, np.abs(other))))
