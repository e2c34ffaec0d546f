"""Axes that all components share: rotations in planes of two axes, each the best there is.

The idea is that of Flury and Gautschi (SIAM J. Sci. Stat. Comput. 7, 1986) for common principal components;
here variances are held in each rotation, which makes its angle a closed form, and follow at once. For the
families with one orientation Browne and McNicholas (Statistics and Computing 24, 2014) have other descents.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.effort import EFFORT
from gmmscape.tolerances import TOLERANCES

#: Gives the best variances (k, d) for sums of squares (k, d) along some axes.
VariancesOf = Callable[[FloatArray], FloatArray]


def fitted_axes(
    scatter: FloatArray, axes: FloatArray, variances_of: VariancesOf
) -> tuple[FloatArray, FloatArray]:
    """Return axes for which sum_kj w_kj / v_kj + log terms of the variances is least nearby, and variances.

    Each step - the variances, and each rotation with the variances held - is the exact minimiser, so that
    the sum never rises; sweeps over all planes go on until no angle changes.

    Parameters
    ----------
    scatter : ndarray of shape (k, d, d)
        Of each component.
    axes : ndarray of shape (d, d)
        Where to begin: orthonormal columns.
    variances_of : callable
        The best variances for sums of squares along the axes.

    Returns
    -------
    axes : ndarray of shape (d, d)
        Orthonormal columns.
    variances : ndarray of shape (k, d)
        Along them. Cost O(k d^3) for each of d rounds of a sweep.
    """
    d = len(axes)
    for _ in range(EFFORT.solve.axes_sweeps):
        turned = _along(scatter, axes)
        largest = 0.0
        for first, second in _rounds(d):
            inverse = 1.0 / variances_of(_diagonals(turned))
            angles = _angles(turned, inverse, first, second)
            steepest = float(np.abs(angles).max(initial=0.0))
            if steepest > TOLERANCES.solve.same_angle:
                rotation = _rotation(d, first, second, angles)
                axes, turned = axes @ rotation, _along(turned, rotation)
                largest = max(largest, steepest)
        if largest == 0.0:
            break
    return axes, variances_of(_diagonals(_along(scatter, axes)))


def shared_axes(covariances: FloatArray) -> FloatArray:
    """Return the axes of matrices (k, d, d) that have the same, or some near those that fit them best."""
    scale = np.trace(covariances, axis1=1, axis2=2)
    # No two coefficients alike: what differs between axes in each matrix must not cancel in their sum.
    uneven = 1.0 + np.modf(np.arange(1, len(scale) + 1) * (np.sqrt(5.0) - 1.0) / 2.0)[0]
    axes = np.linalg.eigh(np.tensordot(uneven / scale, covariances, 1))[1]
    turned = _along(covariances, axes)
    diagonals = _diagonals(turned)
    rest = turned - diagonals[:, :, None] * np.eye(len(axes))
    if np.abs(rest).max() <= TOLERANCES.solve.same_angle * diagonals.max():
        return axes
    least = np.finfo(np.float64).eps * diagonals.max()
    return fitted_axes(covariances, axes, lambda sums: np.maximum(sums, least))[0]


def _along(matrices: FloatArray, axes: FloatArray) -> FloatArray:
    return axes.T @ matrices @ axes


def _diagonals(matrices: FloatArray) -> FloatArray:
    return np.diagonal(matrices, axis1=1, axis2=2)


def _angles(turned: FloatArray, inverse: FloatArray, first: IntArray, second: IntArray) -> FloatArray:
    """Angles of the best rotations in disjoint planes: the sum is P cos 2a + Q sin 2a and what stays."""
    diagonals, difference = _diagonals(turned), inverse[:, first] - inverse[:, second]
    P = 0.5 * ((diagonals[:, first] - diagonals[:, second]) * difference).sum(axis=0)
    Q = (turned[:, first, second] * difference).sum(axis=0)
    size = ((diagonals[:, first] + diagonals[:, second]) * (inverse[:, first] + inverse[:, second])).sum(
        axis=0
    )
    found = 0.5 * np.arctan2(-Q, -P)
    return np.where(np.hypot(P, Q) > np.finfo(np.float64).eps * size, found, 0.0)


def _rotation(d: int, first: IntArray, second: IntArray, angles: FloatArray) -> FloatArray:
    rotation = np.eye(d)
    rotation[first, first] = rotation[second, second] = np.cos(angles)
    rotation[second, first] = np.sin(angles)
    rotation[first, second] = -np.sin(angles)
    return rotation


@cache
def _rounds(d: int) -> list[tuple[IntArray, IntArray]]:
    """Rounds of disjoint pairs of d axes that make all pairs, as players of a tournament meet."""
    players = [*range(d), *([-1] if d % 2 else [])]
    half = len(players) // 2
    rounds: list[tuple[IntArray, IntArray]] = []
    for _ in range(len(players) - 1 if d > 1 else 0):
        pairs = [pair for pair in zip(players[:half], players[half:][::-1], strict=True) if -1 not in pair]
        rounds.append((np.array([i for i, _ in pairs]), np.array([j for _, j in pairs])))
        players = [players[0], players[-1], *players[1:-1]]
    return rounds
