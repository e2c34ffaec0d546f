"""A minimum that is there although float64 cannot see its curvatures: the NLL rises all around."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.landscape.points.descent import Descent
from gmmscape.mixture import Mixture
from gmmscape.structure.structure import Block
from gmmscape.tolerances import TOLERANCES


class Wall(NamedTuple):
    """How much higher the NLL is on a sphere around coincident means.

    Attributes
    ----------
    radius : float
        Of the sphere in the directions that separate the means of the blocks, in sigma.
    height : float
        Least difference found, in nats, less what moving the other coordinates could take back, and the
        errors.
    directions : int
        Points of the sphere looked at.
    """

    radius: float
    height: float
    directions: int


def wall_around(descent: Descent, blocks: Sequence[Block], middle: CriticalPoint) -> Wall | None:
    """Compare the NLL on a sphere in the splitting directions with that at the coincident means.

    Where it is higher all around, the NLL, minimised over the other coordinates, has a minimum inside: it is
    continuous, and the ball is compact. To leading order the difference is ``E[psi] (M^2/4 - excess M/2)``
    for any number of means, M being their mean square displacement in sigma: a small excess of either sign
    leaves a wall (docs/derivations/laws.md).

    Parameters
    ----------
    descent : Descent
        Of the landscape.
    blocks : sequence of Block
        Of several means each, to be separated.
    middle : CriticalPoint
        With the means of each of these blocks in one place.

    Returns
    -------
    Wall or None
        None where no sphere tried is higher all around, or the other coordinates have a curvature that is not
        positive. Measured at points of the sphere, not proved. Cost: some 60 values and gradients.
    """
    local = middle.means - descent.measure.origin
    apart = _separating(blocks, local.shape)
    stiff = _stiffness(descent, local, apart)
    if stiff <= 0.0:
        return None
    directions = _directions(apart.shape[1])
    base, base_error, _ = _at(descent, local, apart)
    for radius in TOLERANCES.realisation.wall_radii:
        heights = []
        for direction in directions:
            moved = local + radius * descent.sigma * (apart @ direction).reshape(local.shape)
            value, error, slope = _at(descent, moved, apart)
            heights.append(value - base - error - base_error - slope**2 / (2.0 * stiff))
        if min(heights) > 0.0:
            return Wall(radius, float(min(heights)), len(directions))
    return None


def _separating(blocks: Sequence[Block], shape: tuple[int, int]) -> FloatArray:
    """Orthonormal directions (k d, n) that separate the means of each block about their common place."""
    k, d = shape
    columns = []
    for block in blocks:
        m = len(block.means)
        for row in np.linalg.svd(np.ones((1, m)))[2][1:]:
            for axis in range(d):
                column = np.zeros((k, d))
                column[list(block.means), axis] = row
                columns.append(column.ravel())
    return np.stack(columns, axis=1)


def _directions(n: int) -> FloatArray:
    """Unit vectors of n dimensions, as rows."""
    if n == 1:
        return np.array([[1.0], [-1.0]])
    some = np.random.default_rng(0).standard_normal((EFFORT.realisation.wall_directions, n))
    return np.concatenate([np.eye(n), -np.eye(n), some / np.linalg.norm(some, axis=1, keepdims=True)])


def _stiffness(descent: Descent, local: FloatArray, apart: FloatArray) -> float:
    """Half the smallest curvature in the other coordinates at the coincident means: what it is nearby."""
    mixture = Mixture.location(local, descent.sigma)
    hessian = (
        descent.objective(mixture, TOLERANCES.realisation.wall_rtol)
        .derivatives(mixture, hessian=True)
        .hessian
    )
    assert hessian is not None
    rest = np.linalg.svd(apart.T)[2][apart.shape[1] :]
    return 0.5 * float(np.linalg.eigvalsh(rest @ hessian @ rest.T)[0])


def _at(descent: Descent, means: FloatArray, apart: FloatArray) -> tuple[float, float, float]:
    """Return value, its error, and the length of the gradient in the other coordinates."""
    mixture = Mixture.location(means, descent.sigma)
    objective = descent.objective(mixture, TOLERANCES.realisation.wall_rtol)
    gradient = objective.derivatives(mixture).gradient.ravel()
    value = -objective.statistics(mixture).log_likelihood
    return (
        value,
        objective.errors(mixture).nll,
        float(np.linalg.norm(gradient - apart @ (apart.T @ gradient))),
    )
