"""What makes the root of the likelihood ratio normal to higher order (Severini, Biometrika 86, 1999)."""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray
from gmmscape.inference.quantities import Bent
from gmmscape.mixture import Mixture
from gmmscape.objective import SampleObjective
from gmmscape.solve import OwnUnits


class Adjustment:
    """The modified directed likelihood r* = r + log(u / r) / r, by sums over the rows.

    The root r of the likelihood ratio of one parameter is normal for many rows. How much it leans and spreads
    for fewer, because of the other parameters and of the curvature, is told by the likelihood about the fit
    and about the best fit with another value (Barndorff-Nielsen, Biometrika 73, 1986). Its expectations are
    estimated by sums over the rows, as Severini does.

    Parameters
    ----------
    objective : Objective
        Of rows; its family has `scores`.
    fit : Mixture
        The optimum, in local coordinates.
    curve : ndarray of shape (u, u)
        Hessian at the fit in own units, per unit mass, of the coordinates that are used.
    held : ndarray of bool, shape (m,)
        Coordinates that stay as they are.
    n : float
        How many rows unit mass is.
    """

    def __init__(
        self, objective: SampleObjective, fit: Mixture, curve: FloatArray, held: BoolArray, n: float
    ) -> None:
        self._objective, self._held, self._n = objective, held, n
        self._units = OwnUnits(objective.family, fit)
        scores = self._scores(self._units)
        weights = objective.rows.weights
        self._weighted = weights[:, None] * (scores - weights @ scores)
        self._log_densities = objective.rows.log_densities(fit)
        spread = self._weighted.T @ scores + self._gauges(self._units) + self._prior(self._units)
        self._constant = 0.5 * _log_det(curve) - _log_det(spread) + 0.5 * np.log(n)

    def of(
        self,
        units: OwnUnits,
        hessian: FloatArray,
        gradient: FloatArray,
        parameter: Bent,
        root: float,
    ) -> float | None:
        """Return r* - r at the best fit with a value.

        Parameters
        ----------
        units : OwnUnits
            About it.
        hessian, gradient : ndarray of shape (u, u) and (u,)
            Of the value there, of the coordinates that are used.
        parameter : Bent
            Its derivatives in the same coordinates.
        root : float
            The root r of the likelihood ratio; above zero where the fit has more of the parameter.

        Returns
        -------
        float or None
            None where the sums do not tell.
        """
        slope, bend = parameter
        length = float(np.linalg.norm(slope))
        # Along directions that leave the parameter as it is, with what its own curvature takes.
        rest = np.linalg.qr(slope[:, None], mode="complete")[0][:, 1:]
        inner = rest.T @ (hessian - float(slope @ gradient) / length**2 * bend) @ rest
        there = units.mixture
        cross = self._weighted.T @ self._scores(units) + self._gauges(units)
        gain = self._weighted.T @ (self._log_densities - self._objective.rows.log_densities(there))
        try:
            way = float(slope @ np.linalg.solve(cross, gain))
        except np.linalg.LinAlgError:
            return None
        if not way * root > 0.0:
            return None
        log_u = (
            self._constant + np.log(abs(way) / length)
            + _log_det(cross + self._prior(units)) - 0.5 * _log_det(inner)
        )  # fmt: skip
        found = (log_u - np.log(abs(root))) / root
        return float(found) if np.isfinite(found) else None

    def _scores(self, units: OwnUnits) -> FloatArray:
        """Derivatives of each row's log density, of the coordinates that are used, shape (n, u)."""
        return row_scores(self._objective, units, slice(None))[:, units.free & ~self._held]

    def _gauges(self, units: OwnUnits) -> FloatArray:
        """The direction that changes nothing, about the fit and about another place, shape (u, u)."""
        one, other = self._units.gauge, units.gauge
        used = np.flatnonzero(units.free & ~self._held)
        if one is None or other is None:  # weights are known
            return np.zeros((len(used), len(used)))
        return np.outer(one[used], other[used])

    def _prior(self, units: OwnUnits) -> FloatArray:
        """What the prior's rows tell, shape (u, u)."""
        told = np.sqrt(self._units.prior_information * units.prior_information)
        return np.diag(told[units.free & ~self._held])


def row_scores(objective: SampleObjective, units: OwnUnits, place: slice) -> FloatArray:
    """Return derivatives of each row's log density in own units, shape (n, m); by Fisher's identity."""
    assert objective.family.scores is not None
    found = objective.rows.row_scores(units.mixture, objective.family.scores, place)
    found[:, np.arange(units.k) * units.own] -= units.mixture.weights
    return np.where(units.free, found / units.scale, 0.0)


def _log_det(matrix: FloatArray) -> float:
    """The logarithm of a determinant; NaN where that is not above zero."""
    sign, size = np.linalg.slogdet(matrix)
    return float(size) if sign > 0 else np.nan
