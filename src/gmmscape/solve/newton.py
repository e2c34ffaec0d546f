"""Newton's method in a trust region, for the means, and free weights, of the location family."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve.location import LocationState, evaluate, moved
from gmmscape.tolerances import TOLERANCES


@dataclass(frozen=True)
class NewtonState(LocationState):
    """State of the trust-region method.

    Attributes
    ----------
    radius : float
        Trust radius, in sigma.
    refused : int
        Steps refused one after the other.
    shortest : float
        Length of the EM step when it was last halved.
    stalled : int
        Steps accepted since then.
    """

    radius: float
    refused: int
    shortest: float
    stalled: int


@dataclass(frozen=True)
class Newton:
    """Trust-region Newton with the exact subproblem (More and Sorensen, 1983).

    It descends to a point with no negative curvature: at a saddle it leaves along the most negative
    direction. Once the EM step is shorter than `tol` it goes on while steps halve it, so that a nondegenerate
    minimum is found to rounding.

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
        start = evaluate(objective, mixture, hessian=True)
        return _newton_state(start, TOLERANCES.solve.start_radius, 0, start.gradient_norm, 0)

    def step(self, objective: Objective, state: NewtonState) -> NewtonState:
        """Return the state after one trial step, accepted or refused."""
        assert state.curvature is not None
        free = state.free
        slope = state.slope[free]
        change, predicted = trust_region_step(slope, state.curvature[np.ix_(free, free)], state.radius)
        full = np.zeros(free.shape)
        full[free] = change
        trial = evaluate(objective, moved(objective, state.mixture, full), hessian=True)
        length = float(np.linalg.norm(change))
        ratio = _gain(state, trial, slope, trial.slope[free], change, predicted)
        if ratio <= 0.05:
            return replace(state, radius=0.25 * length, refused=state.refused + 1)
        radius = state.radius
        if ratio > 0.75 and length > 0.8 * radius:
            radius = min(2 * radius, TOLERANCES.solve.largest_radius)
        elif ratio < 0.25:
            radius = 0.25 * length
        if trial.gradient_norm <= 0.5 * state.shortest:
            return _newton_state(trial, radius, 0, trial.gradient_norm, 0)
        return _newton_state(trial, radius, 0, state.shortest, state.stalled + 1)

    def done(self, state: NewtonState) -> str | None:
        """Return a stop reason, or None to go on."""
        if state.ended is not None:
            return state.ended
        if state.lost.all():
            return "plateau"
        if state.gradient_norm == 0.0 and not _falls(state):
            return "converged"
        if state.refused > 12 or (state.refused and state.radius < 1e-15):
            # The model's gain drowns in rounding: critical to tol, or a slope too small to resolve.
            return "converged" if state.gradient_norm <= 100 * self.tol else "plateau"
        patience = (
            EFFORT.solve.patience
            if state.gradient_norm <= TOLERANCES.solve.newton_rounding
            else 4 * EFFORT.solve.patience
        )
        settled = state.refused >= EFFORT.solve.patience or (not state.refused and state.stalled >= patience)
        if state.gradient_norm <= self.tol and settled and not _falls(state):
            return "converged"
        return None


def _newton_state(
    at: LocationState, radius: float, refused: int, shortest: float, stalled: int
) -> NewtonState:
    fields = {name: getattr(at, name) for name in LocationState.__dataclass_fields__}
    return NewtonState(**fields, radius=radius, refused=refused, shortest=shortest, stalled=stalled)


def _gain(
    state: LocationState,
    trial: LocationState,
    before: FloatArray,
    after: FloatArray,
    change: FloatArray,
    predicted: float,
) -> float:
    """Return how much a step gains, as a share of what the model predicts.

    Where the values differ by rounding only, the gain is the average of the slopes before and after the step:
    near a critical point gradients are small and keep a relative accuracy that differences of values lose.
    """
    noise = 16 * np.finfo(np.float64).eps * (1.0 + abs(state.value))
    gain = state.value - trial.value
    if predicted <= noise:
        if gain < -noise or predicted <= 0.0:
            return 0.0
        gain = -0.5 * float((before + after) @ change)
    return gain / predicted


def _falls(state: NewtonState) -> bool:
    """Whether a direction of clearly negative curvature leads away."""
    assert state.curvature is not None
    return bool(len(state.slope) and np.linalg.eigvalsh(state.curvature)[0] < -TOLERANCES.solve.flat)


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
        Where the gradient has next to no part along the most negative direction (the hard case), the step
        goes to the boundary along that direction: downhill, or with the sign that makes the direction's
        largest entry positive where the gradient has no part at all.
        Curvatures are in units in which those below `TOLERANCES.solve.flat` have no sign.
    predicted : float
        Decrease of the model, not negative. Cost O(m^3).
    """
    values, vectors = np.linalg.eigh(hessian)
    slope = vectors.T @ gradient
    lowest = values[0]
    if lowest > -TOLERANCES.solve.flat:
        # Curvatures without a sign count as the smallest that has one: rounding is not blown up into a jump.
        inside = -slope / np.maximum(values, TOLERANCES.solve.flat)
        if np.linalg.norm(inside) <= radius:
            return vectors @ inside, float(-slope @ inside - 0.5 * inside @ (values * inside))
    shift = max(0.0, -lowest)
    step = _secular(slope, values, shift, radius)
    if lowest < -TOLERANCES.solve.flat and abs(radius**2 - float(step @ step)) > 1e-6 * radius**2:
        # lambda is too close to -lowest to give the first coordinate: the boundary gives it.
        largest = vectors[np.argmax(np.abs(vectors[:, 0])), 0]
        downhill = -np.sign(slope[0]) if slope[0] else np.sign(largest)
        step[0] = downhill * np.sqrt(max(0.0, radius**2 - float(step[1:] @ step[1:])))
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
    for _ in range(EFFORT.solve.secular_steps):
        at = step(lam)
        length = float(np.linalg.norm(at))
        if length <= radius * (1.0 + 1e-8):
            break
        shifted = values + lam
        bend = float((at**2 / np.where(shifted > 0, shifted, 1.0)).sum())
        lam += (length / radius - 1.0) * length**2 / bend
    return step(lam)
