"""What the curvature of the likelihood says of a fit: covariance of its coordinates, and scores of rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray
from gmmscape.inference.adjustment import row_scores
from gmmscape.mixture import Mixture
from gmmscape.objective import SampleObjective
from gmmscape.solve import OwnUnits
from gmmscape.tolerances import TOLERANCES


@dataclass(frozen=True, eq=False)
class Curved:
    """The likelihood about a fit, in own units (docs/mathematics.md#own-units).

    Attributes
    ----------
    units : OwnUnits
        About the fit.
    used : ndarray of bool, shape (m,)
        Coordinates that are free, and held by no floor.
    root : ndarray of shape (m, r)
        ``root @ root.T`` is the inverse of the penalised Hessian per unit mass, without flat directions.
    flat : ndarray of shape (m, m - r)
        Directions along which the likelihood does not change.
    falling : int
        Directions in which it rises from here: no maximum.
    """

    units: OwnUnits
    used: BoolArray
    root: FloatArray
    flat: FloatArray
    falling: int


def curved(objective: SampleObjective, mixture: Mixture, held: BoolArray) -> Curved:
    """Return the likelihood's curvature at a fit whose components all have weight.

    Parameters
    ----------
    objective : Objective
        Of rows; its family has `scores`.
    mixture : Mixture
        In local coordinates.
    held : ndarray of bool, shape (m,)
        Coordinates that a floor holds.

    Returns
    -------
    Curved
        Cost: a pass with Hessian, O(n (k m)^2 / k) at most, and O(m^3).
    """
    units = OwnUnits(objective.family, mixture)
    hessian = units.hessian(objective.information(mixture, missing=True))
    used = units.free & ~held
    basis = np.eye(units.size)[:, used]
    if units.gauge is not None:  # all weights by one factor, which is no direction of the fit
        basis = basis @ np.linalg.qr(units.gauge[used][:, None], mode="complete")[0][:, 1:]
    values, vectors = np.linalg.eigh(basis.T @ hessian @ basis)
    sees = values > TOLERANCES.solve.flat
    whole = basis @ vectors
    return Curved(
        units=units,
        used=used,
        root=whole[:, sees] / np.sqrt(values[sees]),
        flat=whole[:, ~sees],
        falling=int(np.count_nonzero(values < -TOLERANCES.solve.flat)),
    )


def scatter_of_scores(objective: SampleObjective, units: OwnUnits, shares: FloatArray) -> FloatArray:
    """Return the scatter of the rows' scores about their mean, shape (m, m).

    Parameters
    ----------
    objective : Objective
        Of rows.
    units : OwnUnits
        About the fit.
    shares : ndarray of shape (n,)
        What each row's square counts for: its squared weight, or its weight over the number of rows where
        weights are counts.

    Returns
    -------
    ndarray of shape (m, m)
        In own units. Cost O(n m^2).
    """
    m, total = units.size, 0.0
    second, first, mean = np.zeros((m, m)), np.zeros(m), np.zeros(m)
    for place, _, weights in objective.rows.blocks():
        own = row_scores(objective, units, place)
        share = shares[place]
        second += (own * share[:, None]).T @ own
        first += share @ own
        mean += weights @ own
        total += float(share.sum())
    cross = np.outer(first, mean)
    return second - cross - cross.T + total * np.outer(mean, mean)
