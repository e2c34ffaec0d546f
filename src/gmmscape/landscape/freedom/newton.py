"""Newton's method in a trust region in the components' own units, along what is free."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gmmscape.landscape.freedom.freedom import Freedom
from gmmscape.landscape.freedom.local import FreeGround, Local
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve.newton import trust_region_step
from gmmscape.tolerances import TOLERANCES


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
    ground = FreeGround(objective, freedom)
    at, radius, refused = ground.at(start), 0.5, 0
    history = [at.value]
    for n in range(max_iter):
        reason = at.gone or _reason(at, freedom, tol, refused, radius)
        if reason is not None:
            return Ended(at, reason, n, tuple(history))
        if not go_on(n, at):
            return Ended(at, "interrupted", n, tuple(history))
        step, predicted = trust_region_step(at.slope, at.bend, radius)
        trial = ground.stepped(at, step)
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


def _reason(at: Local, freedom: Freedom, tol: float, refused: int, radius: float) -> str | None:
    """Why a descent ends here, if it does."""
    slope = float(np.linalg.norm(at.slope))
    falls = np.linalg.eigvalsh(at.bend)[0] < -TOLERANCES.solve.flat
    if slope <= tol and not falls:
        return "converged"
    if refused > TOLERANCES.freedom.patience or radius < TOLERANCES.freedom.least_radius:
        # Gains drown in rounding, or lie below the floor.
        if slope <= TOLERANCES.freedom.drowned * tol and not falls:
            return "converged"
        return "degenerate" if freedom.rests_on_floor(at.mixture) else "max_iter"
    return None


def _gain(at: Local, trial: Local, predicted: float) -> float:
    """Gain as a share of what was predicted; by the slopes where values differ by rounding only."""
    noise = TOLERANCES.freedom.rounding * (1.0 + abs(at.value))
    gain = at.value - trial.value
    if predicted > noise:
        return gain / predicted
    if gain < -noise:
        return -1.0
    return 1.0 if np.linalg.norm(trial.slope) < np.linalg.norm(at.slope) else -1.0
