"""Where a minimum loses a curvature: folds and pitchforks by extended systems, converging quadratically."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.landscape.paths.truth_path import AlongPath
from gmmscape.tolerances import TOLERANCES


class Singular(NamedTuple):
    """A critical point of the path at which a curvature vanishes.

    Attributes
    ----------
    kind : str
        "fold" or "pitchfork".
    parameter : float
        Parameter of the path.
    error : float
        Estimated error of the parameter.
    point : ndarray of shape (k*d,)
        Means in sigma.
    direction : ndarray of shape (k*d,)
        Unit null vector v of the Hessian.
    bend : float
        Third derivative along v; zero at a pitchfork.
    speed : float
        Derivative of the gradient in the parameter, along v; zero at a pitchfork.
    steps : tuple of float
        Lengths of the Newton steps, which show the quadratic convergence.
    """

    kind: str
    parameter: float
    error: float
    point: FloatArray
    direction: FloatArray
    bend: float
    speed: float
    steps: tuple[float, ...]


class _System(NamedTuple):
    """Residual and Jacobian of an extended system, and what tells the kinds apart."""

    residual: FloatArray
    jacobian: FloatArray
    bend: float
    speed: float
    motion: float


class _Solved(NamedTuple):
    unknowns: FloatArray
    at: _System
    steps: tuple[float, ...]


def singular_point(
    landscapes: AlongPath, point: FloatArray, direction: FloatArray, parameter: float, scale: float
) -> Singular | None:
    """Return the fold or pitchfork near a point, or None where Newton finds none.

    A fold solves (grad, H v, |v|^2 - 1) = 0 in (means, v, parameter), a regular system there (Moore and
    Spence, 1980). A pitchfork is a singular solution of it, and a regular one of the system in which
    grad + mu v takes the place of grad and D3[v, v, v] = 0 is added, mu being one more unknown: by symmetry,
    mu = 0 at the solution.
    """
    start = np.concatenate([point, direction, [parameter / scale]])
    solved = _newton(landscapes, start, scale, unfolded=False)
    if solved is not None and _transversal(solved.at):
        return _described(landscapes, solved, scale, "fold")
    begun = start if solved is None else solved.unknowns
    unfolded = _newton(landscapes, np.append(begun, 0.0), scale, unfolded=True)
    if unfolded is not None and abs(unfolded.unknowns[-1]) <= max(
        TOLERANCES.paths.unfolded, landscapes.grain
    ):
        return _described(landscapes, unfolded, scale, "pitchfork")
    return None if solved is None else _described(landscapes, solved, scale, "fold")


def _transversal(at: _System) -> bool:
    """Whether the coefficients that vanish at a pitchfork are clearly not zero."""
    moves = abs(at.speed) >= TOLERANCES.paths.transversal * max(at.motion, TOLERANCES.paths.least_motion)
    return bool(moves and abs(at.bend) >= TOLERANCES.paths.transversal)


def _newton(landscapes: AlongPath, start: FloatArray, scale: float, *, unfolded: bool) -> _Solved | None:
    """Return the solution that Newton's method reaches from a start, or None."""
    low, high = landscapes.bracket
    m = landscapes.size
    located = landscapes.resolved(TOLERANCES.paths.located)
    z, steps = start.copy(), []
    at = _system(landscapes, z, scale, unfolded=unfolded)
    for _ in range(EFFORT.paths.bifurcation_steps):
        # Symmetric points have null vectors and unknowns that nothing fixes: the shortest step leaves them.
        step = np.linalg.lstsq(at.jacobian, -at.residual, rcond=TOLERANCES.paths.rank)[0]
        length = float(np.linalg.norm(step))
        if steps and length <= located and length >= 0.5 * steps[-1]:
            return _Solved(z, at, tuple(steps))
        z = z + step
        steps.append(length)
        if not low <= scale * z[2 * m] <= high:
            return None
        at = _system(landscapes, z, scale, unfolded=unfolded)
        if length <= TOLERANCES.paths.tiny:
            return _Solved(z, at, tuple(steps))
    return _Solved(z, at, tuple(steps)) if steps[-1] <= 1e3 * located else None


def _system(landscapes: AlongPath, z: FloatArray, scale: float, *, unfolded: bool) -> _System:
    m = landscapes.size
    x, v, parameter = z[:m], z[m : 2 * m], float(scale * z[2 * m])
    at = landscapes.slope(x, parameter, fine=True)
    moving = landscapes.along_parameter(x, parameter, fine=True)
    third, fourth = landscapes.bend(x, parameter, v, at.hessian)
    speed = scale * moving.gradient
    bend = float(v @ third @ v)
    residual = [at.gradient, at.hessian @ v, [v @ v - 1.0]]
    jacobian = np.zeros((2 * m + 1, 2 * m + 1))
    jacobian[:m, :m] = jacobian[m : 2 * m, m : 2 * m] = at.hessian
    jacobian[m : 2 * m, :m] = third
    jacobian[: 2 * m, -1] = np.concatenate([speed, scale * moving.hessian @ v])
    jacobian[-1, m : 2 * m] = 2 * v
    if unfolded:
        mu = z[-1]
        residual = [at.gradient + mu * v, *residual[1:], [bend]]
        wider = np.zeros((2 * m + 2, 2 * m + 2))
        wider[:-1, :-1] = jacobian
        wider[:m, m : 2 * m] += mu * np.eye(m)
        wider[:m, -1] = v
        # The motion of the third derivative in the parameter, zero by symmetry, is left out.
        wider[-1, : 2 * m] = np.concatenate([fourth @ v, 3 * third @ v])
        jacobian = wider
    return _System(np.concatenate(residual), jacobian, bend, float(v @ speed), float(np.linalg.norm(speed)))


def _described(landscapes: AlongPath, solved: _Solved, scale: float, kind: str) -> Singular:
    m = landscapes.size
    z, at = solved.unknowns, solved.at
    x, v, parameter = z[:m], z[m : 2 * m], float(scale * z[2 * m])
    errors = landscapes.wrong(x, parameter)
    # How far each equation moves the parameter: the row of the inverse that belongs to it.
    pull = np.abs(np.linalg.pinv(at.jacobian, rcond=TOLERANCES.paths.rank)[2 * m])
    wrong = np.zeros(len(pull))
    # Centers are rounded by a grain at most, which moves derivatives in sigma by no more.
    wrong[:m] = landscapes.grain + errors.gradient
    wrong[m : 2 * m] = landscapes.grain + errors.hessian * np.abs(v).sum()
    if kind == "pitchfork":  # a difference of Hessians
        wrong[-1] = errors.hessian / TOLERANCES.paths.means_width
    error = scale * float(pull @ (wrong + np.abs(at.residual))) + 4 * float(np.spacing(abs(parameter)))
    return Singular(kind, parameter, error, x, v, at.bend, at.speed / scale, solved.steps)
