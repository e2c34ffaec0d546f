"""Newton's method in a trust region, for the means of the location family."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.families import Location
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve.location import LocationState, evaluate, moved

#: Curvatures below this, in units of 1/sigma^2, have no sign in float64 (DESIGN 2.2).
FLAT = 1e-10
START_RADIUS = 1.0
LARGEST_RADIUS = 8.0
#: Refused steps in a row, each a quarter as long, after which a point below tol is taken as it is.
PATIENCE = 3
SECULAR_STEPS = 100


@dataclass(frozen=True)
class NewtonState(LocationState):
    """State of the trust-region method.

    Attributes
    ----------
    radius : float
        Trust radius, in sigma.
    refused : int
        Steps refused one after the other.
    improved : bool
        Whether the last step shortened the EM step by half or more.
    """

    radius: float
    refused: int
    improved: bool


@dataclass(frozen=True)
class Newton:
    """Trust-region Newton with the exact subproblem (More and Sorensen, 1983).

    It descends to a point with no negative curvature: at a saddle it leaves along the most negative
    direction. Once the EM step is shorter than `tol` it goes on while every step at least halves it, so
    that a nondegenerate minimum is found to rounding.

    Attributes
    ----------
    tol : float
        Length of the EM step at which a point counts as critical.
    max_iter : int
        Iterations, each of one pass with Hessian: O(n k^2 d^2), and an eigendecomposition O((k d)^3).
    """

    tol: float = 1e-9
    max_iter: int = 500

    def init(self, objective: Objective, mixture: Mixture) -> NewtonState:
        """Return the state at the start."""
        return _newton_state(evaluate(objective, mixture, hessian=True), START_RADIUS, 0, True)

    def step(self, objective: Objective, state: NewtonState) -> NewtonState:
        """Return the state after one trial step, accepted or refused."""
        assert isinstance(objective.family, Location)
        assert state.hessian is not None
        sigma = objective.family.sigma
        free = np.repeat(~state.lost, objective.measure.n_features)
        gradient = sigma * state.gradient.ravel()[free]
        hessian = sigma**2 * state.hessian[np.ix_(free, free)]
        change, predicted = trust_region_step(gradient, hessian, state.radius)
        full = np.zeros(free.shape)
        full[free] = sigma * change
        trial = evaluate(objective, moved(state.mixture, full.reshape(state.gradient.shape)), hessian=True)
        length = float(np.linalg.norm(change))
        if not self._accepts(state, trial, predicted):
            return _newton_state(state, 0.25 * length, state.refused + 1, False)
        ratio = (state.nll - trial.nll) / predicted if predicted > _noise(state.nll) else 1.0
        radius = state.radius
        if ratio > 0.75 and length > 0.8 * radius:
            radius = min(2 * radius, LARGEST_RADIUS)
        elif ratio < 0.25:
            radius = 0.25 * length
        improved = trial.gradient_norm <= 0.5 * state.gradient_norm
        return _newton_state(trial, radius, 0, improved)

    def done(self, state: NewtonState) -> str | None:
        """Return a stop reason, or None to go on."""
        if state.lost.all():
            return "plateau"
        if state.gradient_norm == 0.0 and not _falls(state):
            return "converged"
        if state.refused > 12 or (state.refused and state.radius < 1e-15):
            # The model's gain drowns in rounding: critical to tol, or a slope too small to resolve.
            return "converged" if state.gradient_norm <= 100 * self.tol else "plateau"
        settled = state.refused >= PATIENCE or (not state.refused and not state.improved)
        if state.gradient_norm <= self.tol and settled and not _falls(state):
            return "converged"
        return None

    def _accepts(self, state: NewtonState, trial: LocationState, predicted: float) -> bool:
        gain = state.nll - trial.nll
        if predicted > _noise(state.nll):
            return gain > 0.05 * predicted
        # Value differences are rounding here: a shorter EM step is the better witness.
        return gain > -_noise(state.nll) and trial.gradient_norm < state.gradient_norm


def _newton_state(at: LocationState, radius: float, refused: int, improved: bool) -> NewtonState:
    fields = {name: getattr(at, name) for name in LocationState.__dataclass_fields__}
    return NewtonState(**fields, radius=radius, refused=refused, improved=improved)


def _noise(nll: float) -> float:
    return 16 * np.finfo(np.float64).eps * (1.0 + abs(nll))


def _falls(state: NewtonState) -> bool:
    """Whether a direction of clearly negative curvature leads away."""
    assert state.hessian is not None
    variance = float(state.mixture.covariances.ravel()[0])
    return bool(np.linalg.eigvalsh(state.hessian)[0] * variance < -FLAT)


def trust_region_step(gradient: FloatArray, hessian: FloatArray, radius: float) -> tuple[FloatArray, float]:
    """Return the minimiser of the quadratic model in a ball, and the decrease it predicts.

    Parameters
    ----------
    gradient : ndarray of shape (m,)
        Linear term.
    hessian : ndarray of shape (m, m)
        Symmetric; may be indefinite.
    radius : float
        Radius of the ball.

    Returns
    -------
    step : ndarray of shape (m,)
        Where the gradient has no part along the most negative direction (the hard case), the step goes to
        the boundary along that direction, with the sign that makes its largest entry positive.
        Curvatures are in units in which those below `FLAT` have no sign.
    predicted : float
        Decrease of the model, not negative. Cost O(m^3).
    """
    values, vectors = np.linalg.eigh(hessian)
    slope = vectors.T @ gradient
    lowest = values[0]
    if lowest > -FLAT:
        # Curvatures without a sign count as the smallest that has one: rounding is not blown up into a jump.
        inside = -slope / np.maximum(values, FLAT)
        if np.linalg.norm(inside) <= radius:
            return vectors @ inside, float(-slope @ inside - 0.5 * inside @ (values * inside))
    shift = max(0.0, -lowest)
    step = _secular(slope, values, shift, radius)
    short = radius**2 - float(step @ step)
    if lowest < -FLAT and short > 1e-6 * radius**2:
        direction = np.sqrt(short) * np.sign(vectors[np.argmax(np.abs(vectors[:, 0])), 0])
        step[0] += direction
    return vectors @ step, float(max(0.0, -slope @ step - 0.5 * step @ (values * step)))


def _secular(slope: FloatArray, values: FloatArray, shift: float, radius: float) -> FloatArray:
    """Coordinates -slope/(values + lambda) of length `radius`, or the longest with lambda >= shift."""

    def step(lam: float) -> FloatArray:
        shifted = values + lam
        safe = np.where(shifted > 0, shifted, 1.0)
        return np.where(shifted > 0, -slope / safe, 0.0)

    size = float(np.linalg.norm(slope))
    low = shift + np.finfo(np.float64).eps * max(1.0, shift)
    if size == 0.0 or np.linalg.norm(step(low)) <= radius:
        return step(low)
    # Newton on 1/|step| - 1/radius, which is nearly linear in lambda: monotone from the left, few steps.
    lam = low
    for _ in range(SECULAR_STEPS):
        at = step(lam)
        length = float(np.linalg.norm(at))
        if length <= radius * (1.0 + 1e-8):
            break
        shifted = values + lam
        bend = float((at**2 / np.where(shifted > 0, shifted, 1.0)).sum())
        lam += (length / radius - 1.0) * length**2 / bend
    return step(lam)
