"""The location family's state: one evaluation of value, gradient, Hessian and masses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray
from gmmscape.families import Location
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve.loop import State


@dataclass(frozen=True)
class LocationState(State):
    """State of a solver of the location family.

    Attributes
    ----------
    gradient : ndarray of shape (k, d)
        Derivative of the NLL in the means.
    hessian : ndarray of shape (k*d, k*d) or None
        Second derivative, where asked for.
    lost : ndarray of shape (k,), bool
        Components below the rows' resolution.
    """

    gradient: FloatArray
    hessian: FloatArray | None
    lost: BoolArray


def evaluate(objective: Objective, mixture: Mixture, *, hessian: bool) -> LocationState:
    """Return the state at a mixture of the location family."""
    assert isinstance(objective.family, Location)
    at = objective.derivatives(mixture, hessian=hessian)
    lost = objective.unresolved(at.mass)
    sigma = objective.family.sigma
    mass = np.where(lost, 1.0, at.mass)
    em_step = np.linalg.norm(at.gradient, axis=1) * sigma / mass
    return LocationState(
        mixture=mixture,
        nll=at.nll,
        gradient_norm=float(em_step[~lost].max(initial=0.0)),
        starved=bool(lost.any()),
        ended=None,
        gradient=at.gradient,
        hessian=at.hessian,
        lost=lost,
    )


def moved(mixture: Mixture, change: FloatArray) -> Mixture:
    """Return the mixture with its means moved by `change`, of shape (k, d)."""
    return mixture.relocated(mixture.means + change)
