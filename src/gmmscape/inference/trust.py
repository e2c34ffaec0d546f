"""Whether intervals can be trusted: rows of each component, and how normal the likelihood is."""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.diagnosis.suggested_number import one_fewer_will_do
from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError
from gmmscape.inference.information import Curved
from gmmscape.objective import SampleObjective
from gmmscape.tolerances import TOLERANCES

TRUSTWORTHY, CANNOT_TELL, NOT_AVAILABLE = "trustworthy", "cannot tell", "not available"


def departure(objective: SampleObjective, curve: Curved, rise: float) -> float:
    """Return how far the likelihood is from normal theory where that has fallen by `rise`, at least 1.

    Parameters
    ----------
    objective : Objective
        Of rows.
    curve : Curved
        About the fit.
    rise : float
        Of the value, in nats per unit mass.

    Returns
    -------
    float
        Along the directions that are known worst, both ways: how many times `rise` the value rises by, or the
        inverse, whichever is larger; infinite where it does not rise. Cost: two passes for each direction.
    """
    fit = curve.units.mixture
    begin, worst = objective.value(fit), 1.0
    lengths = np.linalg.norm(curve.root, axis=0)
    for i in np.argsort(-lengths)[: EFFORT.inference.checked_directions]:
        for side in (-1.0, 1.0):
            try:
                there = curve.units.moved(side * np.sqrt(2.0 * rise) * curve.root[:, i])
            except InvalidParameterError:
                return np.inf
            risen = (objective.value(there) - begin) / rise
            worst = max(worst, risen, 1.0 / risen) if risen > 0.0 else np.inf
    return float(worst)


def doubts_of_overlap(
    objective: SampleObjective, curve: Curved, rise: float, n: float, method: str
) -> list[str]:
    """Return what speaks against a method where components overlap, from the curvature and `departure`.

    The information of complete data is one in own units: n times the smallest curvature is how many rows of
    known component say as much.
    """
    if curve.falling or not curve.root.shape[1]:
        return []
    tolerance, normal = TOLERANCES.inference, method in ("observed", "sandwich")
    worth, least = n / float(np.square(curve.root).sum(axis=0).max()), tolerance.worth
    if normal:
        least = tolerance.worth_normal
    doubts = []
    if worth < min(least, tolerance.overlapping * n):
        doubts.append(
            f"components overlap: of some direction {n:.0f} rows tell as much as {worth:.2g} would whose "
            f"component is known ({least:.0f} are wanted)"
        )
    fit = curve.units.mixture
    close = worth < tolerance.worth_normal and objective.family.movable(fit.n_components).all()
    if close and one_fewer_will_do(objective, fit):
        doubts.append("BIC prefers a fit with one component fewer: the rows hardly tell these apart")
    off = departure(objective, curve, rise)
    if off > (tolerance.not_normal if normal else tolerance.not_smooth):
        falls = "does not fall" if not np.isfinite(off) else f"is off by {off:.2g} times"
        doubts.append(f"the likelihood {falls} along some direction where normal theory has an end")
    return doubts


def few_rows(objective: SampleObjective, rows: FloatArray) -> str | None:
    """Return what speaks against large-sample theory where components rest on few rows (k,); else None."""
    d = objective.measure.n_features
    own = d + objective.family.kind.n_parameters(1, d)
    least = max(TOLERANCES.inference.few_rows, TOLERANCES.inference.few_rows_each * own)
    few = [(i, n) for i, n in enumerate(rows) if n < least]
    if not few:
        return None
    named = ", ".join(f"component {i} on {n:.0f}" for i, n in few[:4]) + (", ..." if len(few) > 4 else "")
    return f"few rows ({named}; {least:.0f} are wanted): large-sample theory may not hold"
