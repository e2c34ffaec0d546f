"""Profile likelihood: how far a quantity goes until the best fit with it is less likely by so much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError
from gmmscape.incomplete import Patterns
from gmmscape.inference.adjustment import Adjustment
from gmmscape.inference.quantities import Bent, bent, quantities, values
from gmmscape.mixture import Mixture
from gmmscape.objective import SampleObjective
from gmmscape.solve import OwnUnits, pass_size, price
from gmmscape.threads import cached_property
from gmmscape.tolerances import TOLERANCES


@dataclass(frozen=True, eq=False)
class _Place:
    """What a step is made from: value, gradient, Hessian by its eigenvectors."""

    units: OwnUnits
    value: float
    gradient: FloatArray
    eigenvalues: FloatArray
    vectors: FloatArray


class Way(NamedTuple):
    """How far an end of an interval is from the fit.

    Attributes
    ----------
    length : float or None
        None where no end was found: the likelihood does not fall so far, or not within the steps allowed.
    settled : bool
        Whether the end is adjusted where it should be: not where the adjustment would be large.
    """

    length: float | None
    settled: bool


class Profile:
    """Ends of profile likelihood intervals (Venzon and Moolgavkar, Appl. Statist. 37, 1988).

    At an end the value has risen by a set amount, and its gradient is along that of the quantity. A step
    takes both to first order by the exact Hessian, in own units about each new point. The amount is half z
    squared, adjusted by what the root of the likelihood ratio is off from normal (`Adjustment`).

    Parameters
    ----------
    objective : Objective
        Of rows; its family has `scores`.
    fit : Mixture
        The optimum, in local coordinates.
    held : ndarray of bool, shape (m,)
        Coordinates that stay as they are.
    n : float
        How many rows unit mass is.
    """

    def __init__(self, objective: SampleObjective, fit: Mixture, held: BoolArray, n: float) -> None:
        self._objective, self._held, self._n = objective, held, n
        self._begin, self._values, self._told = self._at(fit), values(fit), quantities(fit)

    def way(self, quantity: int, z: float, side: int) -> Way:
        """Return how far a quantity goes from the fit to an end.

        Parameters
        ----------
        quantity : int
            Its place in `quantities`.
        z : float
            Standard errors that the interval would reach by normal theory.
        side : {-1, 1}
            Which end.

        Returns
        -------
        Way
            Cost: a pass with Hessian for each of a few steps, and a pass with the rows' scores for each
            adjustment.
        """
        at = plain = self._end(self._begin, quantity, 0.5 * z**2 / self._n, side)
        reach, settled = z, True
        for _ in range(EFFORT.inference.adjustments if self._adjust is not None else 0):
            if at is None:
                break
            off = self._adjustment(at, quantity, -side * reach)
            if off is None or abs(off) > TOLERANCES.inference.largest_adjustment:
                at, settled = plain, False
                break
            before, reach = reach, z + side * off
            rise, way = 0.5 * reach**2 / self._n, side if reach > 0.0 else -side  # an end may pass the fit
            at = self._end(at, quantity, rise, way) or self._end(self._begin, quantity, rise, way)
            if abs(reach - before) <= TOLERANCES.inference.adjusted * z:
                break
        if at is None:
            return Way(None, settled)
        return Way(float(values(at.units.mixture)[quantity] - self._values[quantity]), settled)

    def _adjustment(self, at: _Place, quantity: int, root: float) -> float | None:
        """How much more than normal the root of the likelihood ratio is at an end."""
        assert self._adjust is not None
        used = self._used(at)
        hessian = at.vectors * at.eigenvalues @ at.vectors.T
        slope, bend = self._bent(at, quantity)
        parameter = Bent(slope[used], bend[np.ix_(used, used)])
        return self._adjust.of(at.units, hessian, at.gradient[used], parameter, root)

    def _bent(self, at: _Place, quantity: int) -> Bent:
        return bent(at.units, self._told[quantity])

    @cached_property
    def _adjust(self) -> Adjustment | None:
        """About the fit; None where the rows are so many that it would change nothing."""
        at = self._begin
        if len(self._objective.rows) * at.units.size > EFFORT.inference.adjusted_scores:
            return None
        hessian = at.vectors * at.eigenvalues @ at.vectors.T
        return Adjustment(self._objective, at.units.mixture, hessian, self._held, self._n)

    def _end(self, at: _Place, quantity: int, rise: float, side: int) -> _Place | None:
        """Where the value has risen by as much and the gradient is along the quantity's, from some place."""
        top = self._begin.value + rise
        for _ in range(EFFORT.inference.profile_steps):
            step, off = self._step(at, quantity, top, side)
            if step is None:
                return None
            if off <= TOLERANCES.inference.profile * rise:
                return at
            new = self._moved(at, step, rise)
            if new is None:
                return None
            at = new
        return None

    def _step(self, at: _Place, quantity: int, top: float, side: int) -> tuple[FloatArray | None, float]:
        """A step towards the end, and what is missing there, in nats per unit mass."""
        curve = np.maximum(np.abs(at.eigenvalues), TOLERANCES.solve.flat)
        slope = at.vectors.T @ self._bent(at, quantity).slope[self._used(at)]
        gradient = at.vectors.T @ at.gradient[self._used(at)]
        wanted = 2.0 * (top - at.value) + float(gradient @ (gradient / curve))
        length = float(slope @ (slope / curve))
        if length <= np.finfo(np.float64).tiny:  # the quantity cannot be moved from here
            return None, np.inf
        multiplier = side * np.sqrt(max(wanted, 0.0) / length)
        inner = (multiplier * slope - gradient) / curve
        off = 0.5 * float(inner @ (curve * inner)) + abs(top - at.value)
        step = np.zeros(at.units.size)
        step[self._used(at)] = at.vectors @ inner
        return step, off

    def _moved(self, at: _Place, step: FloatArray, rise: float) -> _Place | None:
        """Where a step leads, shortened until it is no longer than what the whole way should be."""
        inner = at.vectors.T @ step[self._used(at)]
        size = 0.5 * float(inner @ (np.maximum(np.abs(at.eigenvalues), TOLERANCES.solve.flat) * inner))
        share = min(1.0, np.sqrt(TOLERANCES.inference.longest_step * rise / size)) if size > 0.0 else 1.0
        for _ in range(EFFORT.inference.shortened):
            try:
                new = self._at(at.units.moved(share * step))
            except (InvalidParameterError, np.linalg.LinAlgError):  # no mixture, or numbers that are none
                new = None
            if new is not None and new.value - self._begin.value <= TOLERANCES.inference.too_far * rise:
                return new
            share *= 0.5
        return None

    def _used(self, at: _Place) -> BoolArray:
        return at.units.free & ~self._held

    def _at(self, mixture: Mixture) -> _Place:
        units = OwnUnits(self._objective.family, mixture)
        found = self._objective.information(mixture, missing=True)
        hessian = units.hessian(found)
        if units.gauge is not None:
            hessian += np.outer(units.gauge, units.gauge)
        used = units.free & ~self._held
        eigenvalues, vectors = np.linalg.eigh(hessian[np.ix_(used, used)])
        value = -found.moments.log_likelihood + self._objective.family.penalty(mixture)
        gradient = units.gradient(found.moments)
        return _Place(units, value, gradient, eigenvalues, vectors)


def price_of_profiles(objective: SampleObjective, fit: Mixture, p: int) -> float:
    """Return what the intervals of p quantities cost, about, in products."""
    size, rows = OwnUnits(objective.family, fit).size, objective.rows
    one = pass_size(objective, fit) * price(objective, fit) + float(size) ** 3
    if rows.incomplete:  # pattern by pattern, in NumPy
        patterns = len(Patterns.of(rows.local(slice(None))).rows)
        one += EFFORT.inference.pattern_products * patterns * fit.n_components
    return 2.0 * p * EFFORT.inference.usual_steps * one
