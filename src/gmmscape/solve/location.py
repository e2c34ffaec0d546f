"""The location family's state: one evaluation of value, slope, curvature and masses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve.loop import State


@dataclass(frozen=True)
class LocationState(State):
    """State of a solver of the location family, with sigma as unit of length.

    Attributes
    ----------
    slope : ndarray of shape (m,)
        Derivative of the NLL in the coordinates of the family: m = k d, or k d + k - 1 with free weights.
    curvature : ndarray of shape (m, m) or None
        Second derivative, where asked for.
    lost : ndarray of shape (k,), bool
        Components below the rows' resolution, or whose free weight has gone to zero.
    """

    slope: FloatArray
    curvature: FloatArray | None
    lost: BoolArray

    @property
    def gone(self) -> str | None:
        """Why nothing can be followed from here: a component out of reach; None where all are in reach."""
        return "plateau" if self.lost.any() else None

    @property
    def free(self) -> BoolArray:
        """Coordinates that a step may change, shape (m,): not the means of lost components."""
        free = np.ones(len(self.slope), dtype=bool)
        n_means = self.mixture.means.size
        free[:n_means] = np.repeat(~self.lost, self.mixture.n_features)
        return free


def evaluate(objective: Objective, mixture: Mixture, *, hessian: bool) -> LocationState:
    """Return the state at a mixture of a family that has coordinates."""
    family = objective.family.coordinates
    at = objective.derivatives(mixture, hessian=hessian)
    # A free weight falls on after its component has lost the rows: then its slope is that weight.
    lost = objective.unresolved(np.maximum(at.mass, mixture.weights) if family.free_weights else at.mass)
    sigma = family.sigma
    mass = np.where(lost | (at.mass == 0.0), 1.0, at.mass)
    by_component = at.gradient.ravel()[: mixture.means.size].reshape(mixture.means.shape)
    em_step = np.linalg.norm(by_component, axis=1) * sigma / mass
    if family.free_weights:
        change = at.mass / at.mass.sum() / np.where(lost, 1.0, mixture.weights) - 1.0
        em_step = np.maximum(em_step, np.abs(change))
    return LocationState(
        mixture=mixture,
        value=at.nll,
        gradient_norm=float(em_step[~lost].max(initial=0.0)),
        starved=bool(lost.any()),
        # Without a weight a mean means nothing, and the weight only shrinks on.
        ended="plateau" if family.free_weights and lost.any() else None,
        slope=sigma * at.gradient.ravel(),
        curvature=None if at.hessian is None else sigma**2 * at.hessian,
        lost=lost,
    )


def moved(objective: Objective, mixture: Mixture, step: FloatArray) -> Mixture:
    """Return the mixture with its coordinates changed by a step of shape (m,), in units of sigma."""
    return objective.family.coordinates.moved(mixture, step)
