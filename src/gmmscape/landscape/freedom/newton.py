"""Newton's method in a trust region in the components' own units, along what is free."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError
from gmmscape.landscape.freedom.freedom import Freedom
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve import OwnUnits
from gmmscape.solve.newton import trust_region_step
from gmmscape.tolerances import TOLERANCES


@dataclass(frozen=True)
class Local:
    """Value and derivatives at a mixture, along what is free.

    Attributes
    ----------
    mixture : Mixture
        In local coordinates.
    value : float
        NLL and penalty, per the rows' unit of length.
    slope : ndarray of shape (q,)
        Gradient: the EM step with its sign turned, each part over the root of its complete information.
    bend : ndarray of shape (q, q)
        Hessian; at most the identity where EM stands still.
    basis : ndarray of shape (m, q)
        The directions, in the components' own units: of length one where complete data have the information
        that these count in.
    own : OwnUnits
        These units.
    """

    mixture: Mixture
    value: float
    slope: FloatArray
    bend: FloatArray
    basis: FloatArray
    own: OwnUnits

    @classmethod
    def at(cls, objective: Objective, freedom: Freedom, mixture: Mixture) -> Local:
        """Return value and derivatives. Cost: a pass with O(m^2) a row, m numbers being free."""
        own = OwnUnits(objective.family, mixture)
        found = objective.information(mixture, missing=True)
        basis = _scaled(freedom.basis(own), own, found.moments.mass)
        value = objective.family.penalty(mixture) - found.moments.log_likelihood
        bend = basis.T @ own.hessian(found) @ basis
        slope = basis.T @ own.gradient(found.moments)
        return cls(mixture, value, slope, 0.5 * (bend + bend.T), basis, own)

    def moved(self, step: FloatArray) -> Mixture:
        """Return the mixture after a step along what is free."""
        return self.own.moved(self.basis @ step)


def _scaled(basis: FloatArray, own: OwnUnits, mass: FloatArray) -> FloatArray:
    """The directions in units of the information that complete data have.

    Own units count with weights; a component of a held weight has the information of its mass.
    """
    if own.family.weighted:
        return basis
    ratio = np.ones(own.size)
    k, width = own.k, own.own
    share = mass / own.mixture.weights
    prior = 0.0 if own.family.prior is None else own.family.prior.mass
    inner = (mass + prior) / (own.mixture.weights + prior)
    parts = ratio[: k * width].reshape(k, width)
    parts[:, 1 : 1 + own.d] = share[:, None]
    parts[:, 1 + own.d :] = inner[:, None]
    if not (ratio > 0.0).all():  # a component without mass: its own scale tells as much
        return basis
    root = np.linalg.cholesky(basis.T @ (ratio[:, None] * basis))
    return np.linalg.solve(root, basis.T).T


@dataclass(frozen=True)
class Ended:
    """Where Newton's method ended, and why."""

    at: Local
    stop_reason: str
    n_iter: int
    history: tuple[float, ...]


def newton(
    objective: Objective,
    freedom: Freedom,
    start: Mixture,
    *,
    tol: float,
    max_iter: int,
    go_on: Callable[[int, Local], bool] = lambda *_: True,
) -> Ended:
    """Descend until the slope is below `tol` and no curvature clearly negative.

    Parameters
    ----------
    objective : Objective
        Of the freedom's family, rows frozen.
    freedom : Freedom
        What is free.
    start : Mixture
        In local coordinates, of the family.
    tol : float
        Length of the slope, in own units.
    max_iter : int
        Trial steps.
    go_on : callable, optional
        Called with the number of iterations and the point; False ends the descent as interrupted.

    Returns
    -------
    Ended
        Its reason is a key of `gmmscape.solve.STOP_REASONS`: "plateau" where a free weight has gone to zero,
        "degenerate" where a covariance has collapsed.
    """
    at, radius, refused = Local.at(objective, freedom, start), 0.5, 0
    history = [at.value]
    for n in range(max_iter):
        reason = _reason(objective, freedom, at, tol, refused, radius)
        if reason is not None:
            return Ended(at, reason, n, tuple(history))
        if not go_on(n, at):
            return Ended(at, "interrupted", n, tuple(history))
        step, predicted = trust_region_step(at.slope, at.bend, radius)
        trial = _tried(objective, freedom, at, step)
        length = float(np.linalg.norm(step))
        ratio = -1.0 if trial is None else _gain(at, trial, predicted)
        if trial is None or ratio <= TOLERANCES.freedom.refused:
            radius, refused = 0.25 * length, refused + 1
            continue
        if ratio > TOLERANCES.freedom.good and length > 0.8 * radius:
            radius = min(2.0 * radius, TOLERANCES.freedom.largest_radius)
        at, refused = trial, 0
        history.append(at.value)
    return Ended(at, "max_iter", max_iter, tuple(history))


def _reason(
    objective: Objective, freedom: Freedom, at: Local, tol: float, refused: int, radius: float
) -> str | None:
    mixture = at.mixture
    if freedom.held_weights is None and mixture.weights.min() <= TOLERANCES.freedom.vanished:
        return "plateau"
    if freedom.held_sigmas is None:
        spread = float(np.sqrt(np.max(objective.measure.variance)))
        narrowest = float(np.sqrt(np.linalg.eigvalsh(mixture.full_covariances()).min()))
        if narrowest < TOLERANCES.freedom.collapsed * spread:
            return "degenerate"
    slope = float(np.linalg.norm(at.slope))
    falls = np.linalg.eigvalsh(at.bend)[0] < -TOLERANCES.solve.flat
    if slope <= tol and not falls:
        return "converged"
    if refused > TOLERANCES.freedom.patience or radius < TOLERANCES.freedom.least_radius:
        # Gains drown in rounding.
        return "converged" if slope <= TOLERANCES.freedom.drowned * tol and not falls else "max_iter"
    return None


def _tried(objective: Objective, freedom: Freedom, at: Local, step: FloatArray) -> Local | None:
    """The point after a step; None where there is none: far too long a step."""
    try:
        mixture = at.moved(step)
        # Where overflow lies ahead, no number comes back that could be compared.
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            trial = Local.at(objective, freedom, mixture)
    except (InvalidParameterError, np.linalg.LinAlgError):
        return None
    finite = np.isfinite(trial.value) and np.isfinite(trial.slope).all() and np.isfinite(trial.bend).all()
    return trial if finite else None


def _gain(at: Local, trial: Local, predicted: float) -> float:
    """Gain as a share of what was predicted; by the slopes where values differ by rounding only."""
    noise = TOLERANCES.freedom.rounding * (1.0 + abs(at.value))
    gain = at.value - trial.value
    if predicted > noise:
        return gain / predicted
    if gain < -noise:
        return -1.0
    return 1.0 if np.linalg.norm(trial.slope) < np.linalg.norm(at.slope) else -1.0
