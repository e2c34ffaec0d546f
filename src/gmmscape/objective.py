"""The objective that solvers see: a measure, a family, and rows held fixed while one solver works."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray
from gmmscape.families import Family, FreeCovariance, Location
from gmmscape.measure import Errors, Measure, WeightedRows
from gmmscape.mixture import Mixture
from gmmscape.statistics import LocationDerivatives, SufficientStatistics

#: A free weight below this has gone to zero: curvatures are as small as weights, and have no sign then.
VANISHED = 1e-10


@dataclass(frozen=True)
class Objective:
    """NLL per unit mass of the mixtures of one family against one measure.

    All mixtures here are in the measure's local coordinates, and values per the rows' unit of length: add
    ``rows.log_unit`` for the user's.

    Attributes
    ----------
    measure : Population or Sample
        What the NLL is averaged over.
    family : Family
        What is free.
    rows : WeightedRows
        The rows of the measure, frozen.
    """

    measure: Measure
    family: Family
    rows: WeightedRows

    @classmethod
    def near(cls, measure: Measure, family: Family, mixture: Mixture, rtol: float | None = None) -> Objective:
        """Return the objective with a rule of accuracy `rtol` at `mixture`."""
        return cls(measure, family, measure.rows(mixture, rtol))

    def refined(self, mixture: Mixture, rtol: float | None = None) -> Objective:
        """Return the objective with its rows chosen anew for `mixture`."""
        return replace(self, rows=self.measure.rows(mixture, rtol))

    def admissible(self, mixture: Mixture) -> Mixture:
        """Return `mixture` with its covariances lifted onto the family's floor."""
        if not isinstance(self.family, FreeCovariance):
            return mixture
        covariances, moved = self.family.floor.clip(mixture.covariances, self.family.name)
        if not moved:
            return mixture
        return Mixture(mixture.weights, mixture.means, covariances, mixture.covariance_type)

    def statistics(self, mixture: Mixture) -> SufficientStatistics:
        """Return the statistics at `mixture` that the family's M-step needs."""
        return self.rows.statistics(mixture, self.family.scatter)

    def update(self, statistics: SufficientStatistics, current: Mixture) -> Mixture:
        """Return the EM step from `current`; components below the rows' resolution stay."""
        updated = self.family.update(statistics, current)
        lost = self.unresolved(statistics.mass)
        if isinstance(self.family, Location) and lost.any():
            means = np.where(lost[:, None], current.means, updated.means)
            return Mixture(updated.weights, means, updated.covariances, updated.covariance_type)
        return updated

    def unresolved(self, mass: FloatArray) -> BoolArray:
        """Say which components have so little mass that the rows, or float64, tell nothing about them."""
        return mass <= max(self.rows.resolution, VANISHED if self.free_weights else 0.0)

    @property
    def free_weights(self) -> bool:
        """Whether this is the location family with free weights."""
        return isinstance(self.family, Location) and self.family.free_weights

    def derivatives(self, mixture: Mixture, *, hessian: bool = False) -> LocationDerivatives:
        """Return value, gradient and Hessian (location family).

        In the means, shape (k, d); with free weights in the coordinates of `Location`, shape (k d + k - 1,).
        """
        if isinstance(self.family, Location) and self.family.free_weights:
            return self.family.in_coordinates(self.rows.derivatives(mixture, hessian=hessian, joint=True))
        return self.rows.derivatives(mixture, hessian=hessian)

    def errors(self, mixture: Mixture) -> Errors:
        """Return estimated absolute errors of value, gradient and Hessian at `mixture`."""
        return self.rows.errors(mixture, joint=self.free_weights)


def step_norm(before: Mixture, after: Mixture) -> float:
    """Return the size of an EM step (DESIGN 3, "gradient norm").

    The largest over the components of: the step of the mean in units of that component's standard
    deviations, the relative change of its weight, and of its covariance. Zero at a critical point.
    """
    scaled = _in_own_units(before, after.means - before.means)
    largest = float(np.linalg.norm(scaled, axis=1).max())
    alive = before.weights > 0
    if not np.array_equal(before.weights, after.weights):
        change = np.abs(after.weights - before.weights)[alive] / before.weights[alive]
        largest = max(largest, float(change.max()))
    if not np.array_equal(before.covariances, after.covariances):
        largest = max(largest, _relative_change(before, after.covariances - before.covariances))
    return largest


def _in_own_units(mixture: Mixture, shift: FloatArray) -> FloatArray:
    """Rows of `shift`, one a component, in that component's standard deviations."""
    factors = mixture.parameters.factors
    if mixture.covariance_type == "spherical":
        return shift * factors[:, None]
    if mixture.covariance_type == "diag":
        return shift * factors
    return shift @ factors if factors.ndim == 2 else np.einsum("kd,kde->ke", shift, factors)


def _relative_change(mixture: Mixture, change: FloatArray) -> float:
    """Largest Frobenius norm of a covariance's change in that covariance's own units."""
    factors = mixture.parameters.factors
    if mixture.covariance_type == "spherical":
        return float(np.abs(change * factors**2).max() * np.sqrt(mixture.n_features))
    if mixture.covariance_type == "diag":
        return float(np.linalg.norm(change * factors**2, axis=1).max())
    scaled = np.swapaxes(factors, -1, -2) @ change @ factors
    return float(np.linalg.norm(scaled, axis=(-2, -1)).max())
