"""Where the defect of a minimum falls to a level, between two points of its branch."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.landscape.paths.truth_path import TruthPath
from gmmscape.landscape.threshold.branch_points import Place, defect_rtol, fine_defect
from gmmscape.tolerances import TOLERANCES

#: From a guess and a parameter to the minimum there, or None.
Settle = Callable[[FloatArray, float], FloatArray | None]


class Crossing(NamedTuple):
    """A minimum whose defect is the level asked for.

    Attributes
    ----------
    parameter : float
        Of the path.
    error : float
        Estimated absolute error of the parameter.
    point : ndarray of shape (k*d,)
        Means in sigma.
    """

    parameter: float
    error: float
    point: FloatArray


class _NoMinimumError(Exception):
    """There is no minimum of the branch at some parameter between its two points."""


def crossing(
    landscapes: TruthPath,
    ends: tuple[Place, Place],
    level: float,
    settle: Settle,
    uncertainty: Callable[[FloatArray, float], float],
    *,
    located: float,
    power: float = 1.0,
) -> Crossing | None:
    """Return where the defect falls to a level between two points of a branch of minima.

    Parameters
    ----------
    landscapes : TruthPath
        Along the path.
    ends : tuple of two Place
        Above the level, and at or below it.
    level : float
        The defect.
    settle : callable
        Gives the minimum next to a guess.
    uncertainty : callable
        Error of the defect of a minimum at a parameter, beside that of its quadrature.
    located : float
        Accuracy of the root, as a share of the bracket.
    power : float, default=1
        The means move like this power of the distance from the second end: 0.5 towards a fold.

    Returns
    -------
    Crossing or None
        None where the branch has no minimum somewhere between, or the defects do not enclose the level.
    """
    from scipy.optimize import brentq

    (low, start), (high, stop) = ends
    width = landscapes.bracket[1] - landscapes.bracket[0]

    def point(parameter: float) -> FloatArray:
        left = min(max((high - parameter) / (high - low), 0.0), 1.0)
        found = settle(stop + left**power * (start - stop), parameter)
        if found is None:
            raise _NoMinimumError
        return found

    def excess(parameter: float) -> float:
        return fine_defect(landscapes, point(parameter), parameter) - level

    # At a fold itself Newton's method does not converge.
    top = high if power == 1.0 else high - located * width
    try:
        if excess(low) < 0 or excess(top) > 0:
            return None
        parameter = float(brentq(excess, low, top, xtol=located * width, rtol=1e-14))
        at = point(parameter)
        step = min(max(TOLERANCES.threshold.slope_width, 100 * located) * width, 0.5 * (high - low))
        before, after = max(low, parameter - step), min(top, parameter + step)
        slope = (excess(after) - excess(before)) / (after - before)
    except _NoMinimumError:
        return None
    wrong = defect_rtol(landscapes, parameter) + uncertainty(at, parameter)
    return Crossing(parameter, wrong / max(abs(slope), float(np.finfo(float).tiny)) + 2 * located * width, at)
