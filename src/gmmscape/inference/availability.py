"""Which parameters have no standard error, and why."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray
from gmmscape.inference.information import Curved
from gmmscape.objective import SampleObjective
from gmmscape.solve import OwnUnits
from gmmscape.tolerances import TOLERANCES

ON_FLOOR = "its covariance lies on the floor, which says nothing of how sure it is"
CONSTANT = "the column has one value only"
SADDLE = "the fit is no optimum: the likelihood rises along some direction"
FLAT = "the likelihood does not change along some direction that moves it"
KNOWN = "it is not estimated"


class Held(NamedTuple):
    """Coordinates that stay as they are, (m,), and why."""

    coordinates: BoolArray
    why: str


def held_coordinates(objective: SampleObjective, units: OwnUnits) -> list[Held]:
    """Return the coordinates of a fit that are on a boundary, or that rows say nothing of."""
    k, d, own = units.k, units.d, units.own
    floor, constant = np.zeros((2, units.size), dtype=bool)
    starts = np.arange(k) * own
    q = units.size - k * own if units.scores.shared else own - 1 - d
    on_floor = objective.family.on_floor(units.mixture)
    still = objective.measure.variance == 0
    turned = units.scores.slopes(units.mixture.kind.roots(units.mixture.covariances), k, d)
    inner = np.abs(turned[..., ~still, :][..., ~still]).sum(axis=(-1, -2))
    within = (inner == 0) & (np.abs(turned).sum(axis=(-1, -2)) > 0)  # of these columns alone
    for i in range(k):
        place = np.arange(q) + (k * own if units.scores.shared else starts[i] + 1 + d)
        floor[place] |= on_floor[i]
        constant[starts[i] + 1 + np.flatnonzero(still)] = True
        if still.any():
            constant[place] |= within[0 if len(within) == 1 else i]
    held = (Held(constant, CONSTANT), Held(floor & ~constant, ON_FLOOR))
    return [one for one in held if one.coordinates.any()]


def reasons(curve: Curved, held: list[Held], gradients: FloatArray) -> list[str | None]:
    """Return why each quantity has no standard error; None where it has one.

    Parameters
    ----------
    curve : Curved
        About the fit.
    held : list of Held
        Coordinates that stay.
    gradients : ndarray of shape (p, m)
        Of the quantities, in own units.

    Returns
    -------
    list of str or None
        One for each.
    """
    size = np.linalg.norm(gradients, axis=1)
    found: list[str | None] = [KNOWN if one == 0.0 else None for one in size]

    def mark(part: FloatArray, why: str) -> None:
        for i in np.flatnonzero(part > TOLERANCES.inference.touched * size):
            found[i] = found[i] or why

    for one in held:
        mark(np.linalg.norm(gradients[:, one.coordinates], axis=1), one.why)
    if curve.falling:
        mark(size, SADDLE)
    mark(np.linalg.norm(gradients @ curve.flat, axis=1), FLAT)
    return found
