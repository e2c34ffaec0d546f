"""Ratio: S(theta) = 1 + D(theta), the mean over the rows of N(x; theta, sigma^2 I) / q(x), in float64.

What is found here says where to look; nothing rests on it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.logsumexp import logsumexp_rows
from gmmscape.proof.bound.problem import BoundProblem


class Peak(NamedTuple):
    """A local maximum of S.

    Attributes
    ----------
    place : ndarray of shape (d,)
        Where.
    log_value : float
        Log of S there.
    slope : float
        Length of the gradient, in S per sigma.
    bend : float
        Smallest eigenvalue of minus the Hessian, in S per sigma^2.
    """

    place: FloatArray
    log_value: float
    slope: float
    bend: float


class Ratio:
    """S of a problem, in logarithms, so that rows far from the fit do not overflow.

    Parameters
    ----------
    problem : BoundProblem
        Rows and fit.
    """

    def __init__(self, problem: BoundProblem) -> None:
        self.problem = problem
        self._origin = problem.rows.mean(axis=0)
        self._rows = self._scaled(problem.rows)
        shares = np.log(problem.weights / problem.weights.sum())
        squares = self._squares(self._scaled(problem.means))
        self._logs = np.log(problem.row_weights / problem.row_weights.sum()) - logsumexp_rows(
            (shares[:, None] - squares).T
        )

    def _scaled(self, places: FloatArray) -> FloatArray:
        """Places relative to the middle of the rows, in sigma."""
        return (places - self._origin) / self.problem.sigma

    def _squares(self, scaled: FloatArray) -> FloatArray:
        """Squared distances of scaled points from the rows, halved, (m, n)."""
        found = np.zeros((len(scaled), len(self._rows)))
        for a in range(self._rows.shape[1]):
            found += (scaled[:, a, None] - self._rows[:, a]) ** 2
        return 0.5 * found

    def log_values(self, points: FloatArray) -> FloatArray:
        """Return log S at points of shape (m, d)."""
        step = max(1, EFFORT.proof.block // len(self._rows))
        parts = [
            logsumexp_rows(self._logs - self._squares(self._scaled(points[i : i + step])))
            for i in range(0, len(points), step)
        ]
        return np.concatenate(parts) if parts else np.zeros(0)

    def at(self, place: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Log S, gradient and second moments about a place, both over S and in sigma."""
        offsets = self._rows - self._scaled(place)
        logs = self._logs - 0.5 * (offsets**2).sum(axis=1)
        value = float(logsumexp_rows(logs[None])[0])
        terms = np.exp(logs - value)
        return value, terms @ offsets, (offsets * terms[:, None]).T @ offsets

    def climbed(self, place: FloatArray) -> Peak:
        """Return the local maximum above a place: mean shifts, and Newton's steps where they rise higher."""
        sigma, one = self.problem.sigma, np.eye(len(place))
        value, slope, second = self.at(place)
        for _ in range(EFFORT.proof.climbing_steps):
            # Of log S; a mean shift, the slope itself, never descends.
            curvature = one - second + np.outer(slope, slope)
            step = slope
            if np.linalg.eigvalsh(curvature)[0] > 0:
                step = np.linalg.solve(curvature, slope)
            there = place + sigma * step
            found = self.at(there)
            if found[0] < value and step is not slope:
                there = place + sigma * slope
                found = self.at(there)
            if not found[0] > value and np.linalg.norm(found[1]) >= np.linalg.norm(slope):
                break
            place, (value, slope, second) = there, found
        return Peak(place, value, float(np.linalg.norm(slope)), float(np.linalg.eigvalsh(one - second)[0]))

    def third_bounds(self, low: FloatArray, high: FloatArray, log_unit: float) -> FloatArray:
        """Return bounds of third directional derivatives over boxes (c, d), in exp(log_unit) and sigma."""
        found, low, high = [], self._scaled(low), self._scaled(high)
        step = max(1, EFFORT.proof.block // len(self._rows))
        for i in range(0, len(low), step):
            near = np.zeros((len(low[i : i + step]), len(self._rows)))
            far = np.zeros_like(near)
            for a in range(self._rows.shape[1]):
                below = low[i : i + step, a, None] - self._rows[:, a]
                above = self._rows[:, a] - high[i : i + step, a, None]
                near += np.maximum(0.0, np.maximum(below, above)) ** 2
                far += np.minimum(below, above) ** 2
            terms = np.exp(np.minimum(self._logs - 0.5 * near - log_unit, EFFORT.proof.largest_exponent))
            length = np.sqrt(far)
            found.append((terms * np.maximum(2.0, length**3 - 3.0 * length)).sum(axis=1))
        return np.concatenate(found) if found else np.zeros(0)
