"""Landscapes with more freedom than means along a path of truths, in coordinates that stay the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import NotAvailableError
from gmmscape.families.location import contrasts
from gmmscape.landscape.freedom.descent import FreeDescent
from gmmscape.landscape.freedom.freedom import Freedom
from gmmscape.landscape.paths.truth_path import AlongPath, Slope, Wrong, resolution, truth_at
from gmmscape.measure import Population
from gmmscape.mixture import Mixture
from gmmscape.solve import OwnUnits
from gmmscape.tolerances import TOLERANCES


@dataclass(frozen=True)
class FreePath(AlongPath):
    """The landscapes of fits of one freedom against the truths of a path.

    Points are the means in units of `unit`, one after the other, contrasts of the log weights where these are
    free, and logs of the standard deviations in that unit where these are. The components' own units about a
    fit are linear in them, so that gradient and Hessian are exact.

    Attributes
    ----------
    path, bracket, origin, grain, width
        See `AlongPath`.
    freedom : Freedom
        What is free; covariances are axis-parallel.
    unit : float
        Average standard deviation of the truth at the upper end.
    """

    path: Callable[[float], Mixture]
    freedom: Freedom
    bracket: tuple[float, float]
    unit: float
    n_features: int
    origin: FloatArray
    grain: float
    width: float

    @classmethod
    def over(
        cls, path: Callable[[float], Mixture], freedom: Freedom, bracket: tuple[float, float]
    ) -> FreePath:
        """Return the landscapes along a path, checked at its upper end.

        Raises
        ------
        NotAvailableError
            For full and tied covariances in more than one dimension, whose own units are not linear in any
            coordinates that stay the same.
        """
        truth = truth_at(path, bracket[1])
        if freedom.covariance_type in ("full", "tied") and truth.n_features > 1:
            raise NotAvailableError(
                f"births with {freedom.covariance_type} covariances are known on a line only: take "
                "family='diag' or 'spherical', or truths of one dimension"
            )
        unit = float(np.sqrt(truth.weights @ truth.column_variances().mean(axis=1)))
        grain, width = resolution(path, bracket, unit)
        origin = Population(truth).origin
        return cls(path, freedom, bracket, unit, truth.n_features, origin, grain, width)

    @property
    def size(self) -> int:
        """Number of coordinates."""
        return self.freedom.n_components * self.n_features + self._n_weights + self._n_widths

    @property
    def _n_weights(self) -> int:
        return self.freedom.n_components - 1 if self.freedom.held_weights is None else 0

    @property
    def _n_widths(self) -> int:
        """Number of standard deviations that are free."""
        free, k = self.freedom, self.freedom.n_components
        if free.held_sigmas is not None:
            return 0
        if free.common or free.covariance_type == "tied":
            return 1
        return k * self.n_features if free.covariance_type == "diag" else k

    def descent(self, parameter: float) -> FreeDescent:
        """Return how descents are done against the truth of a parameter, in local coordinates."""
        return FreeDescent(Population(self.truth(parameter)), self.freedom)

    def coordinates(self, fit: Mixture) -> FloatArray:
        """Return the point of a fit in local coordinates."""
        deviations = np.sqrt(fit.column_variances())
        widths = deviations.ravel() if self._n_widths == deviations.size else deviations[: self._n_widths, 0]
        logs = np.log(fit.weights) @ contrasts(len(fit.weights)) if self._n_weights else np.empty(0)
        return np.concatenate([fit.means.ravel() / self.unit, logs, np.log(widths / self.unit)])

    def fit(self, point: FloatArray) -> Mixture:
        """Return the fit at a point, in local coordinates."""
        k, d, free = self.freedom.n_components, self.n_features, self.freedom
        means = self.unit * point[: k * d].reshape(k, d)
        weights = free.held_weights
        if weights is None:
            logs = contrasts(k) @ point[k * d : k * d + self._n_weights]
            weights = np.exp(logs - logs.max())
            weights = weights / weights.sum()
        if free.held_sigmas is not None:
            return Mixture(weights, means, free.held_sigmas**2, "spherical")
        variances = (self.unit * np.exp(point[k * d + self._n_weights :])) ** 2
        shape = {"spherical": (k,), "diag": (k, d), "tied": (1, 1), "full": (k, 1, 1)}[free.covariance_type]
        each = np.broadcast_to(variances, (k,)) if free.common else variances
        return Mixture(weights, means, each.reshape(shape), free.covariance_type)

    def slope(self, point: FloatArray, parameter: float, *, fine: bool = False) -> Slope:
        """Return gradient and Hessian at a point, on a rule made for it."""
        descent, rtol = self.descent(parameter), TOLERANCES.freedom.fine_rtol
        local = descent.measure.local_mixture(self.fit(point))
        objective = descent.objective(local, TOLERANCES.freedom.finer_rtol if fine else rtol)
        own = OwnUnits(objective.family, local)
        found = objective.information(local, missing=True)
        turn = own.scale[:, None] * self._turn(own)
        return Slope(turn.T @ own.gradient(found.moments), turn.T @ own.hessian(found) @ turn)

    def _turn(self, own: OwnUnits) -> FloatArray:
        """Own coordinates, unscaled, of a small change of the point, shape (m, size)."""
        k, d = own.k, own.d
        turn = np.zeros((own.size, self.size))
        weights = np.arange(k) * own.own
        means = (weights[:, None] + 1 + np.arange(d)).ravel()
        turn[means, np.arange(k * d)] = self.unit / np.sqrt(own.mixture.column_variances()).ravel()
        if self._n_weights:
            turn[weights, k * d : k * d + self._n_weights] = contrasts(k)
        inner = np.ones(own.size, dtype=bool)
        inner[weights] = inner[means] = False
        rows = np.flatnonzero(inner)
        if self._n_widths:
            columns = np.arange(self.size - self._n_widths, self.size)
            # Deviations are multiplied by exp(c): widths by exp(-c).
            turn[rows, columns if len(columns) == len(rows) else columns[0]] = -1.0
        return turn

    def wrong(self, point: FloatArray, parameter: float) -> Wrong:
        """Return the errors of the fine slope at a point: at most what it changes beside the coarser one."""
        fine, coarse = (self.slope(point, parameter, fine=one) for one in (True, False))
        least = TOLERANCES.freedom.rounding
        gradient = float(np.abs(fine.gradient - coarse.gradient).max())
        return Wrong(least + gradient, least + float(np.abs(fine.hessian - coarse.hessian).max()))

    def gap(self, point: FloatArray) -> float:
        """Return the smallest distance between components that do not coincide: means and logs of widths."""
        fit = self.fit(point)
        logs = 0.5 * np.log(fit.column_variances())
        return self.apart(np.column_stack([fit.means / self.unit, logs]))
