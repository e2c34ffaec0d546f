"""Weighted rows: the one form in which samples and quadrature rules reach the engine."""

from __future__ import annotations

import numpy as np

from gmmscape import engine
from gmmscape.arrays import FloatArray
from gmmscape.measure.estimate import Errors
from gmmscape.mixture import Mixture
from gmmscape.statistics import SufficientStatistics


class WeightedRows:
    """Rows and weights, in local coordinates, over which an NLL is a weighted sum.

    Parameters
    ----------
    points : ndarray of shape (n, d)
        Rows, relative to the measure's origin.
    weights : ndarray of shape (n,)
        Weights; they sum to one up to the error of a quadrature rule.
    unit : float
        Length per whose d-th power densities are given here; `log_unit` turns values into the user's.
    resolution : float, default=0.0
        Mass below which a component's statistics mean nothing, because they come from tails that a
        quadrature rule cuts off.
    """

    def __init__(self, points: FloatArray, weights: FloatArray, unit: float, resolution: float = 0.0) -> None:
        self.points = points
        self.weights = weights
        self.unit = unit
        self.resolution = resolution

    @property
    def log_unit(self) -> float:
        """What to add to an NLL per unit^d to have it in the user's units of length."""
        return self.points.shape[1] * float(np.log(self.unit))

    def _parameters(self, mixture: Mixture) -> engine.Parameters:
        return mixture.parameters._replace(unit=self.unit)

    def statistics(self, mixture: Mixture, scatter: str) -> SufficientStatistics:
        """Return the sufficient statistics at `mixture` (local coordinates)."""
        return engine.statistics(self.points, self.weights, self._parameters(mixture), scatter)

    def derivatives(self, mixture: Mixture, *, hessian: bool) -> engine.LocationDerivatives:
        """Return value and derivatives in the means, for equal spherical covariances."""
        parameters = self._parameters(mixture)
        return engine.location_derivatives(self.points, self.weights, parameters, hessian=hessian)

    def log_densities(self, mixture: Mixture) -> FloatArray:
        """Return the log density of `mixture`, per unit^d, at each row, shape (n,)."""
        return engine.log_density(self.points, self._parameters(mixture))

    def errors(self, mixture: Mixture) -> Errors:
        """Return the rounding errors to expect at `mixture`; a rule adds its own."""
        return Errors(*engine.rounding(self.points, self.weights, self._parameters(mixture)))
